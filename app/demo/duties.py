"""The recurring duties of the made-up company: most are done in time, some late, one was missed, one rests."""

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from app.database import server_now
from app.demo import cast
from app.demo.cast import Player
from app.demo.work import BY_ROLE
from app.domain.actors import SYSTEM, Origin
from app.domain.duties import TurnKind
from app.domain.permissions import Role
from app.domain.recurrence import Period, Schedule
from app.models.base import pretending
from app.queries.duties import DutyRow, list_duties
from app.services.duties import DutyWish, Place, add_starting_duties, create_duty, turn_duty
from app.services.duty_records import strike_record, tell_missed, tick_duty

if TYPE_CHECKING:
    from app.demo.story import Company

BEGUN = 40
ZONE = "Europe/Berlin"
# What is written down of each; others have no value.
VALUES = {
    "schedule.daily.monitor-application-logs": ("2 new errors", "none new", "1 new error", "4 new errors"),
    "schedule.daily.check-error-rates": ("0.2 %", "0.3 %", "0.2 %", "0.6 %"),
    "schedule.daily.verify-backups": ("6 hours", "5 hours", "6 hours"),
    "schedule.weekly.check-disk-space": ("71 %", "72 %", "74 %"),
    "schedule.monthly.review-security": ("3 closed",),
}
NOTES = {
    "schedule.weekly.review-performance-metrics": "The stock list takes 180 ms longer than a week ago.",
    "schedule.weekly.update-documentation": "The tables of the transfer screens were missing.",
    "schedule.monthly.analyze-trends": "The labels table doubles every five months.",
    "schedule.monthly.plan-optimizations": "Index on the movements, issue 311.",
}
# These nobody does from then on, so many days ago.
LEFT = {"schedule.weekly.update-documentation": 9, "schedule.daily.check-error-rates": 4}
RESTING, WHY = "schedule.annually.security-assessment", "The assessor is being chosen; the board decides in spring."
WRONG = "I had looked at the staging server."


class Duties:
    """Some weeks of duties, each done by somebody who holds its role."""

    def __init__(self, company: "Company") -> None:
        self.company = company
        self.lead = company.origin(cast.LEAD).actor

    def play(self) -> None:
        """Add them, and do them day by day."""
        with pretending(self._at(BEGUN, time(8))):
            add_starting_duties(self._lead(), Place(), time_zone=ZONE)
        with pretending(self._at(BEGUN - 1, time(8))):
            schedule = Schedule(Period.WEEKLY, time(14), ZONE, weekday=1, weekdays_only=True, grace_days=2)
            words = "Count one shelf by hand and compare. Value: the difference."
            create_duty(self._lead(), Place(1), DutyWish("Compare stock with a shelf", words, Role.QA, schedule))
        for days_ago in range(BEGUN - 1, -1, -1):
            self._day(days_ago)
        self._strike()
        self._rest()
        for row in list_duties(self.lead, server_now()):
            tell_missed(Origin(SYSTEM, request_id="demo"), row.id)

    def _lead(self) -> Origin:
        return self.company.origin(cast.LEAD)

    def _at(self, days_ago: int, clock: time) -> datetime:
        day = self.company.today - timedelta(days=days_ago)
        return min(datetime.combine(day, clock, server_now().tzinfo), server_now() - timedelta(minutes=3))

    def _day(self, days_ago: int) -> None:
        """What is due within a day of this morning is done; now and then only in the evening."""
        morning = self._at(days_ago, time(7, 40))
        with pretending(morning):
            rows = [row for row in list_duties(self.lead, morning) if self._is_done(row, days_ago, morning)]
        for row in rows:
            clock = time(20, 5) if self.company.dice.random() < 0.06 else time(7, 45)
            self._tick(row, self._at(days_ago, clock))

    def _is_done(self, row: DutyRow, days_ago: int, at: datetime) -> bool:
        current = row.standing.current
        if current is None or current.record is not None or days_ago <= LEFT.get(row.key, -1):
            return False
        return current.due_at - at < timedelta(hours=22)

    def _tick(self, row: DutyRow, at: datetime) -> None:
        values = VALUES.get(row.key, ("",))
        value = self.company.dice.choice(values)
        note = NOTES.get(row.key, "") if self.company.dice.random() < 0.4 else ""
        with pretending(at):
            now = [one for one in list_duties(self.lead, at) if one.id == row.id and one.standing.can_be_done]
            if now:
                doer = self.company.origin(self._doer(row.owner_role))
                tick_duty(doer, row.id, on=None, value=value, note=note)

    def _doer(self, role: Role) -> Player:
        return self.company.dice.choice(BY_ROLE[role])

    def _strike(self) -> None:
        """Somebody looked at the wrong server, and looks again."""
        at = self._at(0, time(9))
        row = next(one for one in list_duties(self.lead, at) if one.key == "schedule.daily.verify-backups")
        record = row.standing.current.record if row.standing.current else None
        if record is not None:
            with pretending(at + timedelta(minutes=1)):
                strike_record(self._lead(), row.id, record.id, reason=WRONG)
            self._tick(row, at + timedelta(minutes=2))

    def _rest(self) -> None:
        row = next(one for one in list_duties(self.lead, server_now()) if one.key == RESTING)
        with pretending(self._at(3, time(11))):
            turn_duty(self._lead(), row.id, TurnKind.PAUSED, reason=WHY)
