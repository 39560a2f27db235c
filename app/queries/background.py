"""Why a box is here, and which others stand for the same fact."""

from dataclasses import dataclass

from sqlalchemy import bindparam, select

from app.database import db
from app.domain.addresses import item_path
from app.domain.checklist import ItemState
from app.models import ChecklistItem
from app.models.base import table_of


@dataclass(frozen=True, slots=True)
class Twin:
    """Another item of the same checklist that its author linked to the same fact."""

    id: int
    text: str
    state: ItemState

    @property
    def path(self) -> str:
        """The address of its page."""
        return item_path(self.id)


@dataclass(frozen=True, slots=True)
class Background:
    """Where an item comes from, and its twins."""

    origin: str
    origin_link: str
    twins: tuple[Twin, ...]


_items = table_of(ChecklistItem).c
_other = table_of(ChecklistItem).alias("other")
_ORIGIN = select(_items.origin, _items.origin_link, _items.fact, _items.checklist_id).where(
    _items.id == bindparam("item")
)
_TWINS = (
    select(_other.c.id, _other.c.text, _other.c.state)
    .where(
        _other.c.checklist_id == bindparam("checklist"),
        _other.c.fact == bindparam("fact"),
        _other.c.id != bindparam("item"),
        _other.c.state != ItemState.REMOVED,
    )
    .order_by(_other.c.position)
)


def get_background(item_id: int) -> Background:
    """The background of an item that is there; one statement, and one more where it has twins."""
    origin, link, fact, checklist = db.session.execute(_ORIGIN, {"item": item_id}).one()
    if not fact:
        return Background(origin, link, ())
    twins = db.session.execute(_TWINS, {"item": item_id, "fact": fact, "checklist": checklist})
    return Background(origin, link, tuple(Twin(*row) for row in twins))
