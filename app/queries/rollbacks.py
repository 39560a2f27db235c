"""Reads of rollbacks: what one takes back, who began it and why, and where it stands."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, func, select

from app.database import db
from app.domain.actors import Actor
from app.domain.addresses import occasion_path
from app.domain.checklist import BelongsTo
from app.domain.errors import UNSEEN, NotFound
from app.domain.incidents import IncidentSeverity
from app.domain.permissions import Permission
from app.domain.rollbacks import MOVES, RollbackOutcome, Step, number_steps, rollback_label
from app.models import (
    Checklist,
    ChecklistItem,
    Deployment,
    Environment,
    Module,
    Person,
    Release,
    Rollback,
    RollbackPause,
    RollbackPlan,
    RollbackStep,
)
from app.models.base import UTCDateTime, table_of


@dataclass(frozen=True, slots=True)
class RollbackRow:
    """A rollback with the names of what it is about."""

    id: int
    deployment_id: int
    # Which rollback of its deployment it is: 1, and 2 after one that was aborted.
    turn: int
    checklist_id: int
    module_id: int
    module_key: str
    module_name: str
    release_id: int
    release_key: str
    release_name: str
    environment_key: str
    environment_name: str
    severity: IncidentSeverity
    reason: str
    state_before: str
    plan: str
    plan_revision: int
    started_at: datetime
    started_by_name: str
    finished_at: datetime | None
    finished_by_name: str
    outcome: RollbackOutcome | None
    outcome_note: str

    @property
    def title(self) -> str:
        """The rollback in words."""
        return f"Rollback {self.id}"

    @property
    def label(self) -> str:
        """What it is called in the history."""
        return rollback_label(self.id, self.module_name, self.release_name, self.environment_name)

    @property
    def path(self) -> str:
        """The address of its page."""
        return occasion_path(BelongsTo.ROLLBACK, self.id)

    @property
    def what(self) -> str:
        """What is taken back, in words."""
        return f"{self.module_name}, {self.release_name}, in {self.environment_name}"

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.outcome is not None


_rollbacks, _deployments = table_of(Rollback).c, table_of(Deployment).c
_lists, _items, _plans = table_of(Checklist).c, table_of(ChecklistItem).c, table_of(RollbackPlan).c
_modules, _releases, _places = table_of(Module).c, table_of(Release).c, table_of(Environment).c
_steps, _pauses = table_of(RollbackStep).c, table_of(RollbackPause).c
_starter, _finisher = table_of(Person).alias("starter"), table_of(Person).alias("finisher")
_others = table_of(Rollback).alias("others")
_TURN = (
    select(func.count())
    .select_from(_others)
    .where(_others.c.deployment_id == _rollbacks.deployment_id, _others.c.id <= _rollbacks.id)
    .scalar_subquery()
)
_ROWS = (
    select(
        *(_rollbacks.id, _rollbacks.deployment_id, _TURN.label("turn"), _lists.id.label("checklist_id")),
        *(_modules.id.label("module_id"), _modules.key.label("module_key"), _modules.name.label("module_name")),
        *(_releases.id.label("release_id"), _releases.key.label("release_key"), _releases.name.label("release_name")),
        *(_places.key.label("environment_key"), _places.name.label("environment_name")),
        *(_rollbacks.severity, _rollbacks.reason, _rollbacks.state_before),
        *(func.coalesce(_plans.body, "").label("plan"), func.coalesce(_plans.revision, 0).label("plan_revision")),
        *(_rollbacks.started_at, _starter.c.name.label("started_by_name")),
        *(_rollbacks.finished_at, func.coalesce(_finisher.c.name, "").label("finished_by_name")),
        *(_rollbacks.outcome, _rollbacks.outcome_note),
    )
    .select_from(table_of(Rollback))
    .join(table_of(Deployment), _deployments.id == _rollbacks.deployment_id)
    .join(table_of(Module), _modules.id == _deployments.module_id)
    .join(table_of(Release), _releases.id == _deployments.release_id)
    .join(table_of(Environment), _places.id == _deployments.environment_id)
    .join(table_of(Checklist), and_(_lists.belongs_to == BelongsTo.ROLLBACK, _lists.subject_id == _rollbacks.id))
    .join(_starter, _starter.c.id == _rollbacks.started_by_id)
    .outerjoin(_finisher, _finisher.c.id == _rollbacks.finished_by_id)
    .outerjoin(table_of(RollbackPlan), _plans.id == _rollbacks.plan_id)
)
_ROW = _ROWS.where(_rollbacks.id == bindparam("rollback"))
_OF_DEPLOYMENT = _ROWS.where(_rollbacks.deployment_id == bindparam("deployment")).order_by(_rollbacks.id)


def _row(found: Any) -> RollbackRow:
    return RollbackRow(*found)


def get_rollback(rollback_id: int, actor: Actor) -> RollbackRow:
    """A rollback that this person may see; NotFound otherwise."""
    found = db.session.execute(_ROW, {"rollback": rollback_id}).one_or_none()
    if found is None:
        raise NotFound(UNSEEN)
    row = _row(found)
    actor.require(Permission.CHECKLIST_VIEW, row.module_id)
    return row


def list_rollbacks_of(deployment_id: int) -> list[RollbackRow]:
    """The rollbacks of a deployment, the oldest first."""
    return [_row(row) for row in db.session.execute(_OF_DEPLOYMENT, {"deployment": deployment_id})]


def find_running(deployment_id: int) -> RollbackRow | None:
    """The rollback of a deployment that has not ended: there is at most one."""
    return next((row for row in list_rollbacks_of(deployment_id) if not row.is_over), None)


@dataclass(frozen=True, slots=True)
class RunNow:
    """A rollback as a change of it looks at it, once its stream is taken."""

    rollback_id: int
    deployment_id: int
    outcome: RollbackOutcome | None
    is_paused: bool
    # When the current step became the current one.
    since: datetime
    steps: tuple[Step, ...]


_PAUSED = (
    select(func.count())
    .select_from(table_of(RollbackPause))
    .where(_pauses.rollback_id == _rollbacks.id, _pauses.ended_at.is_(None))
    .scalar_subquery()
)
_MOVED = (
    select(func.max(_steps.ended_at))
    .where(_steps.rollback_id == _rollbacks.id, _steps.outcome.in_(sorted(MOVES)))
    .scalar_subquery()
)
_NOW = select(
    *(_rollbacks.id, _rollbacks.deployment_id, _rollbacks.outcome, _PAUSED.label("paused")),
    func.coalesce(_MOVED, _rollbacks.started_at, type_=UTCDateTime()).label("since"),
).where(_rollbacks.id == bindparam("rollback"))
_STATES = (
    select(_items.id, _items.text, _items.state)
    .join(table_of(Checklist), _lists.id == _items.checklist_id)
    .where(_lists.belongs_to == BelongsTo.ROLLBACK, _lists.subject_id == bindparam("rollback"))
    .order_by(_items.position)
)


def get_run_now(rollback_id: int) -> RunNow:
    """Where a rollback stands, or NotFound; two statements, to be sent once its stream is taken."""
    found = db.session.execute(_NOW, {"rollback": rollback_id}).one_or_none()
    if found is None:
        raise NotFound(UNSEEN)
    states = [(row.id, row.text, row.state) for row in db.session.execute(_STATES, {"rollback": rollback_id})]
    steps = tuple(number_steps(states))
    return RunNow(found.id, found.deployment_id, found.outcome, bool(found.paused), found.since, steps)
