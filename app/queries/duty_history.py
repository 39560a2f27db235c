"""Reads of what became of duties: their records, struck ones too, and the periods that nobody did."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import aliased

from app.database import db
from app.domain.duties import Outcome, TurnKind, Window, missed_between
from app.domain.errors import UNSEEN, NotFound
from app.models import DutyOmission, DutyRecord, DutySchedule, DutyStrike, DutyTurn, Person
from app.models.base import table_of
from app.queries.duties import DutyRow, get_whole_facts

_records, _strikes, _omissions = table_of(DutyRecord).c, table_of(DutyStrike).c, table_of(DutyOmission).c
_turns, _people, _schedules = table_of(DutyTurn).c, table_of(Person).c, table_of(DutySchedule).c
_striker = aliased(Person, name="striker")
_ROWS = (
    select(
        *(_records.id, _records.duty_id, _records.schedule_id, _records.period_on, _records.due_at, _records.ends_at),
        *(_records.value, _records.note, _records.recorded_by_id, _records.recorded_at),
        _people.name.label("recorded_by_name"),
        *(_strikes.struck_at, _strikes.reason.label("struck_reason"), _striker.name.label("struck_by_name")),
    )
    .join(table_of(Person), _people.id == _records.recorded_by_id)
    .outerjoin(table_of(DutyStrike), _strikes.record_id == _records.id)
    .outerjoin(_striker, _striker.id == _strikes.struck_by_id)
)


class RecordRow(NamedTuple):
    """A record with who made it and, where it was struck, who did that and why."""

    id: int
    duty_id: int
    schedule_id: int
    period_on: date
    due_at: datetime
    ends_at: datetime
    value: str
    note: str
    recorded_by_id: int
    recorded_at: datetime
    recorded_by_name: str
    struck_at: datetime | None
    struck_reason: str | None
    struck_by_name: str | None

    @property
    def outcome(self) -> Outcome:
        """Whether it was in time."""
        return Outcome.ON_TIME if self.recorded_at <= self.due_at else Outcome.DONE_LATE


def find_record(record_id: int) -> RecordRow:
    """One record, by its number."""
    return RecordRow._make(db.session.execute(_ROWS.where(_records.id == record_id)).one())


def get_record(duty_id: int, record_id: int) -> RecordRow:
    """A record of this duty, or NotFound."""
    row = db.session.execute(_ROWS.where(_records.id == record_id, _records.duty_id == duty_id)).one_or_none()
    if row is None:
        raise NotFound(UNSEEN)
    return RecordRow._make(row)


def list_untold(duty: DutyRow, at: datetime) -> list[Window]:
    """The periods that were missed by a moment and of which the history does not know, the oldest first."""
    since = duty.told_until_at
    told = {
        (row.schedule_id, row.period_on)
        for row in db.session.execute(
            select(_omissions.schedule_id, _omissions.period_on).where(
                _omissions.duty_id == duty.id, _omissions.ends_at > since
            )
        )
    }
    facts = get_whole_facts(duty.id, since - max(one.schedule.period.reach for one in duty.facts.revisions))
    return [one for one in missed_between(facts, since, at) if (one.revision_id, one.on) not in told]


def list_records(duty_id: int) -> list[RecordRow]:
    """All records of a duty, struck ones too, in their order."""
    return list(
        map(RecordRow._make, db.session.execute(_ROWS.where(_records.duty_id == duty_id).order_by(_records.id)))
    )


def list_records_of(duties: Sequence[DutyRow]) -> list[RecordRow]:
    """All records of several duties, the newest first, as an export gives them."""
    wanted = _ROWS.where(_records.duty_id.in_([one.id for one in duties]))
    return list(map(RecordRow._make, db.session.execute(wanted.order_by(_records.id.desc()))))


class TurnRow(NamedTuple):
    """A pause or its end, with who said so and why."""

    kind: TurnKind
    name: str
    at: datetime
    reason: str


def list_turns(duty_id: int) -> list[TurnRow]:
    """When a duty was paused, resumed, archived and restored, the newest first."""
    rows = db.session.execute(
        select(_turns.kind, _people.name, _turns.turned_at, _turns.reason)
        .join(table_of(Person), _people.id == _turns.turned_by_id)
        .where(_turns.duty_id == duty_id)
        .order_by(_turns.id.desc())
    )
    return list(map(TurnRow._make, rows))
