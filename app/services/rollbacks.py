"""A rollback from its first to its last moment: started by one person, paused, resumed, aborted or finished."""

from dataclasses import dataclass

from sqlalchemy import insert, update

from app.database import server_now
from app.domain.audit import AuditAction, moment_text
from app.domain.canonical import canonical
from app.domain.checklist import BelongsTo
from app.domain.deployments import DeploymentState, Outcome
from app.domain.errors import InvalidInput, RuleViolation
from app.domain.incidents import IncidentSeverity
from app.domain.permissions import Permission
from app.domain.rollbacks import RollbackOutcome, check_may_finish, check_not_over, check_runs, rollback_label
from app.models import Deployment, Rollback, RollbackPause
from app.models.base import table_of
from app.queries.deployment_facts import DeploymentRow
from app.queries.rollback_facts import plan_for, state_before
from app.queries.rollbacks import RollbackRow, find_running, get_rollback, get_run_now
from app.services.change import About, Change
from app.services.checklists import make_checklist
from app.services.deployment_plans import about_deployment, take_deployment
from app.services.deployments import end_deployment
from app.services.write_path import write_path

RUN = Permission.DEPLOYMENT_RUN
_rollbacks, _pauses, _deployments = table_of(Rollback), table_of(RollbackPause), table_of(Deployment)


@dataclass(frozen=True, slots=True)
class StartFacts:
    """Why a deployment is taken back, how bad it is, and how things stand, as whoever starts says it."""

    reason: str
    severity: IncidentSeverity
    state_before: str = ""


@dataclass(frozen=True, slots=True)
class Started:
    """The rollback of a deployment that runs now; `is_new` when it was started by this."""

    rollback_id: int
    is_new: bool


@write_path
def start_rollback(change: Change, deployment_id: int, facts: StartFacts) -> Started:
    """Begin to take a deployment back. It asks for no sign-off and heeds no freeze: stopping harm is never gated.

    Of two people who start at once the second is led to the rollback of the first.
    """
    row, _stream = take_deployment(change, deployment_id)
    if row.started_at is None:
        raise RuleViolation("This deployment has not started: there is nothing to take back.")
    if not facts.reason:
        raise InvalidInput(reason="Say in a sentence why it is taken back.")
    running = find_running(deployment_id)
    if running is not None:
        return Started(running.id, is_new=False)
    return Started(_start(change, row, facts), is_new=True)


def _start(change: Change, row: DeploymentRow, facts: StartFacts) -> int:
    plan, at = plan_for(row), server_now()
    before = state_before(row, facts.state_before)
    number = change.put(
        insert(_rollbacks),
        {
            "deployment_id": row.id,
            "severity": facts.severity,
            "reason": facts.reason,
            "state_before": canonical(before).decode(),
            "plan_id": plan.id if plan else None,
            "revision": 1,
            "started_at": at,
            "started_by_id": change.actor_id,
            "outcome_note": "",
        },
    )
    label = rollback_label(number, row.module_name, row.release_name, row.environment_name)
    about = About("rollback", number, label, row.module_id, row.release_id)
    checklist = make_checklist(
        *(change, BelongsTo.ROLLBACK, number),
        label=label,
        release_id=row.release_id,
        module_id=row.module_id,
    )
    change.record(
        AuditAction.ROLLBACK_STARTED,
        about,
        stream=change.find_stream("checklist:rollback", number),
        fact="severity",
        new=facts.severity.value,
        reason=facts.reason,
        after={
            "deployment": row.id,
            "environment": row.environment_key,
            "severity": facts.severity.value,
            "started_at": moment_text(at),
            "checklist": checklist,
            "plan": plan.digest.hex() if plan else None,
            "state_before": before,
        },
        under=RUN,
    )
    return number


def about_rollback(row: RollbackRow) -> About:
    """A rollback as the object of an event."""
    return About("rollback", row.id, row.label, row.module_id, row.release_id)


def take_rollback(change: Change, rollback_id: int, *also: int) -> tuple[RollbackRow, int]:
    """Take the stream of a rollback and others, as one who runs deployments; gives it as it is then."""
    seen = get_rollback(rollback_id, change.actor)
    change.actor.require(RUN, seen.module_id)
    stream = change.find_stream("checklist:rollback", rollback_id)
    change.take(stream, *also)
    return get_rollback(rollback_id, change.actor), stream


@write_path
def pause_rollback(change: Change, rollback_id: int, *, reason: str) -> bool:
    """Stop the clock and say why, until somebody goes on."""
    row, stream = take_rollback(change, rollback_id)
    if not reason:
        raise InvalidInput(pause_reason="Say why it waits, and for what.")
    check_runs(row.outcome, is_paused=get_run_now(rollback_id).is_paused)
    at = server_now()
    change.put(
        insert(_pauses),
        {"rollback_id": rollback_id, "began_at": at, "began_by_id": change.actor_id, "reason": reason},
    )
    change.record(
        AuditAction.ROLLBACK_PAUSED,
        about_rollback(row),
        stream=stream,
        reason=reason,
        after={"rollback": rollback_id, "paused_at": moment_text(at)},
        under=RUN,
    )
    return True


@write_path
def resume_rollback(change: Change, rollback_id: int) -> bool:
    """Go on after a pause."""
    row, stream = take_rollback(change, rollback_id)
    check_not_over(row.outcome)
    if not get_run_now(rollback_id).is_paused:
        raise RuleViolation("This rollback is not paused: somebody has resumed it already.")
    at = server_now()
    change.session.execute(
        update(_pauses)
        .where(_pauses.c.rollback_id == rollback_id, _pauses.c.ended_at.is_(None))
        .values(ended_at=at, ended_by_id=change.actor_id)
    )
    change.record(
        AuditAction.ROLLBACK_RESUMED,
        about_rollback(row),
        stream=stream,
        after={"rollback": rollback_id, "resumed_at": moment_text(at)},
        under=RUN,
    )
    return True


@write_path
def abort_rollback(change: Change, rollback_id: int, *, reason: str) -> bool:
    """Give a rollback up, with a reason. Nothing is said of the deployment."""
    row, stream = take_rollback(change, rollback_id)
    check_not_over(row.outcome)
    if not reason:
        raise InvalidInput(abort_reason="Say why it is given up, and what happens instead.")
    _end(change, row, stream, RollbackOutcome.ABORTED, reason)
    return True


@write_path
def finish_rollback(change: Change, rollback_id: int, *, note: str = "") -> bool:
    """Say that a rollback is complete, once no step is open: the deployment was rolled back."""
    seen = get_rollback(rollback_id, change.actor)
    stream = change.find_stream("checklist:rollback", rollback_id)
    deployment, own = take_deployment(change, seen.deployment_id, stream)
    run = get_run_now(rollback_id)
    check_runs(run.outcome, is_paused=run.is_paused)
    check_may_finish(run.steps)
    _end(change, seen, stream, RollbackOutcome.COMPLETED, note)
    why = f"Rollback {rollback_id}: {seen.reason}"[:1000]
    if deployment.state is DeploymentState.RUNNING:
        end_deployment(change, deployment, own, Outcome.ROLLED_BACK, why)
    elif deployment.outcome is not Outcome.ROLLED_BACK:
        _correct(change, deployment, own, why)
    return True


def _end(change: Change, row: RollbackRow, stream: int, outcome: RollbackOutcome, note: str) -> None:
    at = server_now()
    change.session.execute(
        update(_rollbacks)
        .where(_rollbacks.c.id == row.id)
        .values(
            finished_at=at,
            finished_by_id=change.actor_id,
            outcome=outcome,
            outcome_note=note,
            revision=_rollbacks.c.revision + 1,
        )
    )
    change.record(
        AuditAction.ROLLBACK_FINISHED,
        about_rollback(row),
        stream=stream,
        fact="outcome",
        new=outcome.label,
        reason=note,
        after={
            "rollback": row.id,
            "deployment": row.deployment_id,
            "outcome": outcome.value,
            "severity": row.severity.value,
            "started_at": moment_text(row.started_at),
            "finished_at": moment_text(at),
        },
        under=RUN,
    )


def _correct(change: Change, deployment: DeploymentRow, stream: int, why: str) -> None:
    """A deployment that had ended well was taken back after all; when it ended stays as it was."""
    change.session.execute(
        update(_deployments)
        .where(_deployments.c.id == deployment.id)
        .values(outcome=Outcome.ROLLED_BACK, outcome_note=why, revision=_deployments.c.revision + 1)
    )
    old = deployment.outcome.label if deployment.outcome else ""
    change.record(
        AuditAction.DEPLOYMENT_OUTCOME_CHANGED,
        about_deployment(deployment),
        stream=stream,
        fact="outcome",
        old=old,
        new=Outcome.ROLLED_BACK.label,
        reason=why,
        before={"outcome": deployment.outcome.value if deployment.outcome else None, "note": deployment.outcome_note},
        after={"outcome": Outcome.ROLLED_BACK.value, "note": why},
        under=RUN,
    )
