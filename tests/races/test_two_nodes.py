"""What only a cluster can show: what one server has is seen on the other, and what both change is done one by one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext

from app.database import db, error_number
from app.domain.errors import Busy
from app.domain.gates import GateState
from app.queries.gates import list_active
from app.services.signoffs import withdraw
from tests.factories import Make
from tests.integration.services.test_signoffs import LEAD, QA
from tests.races.rooms import check_agrees, kinds, rounds, signing
from tests.races.running import OTHER_NODE, nodes_of, race

DEADLOCK = 1213


@contextmanager
def refusals_noted(app: Flask) -> Iterator[list[str]]:
    """The statements that a server took back because of the other; a COMMIT has no text."""
    noted: list[str] = []

    def note(context: ExceptionContext) -> None:
        if error_number(context.original_exception) == DEADLOCK:
            noted.append((context.statement or "COMMIT").split()[0])

    engines = []
    for node in nodes_of(app):
        with node.app_context():
            engines.append(db.engine)
    for engine in engines:
        event.listen(engine, "handle_error", note)
    yield noted
    for engine in engines:
        event.remove(engine, "handle_error", note)


def test_what_a_server_takes_back_at_its_commit_is_done_again(app: Flask, make: Make):
    with refusals_noted(app) as noted:
        for room in rounds(make, 40):
            outcomes = race(app, [signing(room, room.lead, LEAD), signing(room, room.qa, QA)])

            assert kinds(outcomes) <= {Busy}
            assert check_agrees(room).verdict.state is GateState.SATISFIED

    assert "COMMIT" in noted


def test_who_goes_on_at_the_other_server_finds_what_they_have_just_done(app: Flask, make: Make):
    [other] = app.extensions[OTHER_NODE]
    for room in rounds(make, 40):
        number = room.sign(room.lead, LEAD)
        origin, gate = room.lead.origin, room.gate().id
        found: list[Any] = []

        with other.app_context():
            withdraw(origin, number, reason="I looked at the wrong plan.")
            found = list_active([gate])
            db.session.remove()

        assert found == []
