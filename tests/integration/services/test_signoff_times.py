"""What passes by itself ends what was signed: the day of a waiver, and the time that a sign-off counts."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from app.database import db
from app.domain.checklist import ItemState, Severity
from app.domain.gates import GateState
from app.domain.signoffs import EndKind
from app.domain.waiver_kinds import REASONS, WaiverKind
from app.models import ChecklistItem, Waiver
from app.models.base import pretending, utc_now
from app.queries.gates import list_active
from app.services.waivers import decide_waiver, request_waiver
from tests.factories import Make
from tests.integration.services.test_signoffs import LEAD, QA, Room

IN_A_WEEK = datetime.now(UTC) + timedelta(days=7)


@pytest.fixture
def room(make: Make) -> Room:
    return Room(make)


def lapse(room: Room) -> None:
    """A piece of advice that is covered, overridden until tomorrow."""
    item = room.item()
    advice = update(ChecklistItem).where(ChecklistItem.id == item.id)
    db.session.execute(advice.values(state=ItemState.TODO, severity=Severity.ADVISORY))
    db.session.commit()
    request_waiver(
        room.worker.origin,
        item.id,
        revision=item.revision,
        kind=WaiverKind.OVERRIDE,
        reason=REASONS[WaiverKind.OVERRIDE][0],
        explanation="the check is wrong here",
        ends_on=utc_now().date() + timedelta(days=1),
    )
    decide_waiver(room.dba.origin, db.session.scalars(select(Waiver.id)).one(), approve=True)


def test_what_was_signed_over_a_waiver_does_not_count_once_its_day_is_over_though_nobody_has_ended_it(room: Room):
    lapse(room)
    room.sign_all()
    assert room.state is GateState.SATISFIED

    with pretending(IN_A_WEEK):
        assert room.state is GateState.OPEN
        assert room.standing().signoffs == []


def test_who_signs_what_is_there_then_counts_and_the_older_ones_end_with_it(room: Room):
    lapse(room)
    room.sign_all()

    with pretending(IN_A_WEEK):
        room.sign(room.lead, LEAD)
        assert room.state is GateState.PARTIAL
        room.sign(room.qa, QA)
        assert room.state is GateState.SATISFIED

    assert [kind for kind, _ in room.ends()] == [EndKind.STALE, EndKind.STALE]
    assert len(list_active([room.gate().id])) == 2
