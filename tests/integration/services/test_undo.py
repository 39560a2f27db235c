"""Taking the last change back adds to the history and erases nothing of it."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from app.database import db
from app.domain.actors import Origin
from app.domain.checklist import ItemState
from app.domain.errors import Conflict, NotFound, NotPermitted, RuleViolation
from app.domain.permissions import Role
from app.domain.waiver_kinds import WaiverReason
from app.models import AuditEvent
from app.queries.people import list_grants
from app.services.item_states import set_state, set_states
from app.services.items import Saved, add_comment, assign, set_value
from app.services.roles import revoke_role
from app.services.undo import undo as undo_of
from app.services.waivers import request_waiver
from tests.factories import Made, MadeRelease, Make

ITEM = "pre.schema-planned"
MEASURED = "cons.version-bumped"  # asks for a text
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.fixture
def release(make: Make) -> MadeRelease:
    return make.release()


@pytest.fixture
def developer(make: Make) -> Made:
    return make.person(Role.DEVELOPER)


def _tick(person: Made, release: MadeRelease, state: ItemState = ItemState.DONE, reason: str = "") -> bytes:
    item = release.item(ITEM)
    return _event(set_state(person.origin, item.id, revision=item.revision, state=state, reason=reason))


def _event(saved: Saved) -> bytes:
    return bytes.fromhex(saved.event or "")


def undo(origin: Origin, event_id: bytes) -> list[Saved]:
    """Take an event back from the row of its own item."""
    event = db.session.get(AuditEvent, event_id)
    return undo_of(origin, event.object_id if event else 0, event_id)


def _last(make: Make, action: str) -> bytes:
    return make.events(action)[-1].id


def test_a_tick_taken_back_leaves_the_item_as_it_was_and_both_events(make: Make, release: MadeRelease, developer: Made):
    before = release.item(ITEM).state_since
    event = _tick(developer, release)

    [saved] = undo(developer.origin, event)

    now = release.item(ITEM)
    assert (now.state, now.changed_by_id, now.state_since, now.reason) == (ItemState.TODO, None, before, "")
    assert now.revision == saved.revision == 3
    assert len(make.events("item.state_changed")) == 1
    [undone] = make.events("item.undone")
    assert (undone.fact, undone.old_value, undone.new_value) == ("state", "done", "to do")
    assert json.loads(undone.body)["after"]["state"] == "todo"


def test_what_is_taken_back_comes_back_whole(make: Make, release: MadeRelease, developer: Made):
    blocker = make.person(Role.QA)
    _tick(blocker, release, ItemState.BLOCKED, "no schema yet")
    before = release.item(ITEM)
    was = (before.state, before.reason, before.changed_by_id, before.state_since)

    undo(developer.origin, _tick(developer, release))

    now = release.item(ITEM)
    assert (now.state, now.reason, now.changed_by_id, now.state_since) == was


@pytest.mark.parametrize("seconds", [0, 9.9, 12.9])
def test_it_works_for_ten_seconds_and_the_way_of_the_request(release: MadeRelease, developer: Made, seconds: float):
    with time_machine.travel(NOON, tick=False):
        event = _tick(developer, release)
    with time_machine.travel(NOON + timedelta(seconds=seconds), tick=False):
        undo(developer.origin, event)

    assert release.item(ITEM).state is ItemState.TODO


def test_it_does_not_work_later(make: Make, release: MadeRelease, developer: Made):
    with time_machine.travel(NOON, tick=False):
        event = _tick(developer, release)
    with (
        time_machine.travel(NOON + timedelta(seconds=13.1), tick=False),
        pytest.raises(RuleViolation, match="more than 10 seconds"),
    ):
        undo(developer.origin, event)

    assert release.item(ITEM).state is ItemState.DONE
    assert make.events("item.undone") == []


def test_nobody_takes_back_what_somebody_else_did(make: Make, release: MadeRelease, developer: Made):
    event = _tick(developer, release)

    with pytest.raises(NotFound, match="nothing of yours"):
        undo(release.lead.origin, event)
    assert release.item(ITEM).state is ItemState.DONE


def test_what_was_changed_since_stays(make: Make, release: MadeRelease, developer: Made):
    event = _tick(developer, release)
    _tick(make.person(Role.QA), release, ItemState.FAILED, "the plan is wrong")

    with pytest.raises(Conflict, match="has been changed since"):
        undo(developer.origin, event)
    assert release.item(ITEM).state is ItemState.FAILED


def test_a_change_is_taken_back_once(make: Make, release: MadeRelease, developer: Made):
    event = _tick(developer, release)
    undo(developer.origin, event)

    with pytest.raises(Conflict):
        undo(developer.origin, event)
    assert len(make.events("item.undone")) == 1


def test_taking_back_is_not_itself_taken_back(make: Make, release: MadeRelease, developer: Made):
    undo(developer.origin, _tick(developer, release))

    with pytest.raises(NotFound):
        undo(developer.origin, _last(make, "item.undone"))


def test_a_comment_a_waiver_and_an_unknown_event_are_not_taken_back(make: Make, release: MadeRelease, developer: Made):
    item = release.item(ITEM)
    add_comment(developer.origin, item.id, text="looks fine")
    request_waiver(developer.origin, item.id, revision=1, reason=WaiverReason.OTHER, explanation="no schema here")

    for event in (_last(make, "item.commented"), _last(make, "waiver.requested"), b"\0" * 16):
        with pytest.raises(NotFound):
            undo(developer.origin, event)
    assert release.item(ITEM).state is ItemState.NOT_APPLICABLE_REQUESTED


def test_a_value_and_a_link_come_back(make: Make, release: MadeRelease, developer: Made):
    item = release.item(MEASURED)
    first = set_value(developer.origin, item.id, revision=1, value="14 tables", link="")
    second = set_value(developer.origin, item.id, revision=first.revision, value="15 tables", link="")

    undo(developer.origin, _event(second))
    assert release.item(MEASURED).value == "14 tables"

    third = set_value(developer.origin, item.id, revision=4, value="14 tables", link="https://example.org")
    undo(developer.origin, _event(third))
    assert (release.item(MEASURED).value, release.item(MEASURED).link) == ("14 tables", "")


def test_an_owner_and_a_date_come_back(make: Make, release: MadeRelease, developer: Made):
    item, lead = release.item(ITEM), release.lead
    one = assign(lead.origin, item.id, revision=1, assignee_id=developer.id, due_on=date(2026, 11, 2))
    two = assign(lead.origin, item.id, revision=one.revision, assignee_id=lead.id, due_on=date(2026, 11, 2))
    undo(lead.origin, _event(two))
    assert release.item(ITEM).assignee_id == developer.id

    three = assign(lead.origin, item.id, revision=4, assignee_id=developer.id, due_on=None)
    undo(lead.origin, _event(three))

    assert release.item(ITEM).due_on == date(2026, 11, 2)
    assert [event.actor_role for event in make.events("item.undone")] == ["team_lead", "team_lead"]


def test_an_assignment_is_taken_back_by_who_may_still_assign(make: Make, release: MadeRelease):
    person = make.person(Role.TEAM_LEAD, Role.DEVELOPER)
    item = release.item(ITEM)
    saved = assign(person.origin, item.id, revision=1, assignee_id=person.id, due_on=None)
    revoke_role(make.person(Role.ADMINISTRATOR).origin, person.id, list_grants(person.id)[0].id)

    with pytest.raises(NotPermitted, match="Team lead"):
        undo(person.origin, _event(saved))
    assert release.item(ITEM).assignee_id == person.id


def test_a_tick_is_taken_back_by_who_may_still_work(make: Make, release: MadeRelease, developer: Made):
    event = _tick(developer, release)
    revoke_role(make.person(Role.ADMINISTRATOR).origin, developer.id, list_grants(developer.id)[0].id)

    with pytest.raises(NotFound):
        undo(developer.origin, event)
    assert release.item(ITEM).state is ItemState.DONE


def _several(person: Made, release: MadeRelease) -> list[Saved]:
    rows = [row for row in release.items if row.severity.value == "required"][:4]
    return set_states(
        person.origin,
        release.item(ITEM).checklist_id,
        tuple((row.id, row.revision) for row in rows),
        state=ItemState.DONE,
        reason="looked at together",
    )


@pytest.mark.parametrize("which", [0, 2, 3])
def test_what_was_done_together_is_taken_back_together(make: Make, release: MadeRelease, developer: Made, which: int):
    saved = _several(developer, release)

    back = undo(developer.origin, _event(saved[which]))

    assert {row.item_id for row in back} == {row.item_id for row in saved}
    assert {row.state for row in release.items} == {ItemState.TODO}
    assert (len(make.events("item.state_changed")), len(make.events("item.undone"))) == (4, 4)


def test_when_one_of_several_was_changed_since_none_is_taken_back(make: Make, release: MadeRelease, developer: Made):
    saved = _several(developer, release)
    last = saved[-1]
    set_state(release.lead.origin, last.item_id, revision=last.revision, state=ItemState.FAILED, reason="no")

    with pytest.raises(Conflict):
        undo(developer.origin, _event(saved[0]))

    assert sum(row.state is ItemState.DONE for row in release.items) == 3
    assert make.events("item.undone") == []


def test_an_event_is_taken_back_from_its_own_item_only(release: MadeRelease, developer: Made):
    event = _tick(developer, release)
    other = release.item("pre.tables-identified")

    with pytest.raises(NotFound):
        undo_of(developer.origin, other.id, event)

    assert release.item(ITEM).state is ItemState.DONE
