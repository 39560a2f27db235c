"""A published template version as content, free of tables."""

from collections import defaultdict
from typing import Any

from sqlalchemy import bindparam, select

from app.database import db
from app.domain.errors import NotFound
from app.domain.template_content import DueRule, GroupContent, ItemContent, TemplateContent, ValueKind
from app.models import Template, TemplateGroup, TemplateItem, TemplateVersion
from app.models.base import table_of

_versions, _templates = table_of(TemplateVersion).c, table_of(Template).c
_groups, _items = table_of(TemplateGroup).c, table_of(TemplateItem).c
_VERSION = (
    select(_templates.name, _versions.description)
    .join(table_of(Template), _templates.id == _versions.template_id)
    .where(_versions.id == bindparam("version"))
)
_GROUPS = select(table_of(TemplateGroup)).where(_groups.version_id == bindparam("version")).order_by(_groups.position)
_ITEMS = select(table_of(TemplateItem)).where(_items.version_id == bindparam("version")).order_by(_items.position)


def content_of_version(version_id: int) -> TemplateContent:
    """All that a version says, or NotFound; three statements."""
    version = db.session.execute(_VERSION, {"version": version_id}).one_or_none()
    if version is None:
        raise NotFound("There is no such template version.")
    items = defaultdict(list)
    for row in db.session.execute(_ITEMS, {"version": version_id}):
        items[row.group_id].append(content_of_item(row))
    groups = db.session.execute(_GROUPS, {"version": version_id})
    return TemplateContent(
        version.name, version.description, tuple(_content_of_group(group, items[group.id]) for group in groups)
    )


def _content_of_group(row: Any, items: list[ItemContent]) -> GroupContent:
    return GroupContent(
        row.key, row.title, row.section, row.belongs_to, row.mode, row.body, row.applies_when, tuple(items)
    )


def content_of_item(row: Any) -> ItemContent:
    """A box out of any row that has its columns."""
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
