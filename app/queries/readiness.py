"""Readiness of a release: one aggregate over a covering index, and the first blocker of each module."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, func, or_, select

from app.database import db
from app.domain.actors import Actor
from app.domain.addresses import Subject
from app.domain.checklist import OPEN, BelongsTo, ItemState, Phase, Severity
from app.domain.permissions import Permission
from app.domain.readiness import Blocker, Counts, count, is_blocking, urgency
from app.models import (
    Checklist,
    ChecklistGroup,
    ChecklistItem,
    Deployment,
    DeploymentWindow,
    Module,
    Person,
    PersonName,
    Release,
    ReleaseModule,
    Stream,
    TemplateVersion,
)
from app.models.base import table_of, utc_now
from app.queries.checklists import NEWEST_VERSION
from app.queries.expiry import ExpiredItem, list_expired_items
from app.queries.override_facts import OVERRIDES_VERSION


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
    # Its template has a newer version, and people still work on it.
    is_behind: bool = False

    @property
    def counts(self) -> Counts:
        """All phases together."""
        return sum(self.phases.values(), Counts())

    @property
    def is_ready(self) -> bool:
        """Nothing that must be done is left."""
        return self.counts.is_ready


# Over tables and built once: a page that asks by itself every few seconds sends them again and again.
_streams, _lists, _items = table_of(Stream).c, table_of(Checklist).c, table_of(ChecklistItem).c
_modules, _members, _groups = table_of(Module).c, table_of(ReleaseModule).c, table_of(ChecklistGroup).c
_OWNER, _names = table_of(Person).alias("owner"), table_of(PersonName).c
_versions = table_of(TemplateVersion).c
_deployments, _windows = table_of(Deployment).c, table_of(DeploymentWindow).c
_own = table_of(Stream).alias("own")
_DEPLOYED = select(_deployments.id).where(_deployments.release_id == bindparam("release"))


def _passed(moment: Any) -> Any:
    """How many ends of windows after deployments of a release have passed."""
    ends = select(func.count()).select_from(table_of(DeploymentWindow))
    return ends.where(_windows.deployment_id.in_(_DEPLOYED), moment <= bindparam("at")).scalar_subquery()


# Streams never go away and only grow, so the sum moves whenever one of them does; the same holds for revisions.
_VERSIONS = (
    select(
        func.sum(_streams.version),
        func.count(_streams.id),
        func.sum(_modules.revision),
        # Its own facts, and which modules are in it.
        select(_own.c.version)
        .where(_own.c.kind == "release", _own.c.subject_id == bindparam("release"))
        .scalar_subquery(),
        select(func.max(_names.id)).scalar_subquery(),
        # A name that is erased stays as a row without it.
        select(func.count(_names.name)).scalar_subquery(),
        # What is published may make a mark beside a module.
        select(func.max(_versions.id)).scalar_subquery(),
        # A break-glass of another release may hold back one of its modules.
        OVERRIDES_VERSION,
        # A deployment has a history of its own, and the hours after it pass by themselves.
        _DEPLOYED.with_only_columns(func.sum(_deployments.revision)).scalar_subquery(),
        _passed(_windows.due_at),
        _passed(_windows.grace_ends_at),
    )
    .select_from(table_of(Stream))
    .join(table_of(Checklist), _lists.stream_id == _streams.id)
    .outerjoin(table_of(Module), _modules.id == _lists.module_id)
    .where(_lists.release_id == bindparam("release"))
)
_HEADS = (
    select(
        _lists.id,
        _lists.belongs_to,
        _modules.id.label("module_id"),
        _modules.key,
        _modules.name,
        (_versions.id < NEWEST_VERSION).label("is_behind"),
    )
    .select_from(table_of(Checklist))
    .join(table_of(TemplateVersion), _versions.id == _lists.template_version_id)
    .outerjoin(table_of(Module), _modules.id == _lists.module_id)
    .outerjoin(table_of(ReleaseModule), and_(_lists.belongs_to == BelongsTo.MODULE, _members.id == _lists.subject_id))
    .where(
        _lists.release_id == bindparam("release"),
        _lists.belongs_to.in_([BelongsTo.RELEASE, BelongsTo.MODULE]),
        or_(_lists.belongs_to == BelongsTo.RELEASE, _members.removed_at.is_(None)),
    )
    .order_by(_modules.name)
)
# Why something is in the way that still stands as waived.
EXPIRED = "its waiver has expired"
# The first item of a tally, found without touching a row: the covering index holds position and number of each.
_PLACE = 10**12
_TALLIES = (
    select(
        _items.checklist_id,
        _items.phase,
        _items.state,
        _items.severity,
        func.count(),
        func.min(_items.position * _PLACE + _items.id),
    )
    .where(_items.checklist_id.in_(bindparam("checklists", expanding=True)))
    .group_by(_items.checklist_id, _items.phase, _items.state, _items.severity)
)
_BLOCKERS = (
    select(
        _items.id,
        _items.checklist_id,
        _items.text,
        _items.phase,
        _items.severity,
        _items.state,
        _items.reason,
        _items.position,
        _items.state_since,
        _items.assignee_id,
        _OWNER.c.name.label("owner_name"),
        _groups.key.label("group_key"),
        _groups.title.label("group_title"),
        _lists.belongs_to,
        _modules.key.label("module_key"),
        _modules.name.label("module_name"),
    )
    .select_from(table_of(ChecklistItem))
    .join(table_of(Checklist), _lists.id == _items.checklist_id)
    .join(table_of(ChecklistGroup), _groups.id == _items.group_id)
    .outerjoin(table_of(Module), _modules.id == _lists.module_id)
    .outerjoin(_OWNER, _OWNER.c.id == _items.assignee_id)
)
_FIRST_BLOCKERS = _BLOCKERS.where(_items.id.in_(bindparam("firsts", expanding=True)))
_ALL_BLOCKERS = _BLOCKERS.where(
    _items.checklist_id.in_(bindparam("checklists", expanding=True)),
    or_(
        and_(
            _items.state.in_(sorted(OPEN)),
            or_(_items.severity != Severity.ADVISORY, _items.state == ItemState.FAILED),
        ),
        _items.id.in_(bindparam("expired", expanding=True)),
    ),
)


def release_version(release: Release) -> tuple[int, ...]:
    """Numbers of which one changes with anything that the release's pages show."""
    numbers = db.session.execute(_VERSIONS, {"release": release.id, "at": utc_now()}).one()
    return tuple(int(number or 0) for number in numbers)


def list_standings(release: Release, actor: Actor) -> list[Standing]:
    """Every module of a release that this person may see, and the release's own checklist first; four statements."""
    visible = actor.modules(Permission.CHECKLIST_VIEW)
    heads = [
        head
        for head in db.session.execute(_HEADS, {"release": release.id})
        if visible is None or head.module_id is None or head.module_id in visible
    ]
    expired = list_expired_items([head.id for head in heads])
    tallies = _tallies([head.id for head in heads], expired)
    firsts = _first_blockers(tallies, release.key, expired)
    is_live = release.shipped_at is None and release.archived_at is None
    return [
        Standing(
            head.id,
            head.module_id,
            head.key or "",
            head.name or release.name,
            Subject(head.belongs_to, release.key, head.key or "").path,
            _phases(tallies[head.id]),
            firsts.get(head.id),
            is_live and bool(head.is_behind),
        )
        for head in heads
    ]


class _Tally(NamedTuple):
    """So many items of one checklist that stand alike, and the first of them."""

    phase: Phase
    state: ItemState
    severity: Severity
    number: int
    first_position: int
    first_id: int


def _tallies(ids: list[int], expired: list[ExpiredItem]) -> dict[int, list[_Tally]]:
    found: dict[int, list[_Tally]] = {number: [] for number in ids}
    for checklist_id, phase, state, severity, number, first in db.session.execute(_TALLIES, {"checklists": ids}):
        found[checklist_id].append(_Tally(phase, state, severity, number, *divmod(int(first), _PLACE)))
    for item in expired:
        for state, number in ((item.state, -1), (item.now, 1)):
            moved = _Tally(item.phase, state, item.severity, number, item.position, item.id)
            found[item.checklist_id].append(moved)
    return found


def _phases(tallies: list[_Tally]) -> dict[Phase, Counts]:
    phases: dict[Phase, list[tuple[ItemState, Severity, int]]] = defaultdict(list)
    for tally in tallies:
        phases[tally.phase].append((tally.state, tally.severity, tally.number))
    return {phase: count(rows) for phase, rows in phases.items()}


def _first_blockers(
    tallies: dict[int, list[_Tally]], release_key: str, expired: list[ExpiredItem]
) -> dict[int, Blocker]:
    firsts = []
    for found in tallies.values():
        blocking = [tally for tally in found if is_blocking(tally.state, tally.severity)]
        if blocking:
            firsts.append(min(blocking, key=lambda one: urgency(one.state, one.severity, one.first_position)).first_id)
    rows = db.session.execute(_FIRST_BLOCKERS, {"firsts": firsts})
    behind = {item.id: item for item in expired}
    return {row.checklist_id: _blocker(row, release_key, behind.get(row.id)) for row in rows}


def _blocker(row: Any, release_key: str, expired: ExpiredItem | None) -> Blocker:
    subject = Subject(row.belongs_to, release_key, row.module_key or "")
    return Blocker(
        item_id=row.id,
        text=row.text,
        url=subject.row_path(row.group_key, row.id),
        module_key=row.module_key or "",
        module_name=row.module_name or "the release",
        group_title=row.group_title,
        phase=row.phase,
        severity=row.severity,
        state=expired.now if expired else row.state,
        reason=EXPIRED if expired else row.reason,
        owner_id=row.assignee_id,
        owner_name=row.owner_name,
        since=row.state_since,
    )


def list_blockers(release: Release, actor: Actor, *, checklist_id: int | None = None) -> list[Blocker]:
    """Every item in the way of a release, the most urgent first."""
    visible = [standing.checklist_id for standing in list_standings(release, actor)]
    ids = [number for number in visible if checklist_id in (None, number)]
    expired = {item.id: item for item in list_expired_items(ids) if is_blocking(item.now, item.severity)}
    rows = db.session.execute(_ALL_BLOCKERS, {"checklists": ids, "expired": list(expired)})
    ranked = sorted(((row, expired.get(row.id)) for row in rows), key=_rank)
    return [_blocker(row, release.key, waiver) for row, waiver in ranked]


def _rank(found: tuple[Any, ExpiredItem | None]) -> tuple[int, int, int, str]:
    row, expired = found
    return (*urgency(expired.now if expired else row.state, row.severity, row.position), row.module_name or "")
