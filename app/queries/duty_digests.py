"""What a digest says of recurring duties: those of one's roles that are late, due today, or missed since."""

from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.database import db
from app.domain.actors import Actor
from app.domain.duties import DutyState, missed_between
from app.domain.mails import Line, Section
from app.domain.permissions import Permission
from app.models import Person
from app.queries.duties import DutyRow, list_duties

MINE = "/schedule/?show=mine"
TITLES = ("Late in the schedule", "Due today in the schedule", "Missed in the schedule")


def duty_sections(actor: Actor, at: datetime, today: date, since: datetime) -> Iterator[Section]:
    """The duties of somebody's roles, as they stand this morning."""
    if not actor.may(Permission.ITEM_WORK):
        return
    zone = ZoneInfo(db.session.scalars(select(Person.time_zone).where(Person.id == actor.id)).one())
    rows = [row for row in list_duties(actor, at) if row.is_owned_by(actor) and row.state is not DutyState.PAUSED]
    late = [_line(row, row.standing.current.due_at, zone) for row in rows if _is_late(row) and row.standing.current]
    due = [_line(row, due_at, zone) for row in rows if (due_at := _due(row, today, zone)) and not _is_late(row)]
    missed = [_line(row, one.due_at, zone) for row in rows for one in missed_between(row.facts, since, at)]
    for title, lines in zip(TITLES, (late, due, missed), strict=True):
        yield Section(title, tuple(lines), MINE)


def _is_late(row: DutyRow) -> bool:
    return row.state is DutyState.LATE


def _due(row: DutyRow, today: date, zone: ZoneInfo) -> datetime | None:
    """When the next one is due, if that is today and it is not done."""
    upcoming = row.standing.upcoming
    return upcoming.due_at if upcoming is not None and upcoming.due_at.astimezone(zone).date() == today else None


def _line(row: DutyRow, due_at: datetime, zone: ZoneInfo) -> Line:
    place = row.place_words if row.module_id is not None else "For everything"
    return Line(f"{place}: {row.title}, due {due_at.astimezone(zone):%Y-%m-%d %H:%M}", row.path)
