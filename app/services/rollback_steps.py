"""The order of a rollback's steps, kept on every path on which an item is written, and when each was taken."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert

from app.database import server_now
from app.domain.audit import AuditAction, moment_text
from app.domain.checklist import BelongsTo, ItemState
from app.domain.errors import RuleViolation
from app.domain.permissions import Permission
from app.domain.rollbacks import Step, StepOutcome, check_in_turn, check_runs, number_steps, outcome_between
from app.models import RollbackStep
from app.models.base import table_of
from app.queries.items import ItemPlace
from app.queries.rollbacks import RunNow, get_run_now
from app.services.change import About, Change

_ADD = insert(table_of(RollbackStep))
NOT_WAIVED = "A step of a rollback is not waived. Skip it with a reason on the page of the rollback."


@dataclass(frozen=True, slots=True)
class Taken:
    """What was said of a step beside its state, as its record keeps it."""

    value: str = ""
    note: str = ""
    claimed_at: datetime | None = None
    claimed_by: str = ""


def is_in_order(belongs_to: BelongsTo) -> bool:
    """Whether the items of a checklist are taken one after the other."""
    return belongs_to is BelongsTo.ROLLBACK


def check_may_waive_in(belongs_to: BelongsTo) -> None:
    """Raise RuleViolation where nobody can wait for a second person's approval."""
    if is_in_order(belongs_to):
        raise RuleViolation(NOT_WAIVED)


def follow_run(change: Change, place: ItemPlace, old: ItemState, new: ItemState, taken: Taken) -> None:
    """Let a step of a rollback go to another state only in its turn, and remember when it was taken.

    Part of every change of an item's state. The item may have its new state already: the order is that before it.
    """
    if not is_in_order(place.belongs_to):
        return
    change.actor.require(Permission.DEPLOYMENT_RUN, place.module_id)
    run = get_run_now(place.subject_id)
    check_runs(run.outcome, is_paused=run.is_paused)
    if old is new:
        return
    before = {step.item_id: step.state for step in run.steps} | {place.id: old}
    steps = number_steps((step.item_id, step.text, before[step.item_id]) for step in run.steps)
    check_in_turn(steps, place.id)
    outcome = outcome_between(old, new)
    if outcome:
        step = next(step for step in steps if step.item_id == place.id)
        add_step(change, place, run, step, outcome=outcome, taken=taken)


def add_step(change: Change, place: ItemPlace, run: RunNow, step: Step, *, outcome: StepOutcome, taken: Taken) -> None:
    """Record what became of a step, with the time from which it was the current one."""
    at = server_now()
    number = change.put(
        _ADD,
        {
            "rollback_id": run.rollback_id,
            "item_id": place.id,
            "outcome": outcome,
            "started_at": run.since,
            "ended_at": at,
            "taken_by_id": change.actor_id,
            "value": taken.value,
            "note": taken.note,
            "claimed_at": taken.claimed_at,
            "claimed_by": taken.claimed_by,
        },
    )
    paper = f", on paper at {moment_text(taken.claimed_at)} by {taken.claimed_by}" if taken.claimed_at else ""
    change.record(
        AuditAction.ROLLBACK_STEP_TAKEN,
        About("rollback", run.rollback_id, step.words, place.module_id, place.release_id, place.template_version_id),
        stream=place.stream_id,
        fact=f"step {step.number}",
        new=f"{outcome.label}{paper}",
        reason=taken.note,
        after={
            "rollback": run.rollback_id,
            "step": number,
            "item": place.id,
            "number": step.number,
            "outcome": outcome.value,
            "value": taken.value,
            "started_at": moment_text(run.since),
            "ended_at": moment_text(at),
            "claimed_at": moment_text(taken.claimed_at) if taken.claimed_at else None,
            "claimed_by": taken.claimed_by,
        },
        under=Permission.DEPLOYMENT_RUN,
    )
