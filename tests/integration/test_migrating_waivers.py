"""Waivers that an older version left behind are brought to what they are by now."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import insert, select, update

from app import create_app
from app.database import db
from app.domain.actors import SYSTEM, Origin
from app.domain.checklist import ItemState
from app.domain.permissions import Role
from app.domain.waiver_kinds import WaiverKind, WaiverReason
from app.domain.waivers import WaiverDecision
from app.models import ChecklistItem, Waiver
from app.models.base import utc_now
from app.services.templates import load_catalogue
from tests.conftest import settings_for
from tests.factories import Make
from tests.servers import database_name, fresh_database, running_server

STANDS, SET_BACK, ASKED_ANEW = "pre.schema-planned", "mig.rollback-tested", "mig.file-exists"


def _approve(item: ChecklistItem, person: int, *, days_ago: int) -> int:
    """An approved waiver as it was before; its number."""
    at = utc_now() - timedelta(days=days_ago)
    values = {
        "item_id": item.id,
        "reason": WaiverReason.OTHER,
        "explanation": "it was agreed",
        "state_before": ItemState.TODO,
        "requested_by_id": person,
        "requested_at": at,
        "decision": WaiverDecision.APPROVED,
    }
    return db.session.execute(insert(Waiver).values(**values)).inserted_primary_key[0]


def _state(item: ChecklistItem, state: ItemState, person: int) -> None:
    values = {"state": state, "reason": "a table was added", "changed_by_id": person, "state_since": utc_now()}
    db.session.execute(update(ChecklistItem).where(ChecklistItem.id == item.id).values(**values))


@pytest.mark.parametrize("embedded", [False, True], ids=["server", "embedded"])
def test_what_ended_without_a_word_is_ended_and_what_holds_holds(tmp_path: Path, embedded: bool):
    with running_server() as server:
        url = "" if embedded else fresh_database(server, f"{database_name()}_migrating")
        app = create_app(settings_for(url, tmp_path))
        with app.app_context():
            upgrade()
            load_catalogue(Origin(SYSTEM))
            make = Make()
            release, person = make.release(), make.person(Role.DEVELOPER).id
            items = {key: release.item(key) for key in (STANDS, SET_BACK, ASKED_ANEW)}
            for key, state in ((STANDS, "not_applicable"), (SET_BACK, "doing"), (ASKED_ANEW, "not_applicable")):
                _state(items[key], ItemState(state), person)
            stands = _approve(items[STANDS], person, days_ago=9)
            set_back = _approve(items[SET_BACK], person, days_ago=8)
            older = _approve(items[ASKED_ANEW], person, days_ago=7)
            newer = _approve(items[ASKED_ANEW], person, days_ago=6)
            db.session.commit()
            db.session.remove()

            downgrade(revision="0002")
            upgrade()

            found = {row.id: row for row in db.session.scalars(select(Waiver))}
            assert {number: row.decision.value for number, row in found.items()} == {
                stands: "approved",
                set_back: "ended",
                older: "ended",
                newer: "approved",
            }
            assert (found[set_back].ended_by_id, found[set_back].ended_reason) == (person, "a table was added")
            assert found[older].ended_at == found[newer].requested_at
            assert {row.kind for row in found.values()} == {WaiverKind.NOT_APPLICABLE}
            db.session.remove()
            db.engine.dispose()
