"""One transaction under way: what it has taken, and what it will leave in the history."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Insert, bindparam, insert, select, update
from sqlalchemy.orm import Session

from app.domain.actors import Actor, Origin
from app.domain.audit import AuditAction, moment_text, seal
from app.domain.errors import NotPermitted
from app.domain.identifiers import time_ordered_id
from app.domain.permissions import Permission
from app.models import AuditEvent, Checklist, ChecklistItem, Stream
from app.models.base import table_of, utc_now
from app.queries.items import WorkingItem, get_working_item
from app.services.tails import move_tails, read_tails

# Built once and sent as they are: building a statement anew costs more than sending it.
_streams = table_of(Stream)
TAKING = update(_streams).values(version=_streams.c.version + 1)
_TAKE = TAKING.where(_streams.c.id == bindparam("stream"))
# Servers go through the numbers in their order, whatever the order in which they are given.
_TAKE_ALL = TAKING.where(_streams.c.id.in_(bindparam("streams", expanding=True)))
_TAKE_OF = TAKING.where(_streams.c.kind == bindparam("of_kind"), _streams.c.subject_id == bindparam("of_subject"))
_items, _lists = table_of(ChecklistItem).c, table_of(Checklist).c
_TAKE_OF_ITEM = TAKING.where(
    _streams.c.id
    == select(_lists.stream_id)
    .join(table_of(ChecklistItem), _items.checklist_id == _lists.id)
    .where(_items.id == bindparam("item"))
    .scalar_subquery()
)
_MARK = update(_streams).where(_streams.c.id == bindparam("stream")).values(is_signed=True)
_VERSION = select(_streams.c.version).where(_streams.c.id == bindparam("stream"))
_FIND_STREAM = select(_streams.c.id).where(
    _streams.c.kind == bindparam("kind"), _streams.c.subject_id == bindparam("subject")
)
_FIND_STREAMS = select(_streams.c.subject_id, _streams.c.id).where(
    _streams.c.kind == bindparam("kind"), _streams.c.subject_id.in_(bindparam("subjects", expanding=True))
)
_BEGIN = insert(_streams)
_ADD_EVENTS = insert(table_of(AuditEvent))

SYSTEM_STREAM = ("system", 0)
# Behind it stand the environments in their order and the freezes: a deployment that starts waits for who changes them.
SETTINGS = ("settings", 0)


@dataclass(frozen=True, slots=True)
class About:
    """What an event is about, and where it belongs."""

    kind: str
    id: int
    label: str
    module_id: int | None = None
    release_id: int | None = None
    template_version_id: int | None = None


@dataclass(slots=True)
class Change:
    """One transaction under way: what it has taken, and what it will leave in the history."""

    origin: Origin
    session: Session
    at: datetime = field(default_factory=utc_now)
    taken: set[int] = field(default_factory=set)
    tails: dict[int, tuple[int, bytes | None]] = field(default_factory=dict)
    pending: list[tuple[int, dict[str, Any], dict[str, Any]]] = field(default_factory=list)
    # Of the streams that it writes to, those over which somebody has signed.
    signed: set[int] = field(default_factory=set)

    # For what is sent in every change: the same transaction, without what a session does on the way to it.
    connection: Connection = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Begin, if nothing was read before."""
        self.connection = self.session.connection()

    @property
    def actor(self) -> Actor:
        """Who changes."""
        return self.origin.actor

    @property
    def actor_id(self) -> int:
        """The number of the person who changes; only for what needs somebody signed in."""
        if self.origin.actor.id is None:
            raise NotPermitted("Sign in first.")
        return self.origin.actor.id

    def take(self, *stream_ids: int) -> None:
        """Take streams, in id order. An UPDATE and not only a lock, so that it holds across cluster nodes too."""
        wanted = sorted(set(stream_ids) - self.taken)
        if len(wanted) == 1:
            self.connection.execute(_TAKE, {"stream": wanted[0]})
        elif wanted:
            self.connection.execute(_TAKE_ALL, {"streams": wanted})
        self.taken.update(wanted)

    def take_of_item(self, item_id: int) -> WorkingItem:
        """Take the stream that an item belongs to, and read all that working it needs, in two statements."""
        self.connection.execute(_TAKE_OF_ITEM, {"item": item_id})
        working = get_working_item(item_id)
        self.has_taken(working.place.stream_id, working.sequence, working.tail_digest, is_signed=working.is_signed)
        return working

    def has_taken(self, stream_id: int, sequence: int, digest: bytes | None, *, is_signed: bool) -> None:
        """Know a stream that was taken by what belongs to it, and where it ends; read along with that."""
        self.taken.add(stream_id)
        self.tails[stream_id] = (sequence, digest)
        if is_signed:
            self.signed.add(stream_id)

    def take_subject(self, kind: str, subject_id: int) -> int:
        """Take the stream of a subject, and give its number."""
        stream_id = self.find_or_begin(kind, subject_id)
        self.take(stream_id)
        return stream_id

    def take_subjects(self, kind: str, subject_ids: Iterable[int]) -> None:
        """Take the streams of several subjects of a kind, in id order, for who need not know their numbers."""
        wanted = set(subject_ids)
        if len(wanted) == 1:
            (subject,) = wanted
            if self.connection.execute(_TAKE_OF, {"of_kind": kind, "of_subject": subject}).rowcount == 0:
                self.new_stream(kind, subject)
            return
        rows = self.connection.execute(_FIND_STREAMS, {"kind": kind, "subjects": sorted(wanted)})
        found: dict[int, int] = dict(rows.all())
        if beginning := sorted(wanted - found.keys()):
            self.new_streams(kind, beginning)
        self.take(*found.values())

    def find_or_begin(self, kind: str, subject_id: int) -> int:
        """The stream of a subject, without taking it where it is there; else begun, and with that taken."""
        stream_id: int | None = self.connection.scalar(_FIND_STREAM, {"kind": kind, "subject": subject_id})
        return self.new_stream(kind, subject_id) if stream_id is None else stream_id

    def find_stream(self, kind: str, subject_id: int) -> int:
        """The stream of a subject that is there, without taking it."""
        return int(self.connection.execute(_FIND_STREAM, {"kind": kind, "subject": subject_id}).scalar_one())

    def mark_signed(self, stream_id: int) -> None:
        """Remember that somebody has signed over what belongs to a stream that is taken; it is never forgotten."""
        self.connection.execute(_MARK, {"stream": stream_id})
        self.signed.add(stream_id)

    def version_of(self, stream_id: int) -> int:
        """The version of a stream that is taken: with this change."""
        return int(self.connection.execute(_VERSION, {"stream": stream_id}).scalar_one())

    def put(self, statement: Insert, values: Mapping[str, Any]) -> int:
        """Insert one row, and give its number."""
        (number,) = self.connection.execute(statement, values).inserted_primary_key or (0,)
        return int(number)

    def put_all(self, statement: Insert, rows: Sequence[Mapping[str, Any]], *known_by: str) -> list[int]:
        """Insert rows, and give their numbers in the same order.

        They are found again by the columns `known_by`: the last of them differs from row to row, the others do not.
        """
        if len(rows) == 1:
            return [self.put(statement, rows[0])]
        self.connection.execute(statement, rows)
        *same, own = known_by
        columns = statement.table.columns
        chosen = [columns[name] == rows[0][name] for name in same]
        found = self.connection.execute(
            select(columns[own], columns["id"]).where(*chosen, columns[own].in_([row[own] for row in rows]))
        )
        numbers: dict[Any, int] = dict(found.all())
        return [numbers[row[own]] for row in rows]

    def new_stream(self, kind: str, subject_id: int) -> int:
        """Begin the stream of something new. It is taken: nobody else can see it yet."""
        return self.new_streams(kind, [subject_id])[0]

    def new_streams(self, kind: str, subject_ids: Sequence[int]) -> list[int]:
        """Begin the streams of several new things of a kind. They are taken."""
        rows = [{"kind": kind, "subject_id": number, "version": 1, "sequence": 0} for number in subject_ids]
        stream_ids = self.put_all(_BEGIN, rows, "kind", "subject_id")
        self.taken.update(stream_ids)
        self.tails.update(dict.fromkeys(stream_ids, (0, None)))
        return stream_ids

    def record(
        self,
        action: AuditAction,
        about: About,
        *,
        stream: int,
        fact: str = "",
        old: str = "",
        new: str = "",
        reason: str = "",
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        under: Permission | None = None,
        batch: bytes | None = None,
    ) -> bytes:
        """Remember one changed fact. The event is written, numbered and chained when the work is done."""
        role = self.actor.acting_role(under, about.module_id) if under else None
        event_id = time_ordered_id()
        columns = {
            "id": event_id,
            "stream_id": stream,
            "occurred_at": self.at,
            "actor_id": self.actor.id,
            "actor_name_id": self.actor.name_id,
            "actor_role": role.value if role else self.actor.means if self.actor.id is None else "",
            "action": action,
            "object_kind": about.kind,
            "object_id": about.id,
            "object_label": about.label[:500],
            "fact": fact,
            "module_id": about.module_id,
            "release_id": about.release_id,
            "old_value": old,
            "new_value": new,
            "reason": reason,
            "request_id": self.origin.request_id,
            "batch": batch,
        }
        self.pending.append((stream, columns, self._body(columns, about, before, after)))
        return event_id

    def _body(
        self,
        columns: dict[str, Any],
        about: About,
        before: Mapping[str, Any] | None,
        after: Mapping[str, Any] | None,
    ) -> dict[str, Any]:
        return {
            "id": columns["id"].hex(),
            "op": columns["action"].value,
            "actor": {
                "id": self.actor.id,
                "name_sha256": self.actor.name_digest.hex(),
                "role": columns["actor_role"],
                "auth": self.actor.means,
                "session_id": self.actor.session_id,
            },
            "at": moment_text(self.at),
            "req_id": self.origin.request_id,
            "idem": self.origin.key.hex(),
            "object": {"kind": about.kind, "id": about.id, "label": columns["object_label"]},
            "fact": columns["fact"],
            "module_id": about.module_id,
            "release_id": about.release_id,
            "template_version_id": about.template_version_id,
            "old": columns["old_value"],
            "new": columns["new_value"],
            "before": dict(before) if before is not None else None,
            "after": dict(after) if after is not None else None,
            "why": columns["reason"],
            "batch": columns["batch"].hex() if columns["batch"] else None,
        }

    def read_tails(self) -> None:
        """Read where the streams end that it writes to, and whether somebody has signed over them."""
        unread = sorted({stream for stream, _, _ in self.pending} - self.tails.keys())
        if not self.taken.issuperset(unread):
            raise RuntimeError("an event was recorded on a stream that was not taken")
        for row in read_tails(self.connection, unread) if unread else ():
            self.has_taken(row.id, row.sequence, row.tail_digest, is_signed=row.is_signed)

    def write_history(self) -> None:
        """Number, chain and insert what was recorded, and move each stream's tail."""
        self.read_tails()
        if not self.pending:
            return
        tails = self.tails
        rows = []
        for stream, columns, body in self.pending:
            sequence, tail = tails[stream]
            sealed = seal({**body, "stream": stream, "stream_seq": sequence + 1, "prev": tail.hex() if tail else None})
            rows.append({**columns, "stream_sequence": sequence + 1, "body": sealed.body, "leaf": sealed.leaf})
            tails[stream] = (sequence + 1, sealed.leaf)
        self.connection.execute(_ADD_EVENTS, rows)
        move_tails(self.connection, {stream: tails[stream] for stream in {stream for stream, _, _ in self.pending}})
