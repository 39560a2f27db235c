"""Working an item: who may, what is refused, what is remembered."""

import json

import pytest

from app.domain.checklist import ItemState
from app.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted, RuleViolation
from app.domain.permissions import Role
from app.services.items import add_comment, assign, set_state, set_states, set_value
from tests.factories import Make

ITEM = "pre.schema-planned"
KILLER = "mig.rollback-tested"


def test_a_tick_is_kept_with_who_and_one_event(make: Make):
    release = make.release()
    developer = make.person(Role.DEVELOPER)
    item = release.item(ITEM)

    saved = set_state(developer.origin, item.id, revision=item.revision, state=ItemState.DONE)

    now = release.item(ITEM)
    assert (now.state, now.changed_by_id, now.revision) == (ItemState.DONE, developer.id, saved.revision)
    [event] = make.events("item.state_changed", object_id=item.id)
    assert (event.actor_id, event.actor_role, event.old_value, event.new_value) == (
        developer.id,
        "developer",
        "to do",
        "done",
    )
    assert json.loads(event.body)["after"]["state"] == "done"


def test_the_same_request_again_changes_nothing_and_gives_the_same_answer(make: Make):
    release = make.release()
    origin = make.person(Role.QA).origin
    item = release.item(ITEM)

    answers = [set_state(origin, item.id, revision=item.revision, state=ItemState.DONE) for _ in range(3)]

    assert answers[0] == answers[1] == answers[2]
    assert len(make.events("item.state_changed", object_id=item.id)) == 1


def test_a_stale_revision_is_refused_with_both_values_and_remembered(make: Make):
    release = make.release()
    first, second = make.person(Role.DEVELOPER), make.person(Role.QA)
    item = release.item(ITEM)
    set_state(first.origin, item.id, revision=item.revision, state=ItemState.BLOCKED, reason="no schema yet")

    with pytest.raises(Conflict) as refusal:
        set_state(second.origin, item.id, revision=item.revision, state=ItemState.DONE)

    assert "blocked, no schema yet" in refusal.value.theirs
    assert "done" in refusal.value.yours
    assert release.item(ITEM).state is ItemState.BLOCKED
    [event] = make.events("attempt.refused")
    assert event.actor_id == second.id


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR])
def test_who_only_reads_is_refused_and_it_is_remembered(make: Make, role: Role):
    release = make.release()
    reader = make.person(role)
    item = release.item(ITEM)

    with pytest.raises(NotPermitted, match="Developer"):
        set_state(reader.origin, item.id, revision=item.revision, state=ItemState.DONE)

    assert release.item(ITEM).state is ItemState.TODO
    assert make.events("attempt.refused")[0].actor_id == reader.id


def test_an_item_of_a_module_that_is_not_ones_own_does_not_exist(make: Make):
    release = make.release(modules=1)
    other = make.module()
    stranger = make.person(Role.DEVELOPER, module_id=other.id)
    item = release.item(ITEM)

    with pytest.raises(NotFound):
        set_state(stranger.origin, item.id, revision=item.revision, state=ItemState.DONE)


def test_blocked_needs_a_reason(make: Make):
    release = make.release()
    item = release.item(ITEM)

    with pytest.raises(RuleViolation, match="Say what blocks it"):
        set_state(make.person(Role.DBA).origin, item.id, revision=item.revision, state=ItemState.BLOCKED)

    assert make.events("item.state_changed") == []


def test_taking_away_somebody_elses_tick_asks_why(make: Make):
    release = make.release()
    first, second = make.person(Role.DEVELOPER), make.person(Role.QA)
    item = release.item(ITEM)
    saved = set_state(first.origin, item.id, revision=item.revision, state=ItemState.DONE)

    with pytest.raises(RuleViolation, match="Somebody else ticked this"):
        set_state(second.origin, item.id, revision=saved.revision, state=ItemState.TODO)
    set_state(second.origin, item.id, revision=saved.revision, state=ItemState.TODO, reason="it was another module")

    assert release.item(ITEM).state is ItemState.TODO


def test_a_value_and_a_link_leave_an_event_each(make: Make):
    release = make.release()
    developer = make.person(Role.DEVELOPER)
    item = release.item(ITEM)

    set_value(developer.origin, item.id, revision=item.revision, value="14 tables", link="https://example.org/plan")

    assert [(e.fact, e.new_value) for e in make.events("item.changed")] == [
        ("value", "14 tables"),
        ("link", "https://example.org/plan"),
    ]


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "//example.org", "ftp://example.org"])
def test_a_link_that_is_no_web_address_is_refused(make: Make, link: str):
    release = make.release()
    item = release.item(ITEM)

    with pytest.raises(InvalidInput, match="https://"):
        set_value(make.person(Role.DBA).origin, item.id, revision=item.revision, value="", link=link)


def test_two_comments_at_once_both_stay(make: Make):
    release = make.release()
    item = release.item(ITEM)

    add_comment(make.person(Role.DEVELOPER).origin, item.id, text="first")
    add_comment(make.person(Role.QA).origin, item.id, text="second")

    assert release.item(ITEM).comment_count == 2
    assert [event.new_value for event in make.events("item.commented")] == ["first", "second"]


def test_only_a_lead_assigns_and_the_history_holds_the_number_not_the_name(make: Make):
    release = make.release()
    developer = make.person(Role.DEVELOPER, name="Asha Shah")
    item = release.item(ITEM)

    with pytest.raises(NotPermitted):
        assign(developer.origin, item.id, revision=item.revision, assignee_id=developer.id, due_on=None)
    assign(release.lead.origin, item.id, revision=item.revision, assignee_id=developer.id, due_on=None)

    [event] = make.events("item.assigned")
    assert event.new_value == f"person {developer.id}"
    assert b"Asha" not in event.body


def test_several_items_at_once_leave_one_event_each_in_one_batch(make: Make):
    release = make.release()
    rows = [row for row in release.items if row.severity.value == "required"][:5]
    checklist_id = release.item(rows[0].key).checklist_id

    set_states(
        make.person(Role.DEVELOPER).origin,
        checklist_id,
        tuple((row.id, row.revision) for row in rows),
        state=ItemState.DONE,
        reason="all looked at together",
    )

    events = make.events("item.state_changed")
    assert len(events) == 5
    assert len({event.batch for event in events}) == 1
    assert {event.reason for event in events} == {"all looked at together"}


def test_several_at_once_with_a_killer_among_them_changes_none(make: Make):
    release = make.release()
    killer, other = release.item(KILLER), release.item(ITEM)

    with pytest.raises(RuleViolation, match="dangerous to skip"):
        set_states(
            make.person(Role.DEVELOPER).origin,
            killer.checklist_id,
            ((other.id, other.revision), (killer.id, killer.revision)),
            state=ItemState.DONE,
            reason="together",
        )

    assert release.item(ITEM).state is ItemState.TODO
    assert make.events("item.state_changed") == []


def test_several_at_once_of_two_checklists_is_refused(make: Make):
    one, two = make.release(), make.release()
    first, second = one.item(ITEM), two.item(ITEM)

    with pytest.raises(NotFound):
        set_states(
            make.person(Role.DEVELOPER).origin,
            first.checklist_id,
            ((first.id, 1), (second.id, 1)),
            state=ItemState.DONE,
            reason="together",
        )
