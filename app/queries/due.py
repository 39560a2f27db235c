"""Reads of items that are due by a rule."""

from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, exists, select

from app.database import db
from app.domain.checklist import BelongsTo
from app.domain.due import due_date
from app.domain.template_content import DueAnchor, DueRule
from app.models import Change, Checklist, ChecklistItem, Module, Release, TemplateItem
from app.models.base import table_of
from app.queries.subjects import SUBJECT, with_subject


class DueItem(NamedTuple):
    """An item with a rule that says when it is due, and the day it has now."""

    id: int
    checklist_id: int
    due_on: date | None
    rule: DueRule
    created_on: date

    def day(self, release_planned: date | None) -> date | None:
        """The day on which it is due by its rule."""
        return due_date(self.rule, self.created_on, release_planned)


class DueChecklist(NamedTuple):
    """A checklist of a release that holds items due by its day."""

    id: int
    stream_id: int
    module_id: int | None
    template_version_id: int
    label: str


_items, _lists = table_of(ChecklistItem).c, table_of(Checklist).c
_CHECKLISTS = (
    with_subject(
        select(
            _lists.id,
            _lists.stream_id,
            _lists.template_version_id,
            table_of(Release).c.name.label("release_name"),
            table_of(Module).c.name.label("module_name"),
            table_of(Change).c.title,
            *SUBJECT,
        )
    )
    .where(
        _lists.release_id == bindparam("release"),
        select(_items.id)
        .where(_items.checklist_id == _lists.id, _items.due_anchor == DueAnchor.RELEASE_PLANNED)
        .exists(),
    )
    .order_by(_lists.id)
)
_DUE = select(
    _items.id,
    _items.checklist_id,
    _items.due_on,
    _items.due_anchor,
    _items.due_days,
    _items.due_weekdays_only,
    _lists.created_at,
).join(table_of(Checklist), _lists.id == _items.checklist_id)
_OF_CHECKLIST = _DUE.where(_items.checklist_id == bindparam("checklist"), _items.due_anchor.is_not(None))
_OF_RELEASE = _DUE.where(
    _lists.release_id == bindparam("release"), _items.due_anchor == DueAnchor.RELEASE_PLANNED
).order_by(_items.id)


_ANY_DUE = select(
    exists().where(
        table_of(TemplateItem).c.version_id == bindparam("version"), table_of(TemplateItem).c.due_anchor.is_not(None)
    )
)


def list_due_items(checklist_id: int) -> list[DueItem]:
    """The items of a checklist that are due by a rule."""
    return _found(_OF_CHECKLIST, checklist=checklist_id)


@lru_cache(maxsize=64)
def has_due_rules(version_id: int, digest: bytes) -> bool:  # noqa: ARG001 - the digest tells it from another database's
    """Whether a published version says of any item when it is due. It never changes, so it is looked up once."""
    return bool(db.session.scalar(_ANY_DUE, {"version": version_id}))


def list_items_due_with_release(release_id: int) -> list[DueItem]:
    """The items that are due by the planned day of their release, in all its checklists."""
    return _found(_OF_RELEASE, release=release_id)


def list_checklists_due_with_release(release_id: int) -> list[DueChecklist]:
    """The checklists that hold such items, called as when they were made."""
    return [
        DueChecklist(row.id, row.stream_id, row.module_id, row.template_version_id, _label(row))
        for row in db.session.execute(_CHECKLISTS, {"release": release_id})
    ]


def _label(row: Any) -> str:
    if row.belongs_to is BelongsTo.RELEASE:
        return f"release {row.release_name}"
    change = f", change !{row.number} {row.title}".rstrip() if row.number else ""
    return f"{row.module_name} in {row.release_name}{change}"


def _found(statement: Select[*tuple[Any, ...]], **where: int) -> list[DueItem]:
    return [
        DueItem(
            row.id,
            row.checklist_id,
            row.due_on,
            DueRule(row.due_anchor, row.due_days or 0, row.due_weekdays_only),
            row.created_at.date(),
        )
        for row in db.session.execute(statement, where)
    ]
