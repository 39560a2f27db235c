"""A deployment is planned, started by passing its gate, and finished once; then its gate begins another turn."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.database import db
from app.domain.deployments import NotStartable, Outcome
from app.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted, RuleViolation
from app.domain.gates import GateKind, GateState
from app.domain.permissions import Role
from app.models import Checklist, ChecklistItem, DeploymentWindow, RollbackPlan
from app.models.base import pretending, utc_now
from app.queries.deployment_facts import list_steps
from app.queries.expired_gates import list_gates_with_expired
from app.queries.gates import list_active, list_gates
from app.queries.signoff_verification import verify_signoffs
from app.queries.standing import standing_of
from app.queries.waiting import list_waiting
from app.services.deployment_plans import StepFacts, cancel_deployment, change_deployment, plan_deployment
from app.services.deployments import do_step, finish_deployment, start_deployment
from app.services.release_modules import remove_module
from app.services.releases import ship_release
from app.services.roles import deactivate
from app.services.signoffs import withdraw
from tests.factories import Make
from tests.integration.services.deploying import STEPS, Deploying, planned_for


@pytest.fixture
def room(make: Make) -> Deploying:
    return Deploying(make)


def told(refused: pytest.ExceptionInfo[NotStartable]) -> list[str]:
    return [one.sentence for one in refused.value.obstacles]


def test_a_start_passes_the_gate_and_opens_the_checks_of_the_hours_after(room: Deploying, make: Make):
    number = room.plan()
    room.sign_deploy()

    checklist = room.start(number)

    row, gate = room.row(number), room.deploy_gate()
    assert (row.started_by_id, row.gate_cycle, row.finished_at) == (room.ops.id, gate.cycle, None)
    assert row.plan_id == db.session.scalar(select(RollbackPlan.id))
    assert row.backup_id == room.newest_backup()
    assert gate.consumed_at is not None
    items = db.session.scalars(select(ChecklistItem.gate).where(ChecklistItem.checklist_id == checklist)).all()
    assert len(items) == 24
    assert {one.kind.value for one in list_gates(checklist)} == {"first-hour", "first-day", "first-week", "close"}
    (event,) = make.events("deployment.started")
    assert (event.object_id, event.new_value, event.actor_id) == (number, "1 sign-off", room.ops.id)


def test_the_windows_are_laid_down_at_the_start_in_the_time_zone_of_the_team(room: Deploying):
    number = room.started()

    rows = db.session.scalars(select(DeploymentWindow).order_by(DeploymentWindow.due_at)).all()
    assert [row.group_key for row in rows] == ["first-hour", "first-day", "first-week", "ongoing"]
    assert rows[0].due_at - room.row(number).started_at == timedelta(hours=1)


def test_a_start_that_may_not_be_says_every_reason_and_leaves_nothing_behind(room: Deploying, make: Make):
    later = utc_now() + timedelta(days=1)
    number = room.plan(window_starts_at=later, window_ends_at=later + timedelta(hours=1))

    with pytest.raises(NotStartable) as refused:
        room.start(number)

    window, gate = told(refused)
    assert window.startswith("Its window is ")
    assert gate == "1 sign-off of DBA missing."
    assert [one.path for one in refused.value.obstacles] == [
        f"/deployments/{number}/edit/",
        f"/gates/{room.deploy_gate().id}/",
    ]
    assert room.row(number).started_at is None
    assert db.session.scalar(select(Checklist.id).where(Checklist.belongs_to == "deployment")) is None
    (event,) = make.events("attempt.refused")
    assert "Its window is" in event.object_label


def test_who_takes_a_signoff_back_in_time_stops_the_start(room: Deploying):
    number, signed = room.plan(), room.sign_deploy()
    withdraw(room.origin(room.dba), signed, reason="The wrong plan.")

    with pytest.raises(NotStartable, match="missing"):
        room.start(number)


def test_i20_a_signoff_that_has_run_out_starts_nothing(room: Deploying):
    number = room.plan(window_ends_at=utc_now() + timedelta(days=30))
    room.sign_deploy()

    with pretending(utc_now() + timedelta(days=8)):
        room.back_up("staging")
        with pytest.raises(NotStartable) as refused:
            room.start(number)
    assert told(refused) == ["1 sign-off of DBA missing."]


def test_who_alone_signed_does_not_start(room: Deploying):
    number = room.plan()
    room.sign_deploy()

    with pytest.raises(NotStartable, match="You alone signed it"):
        start_deployment(room.dba.origin, number)


def test_a_deployment_starts_once_and_is_finished_once(room: Deploying):
    number = room.started()
    with pytest.raises(RuleViolation, match="started already"):
        room.start(number)

    room.finish(number)

    assert room.row(number).outcome is Outcome.SUCCEEDED
    (event,) = room.make.events("deployment.finished")
    assert (event.new_value, event.reason) == ("succeeded", "As it was seen.")
    with pytest.raises(RuleViolation, match="ended already"):
        room.finish(number, Outcome.FAILED)


def test_what_has_not_started_is_not_finished(room: Deploying):
    with pytest.raises(RuleViolation, match="not started"):
        room.finish(room.plan())


def test_anything_but_success_is_said_in_words(room: Deploying):
    number = room.started()

    with pytest.raises(InvalidInput, match="what went wrong"):
        finish_deployment(room.ops.origin, number, outcome=Outcome.DEGRADED)


def test_a_module_goes_to_staging_before_it_goes_to_production(room: Deploying):
    number = room.plan("production")

    with pytest.raises(NotStartable) as refused:
        room.start(number)
    assert "It goes to Staging first, where it has not been deployed." in told(refused)

    first = room.started()
    room.finish(first, Outcome.ROLLED_BACK)
    with pytest.raises(NotStartable) as refused:
        room.start(number)
    assert "It goes to Staging first, where it rolled back last." in told(refused)

    room.finish(room.started())
    with pytest.raises(NotStartable) as refused:
        room.start(number)
    assert not [one for one in told(refused) if "first" in one], "the newest counts"


def test_a_degraded_deployment_has_been_in_staging(room: Deploying):
    room.finish(room.started(), Outcome.DEGRADED)
    number = room.plan("production")

    with pytest.raises(NotStartable) as refused:
        room.start(number)
    assert not [one for one in told(refused) if "first" in one]


def test_two_deployments_of_a_module_do_not_run_in_one_environment(room: Deploying):
    number = room.started()
    second = plan_deployment(room.ops.origin, room.next_release().id, planned_for(room))

    with pytest.raises(NotStartable) as refused:
        room.start(second)
    assert f"Deployment {number} of this module runs there now." in told(refused)

    room.finish(number)
    with pytest.raises(NotStartable) as refused:
        room.start(second)
    assert not [one for one in told(refused) if "runs there now" in one]


def test_a_deployment_elsewhere_holds_none_up(room: Deploying):
    number = room.started()
    second = plan_deployment(room.ops.origin, room.next_release("production").id, planned_for(room))

    with pytest.raises(NotStartable) as refused:
        room.start(second)
    assert f"Deployment {number} of this module runs there now." not in told(refused)


def test_nothing_is_planned_for_a_module_that_has_left_the_release_or_for_an_archived_release(room: Deploying):
    remove_module(room.release.lead.origin, room.release.key, room.release.modules[0])
    with pytest.raises(RuleViolation, match="not in this release any more"):
        room.plan()


def test_who_has_no_account_any_more_says_neither_go_nor_no_go(room: Deploying, make: Make):
    number = room.plan(decider_id=room.lead.id)
    room.sign_deploy()
    deactivate(make.person(Role.ADMINISTRATOR).origin, room.lead.id)

    with pytest.raises(NotStartable, match="has no account any more"):
        room.start(number)


def test_who_runs_no_deployments_changes_none_and_what_is_hidden_is_not_there(room: Deploying, make: Make):
    planned, facts = room.plan("production"), planned_for(room)
    number = room.started()
    step = list_steps(number)[0].id
    acts = (
        lambda origin: change_deployment(origin, planned, facts, revision=1),
        lambda origin: cancel_deployment(origin, planned, reason="No."),
        lambda origin: start_deployment(origin, planned),
        lambda origin: do_step(origin, number, step),
        lambda origin: finish_deployment(origin, number, outcome=Outcome.FAILED, note="No."),
    )
    stranger = make.person(Role.OPS, module_id=make.module().id)

    for act in acts:
        with pytest.raises(NotPermitted):
            act(room.worker.origin)
        with pytest.raises(NotFound):
            act(stranger.origin)
    assert room.row(number).finished_at is None


def test_what_an_earlier_turn_used_up_neither_waits_nor_runs_out(room: Deploying):
    number = room.started()
    assert room.deploy_gate().id not in {one.gate.id for one in list_waiting(room.dba.actor, utc_now())}
    first_hour = next(one for one in list_gates(room.checklist_of(number)) if one.kind is GateKind.FIRST_HOUR)
    assert first_hour.id in {one.gate.id for one in list_waiting(room.ops.actor, utc_now())}
    room.finish(number, Outcome.FAILED)
    ship_release(room.release.lead.origin, room.release.key)

    room.plan()

    waiting = {one.gate.id for one in list_waiting(room.make.person(Role.DBA, Role.OPS).actor, utc_now())}
    assert room.deploy_gate().id in waiting, "what is planned is signed, shipped or not"
    assert first_hour.id not in waiting, "what failed is not looked after"
    later = utc_now() + timedelta(days=30)
    assert room.deploy_gate().id not in list_gates_with_expired(later, after=0, most=100)
    deactivate(room.make.person(Role.ADMINISTRATOR).origin, room.dba.id)
    assert not [one for one in room.make.events("signoff.ended") if one.object_id == room.deploy_gate().id]


def test_one_place_has_one_plan_at_a_time(room: Deploying):
    first = room.plan()
    with pytest.raises(RuleViolation, match=f"Deployment {first} is planned there already"):
        room.plan()
    cancel_deployment(room.ops.origin, first, reason="The team is ill.")

    second = room.plan()

    room.sign_deploy()
    room.start(second)
    with pytest.raises(RuleViolation, match=f"Deployment {second} runs there already"):
        room.plan()


def test_planned_again_the_gate_begins_another_turn_in_which_nobody_has_signed(room: Deploying, make: Make):
    number = room.started()
    gate = room.deploy_gate()
    room.finish(number, Outcome.FAILED)

    second = room.plan()

    again = room.deploy_gate()
    assert (again.cycle, again.consumed_at) == (gate.cycle + 1, None)
    assert standing_of(again, utc_now()).verdict.state is GateState.OPEN
    assert list_active([gate.id]) == []
    assert [one.faults for one in verify_signoffs() if one.faults] == []
    with pytest.raises(NotStartable, match="missing"):
        room.start(second)
    room.sign_deploy()
    room.start(second)
    assert room.row(second).gate_cycle == again.cycle
    (event,) = make.events("gate.renewed")
    assert event.old_value == f"deployment {number}"


def test_calling_off_uses_nothing_up(room: Deploying, make: Make):
    number = room.plan()
    room.sign_deploy()
    with pytest.raises(InvalidInput, match="why"):
        cancel_deployment(room.ops.origin, number, reason="")

    cancel_deployment(room.ops.origin, number, reason="The team is ill.")

    with pytest.raises(RuleViolation, match="called off"):
        room.start(number)
    assert room.deploy_gate().cycle == 1
    assert len(list_active([room.deploy_gate().id])) == 1
    (event,) = make.events("deployment.cancelled")
    assert event.reason == "The team is ill."


def test_a_plan_is_changed_until_it_starts_and_each_fact_leaves_an_event(room: Deploying, make: Make):
    number = room.plan()
    steps = (*STEPS, StepFacts("Start the workers", owner_id=room.worker.id))
    facts = planned_for(room, abort_criteria="Any data is lost.", steps=steps)

    change_deployment(room.ops.origin, number, facts, revision=1)

    assert [step.text for step in list_steps(number)] == [step.text for step in steps]
    assert room.row(number).abort_criteria == "Any data is lost."
    facts_told = [event.fact for event in make.events("deployment.changed")]
    assert facts_told == ["beginning of the window", "end of the window", "abort criteria", "steps"]
    with pytest.raises(Conflict, match="Somebody else"):
        change_deployment(room.ops.origin, number, facts, revision=1)
    room.sign_deploy()
    room.start(number)
    with pytest.raises(RuleViolation, match="not started"):
        change_deployment(room.ops.origin, number, facts, revision=3)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"steps": ()}, "steps"),
        ({"steps": (StepFacts(""),)}, "steps"),
        ({"steps": (StepFacts("Go", owner_id=999_999),)}, "steps"),
        ({"decider_id": 999_999}, "decider_id"),
        ({"abort_criteria": ""}, "abort_criteria"),
        ({"window_ends_at": utc_now() - timedelta(days=2)}, "window_ends_at"),
    ],
)
def test_a_plan_that_says_too_little_is_refused(room: Deploying, wrong: dict[str, object], field: str):
    with pytest.raises(InvalidInput) as refused:
        room.plan(**wrong)

    assert list(refused.value.fields) == [field]


def test_only_a_deploy_gate_is_planned_and_only_by_who_runs_deployments(room: Deploying, make: Make):
    with pytest.raises(NotFound):
        plan_deployment(room.ops.origin, room.gate().id, planned_for(room))
    for role in (Role.DEVELOPER, Role.QA, Role.VIEWER):
        with pytest.raises(NotPermitted):
            plan_deployment(make.person(role).origin, room.deploy_gate().id, planned_for(room))
    stranger = make.person(Role.OPS, module_id=make.module().id)
    with pytest.raises(NotFound):
        plan_deployment(stranger.origin, room.deploy_gate().id, planned_for(room))


def test_a_step_is_done_once_while_it_runs(room: Deploying, make: Make):
    number = room.plan()
    first, second = list_steps(number)
    with pytest.raises(RuleViolation, match="while the deployment runs"):
        do_step(room.ops.origin, number, first.id)
    room.sign_deploy()
    room.start(number)

    assert do_step(room.ops.origin, number, second.id, note="Took a minute.")
    assert not do_step(room.dba.origin, number, second.id)

    done = list_steps(number)[1]
    assert (done.done_by, done.note) == (room.ops.name, "Took a minute.")
    assert [event.fact for event in make.events("deployment.step_done")] == ["step 2"]
    with pytest.raises(NotFound):
        do_step(room.ops.origin, number, 999_999)
