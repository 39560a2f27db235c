"""A template as plain lists and names: the one structure that YAML and JSON files hold."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from app.domain.audit import moment_text
from app.domain.template_content import DueRule, GroupContent, ItemContent, TemplateContent
from app.domain.template_files import FILE_FORMAT, ExportNote, ItemStanding, Standings

# What every entry says, also when it is the usual: a file has to mean the same after the usual has changed.
ALWAYS = {"key", "text", "title", "phase", "severity", "natural_role", "belongs_to", "mode"}


def structure_of(
    content: TemplateContent, standings: Standings | None = None, note: ExportNote | None = None
) -> dict[str, Any]:
    """All that a template says, where its items stand, and what it was taken from. Nothing empty is in it."""
    data: dict[str, Any] = {"countersign": int(FILE_FORMAT), "name": content.name}
    if note is not None:
        data["exported"] = {
            "from": f"{note.kind}: {note.title}, {note.version}",
            "at": moment_text(note.exported_at),
            "by": note.exported_by,
        }
    if content.description:
        data["description"] = content.description
    data["groups"] = [_group(group, standings or {}) for group in content.groups]
    return data


def _group(group: GroupContent, standings: Standings) -> dict[str, Any]:
    data = _plain(group)
    data["items"] = [_item(item, standings.get(item.key)) for item in group.items]
    return data


def _item(item: ItemContent, standing: ItemStanding | None) -> dict[str, Any]:
    data = _plain(item)
    if item.due is not None:
        data["due"] = _due(item.due)
    if standing is not None:
        data["standing"] = {name: _value(value) for name, value in asdict(standing).items() if value}
    return data


def _due(due: DueRule) -> dict[str, Any]:
    data: dict[str, Any] = {"anchor": due.anchor.value, "days": due.days}
    return data | {"weekdays_only": True} if due.weekdays_only else data


def _plain(thing: GroupContent | ItemContent) -> dict[str, Any]:
    """The fields that are a text, a number or a word of a list."""
    found: Mapping[str, Any] = {field.name: getattr(thing, field.name) for field in fields(thing)}
    return {
        name: _value(value)
        for name, value in found.items()
        if isinstance(value, str | int) and (value or name in ALWAYS)
    }


def _value(value: object) -> object:
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, datetime):
        return moment_text(value)
    return value.isoformat() if isinstance(value, date) else value
