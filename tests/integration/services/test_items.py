"""Working an item: who may, what is refused, what is remembered."""

import json
from datetime import date

import pytest

from app.domain.checklist import ItemState
from app.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted, RuleViolation
from app.domain.permissions import Role
from app.services.item_states import set_state, set_states
from app.services.items import add_comment, assign, set_value
from app.services.roles import deactivate
from tests.factories import Make

ITEM = "pre.schema-planned"
MEASURED = "cons.version-bumped"  # asks for a text
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
    item = release.item(MEASURED)

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


def test_several_at_once_leave_alone_what_is_so_already(make: Make):
    release = make.release()
    first, second = make.person(Role.DEVELOPER), make.person(Role.QA)
    ticked, other = release.item(ITEM), release.items[1]
    saved = set_state(first.origin, ticked.id, revision=1, state=ItemState.DONE)

    set_states(
        second.origin,
        ticked.checklist_id,
        ((ticked.id, saved.revision), (other.id, 1)),
        state=ItemState.DONE,
        reason="all looked at together",
    )

    now = release.item(ITEM)
    assert (now.changed_by_id, now.reason, now.revision) == (first.id, "", saved.revision)
    assert release.item(other.key).changed_by_id == second.id
    assert len(make.events("item.state_changed")) == 2


def test_several_at_once_need_one_item_at_least(make: Make):
    release = make.release()

    with pytest.raises(InvalidInput, match="Select at least one"):
        set_states(release.lead.origin, release.item(ITEM).checklist_id, (), state=ItemState.DONE, reason="together")


def test_several_at_once_are_refused_when_one_was_changed_meanwhile(make: Make):
    release = make.release()
    one, other = release.item(ITEM), release.items[1]
    set_state(make.person(Role.QA).origin, other.id, revision=1, state=ItemState.DOING)

    with pytest.raises(Conflict):
        set_states(
            release.lead.origin, one.checklist_id, ((one.id, 1), (other.id, 1)), state=ItemState.DONE, reason="together"
        )
    assert release.item(ITEM).state is ItemState.TODO


def test_a_better_reason_is_kept_and_does_not_make_the_state_younger(make: Make):
    release = make.release()
    developer = make.person(Role.DEVELOPER)
    item = release.item(ITEM)
    first = set_state(developer.origin, item.id, revision=1, state=ItemState.BLOCKED, reason="no schema")
    since = release.item(ITEM).state_since

    set_state(developer.origin, item.id, revision=first.revision, state=ItemState.BLOCKED, reason="no schema from Ops")

    now = release.item(ITEM)
    assert (now.reason, now.state_since) == ("no schema from Ops", since)
    assert [event.reason for event in make.events("item.state_changed")] == ["no schema", "no schema from Ops"]


def test_a_tick_with_its_value_leaves_an_event_for_each_of_both(make: Make):
    release = make.release()
    item = release.item(MEASURED)

    saved = set_state(release.lead.origin, item.id, revision=1, state=ItemState.DONE, value="14 tables")

    now = release.item(MEASURED)
    assert (now.state, now.value, now.revision) == (ItemState.DONE, "14 tables", 2)
    value, state = make.events(object_id=item.id)
    assert [(value.fact, value.new_value), (state.fact, state.new_value)] == [("value", "14 tables"), ("state", "done")]
    assert saved.event == state.id.hex()


def test_a_value_that_is_the_same_leaves_no_event_and_no_new_revision(make: Make):
    release = make.release()
    item = release.item(ITEM)

    saved = set_value(release.lead.origin, item.id, revision=1, value="", link="")

    assert (saved.revision, release.item(ITEM).revision) == (1, 1)
    assert make.events(object_id=item.id) == []


def test_work_is_given_to_people_who_are_here(make: Make):
    release = make.release()
    gone = make.person(Role.DEVELOPER)
    deactivate(make.person(Role.ADMINISTRATOR).origin, gone.id)
    item = release.item(ITEM)

    for number in (gone.id, 999_999):
        with pytest.raises(InvalidInput, match="no such person, or the account is deactivated"):
            assign(release.lead.origin, item.id, revision=1, assignee_id=number, due_on=None)
    assert release.item(ITEM).assignee_id is None


def test_an_owner_and_a_date_leave_an_event_each_and_can_be_taken_away(make: Make):
    release = make.release()
    item, lead = release.item(ITEM), release.lead

    saved = assign(lead.origin, item.id, revision=1, assignee_id=lead.id, due_on=date(2026, 11, 2))
    assign(lead.origin, item.id, revision=saved.revision, assignee_id=None, due_on=None)

    assert [(e.action.value, e.fact, e.old_value, e.new_value) for e in make.events(object_id=item.id)] == [
        ("item.assigned", "owner", "", f"person {lead.id}"),
        ("item.changed", "due date", "", "2026-11-02"),
        ("item.assigned", "owner", f"person {lead.id}", ""),
        ("item.changed", "due date", "2026-11-02", ""),
    ]


def test_a_comment_says_something(make: Make):
    release = make.release()

    with pytest.raises(InvalidInput, match="Type a comment"):
        add_comment(release.lead.origin, release.item(ITEM).id, text="")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR])
def test_who_only_reads_comments_measures_and_assigns_nothing(make: Make, role: Role):
    release = make.release()
    reader = make.person(role)
    item = release.item(ITEM)

    for attempt in (
        lambda: add_comment(reader.origin, item.id, text="said"),
        lambda: set_value(reader.origin, item.id, revision=1, value="1", link=""),
        lambda: assign(reader.origin, item.id, revision=1, assignee_id=reader.id, due_on=None),
        lambda: set_states(reader.origin, item.checklist_id, ((item.id, 1),), state=ItemState.DONE, reason="x"),
    ):
        with pytest.raises(NotPermitted):
            attempt()
    assert len(make.events("attempt.refused")) == 4


def test_setting_what_is_so_already_changes_nothing(make: Make):
    release = make.release()
    item = release.item(MEASURED)
    saved = set_state(release.lead.origin, item.id, revision=1, state=ItemState.DONE, value="14")

    again = set_state(release.lead.origin, item.id, revision=saved.revision, state=ItemState.DONE, value="14")

    assert (again.revision, again.event) == (saved.revision, None)
    assert len(make.events(object_id=item.id)) == 2
