"""Reads of what happened in rollbacks: the steps as they were taken, the pauses, and how long earlier runs took."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select

from app.database import db
from app.domain.rollbacks import Earlier, Span, StepOutcome, earlier_of, worked
from app.models import ChecklistItem, Deployment, Person, Rollback, RollbackPause, RollbackStep
from app.models.base import table_of

# So many earlier runs are compared with: what was long ago was done by other means.
EARLIER_RUNS = 20


@dataclass(frozen=True, slots=True)
class TakenStep:
    """A step that was done, skipped, taken back or repeated."""

    item_id: int
    outcome: StepOutcome
    started_at: datetime
    ended_at: datetime
    by_name: str
    value: str
    note: str
    claimed_at: datetime | None
    claimed_by: str


@dataclass(frozen=True, slots=True)
class Pause:
    """A time in which nobody worked on a rollback."""

    id: int
    began_at: datetime
    ended_at: datetime | None
    reason: str
    began_by_name: str

    @property
    def span(self) -> Span:
        """The time alone."""
        return Span(self.began_at, self.ended_at)


_steps, _pauses = table_of(RollbackStep).c, table_of(RollbackPause).c
_rollbacks, _deployments = table_of(Rollback).c, table_of(Deployment).c
_people, _items = table_of(Person).c, table_of(ChecklistItem).c
_TAKEN = (
    select(
        *(_steps.item_id, _steps.outcome, _steps.started_at, _steps.ended_at, _people.name),
        *(_steps.value, _steps.note, _steps.claimed_at, _steps.claimed_by),
    )
    .join(table_of(Person), _people.id == _steps.taken_by_id)
    .where(_steps.rollback_id == bindparam("rollback"))
    .order_by(_steps.id)
)
_RESTED = (
    select(_pauses.id, _pauses.began_at, _pauses.ended_at, _pauses.reason, _people.name)
    .join(table_of(Person), _people.id == _pauses.began_by_id)
    .where(_pauses.rollback_id == bindparam("rollback"))
    .order_by(_pauses.id)
)
_BEFORE = (
    select(_rollbacks.id)
    .join(table_of(Deployment), _deployments.id == _rollbacks.deployment_id)
    .where(_deployments.module_id == bindparam("module"), _rollbacks.id < bindparam("rollback"))
    .order_by(_rollbacks.id.desc())
    .limit(EARLIER_RUNS)
)
# What was typed in later took its time on paper, where nobody measured it.
_TIMES = (
    select(_steps.rollback_id, _items.key, _steps.started_at, _steps.ended_at)
    .join(table_of(ChecklistItem), _items.id == _steps.item_id)
    .where(
        _steps.rollback_id.in_(bindparam("rollbacks", expanding=True)),
        _steps.outcome == StepOutcome.DONE,
        _steps.claimed_at.is_(None),
    )
)
_RESTS = select(_pauses.rollback_id, _pauses.began_at, _pauses.ended_at).where(
    _pauses.rollback_id.in_(bindparam("rollbacks", expanding=True))
)


def list_taken(rollback_id: int) -> list[TakenStep]:
    """What was done with the steps of a rollback, the oldest first."""
    return [TakenStep(*row) for row in db.session.execute(_TAKEN, {"rollback": rollback_id})]


def list_pauses(rollback_id: int) -> list[Pause]:
    """The pauses of a rollback, the oldest first."""
    return [Pause(*row) for row in db.session.execute(_RESTED, {"rollback": rollback_id})]


def list_earlier(module_id: int, rollback_id: int) -> Mapping[str, Earlier]:
    """How long each step took in earlier rollbacks of a module, by the step's key; those that nobody did are not in."""
    ids = list(db.session.scalars(_BEFORE, {"module": module_id, "rollback": rollback_id}))
    if not ids:
        return {}
    rests: dict[int, list[Span]] = defaultdict(list)
    for run, began_at, ended_at in db.session.execute(_RESTS, {"rollbacks": ids}):
        rests[run].append(Span(began_at, ended_at))
    times = defaultdict(list)
    for run, key, began_at, ended_at in db.session.execute(_TIMES, {"rollbacks": ids}):
        times[key].append(worked(began_at, ended_at, rests[run]))
    return {key: found for key, taken in times.items() if (found := earlier_of(taken))}


def spans_of(pauses: Sequence[Pause]) -> list[Span]:
    """The times of pauses alone."""
    return [pause.span for pause in pauses]
