"""Starting several acts at one moment, and looking at the history that they left."""

import json
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from itertools import cycle
from typing import Any

from flask import Flask
from sqlalchemy import Connection, event, func, select

from app.database import db
from app.domain.errors import DomainError
from app.models import AuditEvent, Checklist, ChecklistItem, Stream
from app.models.base import Base

START_WITHIN = 20
# How often each race is run. A few times with all other tests, 200 times by `make races`.
ROUNDS = int(os.environ.get("RACE_ROUNDS", "4"))
OTHER_NODE = "tests.other_node"


def nodes_of(app: Flask) -> list[Flask]:
    """The product on each server of the cluster; on a single server, itself."""
    return [app, *app.extensions.get(OTHER_NODE, [])]


def race(app: Flask, acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run acts at one moment, each with a session of its own: what each gave, or the refusal that it met.

    On a cluster the first runs on one server, the second on the other, and so on. Anything but a refusal of ours
    escapes and fails the test.
    """
    db.session.remove()
    gate = threading.Barrier(len(acts))

    def run(node: Flask, act: Callable[[], Any]) -> Any:
        with node.app_context():
            gate.wait(START_WITHIN)
            try:
                return act()
            except DomainError as refusal:
                return refusal

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, cycle(nodes_of(app)), acts))


@contextmanager
def just_before(start_of_statement: str, act: Callable[[Connection], None]) -> Iterator[None]:
    """Let an act happen, once, between two statements of whatever runs on this thread meanwhile."""
    mine = threading.get_ident()
    waiting = [act]

    def look(connection: Connection, statement: str) -> None:
        if threading.get_ident() == mine and waiting and statement.startswith(start_of_statement):
            waiting.pop()(connection)

    def at_statement(connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        look(connection, statement)

    def at_commit(connection: Connection) -> None:
        look(connection, "COMMIT")

    engine = db.engine
    event.listen(engine, "before_cursor_execute", at_statement)
    event.listen(engine, "commit", at_commit)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", at_statement)
        event.remove(engine, "commit", at_commit)
    assert not waiting, f"no statement began with {start_of_statement}"


def elsewhere(app: Flask, act: Callable[[], Any]) -> Any:
    """Run one act to its end on another thread, leaving this thread's own session as it is."""

    def run() -> Any:
        with app.app_context():
            return act()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result(START_WITHIN)


def stream_of(item: Any) -> int:
    """The stream in which an item's events stand."""
    joined = select(Checklist.stream_id).join(ChecklistItem, ChecklistItem.checklist_id == Checklist.id)
    return db.session.scalars(joined.where(ChecklistItem.id == item.id)).one()


def history_of(stream_id: int) -> list[AuditEvent]:
    """The events of a stream, proved to be dense and chained by their own stored bytes."""
    db.session.rollback()
    found = select(AuditEvent).where(AuditEvent.stream_id == stream_id).order_by(AuditEvent.stream_sequence)
    events = list(db.session.scalars(found.execution_options(populate_existing=True)))
    before = None
    for number, entry in enumerate(events, start=1):
        body = json.loads(entry.body)
        assert (entry.stream_sequence, body["stream"], body["stream_seq"]) == (number, stream_id, number)
        assert entry.leaf == sha256(b"\x00" + entry.body).digest()
        assert body["prev"] == (before.hex() if before else None)
        before = entry.leaf
    tail = db.session.execute(select(Stream.sequence, Stream.tail_digest).where(Stream.id == stream_id)).one()
    assert tuple(tail) == (len(events), before)
    return events


def count_rows() -> dict[str, int]:
    """How many rows each table has."""
    db.session.rollback()
    return {
        table.name: db.session.scalar(select(func.count()).select_from(table)) or 0
        for table in Base.metadata.sorted_tables
    }
