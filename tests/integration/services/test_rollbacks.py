"""Rollbacks: begun at once, worked step by step in order whatever the path, and ended with their deployment."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError

from app.database import db
from app.domain.checklist import ItemState, Severity
from app.domain.deployments import Outcome
from app.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted, RuleViolation
from app.domain.permissions import Role
from app.domain.rollbacks import RollbackOutcome, StepOutcome
from app.domain.waiver_kinds import WaiverReason
from app.domain.windows import WindowState
from app.models import ChecklistItem
from app.models.base import pretending, utc_now
from app.queries.deployment_windows import list_windows_of
from app.queries.rollback_runs import list_earlier
from app.queries.rollbacks import get_rollback
from app.services.item_states import set_state, set_states
from app.services.rollback_work import do_step, reopen_step, repeat_step, type_in_later
from app.services.rollbacks import (
    abort_rollback,
    finish_rollback,
    pause_rollback,
    resume_rollback,
    start_rollback,
)
from app.services.undo import undo
from app.services.waivers import request_waiver
from tests.factories import Make
from tests.integration.services.rolling import SECRET, WHY, RollingBack


@pytest.fixture
def room(make: Make) -> RollingBack:
    return RollingBack(make)


def body_of(room: RollingBack, action: str) -> dict[str, object]:
    return json.loads(room.make.events(action)[-1].body)


def test_a_rollback_begins_without_any_sign_off_and_keeps_the_state_before(room: RollingBack):
    number = room.begun()

    items = room.items(number)
    assert len(items) == 18
    assert {item.state for item in items} == {ItemState.TODO}
    before = json.loads(room.run(number).state_before)
    assert before["said"] == "412 orders, all workers stopped"
    assert before["backup"]["checksum"] == "ab" * 32
    assert before["deployment"]["number"] == room.deployment
    assert [check["open"] > 0 for check in before["checks"]] == [True] * 4
    told = body_of(room, "rollback.started")["after"]
    assert told["state_before"] == before
    assert told["severity"] == "critical"
    assert room.run(number).plan_id == room.row(room.deployment).plan_id


def test_who_starts_second_is_led_to_the_rollback_of_the_first(room: RollingBack):
    first = room.begin()

    second = room.begin(by=room.mia)

    assert (second.rollback_id, first.is_new, second.is_new) == (first.rollback_id, True, False)
    assert len(room.make.events("rollback.started")) == 1


def test_only_who_runs_deployments_starts_one_and_only_of_what_has_started(room: RollingBack):
    with pytest.raises(NotPermitted):
        start_rollback(room.make.person(Role.DEVELOPER).origin, room.deployment, WHY)
    with pytest.raises(InvalidInput, match="why it is taken back"):
        start_rollback(room.ravi.origin, room.deployment, replace(WHY, reason=""))
    room.finish(room.deployment)
    planned = room.plan()
    with pytest.raises(RuleViolation, match="has not started"):
        start_rollback(room.ravi.origin, planned, WHY)
    assert room.make.events("rollback.started") == []


def test_the_order_holds_on_the_page_of_the_rollback(room: RollingBack):
    number = room.begun()

    with pytest.raises(RuleViolation, match="turn of step 2, “Document current state”: the current one is step 1"):
        room.do(number, 2)
    room.do(number, 1)
    room.do(number, 2)

    assert [(one.outcome, one.value) for one in room.records(number)] == [(StepOutcome.DONE, "seen")] * 2
    told = body_of(room, "rollback.step_taken")["after"]
    assert (told["number"], told["outcome"], told["value"]) == (2, "done", "seen")
    assert told["started_at"] < told["ended_at"]


def test_the_order_holds_on_every_other_path_of_an_item(room: RollingBack):
    number = room.begun()
    room.do_up_to(number, 2)
    items = room.items(number)
    who = room.ravi.origin

    for state in (ItemState.DONE, ItemState.DOING, ItemState.BLOCKED):
        with pytest.raises(RuleViolation, match="not the turn of step 4"):
            set_state(who, items[3].id, revision=1, state=state, reason="soon")
    with pytest.raises(RuleViolation, match="Only the newest step is taken back"):
        set_state(who, items[0].id, revision=items[0].revision, state=ItemState.TODO, reason="again")
    with pytest.raises(RuleViolation, match="not waived"):
        request_waiver(who, items[2].id, revision=1, reason=WaiverReason.OTHER, explanation="not here")
    with pytest.raises(RuleViolation):
        set_states(who, room.item(number, 4).checklist_id, ((items[3].id, 1),), state=ItemState.DONE, reason="all")
    assert [item.state for item in room.items(number)] == [ItemState.DONE] * 2 + [ItemState.TODO] * 16
    assert len(room.records(number)) == 2


def test_a_tick_on_the_item_page_is_a_step_too_and_can_be_taken_back(room: RollingBack):
    number = room.begun()
    item = room.items(number)[0]

    saved = set_state(room.ravi.origin, item.id, revision=1, state=ItemState.DONE)
    undo(room.ravi.origin, item.id, bytes.fromhex(saved.event or ""))

    assert [one.outcome for one in room.records(number)] == [StepOutcome.DONE, StepOutcome.REOPENED]
    assert room.item(number, 1).state is ItemState.TODO


def test_taking_back_is_refused_once_the_next_step_is_done(room: RollingBack):
    number = room.begun()
    first = room.do(number, 1)
    room.do(number, 2)

    with pytest.raises(RuleViolation, match="Only the newest"):
        undo(room.ravi.origin, first.item_id, bytes.fromhex(first.event or ""))
    assert room.item(number, 1).state is ItemState.DONE


def test_who_may_only_work_on_items_ticks_no_step(room: RollingBack):
    number = room.begun()
    item = room.items(number)[0]
    developer = room.make.person(Role.DEVELOPER)

    with pytest.raises(NotPermitted):
        set_state(developer.origin, item.id, revision=1, state=ItemState.DONE)
    with pytest.raises(NotPermitted):
        do_step(developer.origin, number, item.id, revision=1)
    assert room.item(number, 1).state is ItemState.TODO


def test_only_who_runs_deployments_does_anything_with_a_rollback(room: RollingBack):
    number = room.begun()
    room.do(number, 1)
    item, developer = room.items(number)[0], room.make.person(Role.DEVELOPER).origin
    acts = [
        lambda: repeat_step(developer, number, item.id),
        lambda: reopen_step(developer, number, item.id, revision=item.revision, reason="no"),
        lambda: pause_rollback(developer, number, reason="no"),
        lambda: resume_rollback(developer, number),
        lambda: abort_rollback(developer, number, reason="no"),
        lambda: finish_rollback(developer, number),
        lambda: type_in_later(developer, number, room.claims(number, [(utc_now(), "RK")]), secret=SECRET),
    ]

    for act in acts:
        with pytest.raises(NotPermitted):
            act()
    assert len(room.records(number)) == 1


def test_the_same_fact_at_another_step_is_another_act(room: RollingBack):
    number = room.begun()
    first, second, _, fourth = room.items(number)[:4]
    same = update(ChecklistItem).where(ChecklistItem.id.in_([first.id, second.id, fourth.id]))
    db.session.execute(same.values(fact="users are told", severity=Severity.REQUIRED))
    db.session.commit()

    set_state(room.ravi.origin, first.id, revision=1, state=ItemState.DONE)
    checklist = room.item(number, 1).checklist_id
    set_states(room.ravi.origin, checklist, ((second.id, 1),), state=ItemState.DONE, reason="All were told.")

    assert [item.state for item in room.items(number)[:4]] == [ItemState.DONE] * 2 + [ItemState.TODO] * 2


def test_a_skipped_step_is_an_override_with_its_reason_and_can_be_done_after_all(room: RollingBack):
    number = room.begun()
    with pytest.raises(InvalidInput, match="Say why this step is skipped"):
        room.skip(number, 1, reason="")
    room.skip(number, 1, reason="The backup server is down, too.")

    item = room.item(number, 1)
    assert (item.state, item.reason) == (ItemState.OVERRIDDEN, "The backup server is down, too.")
    assert room.make.events("item.state_changed")[-1].new_value == "overridden"
    with pytest.raises(InvalidInput, match="Say why it has to be done again"):
        reopen_step(room.ravi.origin, number, item.id, revision=item.revision, reason="")
    reopen_step(room.ravi.origin, number, item.id, revision=item.revision, reason="It is up again.")
    room.do(number, 1)
    assert [one.outcome.value for one in room.records(number)] == ["skipped", "reopened", "done"]


def test_an_old_page_is_told_who_did_the_step(room: RollingBack):
    number = room.begun()
    room.do(number, 1, by=room.mia)

    with pytest.raises(Conflict, match="was done by Mia") as refusal:
        room.do(number, 1, revision=1, value="2 GB, 14:00")
    assert (refusal.value.theirs, refusal.value.yours) == ("seen", "2 GB, 14:00")


def test_a_step_of_another_rollback_is_not_there(room: RollingBack):
    number = room.begun()
    item = room.items(number)[0]
    elsewhere = room.release.item("pre.schema-planned")

    with pytest.raises(NotFound):
        do_step(room.ravi.origin, number + 1, item.id, revision=1)
    with pytest.raises(NotFound):
        do_step(room.ravi.origin, number, elsewhere.id, revision=elsewhere.revision)


def test_a_pause_stops_the_clock_and_the_steps(room: RollingBack):
    number, begun_at = room.begun(), utc_now()
    with pytest.raises(InvalidInput, match="why it waits"):
        pause_rollback(room.ravi.origin, number, reason="")
    with pretending(begun_at + timedelta(minutes=5)):
        pause_rollback(room.ravi.origin, number, reason="Waiting for the DBA.")
        with pytest.raises(RuleViolation, match="paused"):
            room.do(number, 1)
        with pytest.raises(RuleViolation, match="paused"):
            finish_rollback(room.ravi.origin, number)
    with pretending(begun_at + timedelta(minutes=35)):
        resume_rollback(room.mia.origin, number)
    with pytest.raises(RuleViolation, match="not paused"):
        resume_rollback(room.ravi.origin, number)
    with pretending(begun_at + timedelta(minutes=42)):
        room.do(number, 1)
        abort_rollback(room.ravi.origin, number, reason="Tried it.")
        second = room.begun()

    earlier = list_earlier(room.deploy_gate().module_id or 0, second)["rbk.before.backup"]
    assert earlier.count == 1
    assert earlier.median.total_seconds() == pytest.approx(12 * 60, abs=5)
    assert [event.reason for event in room.make.events("rollback.paused")] == ["Waiting for the DBA."]
    assert len(room.make.events("rollback.resumed")) == 1


def test_the_last_step_is_repeated_after_an_absence_and_nothing_moves(room: RollingBack):
    number = room.begun()
    room.do_up_to(number, 2)
    first, second = room.items(number)[:2]

    with pytest.raises(RuleViolation, match="Only the last step"):
        repeat_step(room.ravi.origin, number, first.id)
    repeat_step(room.ravi.origin, number, second.id)

    assert [one.outcome.value for one in room.records(number)] == ["done", "done", "repeated"]
    room.do(number, 3)
    third = room.records(number)[-1]
    assert third.started_at == room.records(number)[1].ended_at
    pause_rollback(room.ravi.origin, number, reason="For a moment.")
    with pytest.raises(RuleViolation, match="paused"):
        repeat_step(room.ravi.origin, number, third.item_id)


def test_a_complete_rollback_ends_its_deployment_in_the_same_moment(room: RollingBack):
    number = room.begun()
    with pytest.raises(RuleViolation, match="step 1, “Backup current database” is open"):
        finish_rollback(room.ravi.origin, number)
    room.do_up_to(number, 17)
    room.skip(number, 18)
    assert room.row(room.deployment).outcome is None

    finish_rollback(room.ravi.origin, number, note="All well.")

    assert room.run(number).outcome is RollbackOutcome.COMPLETED
    assert room.row(room.deployment).outcome is Outcome.ROLLED_BACK
    assert body_of(room, "deployment.finished")["after"]["outcome"] == "rolled_back"
    assert body_of(room, "rollback.finished")["after"]["deployment"] == room.deployment
    with pytest.raises(RuleViolation, match="is over"):
        room.do(number, 18)
    with pytest.raises(RuleViolation, match="is over"):
        abort_rollback(room.ravi.origin, number, reason="no")


def test_what_had_ended_well_is_corrected_and_its_end_stays(room: RollingBack):
    room.finish(room.deployment, Outcome.DEGRADED)
    ended_at = room.row(room.deployment).finished_at
    number = room.begun()
    for step in range(1, 19):
        room.skip(number, step)

    finish_rollback(room.ravi.origin, number)

    told = body_of(room, "deployment.outcome_changed")
    assert (told["before"]["outcome"], told["after"]["outcome"]) == ("degraded", "rolled_back")
    row = room.row(room.deployment)
    assert (row.outcome, row.finished_at) == (Outcome.ROLLED_BACK, ended_at)


def test_what_was_missed_before_it_was_taken_back_stays_missed(room: RollingBack):
    room.finish(room.deployment)
    with pretending(utc_now() + timedelta(days=3)):
        number = room.begun()
        for step in range(1, 19):
            room.skip(number, step)
        finish_rollback(room.ravi.origin, number)
        states = {
            one.window.group_key: one.state(utc_now()) for one in list_windows_of([room.deployment])[room.deployment]
        }

    assert states["first-hour"] is WindowState.MISSED
    assert states["ongoing"] is WindowState.DROPPED


def test_an_aborted_one_says_nothing_of_the_deployment_and_another_may_begin(room: RollingBack):
    number = room.begun()
    with pytest.raises(InvalidInput, match="why it is given up"):
        abort_rollback(room.ravi.origin, number, reason="")
    abort_rollback(room.ravi.origin, number, reason="The cause was elsewhere.")

    assert room.run(number).outcome is RollbackOutcome.ABORTED
    assert room.row(room.deployment).outcome is None
    assert room.begun() != number


def test_what_was_done_on_paper_is_typed_in_later_and_kept_as_a_claim(room: RollingBack):
    number, now = room.begun(), utc_now()
    room.do(number, 1)
    paper = [(now - timedelta(hours=2), "RK"), (now - timedelta(hours=1), "MB")]

    taken = type_in_later(room.ravi.origin, number, room.claims(number, paper), secret=SECRET)

    assert taken == 2
    second, third = room.records(number)[1:]
    assert (second.claimed_at, second.claimed_by, third.claimed_by) == (paper[0][0], "RK", "MB")
    assert second.ended_at >= now
    assert "Done on paper" in room.item(number, 2).reason
    assert body_of(room, "rollback.step_taken")["after"]["claimed_by"] == "MB"
    assert room.item(number, 4).state is ItemState.TODO
    abort_rollback(room.ravi.origin, number, reason="Again.")
    module = room.deploy_gate().module_id or 0
    assert set(list_earlier(module, room.begun())) == {"rbk.before.backup"}  # nobody measured the others
    assert list_earlier(module + 1, number + 1) == {}


def test_one_wrong_code_takes_nothing_over(room: RollingBack):
    number, now = room.begun(), utc_now()
    good = room.claims(number, [(now - timedelta(hours=2), "RK"), (now - timedelta(hours=1), "RK")])
    swapped = (replace(good[0], code=good[1].code), *good[1:])
    gap = (good[0], replace(good[1], code="", done_at=None, done_by="", value=""), replace(good[2], code="AAAA"))

    for wrong, sentence in ((swapped, "Step 1: This is not its code"), ((*gap, *good[3:]), "step 3 comes after it")):
        with pytest.raises(InvalidInput, match=sentence):
            type_in_later(room.ravi.origin, number, wrong, secret=SECRET)
    value = (replace(good[0], value="x" * 4), *good[1:])
    db.session.execute(update(ChecklistItem).where(ChecklistItem.id == good[0].item_id).values(value_kind="number"))
    with pytest.raises(InvalidInput, match="Step 1: Give a number alone"):
        type_in_later(room.ravi.origin, number, value, secret=SECRET)
    with pytest.raises(InvalidInput, match="at least one step"):
        type_in_later(room.ravi.origin, number, room.claims(number, []), secret=SECRET)
    room.do(number, 1, value="3")
    with pytest.raises(Conflict, match="Somebody took a step"):
        type_in_later(room.ravi.origin, number, good, secret=SECRET)
    assert len(room.records(number)) == 1


def test_the_sheet_of_one_rollback_does_not_fit_the_next(room: RollingBack):
    first = room.begun()
    typed = room.claims(first, [(utc_now(), "RK")])
    abort_rollback(room.ravi.origin, first, reason="Again.")
    second = room.begun()
    old = (replace(typed[0], item_id=room.items(second)[0].id), *room.claims(second, [])[1:])

    with pytest.raises(InvalidInput, match="This is not its code"):
        type_in_later(room.ravi.origin, second, old, secret=SECRET)
    assert [get_rollback(number, room.ravi.actor).turn for number in (first, second)] == [1, 2]


def test_a_rollback_of_a_module_that_one_may_not_see_is_not_there(room: RollingBack):
    number, stranger = room.begun(), room.make.person(Role.OPS, module_id=room.make.module().id)
    with pytest.raises(NotFound):
        get_rollback(number, stranger.actor)


def test_the_database_itself_keeps_the_steps_as_they_were_recorded(room: RollingBack):
    number = room.begun()
    room.do(number, 1)
    for statement in ("UPDATE rollback_steps SET value = 'other'", "DELETE FROM rollback_steps"):
        with pytest.raises(DBAPIError, match="only ever added"), db.session.begin_nested():
            db.session.execute(text(statement))
