"""What a digest says: all that waits for one person this morning, under headings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, select

from app.database import db
from app.domain.actors import Actor
from app.domain.addresses import gate_path, item_path
from app.domain.checklist import ItemState
from app.domain.gate_words import cause_words
from app.domain.inline_text import plain_words
from app.domain.mails import Line, Section, digest_day
from app.domain.permissions import Permission
from app.domain.signoffs import EndKind
from app.domain.waivers import countdown, utc_day
from app.models import Checklist, Gate, Person, Signoff, SignoffEnd
from app.models.base import table_of
from app.queries.checklists import HEAD, head_of
from app.queries.duty_digests import duty_sections
from app.queries.gates import list_gates_where
from app.queries.lines import ItemLine, list_assigned
from app.queries.register import WaiverRow, list_expiring, list_pending
from app.queries.waiting import WaitingGate, list_behind, list_waiting, signers_of

WORK, INBOX, DECIDE = "/me/", "/signoffs/", "/waivers/"


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody whose digest is due, and the day that it is there."""

    id: int
    name: str
    time_zone: str
    day: date
    made_on: date | None


_people = table_of(Person).c
_READERS = select(_people.id, _people.name, _people.time_zone, _people.digest_made_on).where(
    _people.deactivated_at.is_(None), _people.password_hash.is_not(None), _people.digest_enabled
)


def list_readers(at: datetime) -> list[Reader]:
    """Those whose digest is due at a moment; one statement for all."""
    return _due(_READERS, at)


def find_reader(person_id: int, at: datetime) -> Reader | None:
    """One person, when their digest is due at a moment."""
    return next(iter(_due(_READERS.where(_people.id == person_id), at)), None)


def _due(statement: Select[*tuple[Any, ...]], at: datetime) -> list[Reader]:
    found = []
    for row in db.session.execute(statement):
        day = digest_day(at, row.time_zone, row.digest_made_on)
        if day is not None:
            found.append(Reader(row.id, row.name, row.time_zone, day, row.digest_made_on))
    return found


def read_digest(actor: Actor, at: datetime, today: date, since: datetime) -> list[Section]:
    """All that there is to say to somebody; nothing when there is nothing."""
    sections = [*_gates(actor, at), *_items(actor, today), *duty_sections(actor, at, today, since)]
    sections += [*_waivers(actor, at), _ended(actor, since)]
    return [section for section in sections if section.lines]


def _gates(actor: Actor, at: datetime) -> Iterable[Section]:
    if not actor.may(Permission.GATE_SIGN):
        return
    waiting = sorted(list_waiting(actor, at), key=lambda one: (one.checklist.release_name, one.checklist.name))
    again = [one for one in waiting if one.stale is not None]
    ready = [one for one in waiting if one.stale is None and one.standing.verdict.may_approve]
    ready = [one for one in ready if not list_behind(one.standing, signers_of(actor, one.seats))]
    yield Section("To sign again", tuple(_gate(one) for one in again), INBOX)
    yield Section("To sign", tuple(_gate(one) for one in ready), INBOX)


def _gate(one: WaitingGate) -> Line:
    why = f". Yours ended: {cause_words(one.stale)}" if one.stale is not None else ""
    return Line(f"{one.checklist.label}: {one.gate.title}{why}", gate_path(one.gate.id))


def _items(actor: Actor, today: date) -> Iterable[Section]:
    lines = list_assigned(actor)
    late = [one for one in lines if one.due_on is not None and one.due_on < today]
    due = [one for one in lines if one.due_on == today]
    blocked = [one for one in lines if one.state is ItemState.BLOCKED and one not in late and one not in due]
    for title, found in (("Late", late), ("Due today", due), ("Blocked", blocked)):
        yield Section(title, tuple(_item(one, today) for one in found), WORK)


def _item(one: ItemLine, today: date) -> Line:
    since = f", due {one.due_on.isoformat()}" if one.due_on and one.due_on != today else ""
    blocked = f", blocked: {one.reason}" if one.state is ItemState.BLOCKED else ""
    return Line(f"{_words(one)}{since}{blocked}", item_path(one.id))


def _words(one: ItemLine) -> str:
    where = f"{one.module_name} in {one.release_name}" if one.release_name else one.module_name
    return f"{where}: {plain_words(one.text)}"


def _waivers(actor: Actor, at: datetime) -> Iterable[Section]:
    today = utc_day(at)
    yield Section("Waivers to decide", tuple(_pending(one) for one in _to_decide(actor, today)), DECIDE)
    if actor.may(Permission.CHECKLIST_VIEW):
        expiring = [
            Line(
                f"{_words(one.line)}, {countdown(one.ends_on or today, today)}",
                one.line.url,
            )
            for one in list_expiring(actor, today)
        ]
        yield Section("Waivers that expire soon", tuple(expiring), WORK)


def _to_decide(actor: Actor, today: date) -> Sequence[WaiverRow]:
    if not actor.may(Permission.WAIVER_DECIDE):
        return []
    return [
        row
        for row in list_pending(actor, today)
        if row.requested_by_id != actor.id and actor.may_for(Permission.WAIVER_DECIDE, row.module_id)
    ]


def _pending(one: WaiverRow) -> Line:
    asked = f"{one.kind.label}, asked for by {one.requested_by_name}"
    return Line(f"{_words(one.line)} ({asked})", one.line.url)


def _ended(actor: Actor, since: datetime) -> Section:
    """What ended of theirs, save what they took back themselves."""
    signoffs, ends = table_of(Signoff).c, table_of(SignoffEnd).c
    rows = db.session.execute(
        select(signoffs.gate_id, ends.kind, ends.reason)
        .join(table_of(SignoffEnd), ends.signoff_id == signoffs.id)
        .where(
            signoffs.person_id == actor.id,
            ends.ended_at >= since,
            ~and_(ends.kind == EndKind.WITHDRAWN, ends.actor_id == actor.id),
        )
        .order_by(ends.id)
    ).all()
    gates = {gate.id: gate for gate in list_gates_where(table_of(Gate).c.id.in_({row.gate_id for row in rows}))}
    shown = {number: gate for number, gate in gates.items() if actor.may_for(Permission.CHECKLIST_VIEW, gate.module_id)}
    known = HEAD.where(table_of(Checklist).c.id.in_({gate.checklist_id for gate in shown.values()}))
    heads = {row.id: head_of(row) for row in db.session.execute(known)}
    lines = [
        Line(
            f"{heads[shown[row.gate_id].checklist_id].label}: {shown[row.gate_id].title}, "
            f"{row.kind.word}{f': {cause_words(row.reason)}' if row.reason else ''}",
            gate_path(row.gate_id),
        )
        for row in rows
        if row.gate_id in shown
    ]
    return Section("Sign-offs of yours that ended", tuple(lines), INBOX)
