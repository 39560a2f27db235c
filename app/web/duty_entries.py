"""Duties as entries of a calendar feed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from flask import url_for

from app.domain.actors import Actor
from app.domain.duties import Window, windows
from app.domain.recurrence import Span, grace_words, rule_text, schedule_words, spans
from app.exports.calendar_file import CalendarEntry
from app.queries.duties import DutyRow, list_duties

LENGTH = timedelta(minutes=15)
# What no rule can say is written down so far back and ahead.
BACK, AHEAD = timedelta(days=60), timedelta(days=400)


def duty_entries(actor: Actor, at: datetime, *, only_own: bool = False) -> list[CalendarEntry]:
    """The duties that somebody may see now, or those of them that their roles are asked for."""
    rows = [row for row in list_duties(actor, at) if row.is_owned_by(actor) or not only_own]
    return [entry for row in rows for entry in _entries(row, at)]


def _entries(row: DutyRow, at: datetime) -> Iterator[CalendarEntry]:
    rule = rule_text(row.schedule)
    if rule is None:
        for window in windows(row.facts, at - BACK, at + AHEAD):
            if not window.is_excused and window.revision_id == row.facts.revision.id:
                yield _entry(row, window, f"{_uid(row)}-{window.on:%Y%m%d}")
    elif (series := _series(row, rule, at)) is not None:
        yield series


def _series(row: DutyRow, rule: str, at: datetime) -> CalendarEntry | None:
    """All of them by one rule, from the first under the schedule as it is now; without those of a pause."""
    since, facts = row.facts.revision.since_at, row.facts
    rests_since = facts.turns[-1].at if facts.is_paused else None
    first = next(filter(lambda span: _shows(row, span), spans(row.schedule, since, since + 2 * _reach(row))), None)
    if first is None or (rests_since is not None and first.due_at > rests_since):
        return None
    left_out = tuple(
        span.due_at
        for span in spans(row.schedule, since, rests_since or at)
        if facts.is_excused(span.due_at) and span.due_at >= first.due_at
    )
    until = f";UNTIL={rests_since.astimezone(UTC):%Y%m%dT%H%M%SZ}" if rests_since is not None else ""
    return _entry(row, first, _uid(row), rule=f"{rule}{until}", left_out=left_out)


def _reach(row: DutyRow) -> timedelta:
    return row.schedule.period.reach


def _shows(row: DutyRow, span: Span) -> bool:
    """Whether clocks show its very time then: a series that began in the hour of a change would keep the wrong one."""
    return span.due_at.astimezone(ZoneInfo(row.schedule.time_zone)).time() == row.schedule.at


def _entry(
    row: DutyRow, when: Span | Window, uid: str, *, rule: str = "", left_out: tuple[datetime, ...] = ()
) -> CalendarEntry:
    schedule = row.schedule
    parts = (
        row.guidance,
        f"{row.owner_role.label} is asked first.",
        f"Due {schedule_words(schedule)}. Missed after {grace_words(schedule)}.",
    )
    return CalendarEntry(
        f"{uid}@countersign",
        row.title if row.module_id is None else f"{row.title} ({row.place_words})",
        when.due_at,
        when.due_at + LENGTH,
        "\n".join(part for part in parts if part),
        url_for("schedule.show", duty_id=row.id, _external=True),
        max([row.facts.revision.since_at, *(turn.at for turn in row.facts.turns)]),
        schedule.time_zone,
        rule,
        left_out,
    )


def _uid(row: DutyRow) -> str:
    """The same for as long as its schedule is, and nobody else's."""
    born = sha256(f"{row.id} {row.created_at.isoformat()}".encode()).hexdigest()[:12]
    return f"duty-{row.id}-{len(row.facts.revisions)}-{born}"
