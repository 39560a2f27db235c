"""To which state an item comes back when what took it away no longer does."""

from typing import Any

from sqlalchemy import ColumnElement, case, exists, func, type_coerce

from app.domain.checklist import WAIVED, ItemState
from app.domain.waivers import WaiverDecision
from app.models import ChecklistItem, Waiver
from app.models.base import table_of

_items, _waivers = table_of(ChecklistItem).c, table_of(Waiver).c


def state_to_return_to() -> ColumnElement[Any]:
    """The state it had; but open, when a waiver that had brought that state has ended meanwhile.

    With the next request it waits for that one.
    """
    asked = exists().where(_waivers.item_id == _items.id, _waivers.decision == WaiverDecision.PENDING)
    in_force = exists().where(_waivers.item_id == _items.id, _waivers.decision == WaiverDecision.APPROVED)
    before = func.coalesce(_items.state_before, ItemState.TODO.value)
    has_lapsed = _items.state_before.in_(sorted(WAIVED)) & ~in_force
    waits = has_lapsed & asked
    return type_coerce(
        case((waits, ItemState.NOT_APPLICABLE_REQUESTED.value), (has_lapsed, ItemState.TODO.value), else_=before),
        _items.state.type,
    )
