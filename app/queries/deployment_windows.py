"""Reads of the hours after deployments: how the groups stand against their windows, and what is to be told of them."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, case, exists, func, or_, select, true

from app.database import db
from app.domain.checklist import OPEN, BelongsTo, ItemState
from app.domain.deployments import Outcome
from app.domain.rollbacks import RollbackOutcome
from app.domain.windows import RULES_BY_KEY, NoticeKind, Window, WindowState, notice_due, state_of
from app.models import (
    Checklist,
    ChecklistGroup,
    ChecklistItem,
    Deployment,
    DeploymentWindow,
    Module,
    Person,
    Rollback,
    WindowNotice,
)
from app.models.base import table_of

_windows, _notices = table_of(DeploymentWindow).c, table_of(WindowNotice).c
_all, _modules, _people = table_of(Deployment).c, table_of(Module).c, table_of(Person).c
_lists, _groups, _items = table_of(Checklist).c, table_of(ChecklistGroup).c, table_of(ChecklistItem).c
_rollbacks = table_of(Rollback).c
GONE = (Outcome.FAILED, Outcome.ROLLED_BACK)
_left = case((_items.state.in_(sorted(OPEN)), 1), else_=0)
_counted = case((_items.state == ItemState.REMOVED, 0), else_=1)
# What ended well may be taken back days later: until then it was there, and somebody had to look at it.
_taken_back_at = (
    select(func.max(_rollbacks.finished_at))
    .where(_rollbacks.deployment_id == _windows.deployment_id, _rollbacks.outcome == RollbackOutcome.COMPLETED)
    .correlate(table_of(DeploymentWindow))
    .scalar_subquery()
)
_ended_at = func.coalesce(_taken_back_at, _all.finished_at)
_gone_at = case((_all.outcome.in_(GONE), _ended_at), else_=None).label("gone_at")
_STANDING = (
    select(
        *(_windows.id, _windows.deployment_id, _windows.group_key, _windows.due_at, _windows.grace_ends_at),
        func.sum(_counted).label("total"),
        func.sum(_left).label("left"),
        func.max(_items.state_since).label("last"),
        _gone_at,
    )
    .select_from(table_of(DeploymentWindow))
    .join(table_of(Deployment), _all.id == _windows.deployment_id)
    .join(
        table_of(Checklist),
        and_(_lists.belongs_to == BelongsTo.DEPLOYMENT, _lists.subject_id == _windows.deployment_id),
    )
    .join(table_of(ChecklistGroup), and_(_groups.checklist_id == _lists.id, _groups.key == _windows.group_key))
    .join(table_of(ChecklistItem), _items.group_id == _groups.id)
    .group_by(
        *(_windows.id, _windows.deployment_id, _windows.group_key, _windows.due_at, _windows.grace_ends_at),
        *(_all.outcome, _all.finished_at),
    )
    .order_by(_windows.due_at, _windows.id)
)
_OF = _STANDING.where(_windows.deployment_id.in_(bindparam("deployments", expanding=True)))
_ONE = _STANDING.where(_windows.id == bindparam("window"))


@dataclass(frozen=True, slots=True)
class WindowRow:
    """A group of checks, until when it is due, and how far it is."""

    id: int
    deployment_id: int
    window: Window
    total: int
    left: int
    # Since when nothing is left to do, by the last tick; None while something is.
    done_at: datetime | None
    gone_at: datetime | None

    @property
    def title(self) -> str:
        """The group in words."""
        return RULES_BY_KEY[self.window.group_key].title

    @property
    def path(self) -> str:
        """Where its checks are."""
        return f"/deployments/{self.deployment_id}/checklist/groups/{self.window.group_key}/"

    def state(self, at: datetime) -> WindowState:
        """Where it stands at a moment."""
        return state_of(self.window, self.done_at, at, gone_at=self.gone_at)


def _row(row: Any) -> WindowRow:
    left = int(row.left or 0)
    return WindowRow(
        *(row.id, row.deployment_id, Window(row.group_key, row.due_at, row.grace_ends_at)),
        *(int(row.total or 0), left),
        done_at=None if left else row.last,
        gone_at=row.gone_at,
    )


def list_windows_of(deployment_ids: Iterable[int]) -> dict[int, list[WindowRow]]:
    """The windows of deployments, by deployment; one statement for all."""
    found: dict[int, list[WindowRow]] = defaultdict(list)
    for row in db.session.execute(_OF, {"deployments": sorted(set(deployment_ids))}):
        found[row.deployment_id].append(_row(row))
    return found


def find_window(window_id: int) -> WindowRow | None:
    """One window as it stands now."""
    row = db.session.execute(_ONE, {"window": window_id}).one_or_none()
    return _row(row) if row is not None else None


def list_notices(window_id: int) -> set[NoticeKind]:
    """What people were told of a window already."""
    return set(db.session.scalars(select(_notices.kind).where(_notices.window_id == window_id)))


_REMINDS_AT_MOST = max(rule.reminds_before for rule in RULES_BY_KEY.values())


def list_windows_to_tell(at: datetime) -> list[int]:
    """The windows of which people have to be told something at a moment; two statements."""
    told: dict[int, set[NoticeKind]] = defaultdict(set)
    near = _STANDING.where(
        *(_windows.due_at <= at + _REMINDS_AT_MOST, _is_unsettled()),
        ~exists().where(_notices.window_id == _windows.id, _notices.kind == NoticeKind.MISSED),
        or_(_all.outcome.is_(None), _all.outcome.not_in(GONE), _ended_at >= _windows.grace_ends_at),
    )
    rows = [_row(row) for row in db.session.execute(near)]
    known = select(_notices.window_id, _notices.kind).where(_notices.window_id.in_([row.id for row in rows]))
    for number, kind in db.session.execute(known):
        told[number].add(kind)
    return [row.id for row in rows if notice_due(row.window, row.done_at, at, told[row.id], gone_at=row.gone_at)]


def _is_unsettled() -> Any:
    """Whether something of a group is open, or was done only after its grace: most groups are neither, for ever."""
    return (
        select(_items.id)
        .join(table_of(ChecklistGroup), _groups.id == _items.group_id)
        .join(table_of(Checklist), _lists.id == _items.checklist_id)
        .where(
            _lists.belongs_to == BelongsTo.DEPLOYMENT,
            _lists.subject_id == _windows.deployment_id,
            _groups.key == _windows.group_key,
            or_(_items.state.in_(sorted(OPEN)), _items.state_since > _windows.grace_ends_at),
        )
        .correlate(table_of(DeploymentWindow))
        .exists()
    )


def count_windows(visible: Collection[int] | None, at: datetime) -> tuple[int, int]:
    """How many windows of some modules, or of all, are over at a moment, and how many of them were missed."""
    missed = exists().where(_notices.window_id == _windows.id, _notices.kind == NoticeKind.MISSED)
    is_needed = or_(_all.outcome.is_(None), _all.outcome.not_in(GONE), _all.finished_at >= _windows.grace_ends_at)
    row = db.session.execute(
        select(func.count(), func.coalesce(func.sum(case((missed, 1), else_=0)), 0).label("missed"))
        .select_from(table_of(DeploymentWindow))
        .join(table_of(Deployment), _all.id == _windows.deployment_id)
        .where(
            *(_windows.grace_ends_at <= at, is_needed),
            true() if visible is None else _all.module_id.in_(visible),
        )
    ).one()
    return int(row[0]), int(row.missed)


def list_to_tell_of(deployment_id: int) -> list[int]:
    """Who is told: who started it, who said go, and the lead of the module; accounts that are open."""
    wanted = (
        select(_people.id)
        .select_from(table_of(Deployment))
        .join(table_of(Module), _modules.id == _all.module_id)
        .join(
            table_of(Person),
            or_(_people.id == _all.started_by_id, _people.id == _all.decider_id, _people.id == _modules.lead_id),
        )
        .where(_all.id == deployment_id, _people.deactivated_at.is_(None))
        .distinct()
        .order_by(_people.id)
    )
    return list(db.session.scalars(wanted))
