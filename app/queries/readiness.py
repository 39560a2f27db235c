"""Readiness of a release: one aggregate over a covering index, and the first blocker of each module."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, case, func, or_, select
from sqlalchemy.orm import aliased

from app.database import db
from app.domain.actors import Actor
from app.domain.addresses import Subject
from app.domain.checklist import OPEN, BelongsTo, ItemState, Phase, Severity
from app.domain.permissions import Permission
from app.domain.readiness import Blocker, Counts, count, urgency
from app.models import (
    Checklist,
    ChecklistGroup,
    ChecklistItem,
    Module,
    Person,
    PersonName,
    Release,
    ReleaseModule,
    Stream,
)


@dataclass(frozen=True, slots=True)
class Standing:
    """A module in a release, or the release itself: counts by phase and the first blocker."""

    checklist_id: int
    module_id: int | None
    module_key: str
    module_name: str
    path: str
    phases: dict[Phase, Counts]
    first: Blocker | None

    @property
    def counts(self) -> Counts:
        """All phases together."""
        return sum(self.phases.values(), Counts())

    @property
    def is_ready(self) -> bool:
        """Nothing that must be done is left."""
        return self.counts.is_ready


def release_version(release: Release) -> tuple[int, ...]:
    """Numbers of which one changes with anything that the release's pages show."""
    # Streams never go away and only grow, so the sum moves whenever one of them does; the same holds for revisions.
    versions = (
        select(
            func.sum(Stream.version),
            func.count(Stream.id),
            func.sum(Module.revision),
            select(func.max(PersonName.id)).scalar_subquery(),
        )
        .join(Checklist, Checklist.stream_id == Stream.id)
        .outerjoin(Module, Module.id == Checklist.module_id)
        .where(Checklist.release_id == release.id)
    )
    return release.revision, *(int(number or 0) for number in db.session.execute(versions).one())


def list_standings(release: Release, actor: Actor) -> list[Standing]:
    """Every module of a release that this person may see, and the release's own checklist first; three statements."""
    heads = db.session.execute(
        select(Checklist.id, Checklist.belongs_to, Module.id.label("module_id"), Module.key, Module.name)
        .outerjoin(Module, Module.id == Checklist.module_id)
        .outerjoin(
            ReleaseModule, and_(Checklist.belongs_to == BelongsTo.MODULE, ReleaseModule.id == Checklist.subject_id)
        )
        .where(
            Checklist.release_id == release.id,
            Checklist.belongs_to.in_([BelongsTo.RELEASE, BelongsTo.MODULE]),
            or_(Checklist.belongs_to == BelongsTo.RELEASE, ReleaseModule.removed_at.is_(None)),
        )
        .order_by(Module.name)
    ).all()
    visible = actor.modules(Permission.CHECKLIST_VIEW)
    heads = [head for head in heads if visible is None or head.module_id is None or head.module_id in visible]
    ids = [head.id for head in heads]
    tallies = _tallies(ids)
    firsts = {blocker[0]: blocker[1] for blocker in _first_blockers(ids, release.key)}
    return [
        Standing(
            head.id,
            head.module_id,
            head.key or "",
            head.name or release.name,
            Subject(head.belongs_to, release.key, head.key or "").path,
            tallies[head.id],
            firsts.get(head.id),
        )
        for head in heads
    ]


def _tallies(ids: list[int]) -> dict[int, dict[Phase, Counts]]:
    found: dict[int, dict[Phase, list[tuple[ItemState, Severity, int]]]] = defaultdict(lambda: defaultdict(list))
    for checklist_id, phase, state, severity, number in db.session.execute(
        select(
            ChecklistItem.checklist_id,
            ChecklistItem.phase,
            ChecklistItem.state,
            ChecklistItem.severity,
            func.count(),
        )
        .where(ChecklistItem.checklist_id.in_(ids))
        .group_by(ChecklistItem.checklist_id, ChecklistItem.phase, ChecklistItem.state, ChecklistItem.severity)
    ):
        found[checklist_id][phase].append((state, severity, number))
    return {number: {phase: count(rows) for phase, rows in found[number].items()} for number in ids}


# The order of blockers as one number that the covering index can give without touching a row.
_URGENCY = (
    case(
        (ChecklistItem.state == ItemState.FAILED, 0),
        (ChecklistItem.state == ItemState.BLOCKED, 1),
        (ChecklistItem.state == ItemState.NOT_APPLICABLE_REQUESTED, 2),
        else_=3,
    )
    * 10
    + case((ChecklistItem.severity == Severity.KILLER, 0), (ChecklistItem.severity == Severity.REQUIRED, 1), else_=2)
) * 100_000 + ChecklistItem.position

_IS_BLOCKING = and_(
    ChecklistItem.state.in_(sorted(OPEN)),
    or_(ChecklistItem.severity != Severity.ADVISORY, ChecklistItem.state == ItemState.FAILED),
)


def _first_blockers(ids: list[int], release_key: str) -> Iterable[tuple[int, Blocker]]:
    worst = (
        select(ChecklistItem.checklist_id, func.min(_URGENCY).label("urgency"))
        .where(ChecklistItem.checklist_id.in_(ids), _IS_BLOCKING)
        .group_by(ChecklistItem.checklist_id)
        .subquery()
    )
    same = and_(
        ChecklistItem.checklist_id == worst.c.checklist_id,
        ChecklistItem.position == worst.c.urgency % 100_000,
    )
    for row in db.session.execute(_blocking_items().join(worst, same)):
        yield row.checklist_id, _blocker(row, release_key)


_OWNER = aliased(Person)


def _blocking_items() -> Select[*tuple[Any, ...]]:
    return (
        select(
            ChecklistItem.id,
            ChecklistItem.checklist_id,
            ChecklistItem.text,
            ChecklistItem.phase,
            ChecklistItem.severity,
            ChecklistItem.state,
            ChecklistItem.reason,
            ChecklistItem.position,
            ChecklistItem.state_since,
            ChecklistItem.assignee_id,
            _OWNER.name.label("owner_name"),
            ChecklistGroup.key.label("group_key"),
            ChecklistGroup.title.label("group_title"),
            Checklist.belongs_to,
            Module.key.label("module_key"),
            Module.name.label("module_name"),
        )
        .join(Checklist, Checklist.id == ChecklistItem.checklist_id)
        .join(ChecklistGroup, ChecklistGroup.id == ChecklistItem.group_id)
        .outerjoin(Module, Module.id == Checklist.module_id)
        .outerjoin(_OWNER, _OWNER.id == ChecklistItem.assignee_id)
    )


def _blocker(row: Any, release_key: str) -> Blocker:
    subject = Subject(row.belongs_to, release_key, row.module_key or "")
    return Blocker(
        item_id=row.id,
        text=row.text,
        url=f"{subject.group_path(row.group_key)}#item-{row.id}",
        module_key=row.module_key or "",
        module_name=row.module_name or "the release",
        group_title=row.group_title,
        phase=row.phase,
        severity=row.severity,
        state=row.state,
        reason=row.reason,
        owner_id=row.assignee_id,
        owner_name=row.owner_name,
        since=row.state_since,
    )


def list_blockers(release: Release, actor: Actor, *, checklist_id: int | None = None) -> list[Blocker]:
    """Every item in the way of a release, the most urgent first."""
    visible = [standing.checklist_id for standing in list_standings(release, actor)]
    ids = [number for number in visible if checklist_id in (None, number)]
    statement = _blocking_items().where(ChecklistItem.checklist_id.in_(ids), _IS_BLOCKING)
    rows = db.session.execute(statement).all()
    ranked = sorted(rows, key=lambda row: (*urgency(row.state, row.severity, row.position), row.module_name or ""))
    return [_blocker(row, release.key) for row in ranked]
