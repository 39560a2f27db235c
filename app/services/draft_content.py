"""The groups and items of a draft: add, reword, move, split, take out."""

from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import bindparam, func, select, update

from app.domain.audit import AuditAction
from app.domain.errors import InvalidInput, RuleViolation
from app.domain.permissions import Permission
from app.domain.template_content import (
    GROUP_KEY_LIMIT,
    ITEM_KEY_LIMIT,
    GroupContent,
    ItemContent,
    Keys,
    faults_of_group,
    faults_of_item,
)
from app.models import DraftGroup, DraftItem
from app.models.base import table_of
from app.queries.drafts import get_draft_group, get_draft_item, list_draft_items
from app.queries.template_content import item_content
from app.services.change import Change
from app.services.drafts import Held, check_revision, hold
from app.services.facts import change_facts
from app.services.write_path import write_path

_items = table_of(DraftItem)
_MAKE_ROOM = (
    update(_items)
    .where(_items.c.group_id == bindparam("group"), _items.c.position > bindparam("after"))
    .values(position=_items.c.position + 1)
)
# What the history calls the facts of a group and of an item.
GROUP_WORDS = {
    "title": "title",
    "section": "section",
    "belongs_to": "subject",
    "mode": "mode",
    "body": "text",
    "applies_when": "rule",
}
ITEM_WORDS = {
    "text": "text",
    "body": "text below it",
    "guidance": "guidance",
    "phase": "phase",
    "gate": "gate",
    "severity": "severity",
    "natural_role": "role asked first",
    "value_prompt": "value asked for",
    "value_kind": "kind of value",
    "value_unit": "unit",
    "due_anchor": "due rule",
    "due_days": "days of the due rule",
    "due_weekdays_only": "weekdays of the due rule",
    "depth": "depth",
    "origin": "origin",
    "origin_link": "link of the origin",
    "applies_when": "rule",
    "fact": "fact shared with twins",
}


def columns_of(item: ItemContent) -> dict[str, Any]:
    """The words of an item as the columns that hold them."""
    values = {name: value for name, value in asdict(item).items() if name not in {"key", "due"}}
    values["value_kind"] = item.value_kind.value if item.value_kind else ""
    values["due_anchor"] = item.due.anchor if item.due else None
    values["due_days"] = item.due.days if item.due else None
    values["due_weekdays_only"] = item.due.weekdays_only if item.due else False
    return values


@write_path
def add_group(change: Change, template_key: str, facts: GroupContent) -> int:
    """Add a group at the end of a draft; its key is made of its title. Gives its number."""
    held = hold(change, template_key)
    keys = Keys(GROUP_KEY_LIMIT, change.session.scalars(select(DraftGroup.key).where(_of(held))))
    facts = replace(facts, key=keys.make(facts.title, "group"))
    _check(faults_of_group(facts))
    last = change.session.scalar(select(func.max(DraftGroup.position)).where(_of(held))) or 0
    row = DraftGroup(draft_id=held.draft.id, key=facts.key, position=last + 1, **_columns_of_group(facts))
    change.session.add(row)
    change.session.flush()
    _note(change, held, AuditAction.DRAFT_ADDED, row.title)
    return row.id


def _of(held: Held) -> Any:
    return DraftGroup.draft_id == held.draft.id


def _columns_of_group(facts: GroupContent) -> dict[str, Any]:
    return {name: getattr(facts, name) for name in GROUP_WORDS}


def _check(faults: Any) -> None:
    found = list(faults)
    if found:
        raise InvalidInput(content=" ".join(found))


def _note(change: Change, held: Held, action: AuditAction, label: str, *, new: str = "") -> None:
    change.record(action, held.about(label), stream=held.stream, new=new, under=Permission.TEMPLATE_EDIT)


@write_path
def update_group(change: Change, template_key: str, group_id: int, facts: GroupContent, *, revision: int) -> int:
    """Change what a group says; its key stays. Gives how many facts are different."""
    held = hold(change, template_key)
    row = get_draft_group(held.draft.id, group_id)
    check_revision(row, revision, theirs=row.title)
    _check(faults_of_group(replace(facts, key=row.key)))
    row.revision += 1
    return change_facts(
        change,
        row,
        {GROUP_WORDS[name]: (name, value) for name, value in _columns_of_group(facts).items()},
        action=AuditAction.DRAFT_CHANGED,
        about=held.about(row.title),
        stream=held.stream,
        under=Permission.TEMPLATE_EDIT,
    )


@write_path
def remove_group(change: Change, template_key: str, group_id: int, *, revision: int) -> bool:
    """Take a group out of a draft; only when it has no items, so that none goes unseen."""
    held = hold(change, template_key)
    row = get_draft_group(held.draft.id, group_id)
    check_revision(row, revision, theirs=row.title)
    if list_draft_items(held.draft.id, group_id=row.id):
        raise RuleViolation("This group still has items. Move or retire them first.")
    _note(change, held, AuditAction.DRAFT_REMOVED, row.title)
    change.session.delete(row)
    change.session.flush()
    return True


@write_path
def move_group(change: Change, template_key: str, group_id: int, *, up: bool) -> bool:
    """Move a group by one place; False at the end of the way."""
    held = hold(change, template_key)
    row = get_draft_group(held.draft.id, group_id)
    rows = list(
        change.session.scalars(select(DraftGroup).where(_of(held)).order_by(DraftGroup.position, DraftGroup.id))
    )
    return _swap(change, held, rows, row, up=up, label=row.title)


def _swap(change: Change, held: Held, rows: list[Any], row: Any, *, up: bool, label: str) -> bool:
    here = rows.index(row)
    there = here - 1 if up else here + 1
    if not 0 <= there < len(rows):
        return False
    if len({one.position for one in rows}) < len(rows):
        # Numbered anew: an old copy may have left equals.
        for position, one in enumerate(rows, start=1):
            one.position = position
    row.position, rows[there].position = rows[there].position, row.position
    _note(change, held, AuditAction.DRAFT_MOVED, label, new="up" if up else "down")
    return True


@write_path
def add_item(change: Change, template_key: str, group_id: int, facts: ItemContent) -> int:
    """Add an item at the end of a group; its key is made of its text and never changes. Gives its number."""
    held = hold(change, template_key)
    group = get_draft_group(held.draft.id, group_id)
    rows = list_draft_items(held.draft.id, group_id=group.id)
    last = max((row.position for row in rows), default=0)
    return _add_item(change, held, group, facts, position=last + 1).id


def _add_item(change: Change, held: Held, group: DraftGroup, facts: ItemContent, *, position: int) -> DraftItem:
    taken = change.session.scalars(select(DraftItem.key).where(DraftItem.draft_id == held.draft.id))
    facts = replace(facts, key=Keys(ITEM_KEY_LIMIT, taken).make(facts.text))
    _check(faults_of_item(facts))
    row = DraftItem(draft_id=held.draft.id, group_id=group.id, key=facts.key, position=position, **columns_of(facts))
    change.session.add(row)
    change.session.flush()
    _note(change, held, AuditAction.DRAFT_ADDED, row.text)
    return row


@write_path
def update_item(change: Change, template_key: str, item_id: int, facts: ItemContent, *, revision: int) -> int:
    """Change what an item says; its key stays. Gives how many facts are different."""
    held = hold(change, template_key)
    row = get_draft_item(held.draft.id, item_id)
    check_revision(row, revision, theirs=row.text)
    _check(faults_of_item(replace(facts, key=row.key)))
    row.revision += 1
    return change_facts(
        change,
        row,
        {ITEM_WORDS[name]: (name, value) for name, value in columns_of(facts).items()},
        action=AuditAction.DRAFT_CHANGED,
        about=held.about(row.text),
        stream=held.stream,
        under=Permission.TEMPLATE_EDIT,
    )


@write_path
def retire_item(change: Change, template_key: str, item_id: int, *, revision: int) -> bool:
    """Take an item out of a draft. Checklists that have it keep it until they adopt the version."""
    held = hold(change, template_key)
    row = get_draft_item(held.draft.id, item_id)
    check_revision(row, revision, theirs=row.text)
    _note(change, held, AuditAction.DRAFT_REMOVED, row.text)
    change.session.delete(row)
    change.session.flush()
    return True


@write_path
def move_item(change: Change, template_key: str, item_id: int, *, up: bool) -> bool:
    """Move an item by one place within its group; False at the end of the way."""
    held = hold(change, template_key)
    row = get_draft_item(held.draft.id, item_id)
    rows = list(list_draft_items(held.draft.id, group_id=row.group_id))
    return _swap(change, held, rows, row, up=up, label=row.text)


@write_path
def move_item_to(change: Change, template_key: str, item_id: int, group_id: int, *, revision: int) -> bool:
    """Move an item to the end of another group; its key stays."""
    held = hold(change, template_key)
    row = get_draft_item(held.draft.id, item_id)
    check_revision(row, revision, theirs=row.text)
    group = get_draft_group(held.draft.id, group_id)
    if group.id == row.group_id:
        return False
    rows = list_draft_items(held.draft.id, group_id=group.id)
    row.group_id, row.position = group.id, max((one.position for one in rows), default=0) + 1
    row.revision += 1
    _note(change, held, AuditAction.DRAFT_MOVED, row.text, new=f"to “{group.title}”")
    return True


@write_path
def split_item(change: Change, template_key: str, item_id: int, texts: tuple[str, str], *, revision: int) -> int:
    """Make two items of one: the first keeps the key and the ticks, the second stands below it. Gives its number."""
    held = hold(change, template_key)
    row = get_draft_item(held.draft.id, item_id)
    check_revision(row, revision, theirs=row.text)
    group = get_draft_group(held.draft.id, row.group_id)
    facts = replace(item_content(row), text=texts[0])
    _check(faults_of_item(facts))
    change.session.execute(_MAKE_ROOM, {"group": group.id, "after": row.position})
    second = _add_item(change, held, group, replace(facts, text=texts[1], body=""), position=row.position + 1)
    row.revision += 1
    change_facts(
        change,
        row,
        {"text": ("text", texts[0])},
        action=AuditAction.DRAFT_CHANGED,
        about=held.about(row.text),
        stream=held.stream,
        under=Permission.TEMPLATE_EDIT,
    )
    return second.id
