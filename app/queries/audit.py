"""Reads of the history: one item's, a filtered page, a stream of all that fits a filter."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, Select, and_, func, or_, select, tuple_

from app.database import db
from app.domain.actors import Actor
from app.domain.audit import AuditAction
from app.domain.errors import NotFound
from app.domain.permissions import Permission, Role, is_granted
from app.models import AuditEvent, Module, Person, PersonName, Release

PAGE = 50
# What an administrator without another role may see of the history: people and settings.
PEOPLE_OBJECTS = ("person", "session", "environment", "attempt", "audit")


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


COLUMNS = (
    AuditEvent.id,
    AuditEvent.occurred_at,
    AuditEvent.actor_id,
    AuditEvent.actor_role,
    AuditEvent.action,
    AuditEvent.object_kind,
    AuditEvent.object_id,
    AuditEvent.object_label,
    AuditEvent.fact,
    AuditEvent.old_value,
    AuditEvent.new_value,
    AuditEvent.reason,
    AuditEvent.request_id,
    AuditEvent.stream_id,
    AuditEvent.stream_sequence,
    AuditEvent.leaf,
    AuditEvent.batch,
    PersonName.name.label("actor_name"),
    Module.name.label("module_name"),
    Release.name.label("release_name"),
)


def _selection(wanted: AuditFilter, actor: Actor) -> Select[*tuple[Any, ...]]:
    statement = (
        select(*COLUMNS)
        .outerjoin(PersonName, PersonName.id == AuditEvent.actor_name_id)
        .outerjoin(Module, Module.id == AuditEvent.module_id)
        .outerjoin(Release, Release.id == AuditEvent.release_id)
    )
    return _narrow(statement, wanted).where(_visible(actor))


def _narrow(statement: Select[*tuple[Any, ...]], wanted: AuditFilter) -> Select[*tuple[Any, ...]]:
    equal = {
        AuditEvent.actor_id: wanted.actor_id,
        Module.key: wanted.module_key or None,
        Release.key: wanted.release_key or None,
        AuditEvent.action: wanted.action or None,
        AuditEvent.request_id: wanted.request_id or None,
    }
    for column, value in equal.items():
        if value is not None:
            statement = statement.where(column == value)
    if wanted.since:
        statement = statement.where(AuditEvent.occurred_at >= wanted.since)
    if wanted.until:
        statement = statement.where(AuditEvent.occurred_at < wanted.until)
    if wanted.text:
        texts = (AuditEvent.object_label, AuditEvent.old_value, AuditEvent.new_value, AuditEvent.reason)
        statement = statement.where(or_(*(text.contains(wanted.text, autoescape=True) for text in texts)))
    return statement


def _visible(actor: Actor) -> Any:
    """An auditor sees all; who reads everything sees all but people and sign-ins; others their modules and own acts."""
    if any(grant.role is Role.AUDITOR for grant in actor.grants):
        return AuditEvent.id.is_not(None)
    mine = AuditEvent.actor_id == actor.id
    parts = [mine]
    if is_granted(actor.grants, Permission.PERSON_MANAGE):
        parts.append(AuditEvent.object_kind.in_(PEOPLE_OBJECTS))
    modules = actor.modules(Permission.CHECKLIST_VIEW) if actor.may(Permission.CHECKLIST_VIEW) else frozenset()
    if modules is None:
        parts.append(AuditEvent.object_kind.not_in(PEOPLE_OBJECTS))
    elif modules:
        parts.append(and_(AuditEvent.module_id.in_(modules), AuditEvent.object_kind.not_in(PEOPLE_OBJECTS)))
    return or_(*parts)


@dataclass(frozen=True, slots=True)
class AuditPage:
    """One page of the history, the newest first, with the keys of its neighbours."""

    rows: Sequence[Row[*tuple[Any, ...]]]
    total: int
    older: str | None
    newer: str | None


def read_page(wanted: AuditFilter, actor: Actor, *, before: str = "", after: str = "") -> AuditPage:
    """A page by key: as fast at the end of a long history as at its beginning."""
    statement = _selection(wanted, actor)
    key = tuple_(AuditEvent.occurred_at, AuditEvent.id)
    newest_first = (AuditEvent.occurred_at.desc(), AuditEvent.id.desc())
    if after:
        rows = db.session.execute(
            statement.where(key > _key(after)).order_by(AuditEvent.occurred_at, AuditEvent.id).limit(PAGE + 1)
        ).all()
        more, rows = len(rows) > PAGE, rows[:PAGE][::-1]
        older = _text(rows[-1]) if rows else None
        return AuditPage(rows, count_events(wanted, actor), older, _text(rows[0]) if more else None)
    if before:
        statement = statement.where(key < _key(before))
    rows = db.session.execute(statement.order_by(*newest_first).limit(PAGE + 1)).all()
    more, rows = len(rows) > PAGE, rows[:PAGE]
    newer = _text(rows[0]) if before and rows else None
    return AuditPage(rows, count_events(wanted, actor), _text(rows[-1]) if more else None, newer)


def count_events(wanted: AuditFilter, actor: Actor) -> int:
    """How many events fit."""
    return db.session.scalar(select(func.count()).select_from(_selection(wanted, actor).subquery())) or 0


def stream_events(wanted: AuditFilter, actor: Actor) -> Iterator[Sequence[Row[*tuple[Any, ...]]]]:
    """Everything that fits, the newest first, in parts of a thousand, through a cursor that stays on the server."""
    statement = _selection(wanted, actor).order_by(AuditEvent.occurred_at.desc(), AuditEvent.id.desc())
    result = db.session.execute(statement.execution_options(stream_results=True, yield_per=1000))
    yield from result.partitions(1000)


def _text(row: Row[*tuple[Any, ...]]) -> str:
    return f"{row.occurred_at.isoformat()}_{row.id.hex()}"


def _key(text: str) -> tuple[datetime, bytes]:
    moment, _, number = text.partition("_")
    try:
        return datetime.fromisoformat(moment).astimezone(UTC), bytes.fromhex(number)
    except ValueError:
        raise NotFound("There is no such page of the history.") from None


def list_item_events(item_id: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """The history of one item, the newest first."""
    return db.session.execute(
        select(*COLUMNS)
        .outerjoin(PersonName, PersonName.id == AuditEvent.actor_name_id)
        .outerjoin(Module, Module.id == AuditEvent.module_id)
        .outerjoin(Release, Release.id == AuditEvent.release_id)
        .where(AuditEvent.object_kind == "item", AuditEvent.object_id == item_id)
        .order_by(AuditEvent.stream_sequence.desc())
    ).all()


def find_last_event(item_id: int, actor_id: int) -> tuple[bytes, datetime] | None:
    """The newest change of an item's state by one person: what could be taken back."""
    row = db.session.execute(
        select(AuditEvent.id, AuditEvent.occurred_at)
        .where(
            AuditEvent.object_kind == "item",
            AuditEvent.object_id == item_id,
            AuditEvent.actor_id == actor_id,
            AuditEvent.action == AuditAction.ITEM_STATE_CHANGED,
        )
        .order_by(AuditEvent.occurred_at.desc(), AuditEvent.stream_sequence.desc())
        .limit(1)
    ).one_or_none()
    return (row.id, row.occurred_at) if row else None


def names_of_everybody() -> dict[int, str]:
    """Names by number, for values that stand in the history as numbers."""
    return {row.id: row.name for row in db.session.execute(select(Person.id, Person.name))}
