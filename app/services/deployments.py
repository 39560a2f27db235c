"""Starting a deployment, doing its steps, and finishing it."""

from datetime import datetime

from sqlalchemy import insert, update

from app.database import server_now
from app.domain.addresses import gate_path
from app.domain.audit import AuditAction, moment_text
from app.domain.checklist import BelongsTo
from app.domain.deployments import DeploymentState, NotStartable, Obstacle, Outcome, start_obstacles
from app.domain.errors import UNSEEN, InvalidInput, NotFound, RuleViolation
from app.domain.gates import GateState
from app.domain.windows import Window, windows_of
from app.models import Deployment, DeploymentStepTick, DeploymentWindow
from app.models.base import table_of
from app.queries.deployment_facts import (
    DeploymentRow,
    RecordsThatCount,
    list_steps,
    read_deployment,
    records_that_count,
)
from app.queries.standing import Standing, standing_of
from app.queries.start_facts import find_rollback_of, start_facts
from app.services.change import SETTINGS, Change
from app.services.checklists import make_checklist
from app.services.deployment_plans import RUN, about_deployment, take_deployment
from app.services.gate_access import streams_of_debt, take_gate
from app.services.signoffs import consume, why_not_passed
from app.services.write_path import write_path

_all = table_of(Deployment)
_TICK = insert(table_of(DeploymentStepTick))
_WINDOW = insert(table_of(DeploymentWindow))


def obstacles_of(row: DeploymentRow, standing: Standing, actor_id: int) -> list[Obstacle]:
    """Every reason why this person cannot start a deployment now, those of its gate among them."""
    paths = {"window": f"{row.path}edit/", "plan": f"{row.path}edit/", "freeze": "/deployments/calendar/"}
    at = server_now()
    facts = start_facts(row, at)
    paths |= {"running": f"/deployments/{facts.running_id}/", "order": "/deployments/"}
    paths |= {"rollback": f"/rollbacks/{facts.rollback_id}/"}
    is_overridden = standing.verdict.state is GateState.OVERRIDDEN
    own = [Obstacle(told, paths[kind]) for kind, told in start_obstacles(facts, at, is_overridden=is_overridden)]
    gate = gate_path(row.gate_id)
    return [*own, *(Obstacle(told, gate) for told in why_not_passed(standing, actor_id))]


@write_path
def start_deployment(change: Change, deployment_id: int) -> int:
    """Start a deployment: pass its gate and open the checks of the hours after, all or nothing.

    Gives the number of its checklist. All that a start depends on is behind the streams that it takes first.
    """
    seen = read_deployment(deployment_id)
    change.actor.require(RUN, seen.module_id)
    settings = change.find_or_begin(*SETTINGS)
    own = change.find_stream("deployment", deployment_id)
    gate = take_gate(change, seen.gate_id, own, settings, *streams_of_debt(change, seen.gate_id))
    row = read_deployment(deployment_id)
    if row.state is not DeploymentState.PLANNED:
        raise RuleViolation("This deployment has started already." if row.started_at else "It was called off.")
    standing = standing_of(gate, server_now())
    if obstacles := obstacles_of(row, standing, change.actor_id):
        raise NotStartable(obstacles)
    consume(change, gate.id)
    records = records_that_count(gate.checklist_id, gate.environment_key)
    return _start(change, row, own, standing, records)


def _start(change: Change, row: DeploymentRow, stream: int, standing: Standing, records: RecordsThatCount) -> int:
    gate, at = standing.gate, server_now()
    change.session.execute(
        update(_all)
        .where(_all.c.id == row.id)
        .values(
            started_at=at,
            started_by_id=change.actor_id,
            gate_cycle=gate.cycle,
            plan_id=records.plan_id,
            backup_id=records.backup_id,
            revision=_all.c.revision + 1,
        )
    )
    checklist = make_checklist(
        change,
        BelongsTo.DEPLOYMENT,
        row.id,
        label=f"{row.module_name} in {row.release_name}, {row.label.partition(' of ')[0]}",
        release_id=row.release_id,
        module_id=row.module_id,
    )
    windows = _open_windows(change, row, at)
    change.record(
        AuditAction.DEPLOYMENT_STARTED,
        about_deployment(row),
        stream=stream,
        new=_with(standing),
        after={
            "started_at": moment_text(at),
            "gate": gate.id,
            "cycle": gate.cycle,
            "plan": records.plan_id,
            "backup": records.backup_id,
            "environment": row.environment_key,
            "checklist": checklist,
            "zone": row.time_zone,
            "windows": _told(windows),
        },
        under=RUN,
    )
    return checklist


def _open_windows(change: Change, row: DeploymentRow, at: datetime) -> tuple[Window, ...]:
    """Lay down until when the groups of checks are due, where the team is now: for good."""
    windows = windows_of(at, row.time_zone)
    for window in windows:
        change.session.execute(
            _WINDOW,
            {
                "deployment_id": row.id,
                "group_key": window.group_key,
                "due_at": window.due_at,
                "grace_ends_at": window.grace_ends_at,
            },
        )
    return windows


def _with(standing: Standing) -> str:
    if standing.override is not None:
        return f"break-glass {standing.override.id}"
    given = len(standing.signoffs)
    return f"{given} sign-off{'' if given == 1 else 's'}"


def _told(windows: tuple[Window, ...]) -> dict[str, dict[str, str]]:
    return {
        one.group_key: {"due_at": moment_text(one.due_at), "grace_ends_at": moment_text(one.grace_ends_at)}
        for one in windows
    }


@write_path
def do_step(change: Change, deployment_id: int, step_id: int, *, note: str = "") -> bool:
    """Say that a step is done, while the deployment runs; in whatever order. Once: False when it was said before."""
    row, stream = take_deployment(change, deployment_id)
    step = next((one for one in list_steps(deployment_id) if one.id == step_id), None)
    if step is None:
        raise NotFound(UNSEEN)
    if row.state is not DeploymentState.RUNNING:
        raise RuleViolation("Steps are done while the deployment runs.")
    if step.done_at is not None:
        return False
    at = server_now()
    change.session.execute(_TICK, {"step_id": step_id, "done_at": at, "done_by_id": change.actor_id, "note": note})
    change.record(
        AuditAction.DEPLOYMENT_STEP_DONE,
        about_deployment(row),
        stream=stream,
        fact=f"step {step.position}",
        new=step.text,
        reason=note,
        after={"step": step_id, "position": step.position, "done_at": moment_text(at)},
        under=RUN,
    )
    return True


@write_path
def finish_deployment(change: Change, deployment_id: int, *, outcome: Outcome, note: str = "") -> bool:
    """Say how a deployment ended; its checks of the days after go on."""
    row, stream = take_deployment(change, deployment_id)
    if outcome is not Outcome.SUCCEEDED and not note:
        raise InvalidInput(note="Say what went wrong.")
    if (rollback := find_rollback_of(deployment_id)) is not None:
        raise RuleViolation(f"Rollback {rollback} of it runs: finish or abort that first.")
    end_deployment(change, row, stream, outcome, note)
    return True


def end_deployment(change: Change, row: DeploymentRow, stream: int, outcome: Outcome, note: str) -> None:
    """End a deployment whose stream is taken; part of the change that says how, a rollback's too."""
    if row.state is not DeploymentState.RUNNING:
        raise RuleViolation("It has ended already." if row.finished_at else "It has not started.")
    at = server_now()
    change.session.execute(
        update(_all)
        .where(_all.c.id == row.id)
        .values(
            finished_at=at,
            finished_by_id=change.actor_id,
            outcome=outcome,
            outcome_note=note,
            revision=_all.c.revision + 1,
        )
    )
    change.record(
        AuditAction.DEPLOYMENT_FINISHED,
        about_deployment(row),
        stream=stream,
        new=outcome.label,
        reason=note,
        after={
            "outcome": outcome.value,
            "finished_at": moment_text(at),
            "started_at": moment_text(row.started_at) if row.started_at else None,
        },
        under=RUN,
    )
