"""From the nodes of a file to a template. Every fault is found at once and named by its place."""

from app.domain.checklist import BelongsTo, ItemState, Mode, Phase, Severity
from app.domain.permissions import Role
from app.domain.template_content import (
    DEPTH_LIMIT,
    GROUP_KEY_LIMIT,
    ITEM_KEY_LIMIT,
    KEY,
    DueAnchor,
    DueRule,
    GroupContent,
    Imported,
    ItemContent,
    Keys,
    TemplateContent,
    ValueKind,
)
from app.domain.template_files import FILE_FORMAT, MAX_DAYS, MAX_ITEMS
from app.imports.entries import TOO_MANY, Entry, Notes
from app.imports.nodes import Node
from app.imports.refusal import Unreadable

TEMPLATE = {"countersign", "exported", "name", "description", "groups"}
GROUP = {"key", "title", "section", "belongs_to", "mode", "body", "applies_when", "items"}
ITEM = {
    *("key", "text", "depth", "body", "guidance", "phase", "gate", "severity", "natural_role", "value_prompt"),
    *("value_kind", "value_unit", "due", "origin", "origin_link", "applies_when", "fact", "standing"),
}
DUE = {"anchor", "days", "weekdays_only"}


def read_structure(node: Node) -> Imported:
    """The template that these nodes say, or Unreadable with everything that is wrong."""
    if not isinstance(node, dict):
        raise Unreadable("The file holds no fields. A template has a name and a list of groups, each with its items.")
    notes = Notes()
    file = Entry("The file", node, notes)
    if node.get("countersign", FILE_FORMAT) != FILE_FORMAT:
        raise Unreadable(f"The file is of another format than {FILE_FORMAT}, which this Countersign reads.")
    if not isinstance(node.get("groups"), list):
        raise Unreadable("The file has no list of groups. Write “groups:”, and under it each group with its items.")
    file.leave_out(TEMPLATE)
    groups = file.entries("groups", "group", "title")
    items = [group.entries("items", "item", "text") for group in groups]
    if sum(map(len, items)) > MAX_ITEMS:
        raise Unreadable(TOO_MANY)
    group_keys = _keys(groups, GROUP_KEY_LIMIT, "group_key", "title", "group")
    item_keys = _keys([item for some in items for item in some], ITEM_KEY_LIMIT, "key", "text", "item")
    keys = iter(item_keys)
    content = TemplateContent(
        name=file.text("name"),
        description=file.text("description"),
        groups=tuple(
            _group(group, key, tuple(_item(item, next(keys)) for item in some))
            for group, key, some in zip(groups, group_keys, items, strict=True)
        ),
    )
    if notes.faults:
        raise Unreadable(*notes.faults)
    return Imported(content, done_keys=frozenset(notes.done), warnings=notes.warnings)


def _keys(entries: list[Entry], limit: int, name: str, words: str, otherwise: str) -> list[str]:
    """The key of each entry: the one that it gives, or one that is made of its words."""
    given = [entry.text("key", name) for entry in entries]
    keys = Keys(limit, taken=given)
    seen: set[str] = set()
    found = []
    for entry, key in zip(entries, given, strict=True):
        if key and not KEY.fullmatch(key):
            entry.fault(f"the key “{key[:40]}” cannot be used: small letters, digits, single dots and hyphens.")
        if key and key in seen:
            entry.fault(f"the key “{key}” is used before. Each {otherwise} needs one of its own.")
        seen.add(key)
        text = entry.node.get(words)
        found.append(key or keys.make(text if isinstance(text, str) else "", otherwise))
    return found


def _group(entry: Entry, key: str, items: tuple[ItemContent, ...]) -> GroupContent:
    entry.leave_out(GROUP)
    title = entry.text("title")
    if not title.strip():
        entry.fault("there is no title.")
    return GroupContent(
        key=key,
        title=title,
        section=entry.text("section"),
        belongs_to=entry.choice("belongs_to", BelongsTo, BelongsTo.MODULE),
        mode=entry.choice("mode", Mode, Mode.DO_CONFIRM),
        body=entry.text("body"),
        applies_when=entry.text("applies_when"),
        items=items,
    )


def _item(entry: Entry, key: str) -> ItemContent:
    entry.leave_out(ITEM)
    text = entry.text("text")
    if not text.strip():
        entry.fault("there is no text. A text with a colon in it needs quotation marks around it.")
    standing = entry.entry("standing")
    if standing and standing.node.get("state") == ItemState.DONE:
        entry.notes.done.add(key)
    return ItemContent(
        key=key,
        text=text,
        depth=entry.number("depth", 0, DEPTH_LIMIT),
        body=entry.text("body"),
        guidance=entry.text("guidance"),
        phase=entry.choice("phase", Phase, Phase.DEVELOPMENT),
        gate=entry.text("gate"),
        severity=entry.choice("severity", Severity, Severity.REQUIRED),
        natural_role=entry.choice("natural_role", Role, Role.DEVELOPER),
        value_prompt=entry.text("value_prompt"),
        value_kind=entry.maybe("value_kind", ValueKind),
        value_unit=entry.text("value_unit"),
        due=_due(entry.entry("due")),
        origin=entry.text("origin"),
        origin_link=entry.text("origin_link"),
        applies_when=entry.text("applies_when"),
        fact=entry.text("fact"),
    )


def _due(entry: Entry | None) -> DueRule | None:
    if entry is None:
        return None
    entry.leave_out(DUE)
    anchor = entry.maybe("anchor", DueAnchor)
    if anchor is None:
        entry.fault(f"anchor is missing; it must be {' or '.join(word.value for word in DueAnchor)}.")
        return None
    return DueRule(anchor, entry.number("days", -MAX_DAYS, MAX_DAYS), entry.flag("weekdays_only"))
