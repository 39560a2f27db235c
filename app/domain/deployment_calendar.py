"""The windows of deployments side by side: what gets in each other's way, and the days of a month."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import combinations

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Slot:
    """When a deployment is meant to take place, where, of what, and who has to be there."""

    id: int
    starts_at: datetime
    ends_at: datetime
    environment_id: int
    module_id: int
    people: frozenset[int]
    # Nothing comes in the way of what is over.
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class FreezeSpan:
    """A time in which nothing is deployed; without an environment or module, to none and of none."""

    id: int
    starts_at: datetime
    ends_at: datetime
    environment_id: int | None = None
    module_id: int | None = None

    def hits(self, slot: Slot) -> bool:
        """Whether a deployment is meant to take place in it."""
        is_meant = self.environment_id in {None, slot.environment_id} and self.module_id in {None, slot.module_id}
        return is_meant and overlap(self.starts_at, self.ends_at, slot.starts_at, slot.ends_at)


@dataclass(frozen=True, slots=True)
class Conflict:
    """One thing that gets in the way of a deployment: another one, by its number, or a freeze."""

    with_id: int | None = None
    freeze_id: int | None = None
    same_place: bool = False
    people: frozenset[int] = frozenset()


def overlap(starts_at: datetime, ends_at: datetime, other_starts_at: datetime, other_ends_at: datetime) -> bool:
    """Whether two times have a moment in common; one that begins when the other ends has none."""
    return starts_at < other_ends_at and other_starts_at < ends_at


def conflicts_of(slots: Sequence[Slot], freezes: Iterable[FreezeSpan] = ()) -> dict[int, list[Conflict]]:
    """What gets in the way of each deployment: the same module in the same place, the same people, a freeze."""
    found: dict[int, list[Conflict]] = defaultdict(list)
    ahead = [slot for slot in slots if not slot.is_over]
    for one, other in combinations(ahead, 2):
        if not overlap(one.starts_at, one.ends_at, other.starts_at, other.ends_at):
            continue
        same_place = (one.environment_id, one.module_id) == (other.environment_id, other.module_id)
        both = one.people & other.people
        if same_place or both:
            found[one.id].append(Conflict(other.id, same_place=same_place, people=both))
            found[other.id].append(Conflict(one.id, same_place=same_place, people=both))
    for freeze in freezes:
        for slot in ahead:
            if freeze.hits(slot):
                found[slot.id].append(Conflict(freeze_id=freeze.id))
    return dict(found)


def month_of(text: str, today: date) -> date:
    """The first day of the month that an address names as 2026-11; of this month where it names none."""
    try:
        return date.fromisoformat(f"{text}-01") if len(text) == len("2026-11") else today.replace(day=1)
    except ValueError:
        return today.replace(day=1)


def next_month(first: date) -> date:
    """The first day of the month after."""
    return (first + 31 * DAY).replace(day=1)


def weeks_of(first: date) -> list[list[date]]:
    """The weeks of a month, from Monday to Sunday, with the days of others that fill the first and the last."""
    last = next_month(first) - DAY
    day = first - first.weekday() * DAY
    weeks = []
    while day <= last:
        weeks.append([day + number * DAY for number in range(7)])
        day += 7 * DAY
    return weeks
