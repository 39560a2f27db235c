"""What becomes of each item of a checklist when it is brought to another template version."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from app.domain.checklist import TAKEN_AWAY, ItemState, Severity
from app.domain.errors import Conflict
from app.domain.template_content import ItemContent, TemplateContent
from app.domain.template_diff import MEANING, FactChange, changes_meaning, facts_between, in_short

# Of what a version says these facts stand in the content that is signed.
SIGNED = frozenset({"text", "severity", "gate"})


@dataclass(frozen=True, slots=True)
class StandingItem:
    """One item of a checklist, as adopting looks at it. `ticked_as`: what a tick meant that is asked about."""

    id: int
    content: ItemContent
    group_key: str
    state: ItemState
    revision: int
    state_before: ItemState | None = None
    is_reworded: bool = False
    ticked_as: str = ""

    @property
    def own_state(self) -> ItemState:
        """Where it stands, or stood before a rule or a template took it away."""
        return (self.state_before or ItemState.TODO) if self.state in TAKEN_AWAY else self.state


@dataclass(frozen=True, slots=True)
class Step:
    """An item that stays or comes back, and what changes about it. `asks`: None leaves the mark as it is."""

    item: StandingItem
    new: ItemContent
    facts: tuple[FactChange, ...]
    is_moved: bool
    asks: bool | None

    @property
    def is_reworded(self) -> bool:
        """Whether its meaning changes."""
        return changes_meaning(self.facts, self.new)


@dataclass(frozen=True, slots=True)
class Plan:
    """All that adopting does to the items of one checklist."""

    added: tuple[ItemContent, ...] = ()
    returned: tuple[Step, ...] = ()
    removed: tuple[StandingItem, ...] = ()
    reworded: tuple[Step, ...] = ()
    updated: tuple[Step, ...] = ()
    ticks_kept: int = 0

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every item that stays or comes back and is not what it was."""
        return (*self.returned, *self.reworded, *self.updated)

    @property
    def asked_again(self) -> tuple[Step, ...]:
        """The ticked items of which somebody has to say whether they are still true."""
        return tuple(step for step in self.steps if step.asks)

    @property
    def ticks_removed(self) -> tuple[StandingItem, ...]:
        """The ticked items that are no longer asked."""
        return tuple(item for item in self.removed if item.own_state is ItemState.DONE)

    @property
    def gates(self) -> frozenset[str]:
        """The gates that cover something else afterwards: what was signed over them is not what there is then."""
        came_or_went = {new.gate for new in self.added} | {item.content.gate for item in self.removed}
        back = {step.item.id for step in self.returned}
        changed = [step for step in self.steps if step.item.id in back or SIGNED & {f.column for f in step.facts}]
        told = {gate for step in changed for gate in (step.item.content.gate, step.new.gate)}
        return frozenset(came_or_went | told) - {""}

    @property
    def sentence(self) -> str:
        """In short, for the history and for pages."""
        return in_short(
            added=len(self.added),
            back_again=len(self.returned),
            reworded=len(self.reworded),
            updated=len(self.updated),
            removed=len(self.removed),
        )


def plan(items: Sequence[StandingItem], wanted: TemplateContent) -> Plan:
    """What adopting a version does to these items. `wanted` holds only the groups of the checklist's kind."""
    there = {item.content.key: item for item in items}
    asked = {new.key: (new, group.key) for group in wanted.groups for new in group.items}
    steps = [_step(there[key], new, group_key) for key, (new, group_key) in asked.items() if key in there]
    stay = [step for step in steps if step.item.state is not ItemState.REMOVED]
    changed = [step for step in stay if step.facts or step.is_moved or step.asks is not None]
    return Plan(
        added=tuple(new for key, (new, _) in asked.items() if key not in there),
        returned=tuple(step for step in steps if step.item.state is ItemState.REMOVED),
        removed=tuple(i for i in items if i.content.key not in asked and i.state is not ItemState.REMOVED),
        reworded=tuple(step for step in changed if step.is_reworded),
        updated=tuple(step for step in changed if not step.is_reworded),
        ticks_kept=sum(step.item.own_state is ItemState.DONE for step in steps),
    )


def _step(item: StandingItem, new: ItemContent, group_key: str) -> Step:
    facts = facts_between(item.content, new)
    return Step(item, new, facts, item.group_key != group_key, _asks(item, facts, new))


def _asks(item: StandingItem, facts: Sequence[FactChange], new: ItemContent) -> bool | None:
    """A tick is asked about when its words change, and no more when they are again those that it was made under."""
    if item.own_state is not ItemState.DONE:
        return None
    if item.is_reworded and item.ticked_as == meaning_of(new):
        return False
    return True if changes_meaning(facts, new) and not item.is_reworded else None


def meaning_of(content: ItemContent) -> str:
    """What a tick of an item is about, as a digest."""
    said = [getattr(content, name) for name in sorted(MEANING)]
    return sha256(repr((said, content.severity is Severity.KILLER)).encode()).hexdigest()[:32]


def fingerprint(version_id: int, items: Sequence[StandingItem]) -> str:
    """What a preview depends on: the version that a checklist has, which items it has, and how they stand."""
    states = sorted((i.content.key, i.state.value, i.own_state.value, i.is_reworded) for i in items)
    return sha256(repr((version_id, states)).encode()).hexdigest()[:32]


def check_still_true(seen: str, now: str, *, label: str) -> None:
    """Raise Conflict when a checklist is no longer as its preview said."""
    if seen != now:
        raise Conflict(f"{label} has changed since you looked: look at what adopting does now.")
