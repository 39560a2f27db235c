"""Reads of recurring duties: which there are, and all that their state follows from."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, or_, select, true

from app.database import db
from app.domain.actors import Actor
from app.domain.duties import DutyFacts, DutyState, Record, Revision, Standing, Turn, missed_between, standing_of
from app.domain.errors import UNSEEN, NotFound
from app.domain.permissions import Permission, Role, is_granted_for
from app.domain.recurrence import Period, Schedule
from app.models import (
    Duty,
    DutyRecord,
    DutySchedule,
    DutyStrike,
    DutyTurn,
    Environment,
    Module,
    Person,
    Target,
)
from app.models.base import table_of

# So long the worker lets a duty be of which there is nothing to tell.
LOOKED_AFTER = timedelta(days=1)
_duties, _schedules, _turns = table_of(Duty).c, table_of(DutySchedule).c, table_of(DutyTurn).c
_records, _strikes, _people = table_of(DutyRecord).c, table_of(DutyStrike).c, table_of(Person).c
_modules, _targets, _places = table_of(Module).c, table_of(Target).c, table_of(Environment).c
NOT_STRUCK = ~select(_strikes.id).where(_strikes.record_id == _records.id).exists()
_LAST = (
    select(_records.id)
    .where(_records.duty_id == _duties.id, NOT_STRUCK)
    .order_by(_records.due_at.desc(), _records.id.desc())
    .limit(1)
    .correlate(table_of(Duty))
    .scalar_subquery()
)
_DUTIES = (
    select(
        *(_duties.id, _duties.key, _duties.title, _duties.guidance, _duties.owner_role, _duties.revision),
        *(_duties.module_id, _duties.target_id, _duties.created_at, _duties.told_until_at),
        _modules.key.label("module_key"),
        _modules.name.label("module_name"),
        _targets.name.label("target_name"),
        _places.name.label("environment_name"),
        _LAST.label("last_id"),
    )
    .outerjoin(table_of(Module), _modules.id == _duties.module_id)
    .outerjoin(table_of(Target), _targets.id == _duties.target_id)
    .outerjoin(table_of(Environment), _places.id == _targets.environment_id)
    .order_by(_duties.id)
)
# Of what is out of use nothing is asked.
_IN_USE = and_(_modules.archived_at.is_(None), _targets.archived_at.is_(None))
_FACTS = select(
    *(_records.id, _records.duty_id, _records.schedule_id, _records.period_on),
    *(_records.due_at, _records.ends_at, _records.recorded_at),
)


class LastDone(NamedTuple):
    """Who did it last, and when."""

    id: int
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DutyRow:
    """A duty with all that its state follows from, and how it stands at the moment of asking."""

    id: int
    key: str
    title: str
    guidance: str
    owner_role: Role
    revision: int
    module_id: int | None
    module_key: str
    module_name: str
    target_id: int | None
    target_words: str
    created_at: datetime
    told_until_at: datetime
    facts: DutyFacts
    standing: Standing
    last: LastDone | None

    @property
    def state(self) -> DutyState:
        """How it stands."""
        return self.standing.state

    @property
    def schedule(self) -> Schedule:
        """When it is due now."""
        return self.facts.revision.schedule

    @property
    def place_words(self) -> str:
        """What it is for."""
        return ", ".join(part for part in (self.module_name, self.target_words) if part) or "everything"

    @property
    def path(self) -> str:
        """The address of its page."""
        return f"/schedule/duties/{self.id}/"

    def is_owned_by(self, actor: Actor) -> bool:
        """Whether somebody holds the role that is asked first, where it is asked."""
        held = [grant for grant in actor.grants if grant.role is self.owner_role]
        return is_granted_for(held, Permission.CHECKLIST_VIEW, self.module_id)


def _seen_by(actor: Actor) -> ColumnElement[bool]:
    """Those of one's modules; those for everything are seen with a role for everything."""
    visible = actor.modules(Permission.CHECKLIST_VIEW) if actor.may(Permission.CHECKLIST_VIEW) else frozenset()
    return true() if visible is None else _duties.module_id.in_(visible)


def list_duties(actor: Actor, at: datetime, *, is_archived: bool = False) -> list[DutyRow]:
    """The duties that a person may see, as they stand at a moment; five statements whatever their number."""
    found = _read(_DUTIES.where(_seen_by(actor), _IN_USE), at)
    return [row for row in found if row.facts.is_archived is is_archived]


def get_duty(duty_id: int, actor: Actor, at: datetime) -> DutyRow:
    """One duty, or NotFound where there is none or it is not this person's to see."""
    found = _read(_DUTIES.where(_duties.id == duty_id, _seen_by(actor)), at)
    if not found:
        raise NotFound(UNSEEN)
    return found[0]


def list_to_tell(at: datetime, *, after: int, most: int) -> tuple[list[int], int]:
    """Of so many duties, by number, those of which the history is to be told something; and the last of them all."""
    rows = _read(_DUTIES.where(_IN_USE, _duties.id > after).limit(most), at)
    found = [row.id for row in rows if _is_to_tell(row, at)]
    return found, rows[-1].id if rows else 0


def _is_to_tell(row: DutyRow, at: datetime) -> bool:
    # What was read reaches back further than this.
    is_long_ago = at - row.told_until_at > LOOKED_AFTER
    return is_long_ago or bool(missed_between(row.facts, row.told_until_at, at))


def find_in_use(duty_id: int, at: datetime) -> DutyRow | None:
    """One of them."""
    return next(iter(_read(_DUTIES.where(_IN_USE, _duties.id == duty_id), at)), None)


def known_keys(place: str) -> set[str]:
    """The keys of the duties for one place, archived ones too."""
    return set(db.session.scalars(select(_duties.key).where(_duties.place == place)))


def _read(statement: Select[*tuple[Any, ...]], at: datetime) -> list[DutyRow]:
    rows = db.session.execute(statement).all()
    ids = [row.id for row in rows]
    if not ids:
        return []
    facts = facts_from(ids, at)
    last = _last_done([row.last_id for row in rows if row.last_id is not None])
    return [_row(row, facts[row.id], at, last.get(row.last_id)) for row in rows]


def _row(row: Any, facts: DutyFacts, at: datetime, last: LastDone | None) -> DutyRow:
    return DutyRow(
        *(row.id, row.key, row.title, row.guidance, row.owner_role, row.revision),
        *(row.module_id, row.module_key or "", row.module_name or "", row.target_id),
        f"{row.target_name}, {row.environment_name}" if row.target_name else "",
        *(row.created_at, row.told_until_at),
        facts,
        standing_of(facts, at),
        last,
    )


def _last_done(ids: Collection[int]) -> dict[int, LastDone]:
    if not ids:
        return {}
    rows = db.session.execute(
        select(_records.id, _people.name, _records.recorded_at)
        .join(table_of(Person), _people.id == _records.recorded_by_id)
        .where(_records.id.in_(ids))
    )
    return {row.id: LastDone(*row) for row in rows}


def facts_from(ids: Collection[int], at: datetime) -> dict[int, DutyFacts]:
    """Schedules and turns of duties, and of the records those that matter from a moment on."""
    recent = (
        select(_schedules.id)
        .where(
            _schedules.duty_id == _records.duty_id,
            or_(*(and_(_schedules.period == one, _records.due_at >= at - one.reach) for one in Period)),
        )
        .exists()
    )
    statement = _FACTS.where(recent)
    return _with_records(ids, statement)


def get_whole_facts(duty_id: int, since: datetime) -> DutyFacts:
    """The same for one duty with all records of periods due from a moment on."""
    return _with_records([duty_id], _FACTS.where(_records.due_at >= since))[duty_id]


def _with_records(ids: Collection[int], statement: Select[*tuple[Any, ...]]) -> dict[int, DutyFacts]:
    records = _grouped(statement.where(_records.duty_id.in_(ids), NOT_STRUCK).order_by(_records.due_at))
    revisions = _grouped(select(table_of(DutySchedule)).where(_schedules.duty_id.in_(ids)).order_by(_schedules.number))
    turns = _grouped(
        select(_turns.duty_id, _turns.kind, _turns.turned_at).where(_turns.duty_id.in_(ids)).order_by(_turns.id)
    )
    return {
        number: DutyFacts(
            tuple(Revision(row.id, _schedule(row), row.since_at) for row in revisions[number]),
            tuple(Record(row.id, *row[2:]) for row in records[number]),
            tuple(Turn(row.kind, row.turned_at) for row in turns[number]),
        )
        for number in ids
    }


def _grouped(statement: Select[*tuple[Any, ...]]) -> defaultdict[int, list[Any]]:
    found = defaultdict(list)
    for row in db.session.execute(statement):
        found[row.duty_id].append(row)
    return found


def _schedule(row: Any) -> Schedule:
    return Schedule(
        row.period,
        time.fromisoformat(row.local_time),
        *(row.time_zone, row.weekday, row.day, row.month, row.weekdays_only, row.grace_days, row.grace_hours),
    )


def names_in(rows: Iterable[DutyRow]) -> list[tuple[str, str]]:
    """Key and name of the modules that duties are for, for a choice."""
    return sorted({(row.module_key, row.module_name) for row in rows if row.module_key}, key=lambda pair: pair[1])
