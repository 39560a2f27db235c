"""Reads of incidents: one of them, the list with its filters, and what other reckonings need."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, or_, select, true

from app.database import db
from app.domain.actors import Actor
from app.domain.checklist import BelongsTo
from app.domain.errors import UNSEEN, NotFound
from app.domain.evidence import EvidenceKind
from app.domain.incidents import IncidentSeverity, IncidentState, RecordFacts, RootCause, state_of
from app.domain.permissions import Permission
from app.models import (
    Checklist,
    ChecklistItem,
    Environment,
    Evidence,
    Incident,
    Module,
    Person,
    Release,
    Stream,
)
from app.models.base import table_of
from app.queries.full_text import is_found

PAGE = 50


class IncidentRow(NamedTuple):
    """One incident with the names of all that it names."""

    id: int
    module_id: int
    release_id: int | None
    environment_id: int | None
    deployment_id: int | None
    rollback_id: int | None
    severity: IncidentSeverity
    title: str
    description: str
    revision: int
    began_at: datetime
    recovered_at: datetime | None
    closed_at: datetime | None
    closed_by_id: int | None
    reported_at: datetime
    reported_by_id: int
    turn: int
    owner_id: int | None
    server_version: str
    steps: str
    expected: str
    actual: str
    error_messages: str
    is_without_error: bool
    log: str
    root_cause: str
    root_cause_category: RootCause | None
    root_cause_by_id: int | None
    resolution: str
    resolved_at: datetime | None
    resolved_by_id: int | None
    module_key: str
    module_name: str
    release_key: str | None
    release_name: str | None
    environment_key: str | None
    environment_name: str | None
    checklist_id: int
    # The checklist's, and its own.
    stream_id: int
    own_stream_id: int
    reported_by_name: str
    owner_name: str | None
    closed_by_name: str | None
    root_cause_by_name: str | None
    resolved_by_name: str | None

    @property
    def state(self) -> IncidentState:
        """Where it stands."""
        return state_of(recovered_at=self.recovered_at, resolved_at=self.resolved_at, closed_at=self.closed_at)

    @property
    def label(self) -> str:
        """What the history calls it."""
        return f"incident {self.id}: {self.title}"


_incidents, _lists, _items = table_of(Incident).c, table_of(Checklist).c, table_of(ChecklistItem).c
_modules, _releases, _places = table_of(Module).c, table_of(Release).c, table_of(Environment).c
_evidence, _streams = table_of(Evidence).c, table_of(Stream).c
_WHO = ("reported_by", "owner", "closed_by", "root_cause_by", "resolved_by")
_people = {who: table_of(Person).alias(who) for who in _WHO}
_OWN = IncidentRow._fields[: IncidentRow._fields.index("module_key")]
_HERE = (
    table_of(Incident)
    .join(table_of(Module), _modules.id == _incidents.module_id)
    .join(
        table_of(Checklist),
        and_(_lists.belongs_to == BelongsTo.INCIDENT, _lists.subject_id == _incidents.id),
    )
    .join(table_of(Stream), and_(_streams.kind == "incident", _streams.subject_id == _incidents.id))
    .outerjoin(table_of(Release), _releases.id == _incidents.release_id)
    .outerjoin(table_of(Environment), _places.id == _incidents.environment_id)
)
for _who, _person in _people.items():
    _HERE = _HERE.outerjoin(_person, _person.c.id == _incidents[f"{_who}_id"])
_ROWS = select(
    *(_incidents[name] for name in _OWN),
    _modules.key.label("module_key"),
    _modules.name.label("module_name"),
    _releases.key.label("release_key"),
    _releases.name.label("release_name"),
    _places.key.label("environment_key"),
    _places.name.label("environment_name"),
    _lists.id.label("checklist_id"),
    _lists.stream_id,
    _streams.id.label("own_stream_id"),
    *(person.c.name.label(f"{who}_name") for who, person in _people.items()),
).select_from(_HERE)
_ROW = _ROWS.where(_incidents.id == bindparam("incident"))
_FILES = select(func.count()).where(
    _evidence.item_id == _items.id,
    _items.checklist_id == bindparam("checklist"),
    _items.key == "issue.attachments",
    _evidence.kind == EvidenceKind.FILE,
    _evidence.withdrawn_at.is_(None),
)


def find_incident(incident_id: int) -> IncidentRow | None:
    """One incident, whoever asks; for what follows from it."""
    row = db.session.execute(_ROW, {"incident": incident_id}).one_or_none()
    return IncidentRow._make(row) if row else None


def get_incident(incident_id: int, actor: Actor) -> IncidentRow:
    """One incident, or NotFound where there is none or it is not this person's to see."""
    row = find_incident(incident_id)
    if row is None:
        raise NotFound(UNSEEN)
    actor.require(Permission.CHECKLIST_VIEW, row.module_id)
    return row


def record_facts_of(row: IncidentRow) -> RecordFacts:
    """What the record of an incident holds now, its files counted."""
    return RecordFacts(
        *(row.title, row.description, row.steps, row.expected, row.actual, row.error_messages),
        *(row.is_without_error, row.log),
        files=db.session.scalar(_FILES, {"checklist": row.checklist_id}) or 0,
        has_release=row.release_id is not None,
        has_environment=row.environment_id is not None,
        server_version=row.server_version,
        reported_by_id=row.reported_by_id,
        root_cause=row.root_cause,
        root_cause_category=row.root_cause_category,
        root_cause_by_id=row.root_cause_by_id,
        resolution=row.resolution,
        resolved_by_id=row.resolved_by_id,
    )


def seen_by(actor: Actor) -> ColumnElement[bool]:
    """Those of the modules that a person may see."""
    visible = actor.modules(Permission.CHECKLIST_VIEW) if actor.may(Permission.CHECKLIST_VIEW) else frozenset()
    return true() if visible is None else _incidents.module_id.in_(visible)


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """Which ones are asked for. Empty means all."""

    state: str = ""
    severity: str = ""
    module_key: str = ""
    release_key: str = ""
    text: str = ""


_open = _incidents.closed_at.is_(None)
_STATES: dict[str, ColumnElement[bool]] = {"open": _open, "closed": _incidents.closed_at.is_not(None)}
# What hurts most, first.
_rank = case({severity: place for place, severity in enumerate(IncidentSeverity)}, value=_incidents.severity)


def _narrowed(wanted: IncidentFilter, actor: Actor) -> Select[*tuple[Any, ...]]:
    statement = _ROWS.where(seen_by(actor))
    if wanted.state:
        statement = statement.where(_STATES[wanted.state])
    if wanted.severity:
        statement = statement.where(_incidents.severity == IncidentSeverity(wanted.severity))
    if wanted.module_key:
        statement = statement.where(_modules.key == wanted.module_key)
    if wanted.release_key:
        statement = statement.where(_releases.key == wanted.release_key)
    if wanted.text:
        statement = statement.where(is_found(wanted.text))
    return statement


@dataclass(frozen=True, slots=True)
class IncidentPage:
    """A page of the list, how many there are in all, and whether more follow."""

    rows: Sequence[IncidentRow]
    number: int
    has_more: bool


def list_incidents(wanted: IncidentFilter, actor: Actor, *, page: int = 1, most: int | None = PAGE) -> IncidentPage:
    """Open ones first, of these the worst, then the newest; one statement."""
    statement = _narrowed(wanted, actor).order_by(
        _open.desc(), case((_open, _rank), else_=0), _incidents.began_at.desc(), _incidents.id.desc()
    )
    if most is not None:
        statement = statement.limit(most + 1).offset((page - 1) * most)
    rows = [IncidentRow._make(row) for row in db.session.execute(statement)]
    return IncidentPage(rows[:most], page, most is not None and len(rows) > most)


class OpenNumbers(NamedTuple):
    """How many are open, how many there ever were, and since when the oldest open one is."""

    open: int
    total: int
    oldest_at: datetime | None


def count_incidents(actor: Actor) -> OpenNumbers:
    """How many incidents of one's modules are open; one statement."""
    numbers = select(
        func.count(case((_open, 1))), func.count(), func.min(case((_open, _incidents.began_at)))
    ).select_from(table_of(Incident))
    return OpenNumbers._make(db.session.execute(numbers.where(seen_by(actor))).one())


def list_open_of_person(actor: Actor) -> list[IncidentRow]:
    """The open ones that somebody has, and those of modules that they lead."""
    mine = or_(_incidents.owner_id == actor.id, _modules.lead_id == actor.id)
    rows = db.session.execute(
        _ROWS.where(_open, mine, seen_by(actor)).order_by(_rank, _incidents.began_at, _incidents.id)
    )
    return [IncidentRow._make(row) for row in rows]


class IncidentSpan(NamedTuple):
    """An incident as a reckoning over time needs it."""

    id: int
    module_id: int
    severity: IncidentSeverity
    began_at: datetime
    recovered_at: datetime | None
    closed_at: datetime | None


def list_incidents_between(actor: Actor, start: datetime, end: datetime) -> list[IncidentSpan]:
    """The incidents of one's modules that began from `start` on and before `end`, the oldest first."""
    found = select(*(_incidents[name] for name in IncidentSpan._fields)).where(
        seen_by(actor), _incidents.began_at >= start, _incidents.began_at < end
    )
    return [IncidentSpan._make(row) for row in db.session.execute(found.order_by(_incidents.began_at, _incidents.id))]
