"""The rows behind adopting: groups and items of checklists, renewed from a template version set by set.

The words go from table to table and never travel through this process; no statement stands for a single item.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, Update, and_, bindparam, case, exists, insert, literal, select, update

from app.domain.checklist import ItemState
from app.models import Checklist, ChecklistGroup, ChecklistItem, TemplateGroup, TemplateItem
from app.models.base import BigInt, UTCDateTime, table_of
from app.queries.returning import state_to_return_to
from app.services.change import Change
from app.services.checklists import BEGINNING, COPIED, COPIED_OF_GROUP

_lists, _groups, _items = table_of(Checklist), table_of(ChecklistGroup), table_of(ChecklistItem)
_their_groups, _their_items = table_of(TemplateGroup).c, table_of(TemplateItem).c
_TO: BindParameter[int] = bindparam("version", type_=BigInt)
_ASKED = and_(
    _lists.c.id.in_(bindparam("checklists", expanding=True)),
    _their_groups.version_id == _TO,
    _their_groups.belongs_to == _lists.c.belongs_to,
)
_SAME_GROUP = and_(_groups.c.checklist_id == _lists.c.id, _groups.c.key == _their_groups.key)
_SAME_ITEM = and_(_items.c.checklist_id == _lists.c.id, _items.c.key == _their_items.key)
# That the version of a group is the version of its items follows; said anyway, each row is found by a unique key both
# ways. Without it a server that has not counted a version just published compares every item with every other.
_IN_GROUP = and_(_their_items.group_id == _their_groups.id, _their_items.version_id == _TO)

_ADD_GROUPS = insert(_groups).from_select(
    ["checklist_id", *COPIED_OF_GROUP],
    select(_lists.c.id, *(_their_groups[name] for name in COPIED_OF_GROUP))
    .select_from(_lists.join(table_of(TemplateGroup), _their_groups.belongs_to == _lists.c.belongs_to))
    .where(_ASKED, ~exists().where(_SAME_GROUP).correlate(_lists, table_of(TemplateGroup))),
)
_RENEW_GROUPS = (
    update(_groups)
    .values({name: _their_groups[name] for name in COPIED_OF_GROUP if name != "key"})
    .where(_ASKED, _SAME_GROUP)
)
_RENEW_ITEMS = (
    update(_items)
    .values({"group_id": _groups.c.id, **{name: _their_items[name] for name in COPIED if name != "key"}})
    .where(_ASKED, _SAME_GROUP, _IN_GROUP, _SAME_ITEM)
)
_ADD_ITEMS = insert(_items).from_select(
    ["checklist_id", "group_id", *COPIED, *BEGINNING, "state_since"],
    select(
        _lists.c.id,
        _groups.c.id,
        *(_their_items[name] for name in COPIED),
        *(literal(value) for value in BEGINNING.values()),
        bindparam("at", type_=UTCDateTime),
    )
    .select_from(
        _lists.join(table_of(TemplateGroup), _their_groups.belongs_to == _lists.c.belongs_to)
        .join(_groups, _SAME_GROUP)
        .join(table_of(TemplateItem), _IN_GROUP)
    )
    .where(_ASKED, ~exists().where(_SAME_ITEM).correlate(_lists, table_of(TemplateItem))),
)
_MOVE = update(_lists).values(template_version_id=_TO).where(_lists.c.id.in_(bindparam("checklists", expanding=True)))
_KNOWN = select(_items.c.id, _items.c.checklist_id, _items.c.key).where(
    _items.c.checklist_id.in_(bindparam("checklists", expanding=True))
)

_THESE = _items.c.id.in_(bindparam("items", expanding=True))
_NEXT = _items.c.revision + 1
# In this order: a server that is no SQLite already sees the new state in what follows it.
_REMOVE = (
    update(_items)
    .where(_THESE)
    .ordered_values(
        (
            _items.c.state_before,
            case((_items.c.state == ItemState.RULED_OUT, _items.c.state_before), else_=_items.c.state),
        ),
        (_items.c.state, ItemState.REMOVED),
        (_items.c.revision, _NEXT),
    )
)
_RETURN = (
    update(_items)
    .where(_THESE)
    .ordered_values(
        (_items.c.state, state_to_return_to()),
        (_items.c.state_before, None),
        (_items.c.revision, _NEXT),
    )
)
_TOUCH = update(_items).where(_THESE).values(revision=_NEXT)
_ASK = update(_items).where(_THESE).values(is_reworded=True)
_ASK_NO_MORE = update(_items).where(_THESE).values(is_reworded=False)
# An embedded database takes so many values with one statement, and not many more.
PIECE = 20_000


@dataclass(frozen=True, slots=True)
class ItemChanges:
    """Which items, by number, change in which way."""

    removed: Sequence[int]
    returned: Sequence[int]
    touched: Sequence[int]
    asked: Sequence[int]
    asked_no_more: Sequence[int]


def renew_rows(change: Change, checklist_ids: Sequence[int], version_id: int) -> None:
    """Give checklists the groups, words and order of a version, and the items that they do not have yet."""
    what = {"checklists": list(checklist_ids), "version": version_id}
    for statement in (_ADD_GROUPS, _RENEW_GROUPS, _RENEW_ITEMS):
        change.session.execute(statement, what)
    change.session.execute(_ADD_ITEMS, {**what, "at": change.at})
    change.session.execute(_MOVE, what)


def move_items(change: Change, changes: ItemChanges) -> None:
    """Take items away, bring them back, and mark the ticks that somebody has to look at."""
    for statement, items in (
        (_REMOVE, changes.removed),
        (_RETURN, changes.returned),
        (_TOUCH, changes.touched),
        (_ASK, changes.asked),
        (_ASK_NO_MORE, changes.asked_no_more),
    ):
        _each(change, statement, items)


def _each(change: Change, statement: Update, items: Sequence[int]) -> None:
    for piece in _pieces(items):
        change.session.execute(statement, {"items": piece})


def _pieces(items: Sequence[int]) -> Iterator[list[int]]:
    for begin in range(0, len(items), PIECE):
        yield list(items[begin : begin + PIECE])


def read_item_numbers(change: Change, checklist_ids: Sequence[int]) -> dict[tuple[int, str], int]:
    """The number of each item, by checklist and stable key."""
    rows: Any = change.session.execute(_KNOWN, {"checklists": list(checklist_ids)})
    return {(row.checklist_id, row.key): row.id for row in rows}
