"""The hours after a deployment: until when each group of checks is due, and whether it was done in time.

The hour is sixty minutes of any clock. Days are counted where the team lives: a day later is the same time on the clock
there, also over a night in which the clocks change, and what falls on a weekend is due on the Monday after it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

SATURDAY = 5


class NoticeKind(StrEnum):
    """What people are told of a window. Values are stored: never rename one."""

    REMINDER = "reminder"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class WindowRule:
    """When a group of checks is due after the start, how long it may be late, and when people are reminded."""

    group_key: str
    title: str
    hours: int = 0
    days: int = 0
    grace_hours: int = 0
    grace_days: int = 0
    reminds_before: timedelta = timedelta(0)
    weekdays_only: bool = False


# The one table of how long things take. “Ongoing” is thirty days: its checks ask for four weeks of samples, and then
# somebody has to look at them.
RULES = (
    WindowRule("first-hour", "First hour", hours=1, grace_hours=1, reminds_before=timedelta(minutes=15)),
    WindowRule("first-day", "First day", days=1, grace_hours=4, reminds_before=timedelta(hours=4), weekdays_only=True),
    WindowRule("first-week", "First week", days=7, grace_days=1, reminds_before=timedelta(days=1), weekdays_only=True),
    WindowRule("ongoing", "Ongoing", days=30, grace_days=7, reminds_before=timedelta(days=3), weekdays_only=True),
)
# When this one is due, a deployment may be closed.
LAST_GROUP = RULES[-1].group_key
RULES_BY_KEY = {rule.group_key: rule for rule in RULES}


@dataclass(frozen=True, slots=True)
class Window:
    """Until when a group is due, and until when it is only late."""

    group_key: str
    due_at: datetime
    grace_ends_at: datetime


def windows_of(started_at: datetime, zone: str) -> tuple[Window, ...]:
    """The windows of a deployment that started at a moment, of a team that lives in a time zone."""
    return tuple(_window(rule, started_at, zone) for rule in RULES)


def _window(rule: WindowRule, started_at: datetime, zone: str) -> Window:
    due = _later(started_at, zone, hours=rule.hours, days=rule.days, weekdays_only=rule.weekdays_only)
    ends = _later(due, zone, hours=rule.grace_hours, days=rule.grace_days, weekdays_only=rule.weekdays_only)
    return Window(rule.group_key, due, ends)


def _later(at: datetime, zone: str, *, hours: int, days: int, weekdays_only: bool) -> datetime:
    """So many days later at the same time on the clock there, and so many real hours after that.

    A time that the clock leaves out is taken as if it had not: an hour later on the new clock. Of one that comes twice
    the first counts.
    """
    moment = at.astimezone(UTC) + timedelta(hours=hours)
    if not days and not weekdays_only:
        return moment
    there = ZoneInfo(zone)
    was = moment.astimezone(there)
    local = was.replace(tzinfo=None) + timedelta(days=days)
    if weekdays_only:
        local += timedelta(days=max(0, 7 - local.weekday()) if local.weekday() >= SATURDAY else 0)
    if local == was.replace(tzinfo=None):
        return moment
    return local.replace(tzinfo=there).astimezone(UTC)


class WindowState(StrEnum):
    """Where a window stands."""

    OPEN = "open"
    DUE_SOON = "due_soon"
    LATE = "late"
    MISSED = "missed"
    DONE = "done"
    DONE_LATE = "done_late"
    DONE_AFTER_MISSED = "done_after_missed"
    DROPPED = "dropped"

    @property
    def word(self) -> str:
        """The state in words."""
        return WINDOW_WORDS[self]

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do."""
        return self in {WindowState.DONE, WindowState.DONE_LATE, WindowState.DONE_AFTER_MISSED}

    @property
    def is_missed(self) -> bool:
        """Whether its time passed with something left to do: that stays so, whatever is done later."""
        return self in {WindowState.MISSED, WindowState.DONE_AFTER_MISSED}


WINDOW_WORDS: dict[WindowState, str] = {
    WindowState.OPEN: "open",
    WindowState.DUE_SOON: "due soon",
    WindowState.LATE: "late",
    WindowState.MISSED: "missed",
    WindowState.DONE: "done in time",
    WindowState.DONE_LATE: "done late",
    WindowState.DONE_AFTER_MISSED: "missed, done later",
    WindowState.DROPPED: "not needed",
}


def state_of(window: Window, done_at: datetime | None, at: datetime, *, gone_at: datetime | None = None) -> WindowState:
    """Where a window stands at a moment.

    `done_at`: since when nothing is left to do, by the last tick. `gone_at`: since when what was deployed is not there
    any more, because it failed or was rolled back: nobody has to look at it then, and what was missed before stays so.
    """
    if gone_at is not None and gone_at < window.grace_ends_at and (done_at is None or done_at > gone_at):
        return WindowState.DROPPED
    if done_at is not None:
        if done_at <= window.due_at:
            return WindowState.DONE
        return WindowState.DONE_LATE if done_at <= window.grace_ends_at else WindowState.DONE_AFTER_MISSED
    if at >= window.grace_ends_at:
        return WindowState.MISSED
    if at >= window.due_at:
        return WindowState.LATE
    return WindowState.DUE_SOON if at >= reminds_at(window) else WindowState.OPEN


def reminds_at(window: Window) -> datetime:
    """From when on people are reminded of a window that is not done."""
    return window.due_at - RULES_BY_KEY[window.group_key].reminds_before


def notice_due(
    window: Window,
    done_at: datetime | None,
    at: datetime,
    made: Iterable[NoticeKind],
    *,
    gone_at: datetime | None = None,
) -> NoticeKind | None:
    """What people have to be told of a window now; None: nothing, or they were told.

    A reminder that comes after the end would be none: who was away then is told once that it was missed.
    """
    state, known = state_of(window, done_at, at, gone_at=gone_at), set(made)
    if state.is_missed:
        return None if NoticeKind.MISSED in known else NoticeKind.MISSED
    if state is WindowState.DUE_SOON and NoticeKind.REMINDER not in known:
        return NoticeKind.REMINDER
    return None


def clock_words(until: timedelta) -> str:
    """How long it is until something, or since it was due: “22 min”, “3 h 05 min”, “6 d 4 h”."""
    minutes = int(abs(until).total_seconds() // 60)
    hours, days = minutes // 60, minutes // 1440
    if days:
        rest = hours - 24 * days
        return f"{days} d {rest} h" if rest else f"{days} d"
    return f"{hours} h {minutes % 60:02d} min" if hours else f"{minutes} min"
