"""What is different between a release and an earlier one: items by stable key and module, and modules."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from app.domain.checklist import OPEN, ItemState
from app.domain.gates import GateKind
from app.domain.metric_facts import GateFact

_NOT_ASKED = frozenset({ItemState.REMOVED, ItemState.RULED_OUT})
# The key of the release's own checklist among those of modules.
THE_RELEASE = ""


@dataclass(frozen=True, slots=True)
class ComparedItem:
    """An item of one of the two releases. An empty module is the release itself."""

    id: int
    module_key: str
    module_name: str
    key: str
    text: str
    state: ItemState
    path: str

    @property
    def place(self) -> tuple[str, str]:
        """By what it is found in the other release."""
        return self.module_key, self.key

    @property
    def is_asked(self) -> bool:
        """Whether it is asked of the module at all."""
        return self.state not in _NOT_ASKED


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two releases, as far as somebody may see it."""

    # The names of its modules, by key.
    modules: dict[str, str]
    items: tuple[ComparedItem, ...]
    gates: tuple[GateFact, ...]


@dataclass(frozen=True, slots=True)
class GateTimes:
    """How long the gates of a kind took in a release: the median of those that opened, and of how many."""

    median: timedelta | None
    opened: int
    total: int


@dataclass(frozen=True, slots=True)
class ComparedGates:
    """The gates of a kind, for one environment where it has them, then and now."""

    kind: GateKind
    environment_key: str
    then: GateTimes
    now: GateTimes

    @property
    def title(self) -> str:
        """The gate in words."""
        return f"{self.kind.label} to {self.environment_key}" if self.environment_key else self.kind.label


@dataclass(frozen=True, slots=True)
class ReleaseComparison:
    """All differences of a release from an earlier one."""

    # Open now and done then, each with how it stood then.
    open_again: tuple[tuple[ComparedItem, ComparedItem], ...]
    # How many were done then and are asked now: what the number above is of.
    done_then: int
    new_items: tuple[ComparedItem, ...]
    gone_items: tuple[ComparedItem, ...]
    new_modules: tuple[tuple[str, str], ...]
    gone_modules: tuple[tuple[str, str], ...]
    gates: tuple[ComparedGates, ...]
    # In how many modules items were compared.
    modules_in_both: int


def compare_releases(now: Side, then: Side) -> ReleaseComparison:
    """The differences. The items of a module that is in one release alone are told with it, not one by one."""
    both = {*(now.modules.keys() & then.modules.keys()), THE_RELEASE}
    here = {one.place: one for one in now.items if one.module_key in both and one.is_asked}
    there = {one.place: one for one in then.items if one.module_key in both and one.is_asked}
    pairs = [(one, there[place]) for place, one in here.items() if place in there]
    done = [(one, before) for one, before in pairs if before.state is ItemState.DONE]
    return ReleaseComparison(
        open_again=tuple(pair for pair in done if pair[0].state in OPEN),
        done_then=len(done),
        new_items=tuple(one for place, one in here.items() if place not in there),
        gone_items=tuple(one for place, one in there.items() if place not in here),
        new_modules=_only(now.modules, then.modules),
        gone_modules=_only(then.modules, now.modules),
        gates=tuple(_compared_gates(now.gates, then.gates)),
        modules_in_both=len(both) - 1,
    )


def _only(here: dict[str, str], there: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((key, name) for key, name in here.items() if key not in there)


def _compared_gates(now: Iterable[GateFact], then: Iterable[GateFact]) -> Iterable[ComparedGates]:
    here, there = list(now), list(then)
    # In the order in which the gates were made, which is that of their environments.
    found = dict.fromkeys((one.kind, one.environment_key) for one in (*here, *there))
    for which in sorted(found, key=lambda pair: list(GateKind).index(pair[0])):
        yield ComparedGates(*which, gate_times(_alike(there, which)), gate_times(_alike(here, which)))


def _alike(gates: Iterable[GateFact], which: tuple[GateKind, str]) -> list[GateFact]:
    return [one for one in gates if (one.kind, one.environment_key) == which]


def gate_times(gates: Iterable[GateFact]) -> GateTimes:
    """How long gates took, from the making of their checklist."""
    known = list(gates)
    times = [(one.opened_at - one.created_at).total_seconds() for one in known if one.opened_at is not None]
    return GateTimes(timedelta(seconds=median(times)) if times else None, len(times), len(known))
