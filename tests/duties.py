"""Duties in tests, and a clock that is set by hand."""

import json
from datetime import UTC, date, datetime, time
from typing import Any

from app.domain.permissions import Role
from app.domain.recurrence import Period, Schedule
from app.models.base import pretending
from app.queries.duties import DutyRow, get_duty
from app.services.duties import DutyWish, Place, create_duty
from app.services.duty_records import tick_duty
from app.worker.jobs import tell_missed_duties
from tests.factories import Made, Make

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
DAILY = Schedule(Period.DAILY, time(17), BERLIN, grace_hours=6)
MONTHLY = Schedule(Period.MONTHLY, time(17), BERLIN, day=10, grace_days=5)
EVERYTHING = Place()


def moment(text: str) -> datetime:
    """A moment as one writes UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def wish(schedule: Schedule = DAILY, title: str = "Look at the logs", role: Role = Role.OPS) -> DutyWish:
    """What a lead types."""
    return DutyWish(title, "Value: how many errors were new.", role, schedule)


def add(lead: Made, schedule: Schedule = DAILY, at: str = "2026-01-01 08:00", place: Place = EVERYTHING) -> int:
    """A duty that there is since a moment."""
    with pretending(moment(at)):
        return create_duty(lead.origin, place, wish(schedule))


def tick(who: Made, duty: int, at: str, value: str = "", on: date | None = None) -> int:
    """Somebody does it at a moment."""
    with pretending(moment(at)):
        return tick_duty(who.origin, duty, on=on, value=value)


def look(who: Made, duty: int, at: str) -> DutyRow:
    """How it stands at a moment."""
    return get_duty(duty, who.actor, moment(at))


def work(at: datetime) -> None:
    """What the worker does at a moment."""
    with pretending(at):
        tell_missed_duties()


def told(make: Make, action: str) -> list[dict[str, Any]]:
    """The bodies of the events of an action, the oldest first."""
    return [json.loads(event.body) for event in make.events(action)]
