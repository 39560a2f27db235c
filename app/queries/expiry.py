"""Waivers whose last day has passed and whose items are not open again yet.

The worker opens them within a minute. Until it has, or while it is down, numbers and blockers count such an item as
what it will be then: nothing looks ready on the strength of a waiver that no longer holds.
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import bindparam, select

from app.database import db
from app.domain.checklist import WAIVED, ItemState, Phase, Severity
from app.domain.waivers import WaiverDecision, state_after, utc_day
from app.models import ChecklistItem, Waiver
from app.models.base import table_of, utc_now


class ExpiredItem(NamedTuple):
    """An item behind an expired waiver: where it is counted by its row, and where it belongs by now."""

    id: int
    checklist_id: int
    group_id: int
    phase: Phase
    severity: Severity
    position: int
    state: ItemState
    state_before: ItemState

    @property
    def now(self) -> ItemState:
        """Where it will stand when it is open again."""
        return state_after(self.state_before)


_items, _waivers = table_of(ChecklistItem).c, table_of(Waiver).c
_EXPIRED = (
    select(
        *(_items[name] for name in ExpiredItem._fields if name != "state_before"),
        _waivers.state_before,
    )
    .select_from(table_of(Waiver))
    .join(table_of(ChecklistItem), _items.id == _waivers.item_id)
    .where(
        _waivers.decision == WaiverDecision.APPROVED,
        _waivers.ends_on < bindparam("today"),
        _items.checklist_id.in_(bindparam("checklists", expanding=True)),
        _items.state.in_(sorted(WAIVED)),
    )
)
_DUE = (
    select(_waivers.id)
    .where(
        _waivers.decision == WaiverDecision.APPROVED,
        _waivers.ends_on < bindparam("today"),
        _waivers.id > bindparam("after"),
    )
    .order_by(_waivers.id)
    .limit(bindparam("most"))
)


def list_expired_items(checklist_ids: Sequence[int]) -> list[ExpiredItem]:
    """The items of some checklists behind waivers that have expired; one statement, as good as always empty."""
    asked = {"checklists": checklist_ids, "today": utc_day(utc_now())}
    return [ExpiredItem._make(row) for row in db.session.execute(_EXPIRED, asked)]


def list_due_waivers(today: date, *, after: int, most: int) -> Sequence[int]:
    """The next waivers in force whose last day lies before `today`, by number."""
    return db.session.scalars(_DUE, {"today": today, "after": after, "most": most}).all()
