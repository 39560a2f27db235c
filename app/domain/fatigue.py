"""What tells whether boxes are still read: ticks that come in bursts, and items that never catch anything.

Marks, never rules: a burst may be honest work written down late. Nothing here blocks anybody.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

# More ticks by one person within this time than anybody reads.
BURST_TICKS, BURST_TIME = 8, timedelta(seconds=30)
# Nearly all of a checklist in its last minute.
LAST_MINUTE, LAST_SHARE, LAST_LEAST = timedelta(minutes=1), 0.8, 8
# An item asked fewer times has not had its chance.
ENOUGH = 3
MOSTLY = 0.8


@dataclass(frozen=True, slots=True)
class Tick:
    """One box that one person ticked, alone and not together with others under one sentence."""

    person: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Burst:
    """Ticks of one person that came faster than they can be read."""

    person: str
    ticks: int
    began: datetime
    ended: datetime

    @property
    def seconds(self) -> int:
        """How long it took."""
        return max(1, round((self.ended - self.began).total_seconds()))


def find_bursts(ticks: Iterable[Tick]) -> list[Burst]:
    """The bursts among ticks, the longest runs, in the order of time; none overlaps another of the same person."""
    found: list[Burst] = []
    of_person: dict[str, list[datetime]] = {}
    for tick in sorted(ticks, key=lambda tick: tick.at):
        of_person.setdefault(tick.person, []).append(tick.at)
    for person, times in of_person.items():
        found += _bursts_of(person, times)
    return sorted(found, key=lambda burst: (burst.began, burst.person))


def _bursts_of(person: str, times: Sequence[datetime]) -> list[Burst]:
    found, first = [], 0
    while first + BURST_TICKS <= len(times):
        if times[first + BURST_TICKS - 1] - times[first] > BURST_TIME:
            first += 1
            continue
        last = first + BURST_TICKS - 1
        # It goes on as long as the last so many ticks were as fast.
        while last + 1 < len(times) and times[last + 1] - times[last + 2 - BURST_TICKS] <= BURST_TIME:
            last += 1
        found.append(Burst(person, last - first + 1, times[first], times[last]))
        first = last + 1
    return found


def is_all_at_the_end(ticks: Sequence[Tick]) -> bool:
    """Whether nearly all ticks came in the last minute before the last one."""
    if len(ticks) < LAST_LEAST:
        return False
    last = max(tick.at for tick in ticks)
    return sum(last - tick.at <= LAST_MINUTE for tick in ticks) >= LAST_SHARE * len(ticks)


@dataclass(frozen=True, slots=True)
class ItemUse:
    """What became of one item in a year: in how many checklists it was asked, and what it was answered."""

    key: str
    text: str
    origin: str
    asked: int
    ticked: int
    caught: int
    not_applicable: int

    @property
    def advice(self) -> str:
        """Why it may be retired or narrowed; empty when it earns its place, or has not had its chance."""
        if self.asked < ENOUGH or self.caught:
            return ""
        if self.not_applicable >= MOSTLY * self.asked:
            return "Nearly always not applicable: give it a rule, or retire it."
        if not self.origin:
            return "Caught nothing in a year, and nobody says why it is here."
        return "Caught nothing in a year: is its reason still true?"
