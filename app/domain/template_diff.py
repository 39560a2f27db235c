"""What is different between two states of a template, in words that a reader understands."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from app.domain.checklist import BelongsTo, Severity
from app.domain.template_content import DueRule, GroupContent, ItemContent, TemplateContent

# The facts that say what a tick is about: when one of them changes, the tick may no longer be true.
MEANING = frozenset({"text", "body", "value_prompt", "value_unit"})
WORDS = {
    "text": "text",
    "body": "text below it",
    "guidance": "guidance",
    "phase": "phase",
    "gate": "gate",
    "severity": "severity",
    "natural_role": "asked first",
    "value_prompt": "value asked for",
    "value_kind": "kind of value",
    "value_unit": "unit",
    "due": "due",
    "origin": "origin",
    "origin_link": "link to the origin",
    "applies_when": "applies when",
    "fact": "shared fact",
    "depth": "level",
    "title": "title",
    "section": "section",
    "belongs_to": "belongs to",
    "mode": "mode",
    "name": "name",
    "description": "description",
}


@dataclass(frozen=True, slots=True)
class FactChange:
    """One fact that differs: its column, its word, and what it says on both sides."""

    column: str
    word: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Placed:
    """An item with the group that it stands in."""

    item: ItemContent
    group_key: str
    group_title: str


@dataclass(frozen=True, slots=True)
class ItemChange:
    """An item that is in both, and not the same."""

    old: Placed
    new: Placed
    facts: tuple[FactChange, ...]

    @property
    def key(self) -> str:
        """The stable key, the same on both sides."""
        return self.new.item.key

    @property
    def is_moved(self) -> bool:
        """Whether it stands in another group."""
        return self.old.group_key != self.new.group_key

    @property
    def asks_again(self) -> bool:
        """Whether a tick of the old one may not be true of the new one."""
        return changes_meaning(self.facts, self.new.item)


@dataclass(frozen=True, slots=True)
class GroupChange:
    """A group that is in both, and does not say the same. `is_reordered`: its items stand in another order."""

    old: GroupContent
    new: GroupContent
    facts: tuple[FactChange, ...]
    is_reordered: bool


@dataclass(frozen=True, slots=True)
class Diff:
    """All differences, by stable key."""

    facts: tuple[FactChange, ...] = ()
    added: tuple[Placed, ...] = ()
    removed: tuple[Placed, ...] = ()
    changed: tuple[ItemChange, ...] = ()
    groups_added: tuple[GroupContent, ...] = ()
    groups_removed: tuple[GroupContent, ...] = ()
    groups_changed: tuple[GroupChange, ...] = ()
    # The groups that are in both, in their new order, when it is another one.
    groups_reordered: tuple[str, ...] = ()

    @property
    def reworded(self) -> tuple[ItemChange, ...]:
        """The items of which a tick has to be looked at again."""
        return tuple(change for change in self.changed if change.asks_again)

    @property
    def updated(self) -> tuple[ItemChange, ...]:
        """The items that changed in what a tick does not depend on."""
        return tuple(change for change in self.changed if not change.asks_again)

    @property
    def is_empty(self) -> bool:
        """Whether both say the same."""
        return not any(getattr(self, part.name) for part in fields(self))

    @property
    def sentence(self) -> str:
        """In short: “3 added, 1 reworded, 1 removed”."""
        return in_short(
            added=len(self.added),
            reworded=len(self.reworded),
            updated=len(self.updated),
            removed=len(self.removed),
        )


def in_short(**numbers: int) -> str:
    """Numbers with their words, without those that are none."""
    return ", ".join(f"{number} {word.replace('_', ' ')}" for word, number in numbers.items() if number)


def compare(old: TemplateContent, new: TemplateContent) -> Diff:
    """What was added, removed, reworded, moved or put in another order from one to the other."""
    before, after = _placed(old), _placed(new)
    groups_before, groups_after = _groups(old), _groups(new)
    return Diff(
        facts=_facts_of_template(old, new),
        added=tuple(placed for key, placed in after.items() if key not in before),
        removed=tuple(placed for key, placed in before.items() if key not in after),
        changed=tuple(_changes((before[key], placed) for key, placed in after.items() if key in before)),
        groups_added=tuple(group for key, group in groups_after.items() if key not in groups_before),
        groups_removed=tuple(group for key, group in groups_before.items() if key not in groups_after),
        groups_changed=tuple(
            _group_changes((groups_before[key], group) for key, group in groups_after.items() if key in groups_before)
        ),
        groups_reordered=_reordered(groups_before, groups_after),
    )


def part_of(content: TemplateContent, belongs_to: BelongsTo) -> TemplateContent:
    """Only the groups that a checklist of this kind is made from."""
    return TemplateContent("", "", tuple(group for group in content.groups if group.belongs_to is belongs_to))


def facts_between(old: ItemContent, new: ItemContent) -> tuple[FactChange, ...]:
    """Which facts of an item differ."""
    return _differing(old, new, [part.name for part in fields(ItemContent) if part.name != "key"])


def changes_meaning(facts: Iterable[FactChange], new: ItemContent) -> bool:
    """Whether a tick has to be looked at again: its words, what is asked for, or how dangerous it is to be wrong."""
    changed = {fact.column for fact in facts}
    return bool(changed & MEANING) or ("severity" in changed and new.severity is Severity.KILLER)


def _placed(content: TemplateContent) -> dict[str, Placed]:
    return {item.key: Placed(item, group.key, group.title) for group in content.groups for item in group.items}


def _groups(content: TemplateContent) -> dict[str, GroupContent]:
    return {group.key: group for group in content.groups}


def _facts_of_template(old: TemplateContent, new: TemplateContent) -> tuple[FactChange, ...]:
    return _differing(old, new, ["name", "description"])


def _changes(pairs: Iterable[tuple[Placed, Placed]]) -> Iterable[ItemChange]:
    for old, new in pairs:
        change = ItemChange(old, new, facts_between(old.item, new.item))
        if change.facts or change.is_moved:
            yield change


def _group_changes(pairs: Iterable[tuple[GroupContent, GroupContent]]) -> Iterable[GroupChange]:
    names = [part.name for part in fields(GroupContent) if part.name not in {"key", "items"}]
    for old, new in pairs:
        order = _reordered([item.key for item in old.items], [item.key for item in new.items])
        change = GroupChange(old, new, _differing(old, new, names), bool(order))
        if change.facts or change.is_reordered:
            yield change


def _reordered(old: Iterable[str], new: Iterable[str]) -> tuple[str, ...]:
    """The keys that are in both, as they stand in the new, when that is another order."""
    before, after = list(old), list(new)
    stayed = set(before) & set(after)
    wanted = tuple(key for key in after if key in stayed)
    return wanted if wanted != tuple(key for key in before if key in stayed) else ()


def _differing(old: Any, new: Any, names: Sequence[str]) -> tuple[FactChange, ...]:
    return tuple(
        FactChange(name, WORDS[name], in_words(getattr(old, name)), in_words(getattr(new, name)))
        for name in names
        if getattr(old, name) != getattr(new, name)
    )


def in_words(value: Any) -> str:
    """A fact's value as a reader knows it."""
    if value is None:
        return ""
    if isinstance(value, DueRule):
        return _due_words(value)
    label: str | Callable[[], str] = getattr(value, "label", "")
    return label if isinstance(label, str) and label else str(value)


def _due_words(due: DueRule) -> str:
    days = f"{abs(due.days)} {'day' if abs(due.days) == 1 else 'days'}"
    place = f"{days} {'before' if due.days < 0 else 'after'}" if due.days else "on"
    return f"{place} {due.anchor.label}{', weekdays only' if due.weekdays_only else ''}"
