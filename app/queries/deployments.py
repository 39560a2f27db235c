"""Reads of deployments as pages show them: what runs, what is next, what was, and the windows of a time."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, true

from app.database import db
from app.domain.actors import Actor
from app.domain.deployment_calendar import FreezeSpan, Slot
from app.domain.deployments import DeploymentState
from app.domain.gates import GateKind
from app.domain.permissions import Permission
from app.models import (
    BackupRecord,
    Checklist,
    Deployment,
    DeploymentStep,
    Environment,
    Freeze,
    Gate,
    Module,
    Person,
    Release,
    RollbackPlan,
    Stream,
)
from app.models.base import table_of
from app.queries.deployment_facts import DEPLOYMENTS, DeploymentRow, read_deployment, row_of
from app.queries.deployment_windows import WindowRow, list_windows_of
from app.queries.waiting import is_waiting

_all, _people, _steps = table_of(Deployment).c, table_of(Person).c, table_of(DeploymentStep).c
_gates, _lists, _places = table_of(Gate).c, table_of(Checklist).c, table_of(Environment).c
_modules, _releases, _freezes = table_of(Module).c, table_of(Release).c, table_of(Freeze).c
RECENT = 20


def _seen_by(actor: Actor, column: Any) -> ColumnElement[bool]:
    visible = actor.modules(Permission.CHECKLIST_VIEW)
    return true() if visible is None else column.in_(visible)


def get_deployment(deployment_id: int, actor: Actor) -> DeploymentRow:
    """A deployment of a module that this person may see; NotFound otherwise."""
    row = read_deployment(deployment_id)
    actor.require(Permission.CHECKLIST_VIEW, row.module_id)
    return row


@dataclass(frozen=True, slots=True)
class DeploymentLine:
    """A deployment in a list, with the hours after it."""

    row: DeploymentRow
    decider_name: str
    windows: Sequence[WindowRow]

    @property
    def state(self) -> DeploymentState:
        """Where it stands."""
        return self.row.state


_LINES = DEPLOYMENTS.add_columns(_people.name.label("decider_name")).join(
    table_of(Person), _people.id == _all.decider_id
)
_is_planned = and_(_all.started_at.is_(None), _all.cancelled_at.is_(None))
_is_running = and_(_all.started_at.is_not(None), _all.finished_at.is_(None))


def list_unfinished(actor: Actor) -> list[DeploymentLine]:
    """What runs, and then what is planned, the next first; two statements."""
    wanted = _LINES.where(or_(_is_planned, _is_running), _seen_by(actor, _all.module_id))
    return _lines(wanted.order_by(_all.started_at.is_(None), _all.window_starts_at, _all.id))


def list_ended(actor: Actor, *, before: int = 0) -> tuple[list[DeploymentLine], int]:
    """What ended or was called off, the newest first, and before which number the older ones are; 0: there are none."""
    wanted = _LINES.where(
        ~_is_planned, ~_is_running, _seen_by(actor, _all.module_id), _all.id < before if before else true()
    )
    found = _lines(wanted.order_by(_all.id.desc()).limit(RECENT + 1))
    return found[:RECENT], found[RECENT - 1].row.id if len(found) > RECENT else 0


def _lines(statement: Any) -> list[DeploymentLine]:
    rows = [(row_of(row), row.decider_name) for row in db.session.execute(statement)]
    windows = list_windows_of([row.id for row, _ in rows])
    return [DeploymentLine(row, name, windows.get(row.id, [])) for row, name in rows]


def list_of_gates(gate_ids: Iterable[int]) -> dict[int, DeploymentRow]:
    """The newest deployment behind each gate that was not called off."""
    wanted = DEPLOYMENTS.where(_all.gate_id.in_(sorted(set(gate_ids))), _all.cancelled_at.is_(None))
    return {row.gate_id: row_of(row) for row in db.session.execute(wanted.order_by(_all.id))}


@dataclass(frozen=True, slots=True)
class PlannedWindow:
    """When a deployment is meant to take place."""

    row: DeploymentRow
    slot: Slot

    @property
    def title(self) -> str:
        """What goes where, in short."""
        return f"{self.row.module_name} to {self.row.environment_name}"


def list_windows_between(actor: Actor, start: datetime, end: datetime) -> list[PlannedWindow]:
    """The windows that have a moment in a time, the earliest first; two statements."""
    wanted = DEPLOYMENTS.where(
        *(_all.window_starts_at < end, _all.window_ends_at > start, _all.cancelled_at.is_(None)),
        _seen_by(actor, _all.module_id),
    ).order_by(_all.window_starts_at, _all.id)
    rows = [row_of(row) for row in db.session.execute(wanted)]
    owners = _owners([row.id for row in rows])
    return [PlannedWindow(row, _slot(row, owners[row.id])) for row in rows]


def _slot(row: DeploymentRow, owners: set[int]) -> Slot:
    return Slot(
        *(row.id, row.window_starts_at, row.window_ends_at, row.environment_id, row.module_id),
        people=frozenset({row.decider_id, *owners}),
        is_over=row.finished_at is not None,
    )


def _owners(deployment_ids: Sequence[int]) -> dict[int, set[int]]:
    """Who owns a step of the plans as they are now, by deployment."""
    newer = table_of(DeploymentStep).alias("newer")
    newest = select(func.max(newer.c.revision)).where(newer.c.deployment_id == _steps.deployment_id)
    found: dict[int, set[int]] = defaultdict(set)
    for number, owner in db.session.execute(
        select(_steps.deployment_id, _steps.owner_id).where(
            *(_steps.deployment_id.in_(deployment_ids), _steps.owner_id.is_not(None)),
            _steps.revision == newest.correlate(table_of(DeploymentStep)).scalar_subquery(),
        )
    ):
        found[number].add(owner)
    return found


@dataclass(frozen=True, slots=True)
class FreezeLine:
    """A freeze in a list."""

    id: int
    starts_at: datetime
    ends_at: datetime
    reason: str
    environment_id: int | None
    environment_name: str | None
    module_id: int | None
    module_name: str | None
    created_by: str
    ended_at: datetime | None
    ended_reason: str

    @property
    def span(self) -> FreezeSpan:
        """Reduced to what the rules look at."""
        return FreezeSpan(self.id, self.starts_at, self.ends_at, self.environment_id, self.module_id)

    @property
    def place(self) -> str:
        """What it is for, in words."""
        return f"{self.module_name or 'all modules'}, {self.environment_name or 'all environments'}"

    def is_over(self, at: datetime) -> bool:
        """Whether it stops nothing any more."""
        return self.ended_at is not None or self.ends_at <= at


_FREEZES = (
    select(
        *(_freezes.id, _freezes.starts_at, _freezes.ends_at, _freezes.reason),
        *(_freezes.environment_id, _places.name.label("environment_name")),
        *(_freezes.module_id, _modules.name.label("module_name"), _people.name.label("created_by")),
        *(_freezes.ended_at, _freezes.ended_reason),
    )
    .join(table_of(Person), _people.id == _freezes.created_by_id)
    .outerjoin(table_of(Environment), _places.id == _freezes.environment_id)
    .outerjoin(table_of(Module), _modules.id == _freezes.module_id)
)


def list_freezes(actor: Actor, *, most: int = 100) -> list[FreezeLine]:
    """The freezes that there are and were, those that end last first."""
    wanted = _FREEZES.where(_is_shown(actor)).order_by(_freezes.ends_at.desc(), _freezes.id.desc()).limit(most)
    return [FreezeLine(*row) for row in db.session.execute(wanted)]


def list_freezes_between(actor: Actor, start: datetime, end: datetime) -> list[FreezeLine]:
    """The freezes that nobody has ended and that have a moment in a time, the earliest first."""
    wanted = _FREEZES.where(
        *(_freezes.ended_at.is_(None), _freezes.starts_at < end, _freezes.ends_at > start), _is_shown(actor)
    )
    return [FreezeLine(*row) for row in db.session.execute(wanted.order_by(_freezes.starts_at, _freezes.id))]


def _is_shown(actor: Actor) -> ColumnElement[bool]:
    return or_(_freezes.module_id.is_(None), _seen_by(actor, _freezes.module_id))


def list_places_to_plan(actor: Actor) -> Sequence[Any]:
    """The deploy gates behind which this person may plan something and nothing is planned or runs."""
    held = actor.modules(Permission.DEPLOYMENT_RUN)
    return db.session.execute(
        select(_gates.id, _modules.name.label("module_name"), _releases.name.label("release_name"))
        .add_columns(_places.name.label("environment_name"))
        .select_from(table_of(Gate))
        .join(table_of(Checklist), _lists.id == _gates.checklist_id)
        .join(table_of(Release), _releases.id == _lists.release_id)
        .join(table_of(Module), _modules.id == _lists.module_id)
        .join(table_of(Environment), _places.key == _gates.environment_key)
        .where(
            *(_gates.kind == GateKind.DEPLOY, is_waiting),
            true() if held is None else _lists.module_id.in_(held),
            ~exists().where(_all.gate_id == _gates.id, _all.cancelled_at.is_(None), _all.finished_at.is_(None)),
        )
        .order_by(_releases.planned_on.desc(), _releases.name, _modules.name, _places.position)
    ).all()


def find_used(row: DeploymentRow) -> tuple[Any | None, Any | None]:
    """The rollback plan and the backup that counted when a deployment started."""
    plans, backups = table_of(RollbackPlan).c, table_of(BackupRecord).c
    plan = select(plans.id, plans.revision, plans.body, plans.written_at).where(plans.id == row.plan_id)
    backup = select(backups.id, backups.target, backups.taken_at, backups.size_bytes, backups.checksum).add_columns(
        backups.is_restore_tested
    )
    return (
        db.session.execute(plan).one_or_none(),
        db.session.execute(backup.where(backups.id == row.backup_id)).one_or_none(),
    )


def stream_of_deployment(deployment_id: int) -> int:
    """The stream in which its history stands."""
    streams = table_of(Stream).c
    found = select(streams.id).where(streams.kind == "deployment", streams.subject_id == deployment_id)
    return int(db.session.execute(found).scalar_one())


def list_environments_in_order() -> Sequence[Any]:
    """The environments as modules go through them."""
    return db.session.execute(
        select(_places.id, _places.key, _places.name, _places.position).order_by(_places.position)
    ).all()
