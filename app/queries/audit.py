"""Reads of the history: one item's, a filtered page, a stream of all that fits a filter."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, func, or_, select

from app.database import db
from app.domain.actors import Actor
from app.domain.audit import AuditAction
from app.domain.errors import NotFound
from app.domain.permissions import Permission, Role, is_granted
from app.models import AuditEvent, Module, Person, PersonName, Release
from app.models.base import table_of

PAGE = 50
# The first part of an export is small, so that something arrives at once.
FIRST_PART, PART = 100, 2000
# What an administrator without another role may see of the history: people and settings.
PEOPLE_OBJECTS = ("person", "session", "environment", "attempt", "audit", "mail", "feed")


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What part of the history is asked for. Empty means everything."""

    since: datetime | None = None
    until: datetime | None = None
    actor_id: int | None = None
    module_key: str = ""
    release_key: str = ""
    action: str = ""
    text: str = ""
    request_id: str = ""


class EventRow(NamedTuple):
    """One event without its body. Exports read a million of them, so it is no more than a tuple."""

    id: bytes
    occurred_at: datetime
    actor_id: int | None
    actor_name_id: int | None
    actor_role: str
    action: AuditAction
    object_kind: str
    object_id: int
    object_label: str
    fact: str
    module_id: int | None
    release_id: int | None
    old_value: str
    new_value: str
    reason: str
    request_id: str
    stream_id: int
    stream_sequence: int
    leaf: bytes


_events = table_of(AuditEvent).c
COLUMNS = tuple(_events[name] for name in EventRow._fields)


def _selection(wanted: AuditFilter, actor: Actor) -> Select[*tuple[Any, ...]]:
    return _narrow(select(*COLUMNS), wanted).where(_visible(actor))


def _narrow(statement: Select[*tuple[Any, ...]], wanted: AuditFilter) -> Select[*tuple[Any, ...]]:
    equal: dict[Any, Any] = {
        _events.actor_id: wanted.actor_id,
        _events.action: wanted.action or None,
        _events.request_id: wanted.request_id or None,
    }
    if wanted.module_key:
        equal[_events.module_id] = select(Module.id).where(Module.key == wanted.module_key).scalar_subquery()
    if wanted.release_key:
        equal[_events.release_id] = select(Release.id).where(Release.key == wanted.release_key).scalar_subquery()
    for column, value in equal.items():
        if value is not None:
            statement = statement.where(column == value)
    if wanted.since:
        statement = statement.where(_events.occurred_at >= wanted.since)
    if wanted.until:
        statement = statement.where(_events.occurred_at < wanted.until)
    if wanted.text:
        texts = (_events.object_label, _events.old_value, _events.new_value, _events.reason)
        statement = statement.where(or_(*(text.contains(wanted.text, autoescape=True) for text in texts)))
    return statement


def _visible(actor: Actor) -> Any:
    """An auditor sees all; who reads everything sees all but people and sign-ins; others their modules and own acts."""
    if any(grant.role is Role.AUDITOR for grant in actor.grants):
        return _events.id.is_not(None)
    mine = _events.actor_id == actor.id
    parts = [mine]
    if is_granted(actor.grants, Permission.PERSON_MANAGE):
        parts.append(_events.object_kind.in_(PEOPLE_OBJECTS))
    modules = actor.modules(Permission.CHECKLIST_VIEW) if actor.may(Permission.CHECKLIST_VIEW) else frozenset()
    if modules is None:
        parts.append(_events.object_kind.not_in(PEOPLE_OBJECTS))
    elif modules:
        parts.append(and_(_events.module_id.in_(modules), _events.object_kind.not_in(PEOPLE_OBJECTS)))
    return or_(*parts)


@dataclass(frozen=True, slots=True)
class AuditPage:
    """One page of the history, the newest first, with the keys of its neighbours."""

    rows: Sequence[EventRow]
    total: int
    older: str | None
    newer: str | None


def read_page(wanted: AuditFilter, actor: Actor, *, before: str = "", after: str = "") -> AuditPage:
    """A page by key: as fast at the end of a long history as at its beginning."""
    statement = _selection(wanted, actor)
    total = count_events(wanted, actor)
    if after:
        forward = statement.where(_beyond(*_key(after))).order_by(_events.occurred_at, _events.id)
        rows = _rows(forward.limit(PAGE + 1))
        more, rows = len(rows) > PAGE, rows[:PAGE][::-1]
        return AuditPage(rows, total, _text(rows[-1]) if rows else None, _text(rows[0]) if more else None)
    if before:
        statement = statement.where(_older_than(*_key(before)))
    rows = _rows(_newest_first(statement).limit(PAGE + 1))
    more, rows = len(rows) > PAGE, rows[:PAGE]
    newer = _text(rows[0]) if before and rows else None
    return AuditPage(rows, total, _text(rows[-1]) if more else None, newer)


def _rows(statement: Select[*tuple[Any, ...]]) -> list[EventRow]:
    return list(map(EventRow._make, db.session.execute(statement)))


def _newest_first(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return statement.order_by(_events.occurred_at.desc(), _events.id.desc())


# Written out: servers do not use an index for (a, b) < (x, y).
def _older_than(moment: datetime, number: bytes) -> Any:
    same = and_(_events.occurred_at == moment, _events.id < number)
    return and_(_events.occurred_at <= moment, or_(_events.occurred_at < moment, same))


def _beyond(moment: datetime, number: bytes) -> Any:
    same = and_(_events.occurred_at == moment, _events.id > number)
    return and_(_events.occurred_at >= moment, or_(_events.occurred_at > moment, same))


def count_events(wanted: AuditFilter, actor: Actor) -> int:
    """How many events fit."""
    counted = _narrow(select(func.count()).select_from(table_of(AuditEvent)), wanted).where(_visible(actor))
    return db.session.scalar(counted) or 0


def stream_events(wanted: AuditFilter, actor: Actor) -> Iterator[Sequence[EventRow]]:
    """Everything that fits, the newest first, in parts by key: no statement is long, no memory grows."""
    statement = _newest_first(_selection(wanted, actor))
    asked = FIRST_PART
    part = _rows(statement.limit(asked))
    while part:
        # Whoever takes it away slowly holds no connection meanwhile.
        db.session.remove()
        yield part
        if len(part) < asked:
            return
        last, asked = part[-1], PART
        part = _rows(statement.where(_older_than(last.occurred_at, last.id)).limit(asked))


def _text(row: EventRow) -> str:
    return f"{row.occurred_at.isoformat()}_{row.id.hex()}"


def _key(text: str) -> tuple[datetime, bytes]:
    moment, _, number = text.partition("_")
    try:
        return datetime.fromisoformat(moment).astimezone(UTC), bytes.fromhex(number)
    except (ValueError, OverflowError):
        raise NotFound("There is no such page of the history.") from None


def list_item_events(item_id: int) -> Sequence[EventRow]:
    """The history of one item, the newest first."""
    return _rows(
        select(*COLUMNS)
        .where(_events.object_kind == "item", _events.object_id == item_id)
        .order_by(_events.stream_sequence.desc())
    )


def list_events_since(stream_id: int, since: datetime, *, most: int) -> Sequence[EventRow]:
    """What happened in a stream from a moment on, the oldest first."""
    rows = select(*COLUMNS).where(_events.stream_id == stream_id, _events.occurred_at >= since)
    return _rows(rows.order_by(_events.stream_sequence).limit(most))


def list_events_of_two(own: int, beside: int, *, most: int) -> Sequence[EventRow]:
    """The newest of what happened in a stream and in one beside it, the oldest first.

    What followed there from an act here, by the same request, is told by that act.
    """
    acts = select(_events.request_id).where(_events.stream_id == own)
    apart = and_(_events.stream_id == beside, _events.request_id.not_in(acts.scalar_subquery()))
    found = _newest_first(select(*COLUMNS).where(or_(_events.stream_id == own, apart)))
    return _rows(found.limit(most))[::-1]


def list_last_events(item_ids: Sequence[int], actor_id: int, since: datetime) -> dict[int, tuple[bytes, datetime]]:
    """Of each item the newest change of its state by one person since a moment: what could be taken back."""
    if not item_ids:
        return {}
    rows = db.session.execute(
        select(_events.object_id, _events.id, _events.occurred_at)
        .where(
            _events.object_kind == "item",
            _events.object_id.in_(item_ids),
            _events.actor_id == actor_id,
            _events.action == AuditAction.ITEM_STATE_CHANGED,
            _events.occurred_at >= since,
        )
        .order_by(_events.occurred_at, _events.stream_sequence)
    )
    return {row.object_id: (row.id, row.occurred_at) for row in rows}


@dataclass(frozen=True, slots=True)
class Names:
    """What the numbers in the history are called."""

    people: dict[int | None, str]
    as_they_were: dict[int | None, str | None]
    modules: dict[int | None, str]
    releases: dict[int | None, str]


def read_names() -> Names:
    """All names, by number: there are few of them beside the events."""
    return Names(
        {row.id: row.name for row in db.session.execute(select(Person.id, Person.name))},
        {row.id: row.name for row in db.session.execute(select(PersonName.id, PersonName.name))},
        {row.id: row.name for row in db.session.execute(select(Module.id, Module.name))},
        {row.id: row.name for row in db.session.execute(select(Release.id, Release.name))},
    )
