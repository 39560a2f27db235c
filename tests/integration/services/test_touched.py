"""What looks as it did but was touched meanwhile is not signed; who stands behind something by now signs it no more."""

from dataclasses import replace

import pytest
from sqlalchemy.exc import DBAPIError

from app.database import db, server_now
from app.domain.audit import AuditAction
from app.domain.checklist import ItemState
from app.domain.errors import Conflict
from app.domain.gates import Decision, GateKind, GateState
from app.domain.signoffs import EndKind
from app.models.base import utc_now
from app.queries.items import get_place
from app.queries.signed import history_of
from app.queries.standing import standing_of
from app.services.change import Change
from app.services.evidence import reconfirm, withdraw_evidence
from app.services.gate_records import write_rollback_plan
from app.services.item_states import set_state
from app.services.items import about_item, add_comment, assign, set_value
from app.services.releases import ship_release
from app.services.signoffs import sign
from app.services.undo import undo
from app.services.write_path import write_path
from tests.factories import Make
from tests.integration.services.test_signoffs import DBA, LEAD, OTHERS, QA, Room


@pytest.fixture
def room(make: Make) -> Room:
    return Room(make)


def test_nasty_02_what_was_unticked_and_undone_since_the_page_was_opened_is_not_signed(room: Room):
    item, seen = room.item(), room.wish(LEAD)
    wish = replace(seen, seen_up_to=history_of(room.gate()))
    saved = set_state(room.worker.origin, item.id, revision=item.revision, state=ItemState.TODO, reason="Not yet.")
    undo(room.worker.origin, item.id, bytes.fromhex(saved.event))
    assert room.standing().content.digest == wish.digest, "it looks as it did"

    with pytest.raises(Conflict, match="changed and changed back"):
        sign(room.origin(room.lead), room.gate().id, wish)

    again = replace(wish, seen_up_to=history_of(room.gate()))
    assert sign(room.origin(room.lead), room.gate().id, again)


def test_a_link_that_was_changed_and_changed_back_is_not_signed_as_if_nothing_had_been(room: Room):
    wish = replace(room.wish(LEAD), seen_up_to=history_of(room.gate()))
    for link in ("https://example.org/other", ""):
        item = room.item()
        set_value(room.worker.origin, item.id, revision=item.revision, value="", link=link)

    with pytest.raises(Conflict, match="changed and changed back"):
        sign(room.origin(room.lead), room.gate().id, wish)


def test_evidence_that_was_added_and_withdrawn_and_a_plan_that_was_written_back_are_not_signed_either(room: Room):
    write_rollback_plan(room.worker.origin, room.checklist_id, body="First.", revision=0)
    ready, staging = room.gate(), room.gate(GateKind.DEPLOY, "staging")
    wishes = {
        gate: replace(
            room.wish(role, Decision.REJECT, reason="Not like this."),
            digest=standing_of(gate, server_now()).content.digest,
            seen_up_to=history_of(gate),
        )
        for gate, role in ((ready, LEAD), (staging, DBA))
    }
    piece = room.make.evidence(room.worker, room.item().id)
    withdraw_evidence(room.worker.origin, room.item().id, piece, reason="Another one.")
    for number, body in enumerate(("Second.", "First."), start=1):
        write_rollback_plan(room.worker.origin, room.checklist_id, body=body, revision=number)

    for gate, who in ((ready, room.lead), (staging, room.dba)):
        assert standing_of(gate, server_now()).content.digest == wishes[gate].digest, "it looks as it did"
        with pytest.raises(Conflict, match="changed and changed back"):
            sign(room.origin(who), gate.id, wishes[gate])


def test_what_changes_nothing_that_is_signed_stops_nobody(room: Room):
    wish = replace(room.wish(LEAD), seen_up_to=history_of(room.gate()))
    add_comment(room.worker.origin, room.item().id, text="Looks good.")
    assign(room.lead.origin, room.item().id, revision=room.item().revision, assignee_id=room.worker.id, due_on=None)
    other = room.item(OTHERS)
    set_state(room.worker.origin, other.id, revision=other.revision, state=ItemState.TODO, reason="Not yet.")

    assert sign(room.origin(room.lead), room.gate().id, wish)


def test_nor_does_a_word_of_warning_or_that_evidence_is_still_true(room: Room):
    piece = room.make.evidence(room.worker, room.item().id)
    wish = replace(room.wish(LEAD), seen_up_to=history_of(room.gate()))
    today = utc_now().date()
    reconfirm(room.worker.origin, room.checklist_id, ((piece, room.item().revision),), today=today)
    warn(room.worker.origin, room.item().id)

    assert sign(room.origin(room.lead), room.gate().id, wish)


@write_path
def warn(change: Change, item_id: int) -> bool:
    """What the worker leaves in the history when a killer is late."""
    place = get_place(item_id)
    change.take(place.stream_id)
    change.record(AuditAction.ITEM_ESCALATED, about_item(place), stream=place.stream_id)
    return True


def test_i09_who_says_of_evidence_that_it_is_still_true_after_signing_has_signed_what_they_stand_behind(room: Room):
    item = room.item()
    piece = room.make.evidence(room.worker, item.id)
    room.sign_all()
    assert room.state is GateState.SATISFIED

    today = utc_now().date()
    reconfirm(room.lead.origin, item.checklist_id, ((piece, room.item().revision),), today=today)

    assert [kind for kind, _ in room.ends()] == [EndKind.STALE]
    assert [one.person_id for one in room.standing().signoffs] == [room.qa.id]
    assert room.state is GateState.PARTIAL
    room.sign(room.make.person(LEAD), LEAD)
    assert room.state is GateState.SATISFIED
    assert room.standing().signoffs[0].role is QA


def test_the_history_says_how_the_release_gate_stood_when_a_release_was_shipped(room: Room):
    ship_release(room.release.lead.origin, room.release.key)

    [event] = room.make.events("release.shipped")
    assert event.new_value == "its gate cannot be opened"  # nobody here is of Ops


@pytest.mark.parametrize("change", ["note = 'x'", "added_by_id = 1", "link = 'https://example.org/'"])
def test_the_database_refuses_to_change_what_evidence_says(room: Room, change: str):
    room.make.evidence(room.worker, room.item().id)

    with pytest.raises(DBAPIError, match="withdrawn, never changed"):
        db.session.execute(db.text(f"UPDATE evidence SET {change}"))  # noqa: S608 - written above
    db.session.rollback()
