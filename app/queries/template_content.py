"""Reads of what a template version or a checklist says, as content that exporters write and drafts begin with."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam, select

from app.database import db
from app.domain.checklist import BelongsTo
from app.domain.errors import UNSEEN, NotFound
from app.domain.template_content import DueRule, GroupContent, ItemContent, TemplateContent, ValueKind
from app.domain.template_files import ItemStanding
from app.models import (
    Checklist,
    ChecklistGroup,
    ChecklistItem,
    Person,
    Template,
    TemplateGroup,
    TemplateItem,
    TemplateVersion,
)
from app.models.base import table_of
from app.queries.checklists import ChecklistHead

_versions, _templates, _lists = table_of(TemplateVersion).c, table_of(Template).c, table_of(Checklist).c
_VERSION = (
    select(_templates.name, _versions.description)
    .join(table_of(Template), _templates.id == _versions.template_id)
    .where(_versions.id == bindparam("version"))
)
_VERSION_GROUPS = (
    select(table_of(TemplateGroup))
    .where(table_of(TemplateGroup).c.version_id == bindparam("version"))
    .order_by(table_of(TemplateGroup).c.position)
)
_VERSION_ITEMS = (
    select(table_of(TemplateItem))
    .where(table_of(TemplateItem).c.version_id == bindparam("version"))
    .order_by(table_of(TemplateItem).c.position)
)
_DESCRIPTION = (
    select(_versions.description)
    .join(table_of(Checklist), _lists.template_version_id == _versions.id)
    .where(_lists.id == bindparam("checklist"))
)
_groups, _items = table_of(ChecklistGroup).c, table_of(ChecklistItem).c
_assignee, _changer = table_of(Person).alias("assignee"), table_of(Person).alias("changer")
_GROUPS = (
    select(table_of(ChecklistGroup)).where(_groups.checklist_id == bindparam("checklist")).order_by(_groups.position)
)
_ITEMS = (
    select(table_of(ChecklistItem), _assignee.c.name.label("owner"), _changer.c.name.label("changed_by"))
    .outerjoin(_assignee, _assignee.c.id == _items.assignee_id)
    .outerjoin(_changer, _changer.c.id == _items.changed_by_id)
    .where(_items.checklist_id == bindparam("checklist"))
    .order_by(_items.position)
)


def content_of_version(version_id: int) -> TemplateContent:
    """All that a template version says, in three statements; or NotFound."""
    head = db.session.execute(_VERSION, {"version": version_id}).one_or_none()
    if head is None:
        raise NotFound(UNSEEN)
    items: dict[int, list[ItemContent]] = defaultdict(list)
    for row in db.session.execute(_VERSION_ITEMS, {"version": version_id}):
        items[row.group_id].append(item_content(row))
    groups = db.session.execute(_VERSION_GROUPS, {"version": version_id})
    return TemplateContent(
        name=head.name,
        description=head.description,
        groups=tuple(group_content(row, row.belongs_to, items[row.id]) for row in groups),
    )


def content_of_checklist(checklist: ChecklistHead) -> tuple[TemplateContent, dict[str, ItemStanding]]:
    """What a checklist says, and where its items stand, by their keys; in three statements."""
    where = {"checklist": checklist.id}
    items: dict[int, list[ItemContent]] = defaultdict(list)
    standings: dict[str, ItemStanding] = {}
    for row in db.session.execute(_ITEMS, where):
        items[row.group_id].append(item_content(row))
        standings[row.key] = _standing(row)
    groups = db.session.execute(_GROUPS, where)
    content = TemplateContent(
        name=title_of(checklist),
        description=db.session.scalar(_DESCRIPTION, where) or "",
        groups=tuple(group_content(row, checklist.belongs_to, items[row.id]) for row in groups),
    )
    return content, standings


def title_of(checklist: ChecklistHead) -> str:
    """What a checklist is about, with its release: the heading of a page that stands alone."""
    if checklist.belongs_to is BelongsTo.RELEASE or not checklist.release_name:
        return checklist.name
    if checklist.belongs_to is BelongsTo.CHANGE:
        return f"{checklist.name}, {checklist.module_name}, {checklist.release_name}"
    return f"{checklist.name}, {checklist.release_name}"


def group_content(row: Any, belongs_to: BelongsTo, items: Iterable[ItemContent]) -> GroupContent:
    """The words of a group, out of a row of a version, a draft or a checklist."""
    return GroupContent(
        key=row.key,
        title=row.title,
        section=row.section,
        belongs_to=belongs_to,
        mode=row.mode,
        body=row.body,
        applies_when=row.applies_when,
        items=tuple(items),
    )


def item_content(row: Any) -> ItemContent:
    """The words of a box, out of a row of a version, a draft or a checklist."""
    return ItemContent(
        key=row.key,
        text=row.text,
        depth=row.depth,
        body=row.body,
        guidance=row.guidance,
        phase=row.phase,
        gate=row.gate,
        severity=row.severity,
        natural_role=row.natural_role,
        value_prompt=row.value_prompt,
        value_kind=ValueKind(row.value_kind) if row.value_kind else None,
        value_unit=row.value_unit,
        due=DueRule(row.due_anchor, row.due_days or 0, row.due_weekdays_only) if row.due_anchor else None,
        origin=row.origin,
        origin_link=row.origin_link,
        applies_when=row.applies_when,
        fact=row.fact,
    )


def _standing(row: Any) -> ItemStanding:
    return ItemStanding(
        state=row.state,
        value=row.value,
        link=row.link,
        reason=row.reason,
        owner=row.owner or "",
        due_on=row.due_on,
        changed_by=row.changed_by or "",
        changed_at=row.state_since if row.changed_by_id else None,
    )
