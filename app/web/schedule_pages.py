"""What the pages of the schedule show: duties with their words, the periods of one, the days of a month."""

from calendar import Calendar
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import request

from app.database import server_now
from app.domain.actors import Actor
from app.domain.audit import moment_text
from app.domain.duties import DutyState, Outcome, Standing, Window, windows
from app.domain.permissions import Permission
from app.queries.duties import DutyRow, facts_from, get_whole_facts, list_duties
from app.queries.duty_history import RecordRow, list_records

__all__ = ["server_now"]

# The signs of macros/status.html.
STATE_SIGNS = {
    DutyState.LATE: "waiting",
    DutyState.MISSED: "failed",
    DutyState.NEW: "open",
    DutyState.UP: "done",
    DutyState.PAUSED: "none",
}
OUTCOME_SIGNS = {
    Outcome.ON_TIME: "done",
    Outcome.DONE_LATE: "done",
    Outcome.MISSED: "failed",
    Outcome.PAUSED: "none",
    Outcome.LATE: "waiting",
    Outcome.OPEN: "started",
    Outcome.TO_COME: "open",
}
RANKS = {DutyState.LATE: 0, DutyState.MISSED: 1, DutyState.PAUSED: 3}
FIRST_YEAR, LAST_YEAR = 2000, 2200


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which duties an address asks for. Empty means all."""

    state: str = ""
    module_key: str = ""
    show: str = ""

    @property
    def query(self) -> dict[str, Any]:
        """The same as it stands in an address."""
        pairs = {"state": self.state, "module": self.module_key, "show": self.show}
        return {name: value for name, value in pairs.items() if value}

    def fits(self, row: DutyRow, actor: Actor) -> bool:
        """Whether a duty is one of those."""
        if self.show == "mine" and not row.is_owned_by(actor):
            return False
        return self.module_key in {"", row.module_key} and self.state in {"", row.state.value}


def wanted() -> Wanted:
    """The filter in an address; what it does not know narrows nothing."""
    state, show = request.args.get("state", ""), request.args.get("show", "")
    return Wanted(
        state if state in set(DutyState) else "",
        request.args.get("module", ""),
        show if show in {"mine", "archived"} else "",
    )


def in_order(rows: Sequence[DutyRow]) -> list[DutyRow]:
    """Late and missed ones first, then by the day that comes next."""
    return sorted(rows, key=lambda row: (RANKS.get(row.state, 2), _next_due(row), row.title, row.id))


def _next_due(row: DutyRow) -> datetime:
    upcoming = row.standing.upcoming
    return upcoming.due_at if upcoming is not None else datetime.max.replace(tzinfo=UTC)


def own_now(actor: Actor, now: datetime, zone: ZoneInfo) -> list[DutyRow]:
    """The duties of somebody's roles that are late, or due before their day ends, and not done."""
    if not actor.may(Permission.ITEM_WORK):
        return []
    tomorrow = datetime.combine(now.astimezone(zone).date() + timedelta(days=1), time(), zone)
    return in_order([row for row in list_duties(actor, now) if row.is_owned_by(actor) and _is_owed(row, tomorrow)])


def _is_owed(row: DutyRow, before: datetime) -> bool:
    standing: Standing = row.standing
    return standing.can_be_done and standing.current is not None and standing.current.due_at < before


@dataclass(frozen=True, slots=True)
class PeriodRow:
    """One period of a duty as its page shows it."""

    window: Window
    outcome: Outcome
    record: RecordRow | None
    struck: tuple[RecordRow, ...]


def periods_of(row: DutyRow, now: datetime) -> list[PeriodRow]:
    """All periods of a duty up to the one that is open, the newest first."""
    records = defaultdict(list)
    for one in list_records(row.id):
        records[one.schedule_id, one.period_on].append(one)
    facts = get_whole_facts(row.id, row.created_at)
    found = [
        _period(window, now, records.pop((window.revision_id, window.on), []))
        for window in windows(facts, row.created_at, now + row.schedule.period.reach)
        if window.opens_at <= now or window.record is not None
    ]
    return found[::-1]


def _period(window: Window, now: datetime, records: Sequence[RecordRow]) -> PeriodRow:
    standing = next((one for one in records if one.struck_at is None), None)
    return PeriodRow(window, window.outcome(now), standing, tuple(one for one in records if one.struck_at is not None))


@dataclass(frozen=True, slots=True)
class DayEntry:
    """A period that is due on a day."""

    row: DutyRow
    window: Window
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a calendar page."""

    on: date
    is_of_month: bool
    is_today: bool
    entries: tuple[DayEntry, ...]


@dataclass(frozen=True, slots=True)
class Month:
    """A page of the calendar, with the ones before and after."""

    first: date
    weeks: tuple[tuple[Day, ...], ...]
    before: str
    after: str

    @property
    def number(self) -> int:
        """How many entries stand on it."""
        return sum(len(day.entries) for week in self.weeks for day in week if day.is_of_month)


def month_asked(today: date) -> date:
    """The first day of the month in an address; of this one where it names none."""
    try:
        asked = datetime.strptime(request.args.get("month", ""), "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError:
        return today.replace(day=1)
    return asked if FIRST_YEAR <= asked.year <= LAST_YEAR else today.replace(day=1)


def month_of(rows: Sequence[DutyRow], first: date, now: datetime, zone: ZoneInfo) -> Month:
    """The periods that are due in a month, on the reader's own days; three statements whatever their number."""
    weeks = Calendar().monthdatescalendar(first.year, first.month)
    begin = datetime.combine(weeks[0][0], time(), zone).astimezone(UTC)
    end = datetime.combine(weeks[-1][-1] + timedelta(days=1), time(), zone).astimezone(UTC)
    facts = facts_from([row.id for row in rows], begin)
    entries = defaultdict(list)
    for row in rows:
        for window in windows(facts[row.id], begin, end):
            entry = DayEntry(row, window, window.outcome(now))
            entries[window.due_at.astimezone(zone).date()].append(entry)
    today = now.astimezone(zone).date()
    return Month(
        first,
        tuple(
            tuple(Day(day, day.month == first.month, day == today, _sorted(entries[day])) for day in week)
            for week in weeks
        ),
        f"{first - timedelta(days=1):%Y-%m}",
        f"{first + timedelta(days=32):%Y-%m}",
    )


def _sorted(entries: list[DayEntry]) -> tuple[DayEntry, ...]:
    return tuple(sorted(entries, key=lambda one: (one.window.due_at, one.row.title, one.row.id)))


HEADER = (
    *("record_id", "duty_id", "key", "duty", "place", "period", "due_at_utc", "ends_at_utc", "outcome"),
    *("value", "note", "recorded_by", "recorded_at_utc", "struck_by", "struck_at_utc", "struck_reason"),
)
# No person's text is in these.
OWN = {
    *("record_id", "duty_id", "period", "due_at_utc", "ends_at_utc", "outcome", "recorded_at_utc", "struck_at_utc"),
}


def csv_rows(duties: Sequence[DutyRow], records: Sequence[RecordRow]) -> list[tuple[object, ...]]:
    """Records as rows of the export."""
    known = {row.id: row for row in duties}
    return [_cells(known[one.duty_id], one) for one in records]


def _cells(duty: DutyRow, one: RecordRow) -> tuple[object, ...]:
    return (
        *(one.id, duty.id, duty.key, duty.title, duty.place_words, one.period_on.isoformat()),
        *(moment_text(one.due_at), moment_text(one.ends_at), one.outcome.value),
        *(one.value, one.note, one.recorded_by_name, moment_text(one.recorded_at)),
        one.struck_by_name or "",
        moment_text(one.struck_at) if one.struck_at else "",
        one.struck_reason or "",
    )
