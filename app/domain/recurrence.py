"""When something recurs: days counted on a calendar, times read off a clock on the wall, moments in UTC.

The days are expanded without a zone and then put into one. With a zone first, a clock change would give times that no
clock there ever shows.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from dateutil import rrule

from app.domain.errors import InvalidInput
from app.domain.time_zones import TIME_ZONES

SATURDAY, SHORTEST_MONTH = 5, 28
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
PLACES = ("first", "second", "third")
_BY_DAY = (rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA, rrule.SU)
# A weekend moves a day by two at the most.
MOVED = timedelta(days=2)
# No calendar that anybody looks at ends before.
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(9000, 1, 1)


class Period(StrEnum):
    """How often. Values are stored: never rename one."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    ANNUALLY = "annually"

    @property
    def label(self) -> str:
        """The period as a list names it."""
        return self.value.capitalize()

    @property
    def reach(self) -> timedelta:
        """A time that holds at least two of them, however weekends fall."""
        return _REACH[self]

    @property
    def most_grace(self) -> int:
        """So many days of grace at most: it is over before the next one is due."""
        return _MOST_GRACE[self]


_REACH = {
    Period.DAILY: timedelta(days=8),
    Period.WEEKLY: timedelta(days=22),
    Period.MONTHLY: timedelta(days=95),
    Period.QUARTERLY: timedelta(days=280),
    Period.ANNUALLY: timedelta(days=1100),
}
_MOST_GRACE = {Period.DAILY: 0, Period.WEEKLY: 5, Period.MONTHLY: 21, Period.QUARTERLY: 56, Period.ANNUALLY: 180}
# A day may have 23 hours.
MOST_HOURS = 20


@dataclass(frozen=True, slots=True)
class Schedule:
    """How often something is due, on which day, at which time of day where, and how long after that it is only late."""

    period: Period
    at: time = time(17)
    time_zone: str = "UTC"
    # Of a week: 0 is Monday.
    weekday: int = 0
    # Of a month; one that is too short has it on its last day.
    day: int = 1
    # Of a year from 1 to 12, of a quarter from 1 to 3.
    month: int = 1
    weekdays_only: bool = False
    grace_days: int = 0
    grace_hours: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """One of its periods: the day it is named after, when that begins, when it is due and when it is over."""

    on: date
    starts_at: datetime
    due_at: datetime
    ends_at: datetime


def check_schedule(schedule: Schedule) -> None:
    """Raise InvalidInput for what no calendar has, or where one period would reach into the next."""
    faults = {}
    if schedule.time_zone not in TIME_ZONES:
        faults["time_zone"] = "Choose a time zone."
    if not 0 <= schedule.weekday < len(WEEKDAYS):
        faults["weekday"] = "Choose a day of the week."
    if not 1 <= schedule.day <= 31:
        faults["day"] = "Write a day from 1 to 31. 31 is the last day of every month."
    months = {Period.QUARTERLY: 3, Period.ANNUALLY: 12}.get(schedule.period, 12)
    if not 1 <= schedule.month <= months:
        faults["month"] = (
            "Choose the first, second or third month of the quarter." if months == 3 else "Choose a month."
        )
    most = schedule.period.most_grace
    if not 0 <= schedule.grace_days <= most:
        days = f"{most} days" if most else "no whole days"
        faults["grace_days"] = f"{schedule.period.label} allows {days} of grace: it ends before the next one is due."
    if not 0 <= schedule.grace_hours <= MOST_HOURS:
        faults["grace_hours"] = f"Write hours from 0 to {MOST_HOURS}."
    if faults:
        raise InvalidInput(**faults)


def resolve(local: datetime, zone: str) -> datetime:
    """The moment at which clocks somewhere show this.

    A time that is left out by a clock change is as much later as is left out; of one that comes twice it is the first.
    """
    return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def spans(schedule: Schedule, after: datetime, until: datetime) -> list[Span]:
    """The periods that are due after one moment and not after another, in their order."""
    zone = ZoneInfo(schedule.time_zone)
    if until <= after:
        return []
    # A day more on each side: zones are up to a day apart.
    first = _clamped(after.astimezone(zone).date(), -MOVED - timedelta(days=1))
    last = _clamped(until.astimezone(zone).date(), timedelta(days=1))
    return [span for span in _spans(schedule, first, last) if after < span.due_at <= until]


def _clamped(day: date, by: timedelta) -> date:
    return min(max(day, FIRST_DAY + MOVED * 2), LAST_DAY - MOVED * 2) + by


@lru_cache(maxsize=4096)
def _spans(schedule: Schedule, first: date, last: date) -> tuple[Span, ...]:
    begin, end = datetime.combine(first, time()), datetime.combine(last, time())
    rule = rrule.rrule(dtstart=begin, until=end, **_rule(schedule))
    return tuple(_span(schedule, moment.date()) for moment in rule)


def _span(schedule: Schedule, on: date) -> Span:
    zone, due = schedule.time_zone, datetime.combine(_moved(schedule, on), schedule.at)
    # Days of grace are days on the calendar, hours of it hours.
    over = resolve(due + timedelta(days=schedule.grace_days), zone) + timedelta(hours=schedule.grace_hours)
    starts_at = resolve(datetime.combine(_first_day(schedule.period, on), time()), zone)
    return Span(on, starts_at, resolve(due, zone), over)


def _moved(schedule: Schedule, on: date) -> date:
    """The same day, or the Monday after a weekend."""
    past_friday = on.weekday() - SATURDAY + 1
    return on if past_friday <= 0 or not schedule.weekdays_only else on + timedelta(days=3 - past_friday)


def _first_day(period: Period, on: date) -> date:
    if period is Period.WEEKLY:
        return on - timedelta(days=on.weekday())
    month = {Period.MONTHLY: on.month, Period.QUARTERLY: (on.month - 1) // 3 * 3 + 1, Period.ANNUALLY: 1}.get(period)
    return on if month is None else date(on.year, month, 1)


def _rule(schedule: Schedule) -> dict[str, Any]:
    """The days before weekends move them, as the library takes them."""
    if schedule.period is Period.DAILY:
        return {"freq": rrule.DAILY, "byweekday": _BY_DAY[:SATURDAY] if schedule.weekdays_only else _BY_DAY}
    if schedule.period is Period.WEEKLY:
        return {"freq": rrule.WEEKLY, "byweekday": _BY_DAY[schedule.weekday]}
    return {"freq": rrule.YEARLY, "bymonth": _months(schedule)} | _days_of_month(schedule.day)


def _months(schedule: Schedule) -> tuple[int, ...]:
    if schedule.period is Period.ANNUALLY:
        return (schedule.month,)
    return tuple(range(1, 13)) if schedule.period is Period.MONTHLY else tuple(range(schedule.month, 13, 3))


def _days_of_month(day: int) -> dict[str, Any]:
    if day <= SHORTEST_MONTH:
        return {"bymonthday": day}
    # The last of these that a month has.
    return {"freq": rrule.MONTHLY, "bymonthday": tuple(range(SHORTEST_MONTH, day + 1)), "bysetpos": -1}


def rule_text(schedule: Schedule) -> str | None:
    """The same as a rule of iCalendar; None where weekends move it across the end of a month, which no rule can say."""
    if schedule.period is Period.DAILY:
        return "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR" if schedule.weekdays_only else "FREQ=DAILY"
    if schedule.period is Period.WEEKLY:
        weekend = schedule.weekdays_only and schedule.weekday >= SATURDAY
        return f"FREQ=WEEKLY;BYDAY={_BY_DAY[0 if weekend else schedule.weekday]}"
    if schedule.weekdays_only:
        last = schedule.day + MOVED.days
        days = f"BYMONTHDAY={schedule.day},{schedule.day + 1},{last};BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1"
        if last > SHORTEST_MONTH:
            return None
    elif schedule.day <= SHORTEST_MONTH:
        days = f"BYMONTHDAY={schedule.day}"
    else:
        days = f"BYMONTHDAY={','.join(map(str, range(SHORTEST_MONTH, schedule.day + 1)))};BYSETPOS=-1"
    months = "" if schedule.period is Period.MONTHLY else f"BYMONTH={','.join(map(str, _months(schedule)))};"
    return f"FREQ=MONTHLY;{months}{days}"


def schedule_words(schedule: Schedule) -> str:
    """How often, as one says it: “every month on the last day, 17:00 in Europe/Berlin, weekends move it to Monday”."""
    return f"{_day_words(schedule)}, {schedule.at:%H:%M} in {schedule.time_zone}{_weekend_words(schedule)}"


def _day_words(schedule: Schedule) -> str:
    if schedule.period is Period.DAILY:
        return "from Monday to Friday" if schedule.weekdays_only else "every day"
    if schedule.period is Period.WEEKLY:
        return f"every {WEEKDAYS[schedule.weekday]}"
    day = "the last day" if schedule.day == 31 else f"day {schedule.day}"
    if schedule.period is Period.MONTHLY:
        return f"every month on {day}"
    if schedule.period is Period.QUARTERLY:
        return f"every quarter on {day} of its {PLACES[schedule.month - 1]} month"
    return f"every year on {day} of {MONTHS[schedule.month - 1]}"


def _weekend_words(schedule: Schedule) -> str:
    """Only where a weekend can come in between."""
    never = {Period.DAILY: True, Period.WEEKLY: schedule.weekday < SATURDAY}.get(schedule.period, False)
    return ", after a weekend on Monday" if schedule.weekdays_only and not never else ""


def grace_words(schedule: Schedule) -> str:
    """How long it is only late: “5 days”, “1 day and 4 hours”."""
    parts = [
        f"{number} {word if number == 1 else f'{word}s'}"
        for number, word in ((schedule.grace_days, "day"), (schedule.grace_hours, "hour"))
        if number
    ]
    return " and ".join(parts) or "no grace"
