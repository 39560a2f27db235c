"""Periods of whole UTC days: the one that is asked for, the one before it, and its weeks or months."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from app.domain.errors import InvalidInput

# What is offered, in days.
WINDOWS = {"30d": 30, "90d": 90, "180d": 180, "365d": 365}
USUAL = "90d"
# A longer one has more months than a chart can show.
LONGEST = 1100
# Up to here a chart has a bar for each week, beyond it one for each month.
LONGEST_IN_WEEKS = 190
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day to the last, both included."""

    first_on: date
    last_on: date

    @property
    def begins_at(self) -> datetime:
        """Its first moment."""
        return datetime.combine(self.first_on, time(), UTC)

    @property
    def ends_at(self) -> datetime:
        """The first moment after it."""
        return datetime.combine(self.last_on + DAY, time(), UTC)

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last_on - self.first_on).days + 1

    @property
    def before(self) -> "Period":
        """As many days, directly before it."""
        return Period(self.first_on - self.days * DAY, self.first_on - DAY)

    @property
    def is_in_weeks(self) -> bool:
        """Whether its parts are weeks."""
        return self.days <= LONGEST_IN_WEEKS

    @property
    def words(self) -> str:
        """From when to when, as a sentence says it."""
        return f"{self.first_on.isoformat()} to {self.last_on.isoformat()}"

    def holds(self, at: datetime) -> bool:
        """Whether a moment lies in it."""
        return self.begins_at <= at < self.ends_at

    def parts(self) -> list["Period"]:
        """Its weeks, from Monday, or its months; the first and the last may be cut."""
        return list(self._parts())

    def _parts(self) -> Iterator["Period"]:
        first = self.first_on
        while first <= self.last_on:
            last = min(_last_of_week(first) if self.is_in_weeks else _last_of_month(first), self.last_on)
            yield Period(first, last)
            first = last + DAY


def _last_of_week(day: date) -> date:
    return day + (6 - day.weekday()) * DAY


def _last_of_month(day: date) -> date:
    return (day.replace(day=28) + 4 * DAY).replace(day=1) - DAY


def window_of(name: str, today: date) -> Period:
    """So many days, of which the last is today."""
    if name not in WINDOWS:
        raise InvalidInput(window="Choose one of the periods that are offered.")
    return Period(today - (WINDOWS[name] - 1) * DAY, today)


def period_of(first_on: date | None, last_on: date | None, today: date) -> Period:
    """A period of one's own. Without a last day it ends today."""
    last = last_on or today
    if first_on is None:
        raise InvalidInput(since="Say with which day it begins.")
    if first_on > last:
        raise InvalidInput(since="It begins after it ends.")
    if last > today:
        raise InvalidInput(until="This day has not come yet.")
    if (last - first_on).days >= LONGEST:
        raise InvalidInput(since=f"It is too long: at most {LONGEST} days are looked at together.")
    if first_on.toordinal() <= 2 * LONGEST:
        raise InvalidInput(since="Write a day as year, month, day, for example 2026-11-28.")
    return Period(first_on, last)
