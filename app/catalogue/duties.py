"""The recurring duties of the starting document, when they are due and who is asked first, read from a CSV file."""

import functools
from dataclasses import dataclass, replace
from datetime import time
from importlib import resources

from app.catalogue.reader import read_catalogue
from app.catalogue.rows import Row, read_rows
from app.domain.permissions import Role
from app.domain.recurrence import Period, Schedule, check_schedule

COLUMNS = (
    *("key", "owner_role", "period", "weekday", "day", "month", "time", "weekdays_only", "grace_days", "grace_hours"),
    "guidance",
)
GUIDANCE_LIMIT = 500


@dataclass(frozen=True, slots=True)
class CatalogueDuty:
    """One duty of the starting document, with the role that is asked first and when it is due."""

    key: str
    title: str
    guidance: str
    owner_role: Role
    schedule: Schedule

    def in_zone(self, time_zone: str) -> Schedule:
        """The schedule on the clocks of a zone."""
        return replace(self.schedule, time_zone=time_zone)


@functools.cache
def read_duties() -> tuple[CatalogueDuty, ...]:
    """The duties, in the order of the document."""
    titles = {line.key: line.text for line in read_catalogue().other_lines}
    rows = read_rows(resources.files("app.catalogue"), "duties.csv", COLUMNS, unique="key")
    return tuple(_duty(row, titles[row.one_of("key", list(titles))]) for row in rows)


def _duty(row: Row, title: str) -> CatalogueDuty:
    schedule = Schedule(
        row.choice("period", Period),
        time.fromisoformat(row.text("time")),
        weekdays_only=row.one_of("weekdays_only", ["yes", ""]) == "yes",
        weekday=int(row.cells["weekday"]),
        day=int(row.cells["day"]),
        month=int(row.cells["month"]),
        grace_days=int(row.cells["grace_days"]),
        grace_hours=int(row.cells["grace_hours"]),
    )
    check_schedule(schedule)
    return CatalogueDuty(
        row.text("key"), title, row.text("guidance", limit=GUIDANCE_LIMIT), row.choice("owner_role", Role), schedule
    )
