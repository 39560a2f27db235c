"""A process that passes a gate or starts a deployment and dies at once: before its COMMIT, or before anybody is told.

Run as `python -m tests.races.killed URL DATA pass|start NUMBER PERSON KEY before|after`.
"""

import os
import sys
from pathlib import Path

from sqlalchemy import event

from app import create_app
from app.database import db
from app.domain.actors import Origin
from app.queries.people import actor_of
from app.services.deployments import start_deployment
from tests.conftest import settings_for
from tests.races.rooms import pass_gate

KILLED = 9
ACTS = {"pass": pass_gate, "start": start_deployment}


def die(*_: object) -> None:
    """End with no chance to tidy up."""
    os._exit(KILLED)


def main(url: str, data: str, *rest: str) -> None:
    """Do it, and be gone."""
    act, number, person, key, moment = rest
    app = create_app(settings_for(url, Path(data)))
    with app.app_context():
        origin = Origin(actor_of(int(person), means="session"), key=bytes.fromhex(key))
        if moment == "before":
            event.listen(db.engine, "commit", die)
        ACTS[act](origin, int(number))
        die()


if __name__ == "__main__":
    main(*sys.argv[1:])
