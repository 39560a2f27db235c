"""Reads of single items: where they belong, and where they stand now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from app.database import db
from app.domain.checklist import BelongsTo, ItemFacts, ItemState, Severity
from app.domain.errors import NotFound
from app.models import Checklist, ChecklistGroup, ChecklistItem, ItemComment, Person, Waiver


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


_PLACE = (
    select(
        ChecklistItem.id,
        ChecklistItem.text,
        ChecklistItem.severity,
        ChecklistGroup.key,
        Checklist.id.label("checklist_id"),
        Checklist.stream_id,
        Checklist.belongs_to,
        Checklist.subject_id,
        Checklist.module_id,
        Checklist.release_id,
        Checklist.template_version_id,
    )
    .join(Checklist, Checklist.id == ChecklistItem.checklist_id)
    .join(ChecklistGroup, ChecklistGroup.id == ChecklistItem.group_id)
)


def get_place(item_id: int) -> ItemPlace:
    """Where an item belongs, or NotFound."""
    row = db.session.execute(_PLACE.where(ChecklistItem.id == item_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such item, or it is not yours to see.")
    return ItemPlace(*row)


def list_places(item_ids: Sequence[int]) -> list[ItemPlace]:
    """Where several items belong."""
    return [ItemPlace(*row) for row in db.session.execute(_PLACE.where(ChecklistItem.id.in_(item_ids)))]


@dataclass(frozen=True, slots=True)
class ItemNow:
    """What a decision about an item needs, read now."""

    id: int
    text: str
    severity: Severity
    revision: int
    state: ItemState
    reason: str
    value: str
    link: str
    comment_count: int
    assignee_id: int | None
    due_on: date | None
    changed_by_id: int | None
    state_since: datetime

    @property
    def facts(self) -> ItemFacts:
        """The item as the rules look at it."""
        return ItemFacts(self.text, self.state, self.severity, self.changed_by_id)


_NOW = select(*(getattr(ChecklistItem, name) for name in ItemNow.__dataclass_fields__))


def get_item_now(item_id: int) -> ItemNow:
    """An item as it stands, or NotFound."""
    row = db.session.execute(_NOW.where(ChecklistItem.id == item_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such item, or it is not yours to see.")
    return ItemNow(*row)


def list_items_now(item_ids: Sequence[int]) -> list[ItemNow]:
    """Several items as they stand, in the order of their checklist."""
    rows = db.session.execute(_NOW.where(ChecklistItem.id.in_(item_ids)).order_by(ChecklistItem.position))
    return [ItemNow(*row) for row in rows]


def get_waiver(waiver_id: int) -> Waiver:
    """A waiver, or NotFound."""
    waiver = db.session.get(Waiver, waiver_id, populate_existing=True)
    if waiver is None:
        raise NotFound("There is no such waiver, or it is not yours to see.")
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
