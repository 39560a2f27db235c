"""The differences between two template versions, as a page lists them: group by group, what is the same left out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from markupsafe import Markup, escape

from app.domain.template_content import ItemContent
from app.domain.template_diff import Diff, FactChange, GroupChange, ItemChange, Placed
from app.web.word_marks import mark_words

ADDED, REMOVED, REWORDED, UPDATED = "added", "removed", "reworded", "changed"


@dataclass(frozen=True, slots=True)
class FactLine:
    """One fact before and after, with its words marked."""

    word: str
    old: Markup
    new: Markup


@dataclass(frozen=True, slots=True)
class Difference:
    """One item, and what happens to it."""

    kind: str
    key: str
    text: str
    severity: str
    facts: tuple[FactLine, ...]


@dataclass(slots=True)
class DifferentGroup:
    """A group in which something is different. `kind` is what happens to the group itself, if anything."""

    title: str
    kind: str = ""
    facts: tuple[FactLine, ...] = ()
    items: list[Difference] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that a page shows of a difference."""

    facts: tuple[FactLine, ...]
    groups: list[DifferentGroup]
    is_reordered: bool
    sentence: str


def comparison_of(diff: Diff) -> Comparison:
    """The groups of a difference: those that stay or come first, those that go last."""
    groups: dict[str, DifferentGroup] = {}
    for group in diff.groups_added:
        groups[group.key] = DifferentGroup(group.title, ADDED)
    for change in diff.groups_changed:
        groups[change.new.key] = DifferentGroup(change.new.title, UPDATED, tuple(_of_group(change)))
    gone = {group.key: DifferentGroup(group.title, REMOVED) for group in diff.groups_removed}
    for placed, difference in _items(diff):
        home = gone if placed.group_key in gone else groups
        home.setdefault(placed.group_key, DifferentGroup(placed.group_title)).items.append(difference)
    return Comparison(
        tuple(_lines(diff.facts)), [*groups.values(), *gone.values()], bool(diff.groups_reordered), diff.sentence
    )


def _items(diff: Diff) -> Iterator[tuple[Placed, Difference]]:
    for placed in diff.added:
        yield placed, _whole(placed.item, ADDED)
    for change in diff.changed:
        yield change.new, _changed(change)
    for placed in diff.removed:
        yield placed, _whole(placed.item, REMOVED)


def _whole(item: ItemContent, kind: str) -> Difference:
    """An item that is on one side only: its own words and what it asks for, nothing to compare."""
    said = (("guidance", item.guidance), ("text below it", item.body), ("value asked for", item.value_prompt))
    sides = [(word, escape(text)) for word, text in said if text]
    facts = [
        FactLine(word, text, Markup()) if kind == REMOVED else FactLine(word, Markup(), text) for word, text in sides
    ]
    return Difference(kind, item.key, item.text, item.severity.value, tuple(facts))


def _changed(change: ItemChange) -> Difference:
    facts = list(_lines(change.facts))
    if change.is_moved:
        facts.append(FactLine("group", escape(change.old.group_title), escape(change.new.group_title)))
    item = change.new.item
    return Difference(
        REWORDED if change.asks_again else UPDATED, item.key, item.text, item.severity.value, tuple(facts)
    )


def _of_group(change: GroupChange) -> Iterator[FactLine]:
    yield from _lines(change.facts)
    if change.is_reordered:
        yield FactLine("order of its items", escape(_order(change.old.items)), escape(_order(change.new.items)))


def _order(items: Iterable[ItemContent]) -> str:
    return "; ".join(item.text for item in items)


def _lines(facts: Iterable[FactChange]) -> Iterator[FactLine]:
    for fact in facts:
        yield FactLine(fact.word, *mark_words(fact.old, fact.new))
