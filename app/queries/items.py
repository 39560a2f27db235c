"""Reads of single items: where they belong, and where they stand now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select

from app.database import db
from app.domain.checklist import BelongsTo, Severity
from app.domain.errors import UNSEEN, NotFound
from app.models import Checklist, ChecklistGroup, ChecklistItem, ItemComment, Person, Stream, Waiver
from app.models.base import table_of
from app.queries.rows import SHOWN, ItemRow, get_placed_row, with_names


@dataclass(frozen=True, slots=True)
class ItemPlace:
    """Where an item belongs. None of it ever changes."""

    id: int
    text: str
    severity: Severity
    group_key: str
    checklist_id: int
    stream_id: int
    belongs_to: BelongsTo
    subject_id: int
    module_id: int | None
    release_id: int | None
    template_version_id: int
    # The kind of gate that covers it; empty for none.
    gate: str


# Over tables and built once: these run inside every tick.
_items, _lists, _groups = table_of(ChecklistItem).c, table_of(Checklist).c, table_of(ChecklistGroup).c
_WHERE = (
    _groups.key.label("group_key"),
    _lists.id.label("checklist_id"),
    *(_lists[name] for name in ("stream_id", "belongs_to", "subject_id", "module_id", "release_id")),
    _lists.template_version_id,
    _items.gate,
)
_PLACES = (
    select(_items.id, _items.text, _items.severity, *_WHERE)
    .join(table_of(Checklist), _lists.id == _items.checklist_id)
    .join(table_of(ChecklistGroup), _groups.id == _items.group_id)
)
_PLACE = _PLACES.where(_items.id == bindparam("item"))


def get_place(item_id: int) -> ItemPlace:
    """Where an item belongs, or NotFound."""
    row = db.session.execute(_PLACE, {"item": item_id}).one_or_none()
    if row is None:
        raise NotFound(UNSEEN)
    return ItemPlace(*row)


def list_places(item_ids: Sequence[int]) -> list[ItemPlace]:
    """Where several items belong."""
    return [ItemPlace(*row) for row in db.session.execute(_PLACES.where(_items.id.in_(item_ids)))]


def get_item_now(item_id: int) -> ItemRow:
    """An item as it stands, or NotFound."""
    return get_placed_row(item_id).row


@dataclass(frozen=True, slots=True)
class WorkingItem:
    """Where an item belongs, how it stands, and where the history of its stream ends."""

    place: ItemPlace
    now: ItemRow
    sequence: int
    tail_digest: bytes | None
    is_signed: bool


_streams = table_of(Stream).c
_ROW_WIDTH = len(ItemRow._fields)
_WORKING = with_names(
    select(*SHOWN, _streams.sequence, _streams.tail_digest, _streams.is_signed, *_WHERE)
    .select_from(table_of(ChecklistItem))
    .join(table_of(Checklist), _lists.id == _items.checklist_id)
    .join(table_of(ChecklistGroup), _groups.id == _items.group_id)
    .join(table_of(Stream), _streams.id == _lists.stream_id)
).where(_items.id == bindparam("item"))


def get_working_item(item_id: int) -> WorkingItem:
    """All that working an item needs, or NotFound; one statement, to be sent once its stream is taken."""
    found = db.session.connection().execute(_WORKING, {"item": item_id}).one_or_none()
    if found is None:
        raise NotFound(UNSEEN)
    values = tuple(found)
    row, (sequence, tail, is_signed, *where) = ItemRow._make(values[:_ROW_WIDTH]), values[_ROW_WIDTH:]
    return WorkingItem(ItemPlace(row.id, row.text, row.severity, *where), row, sequence, tail, is_signed)


def get_waiver(waiver_id: int) -> Waiver:
    """A waiver, or NotFound."""
    waiver = db.session.get(Waiver, waiver_id, populate_existing=True)
    if waiver is None:
        raise NotFound(UNSEEN)
    return waiver


@dataclass(frozen=True, slots=True)
class CommentLine:
    """One comment, with the name of who said it."""

    id: int
    author_name: str
    text: str
    created_at: datetime


def list_comments(item_id: int) -> list[CommentLine]:
    """What was said about an item, the oldest first."""
    rows = db.session.execute(
        select(ItemComment.id, Person.name, ItemComment.text, ItemComment.created_at)
        .join(Person, Person.id == ItemComment.author_id)
        .where(ItemComment.item_id == item_id)
        .order_by(ItemComment.created_at, ItemComment.id)
    )
    return [CommentLine(row.id, row.name, row.text, row.created_at) for row in rows]
