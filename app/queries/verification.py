"""Recomputing the history from its stored bytes: numbers, chain, hashes, and the columns beside the bodies."""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from app.database import db
from app.domain.audit import leaf_of, moment_text, seal
from app.models import AuditEvent, Stream

# Column → where the same thing stands in the body.
BESIDE = {
    "action": ("op",),
    "actor_id": ("actor", "id"),
    "actor_role": ("actor", "role"),
    "object_kind": ("object", "kind"),
    "object_id": ("object", "id"),
    "object_label": ("object", "label"),
    "fact": ("fact",),
    "module_id": ("module_id",),
    "release_id": ("release_id",),
    "old_value": ("old",),
    "new_value": ("new",),
    "reason": ("why",),
    "request_id": ("req_id",),
    "stream_id": ("stream",),
    "stream_sequence": ("stream_seq",),
}


def stream_bodies() -> Iterator[bytes]:
    """The canonical bytes of every event, stream by stream and in order: all that the history says."""
    statement = select(AuditEvent.body).order_by(AuditEvent.stream_id, AuditEvent.stream_sequence)
    for part in db.session.scalars(statement.execution_options(yield_per=1000)).partitions(1000):
        yield from part


def find_faults() -> Iterator[str]:
    """A sentence for each thing in the history that does not fit; nothing when all fits."""
    tails: dict[int, tuple[int, bytes | None]] = {}
    statement = select(AuditEvent).order_by(AuditEvent.stream_id, AuditEvent.stream_sequence)
    for part in db.session.scalars(statement.execution_options(yield_per=1000)).partitions(1000):
        for event in part:
            sequence, previous = tails.get(event.stream_id, (0, None))
            yield from _faults_of(event, sequence + 1, previous)
            tails[event.stream_id] = (event.stream_sequence, event.leaf)
            db.session.expunge(event)
    yield from _faults_of_tails(tails)


def _faults_of(event: AuditEvent, expected: int, previous: bytes | None) -> Iterator[str]:
    name = f"event {event.id.hex()} (stream {event.stream_id}, number {event.stream_sequence})"
    if event.stream_sequence != expected:
        yield f"{name}: number {expected} is missing before it"
    if leaf_of(event.body) != event.leaf:
        yield f"{name}: its bytes do not have the hash that is stored"
    body = json.loads(event.body)
    if seal({key: value for key, value in body.items() if key != "v"}).body != event.body:
        yield f"{name}: its bytes are not in canonical form"
    if body.get("prev") != (previous.hex() if previous else None):
        yield f"{name}: it does not follow the event before it"
    if body.get("id") != event.id.hex() or body.get("at") != moment_text(event.occurred_at):
        yield f"{name}: its number or time differs from its body"
    for column, path in BESIDE.items():
        if _stored(event, column) != _found(body, path):
            yield f"{name}: the column {column} differs from its body"


def _stored(event: AuditEvent, column: str) -> Any:
    value = getattr(event, column)
    return value.value if column == "action" else value


def _found(body: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        body = body.get(key) if isinstance(body, dict) else None
    return body


def _faults_of_tails(tails: dict[int, tuple[int, bytes | None]]) -> Iterator[str]:
    """A stream remembers its last number and hash: events cut off at its end are missed."""
    for stream in db.session.execute(select(Stream.id, Stream.sequence, Stream.tail_digest)):
        sequence, tail = tails.get(stream.id, (0, None))
        if (stream.sequence, stream.tail_digest) != (sequence, tail):
            yield f"stream {stream.id}: it ends at number {sequence}, but {stream.sequence} were written"
