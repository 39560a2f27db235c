"""Entries of a calendar to iCalendar bytes (RFC 5545), for programs that read a feed again and again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vRecur

REFRESH = timedelta(hours=4)
# Clock changes are written down for as many years.
YEARS = 10


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """Something that stands in a calendar: once, or by a rule.

    With a rule it happens on the clocks of its zone, and `left_out` names the moments at which it does not.
    """

    uid: str
    summary: str
    starts_at: datetime
    ends_at: datetime
    description: str = ""
    url: str = ""
    # When what it says was last changed; the same facts make the same bytes.
    changed_at: datetime | None = None
    time_zone: str = "UTC"
    rule: str = ""
    left_out: tuple[datetime, ...] = ()


def calendar_bytes(name: str, entries: Iterable[CalendarEntry]) -> bytes:
    """A whole calendar. The same entries give the same bytes."""
    calendar = Calendar()
    calendar.add("prodid", "-//Countersign//Calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", f"PT{REFRESH.seconds // 3600}H")
    known = sorted(entries, key=lambda entry: (entry.starts_at, entry.uid))
    for entry in known:
        calendar.add_component(_event(entry))
    if known:
        year = known[0].starts_at.year
        calendar.add_missing_timezones(first_date=date(year - 1, 1, 1), last_date=date(year + YEARS, 1, 1))
    return bytes(calendar.to_ical())


def _event(entry: CalendarEntry) -> Event:
    event = Event()
    event.add("uid", entry.uid)
    event.add("dtstamp", (entry.changed_at or entry.starts_at).astimezone(UTC).replace(microsecond=0))
    event.add("summary", entry.summary)
    event.add("dtstart", _local(entry.starts_at, entry))
    event.add("dtend", _local(entry.ends_at, entry))
    if entry.rule:
        event.add("rrule", vRecur.from_ical(entry.rule))
    if entry.left_out:
        event.add("exdate", [_local(one, entry) for one in entry.left_out])
    if entry.description:
        event.add("description", entry.description)
    if entry.url:
        event.add("url", entry.url)
    # It takes nobody's time: what is due is no meeting.
    event.add("transp", "TRANSPARENT")
    return event


def _local(moment: datetime, entry: CalendarEntry) -> datetime:
    return moment.astimezone(UTC if entry.time_zone == "UTC" else ZoneInfo(entry.time_zone))
