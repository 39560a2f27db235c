"""Reads of deployments as the rules look at them: what was planned, what runs, and what a start depends on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select

from app.database import db
from app.domain.deployments import DeploymentState, Outcome, deployment_state
from app.domain.errors import UNSEEN, NotFound
from app.models import (
    BackupRecord,
    Checklist,
    Deployment,
    DeploymentStep,
    DeploymentStepTick,
    Environment,
    Freeze,
    Gate,
    Module,
    Person,
    Release,
    RollbackPlan,
)
from app.models.base import table_of

_all, _places = table_of(Deployment).c, table_of(Environment).c
_modules, _releases, _people = table_of(Module).c, table_of(Release).c, table_of(Person).c
_steps, _ticks = table_of(DeploymentStep).c, table_of(DeploymentStepTick).c
_freezes = table_of(Freeze).c
_gates, _lists = table_of(Gate).c, table_of(Checklist).c


@dataclass(frozen=True, slots=True)
class DeploymentRow:
    """A deployment, with what it is about."""

    id: int
    gate_id: int
    release_id: int
    release_key: str
    release_name: str
    module_id: int
    module_key: str
    module_name: str
    time_zone: str
    environment_id: int
    environment_key: str
    environment_name: str
    environment_position: int
    window_starts_at: datetime
    window_ends_at: datetime
    decider_id: int
    abort_criteria: str
    notes: str
    revision: int
    planned_at: datetime
    created_by_id: int
    cancelled_at: datetime | None
    cancelled_reason: str
    started_at: datetime | None
    started_by_id: int | None
    gate_cycle: int | None
    backup_id: int | None
    plan_id: int | None
    finished_at: datetime | None
    finished_by_id: int | None
    outcome: Outcome | None
    outcome_note: str

    @property
    def state(self) -> DeploymentState:
        """Where it stands."""
        return deployment_state(
            cancelled_at=self.cancelled_at, started_at=self.started_at, finished_at=self.finished_at
        )

    @property
    def state_words(self) -> str:
        """Where it stands, in words."""
        return self.outcome.label if self.outcome else self.state.value

    @property
    def label(self) -> str:
        """What it is called in the history."""
        return f"deployment {self.id} of {self.module_name} in {self.release_name} to {self.environment_name}"

    @property
    def path(self) -> str:
        """The address of its page."""
        return f"/deployments/{self.id}/"


_OWN = ("id", "gate_id", "release_id", "module_id", "environment_id", "window_starts_at", "window_ends_at")
_MORE = ("decider_id", "abort_criteria", "notes", "revision", "created_by_id", "cancelled_at", "cancelled_reason")
_RUN = ("started_at", "started_by_id", "gate_cycle", "backup_id", "plan_id")
_ENDED = ("finished_at", "finished_by_id", "outcome", "outcome_note")
_OF_OTHERS = {
    "planned_at": _all.created_at,
    "release_key": _releases.key,
    "release_name": _releases.name,
    "module_key": _modules.key,
    "module_name": _modules.name,
    "time_zone": _modules.time_zone,
    "environment_key": _places.key,
    "environment_name": _places.name,
    "environment_position": _places.position,
}
DEPLOYMENTS: Select[*tuple[Any, ...]] = (
    select(
        *(_all[name] for name in (*_OWN, *_MORE, *_RUN, *_ENDED)),
        *(column.label(name) for name, column in _OF_OTHERS.items()),
    )
    .join(table_of(Release), _releases.id == _all.release_id)
    .join(table_of(Module), _modules.id == _all.module_id)
    .join(table_of(Environment), _places.id == _all.environment_id)
)
_BY_ID = DEPLOYMENTS.where(_all.id == bindparam("deployment"))


def row_of(row: Any) -> DeploymentRow:
    """A deployment out of a row of `DEPLOYMENTS`."""
    return DeploymentRow(**{name: getattr(row, name) for name in DeploymentRow.__dataclass_fields__})


def read_deployment(deployment_id: int) -> DeploymentRow:
    """One deployment as it is now, whoever asks; NotFound where there is none."""
    row = db.session.execute(_BY_ID, {"deployment": deployment_id}).one_or_none()
    if row is None:
        raise NotFound(UNSEEN)
    return row_of(row)


def list_deployments_where(*conditions: ColumnElement[bool]) -> list[DeploymentRow]:
    """The deployments for which something holds, the newest first."""
    return [row_of(row) for row in db.session.execute(DEPLOYMENTS.where(*conditions).order_by(_all.id.desc()))]


def find_unfinished(gate_id: int) -> DeploymentRow | None:
    """The deployment behind a gate that is planned or runs."""
    found = list_deployments_where(_all.gate_id == gate_id, _all.cancelled_at.is_(None), _all.finished_at.is_(None))
    return found[0] if found else None


def find_last_started(gate_id: int) -> DeploymentRow | None:
    """The last deployment that passed a gate."""
    found = list_deployments_where(_all.gate_id == gate_id, _all.started_at.is_not(None))
    return found[0] if found else None


@dataclass(frozen=True, slots=True)
class DeployedPlace:
    """What a deploy gate is about: a release of a module, and where it goes."""

    environment_id: int
    environment_name: str
    module_name: str
    release_name: str
    is_archived: bool


def get_place(gate_id: int) -> DeployedPlace:
    """Where the deployments behind a gate go; NotFound where it is no deploy gate of a module in a release."""
    row = db.session.execute(
        select(_places.id, _places.name, _modules.name.label("module"), _releases.name.label("release"))
        .add_columns(_releases.archived_at)
        .select_from(table_of(Gate))
        .join(table_of(Checklist), _lists.id == _gates.checklist_id)
        .join(table_of(Module), _modules.id == _lists.module_id)
        .join(table_of(Release), _releases.id == _lists.release_id)
        .join(table_of(Environment), _places.key == _gates.environment_key)
        .where(_gates.id == gate_id)
    ).one_or_none()
    if row is None:
        raise NotFound(UNSEEN)
    return DeployedPlace(row.id, row.name, row.module, row.release, row.archived_at is not None)


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step as it is planned now, and who has done it."""

    id: int
    position: int
    text: str
    command: str
    owner_id: int | None
    owner_name: str | None
    done_at: datetime | None
    done_by: str | None
    note: str


_doers = table_of(Person).alias("doers")


def list_steps(deployment_id: int) -> list[StepRow]:
    """The steps of the newest revision, in their order."""
    newest = select(func.max(_steps.revision)).where(_steps.deployment_id == deployment_id).scalar_subquery()
    rows = db.session.execute(
        select(_steps.id, _steps.position, _steps.text, _steps.command, _steps.owner_id, _people.name)
        .add_columns(_ticks.done_at, _doers.c.name.label("done_by"), func.coalesce(_ticks.note, "").label("note"))
        .outerjoin(table_of(Person), _people.id == _steps.owner_id)
        .outerjoin(table_of(DeploymentStepTick), _ticks.step_id == _steps.id)
        .outerjoin(_doers, _doers.c.id == _ticks.done_by_id)
        .where(_steps.deployment_id == deployment_id, _steps.revision == newest)
        .order_by(_steps.position)
    )
    return [StepRow(*row) for row in rows]


def list_freezes_for(row: DeploymentRow, at: datetime) -> Sequence[Any]:
    """The freezes in force that keep a deployment from starting."""
    return db.session.execute(
        select(_freezes.id, _freezes.reason, _freezes.ends_at)
        .where(
            *(_freezes.ended_at.is_(None), _freezes.starts_at <= at, _freezes.ends_at > at),
            or_(_freezes.environment_id.is_(None), _freezes.environment_id == row.environment_id),
            or_(_freezes.module_id.is_(None), _freezes.module_id == row.module_id),
        )
        .order_by(_freezes.id)
    ).all()


@dataclass(frozen=True, slots=True)
class RecordsThatCount:
    """The plan and the backup that count at a gate now, by number."""

    plan_id: int | None
    backup_id: int | None


def records_that_count(checklist_id: int, environment_key: str) -> RecordsThatCount:
    """The newest rollback plan of a checklist, and its newest backup of an environment."""
    plans, backups = table_of(RollbackPlan).c, table_of(BackupRecord).c
    plan = select(plans.id).where(plans.checklist_id == checklist_id).order_by(plans.revision.desc()).limit(1)
    backup = (
        select(backups.id)
        .where(backups.checklist_id == checklist_id, backups.environment_key == environment_key)
        .order_by(backups.taken_at.desc(), backups.id.desc())
        .limit(1)
    )
    return RecordsThatCount(db.session.scalar(plan), db.session.scalar(backup))
