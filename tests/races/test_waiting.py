"""Nobody waits for ever: a checklist that is held, one key still at work, more people than connections."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from uuid import uuid4

import pymysql
import pytest
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from app.database import db
from app.domain.checklist import ItemState
from app.domain.errors import Busy
from app.domain.permissions import Role
from app.services.item_states import set_state
from app.services.items import Saved, add_comment
from app.web.uploads import evidence_store
from tests.factories import Make
from tests.races.running import count_rows, history_of, race, stream_of

ITEM = "pre.schema-planned"


@contextmanager
def held(url: str, statement: str, **values: object) -> Iterator[None]:
    """Somebody else's transaction that has done one statement and does not end."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(statement), values)
        yield
        connection.rollback()


def test_a_checklist_held_by_another_answers_busy_in_time_and_works_again_afterwards(
    app: Flask, make: Make, database: SimpleNamespace
):
    release = make.release()
    item = next(row for row in release.items if row.key == ITEM)
    origins = [make.person(Role.DEVELOPER).origin for _ in range(4)]
    stream = stream_of(item)
    before = count_rows()

    with held(database.url, "UPDATE streams SET version = version WHERE id = :id", id=stream):
        began = time.monotonic()
        outcomes = race(
            app, [lambda o=o: set_state(o, item.id, revision=item.revision, state=ItemState.DONE) for o in origins]
        )
        waited = time.monotonic() - began

    assert {type(outcome) for outcome in outcomes} == {Busy}
    assert waited <= 10
    assert count_rows() == before
    assert set_state(origins[0], item.id, revision=item.revision, state=ItemState.DONE).revision == item.revision + 1


def test_a_file_whose_row_may_or_may_not_be_saved_stays_on_the_disk(app: Flask, make: Make, database: SimpleNamespace):
    item, worker = make.release().item(ITEM), make.person(Role.DEVELOPER)
    stream = stream_of(item)

    with (
        held(database.url, "UPDATE streams SET version = version WHERE id = :id", id=stream),
        pytest.raises(Busy),
    ):
        make.file(worker, item.id)

    assert len([path for path in evidence_store().directory.rglob("*") if path.is_file()]) == 1


def test_who_was_not_answered_in_time_is_told_so_and_nothing_more_is_asked_of_the_database(
    app: Flask, make: Make, database: SimpleNamespace, statements: list[str]
):
    item, origin = make.release().item(ITEM), make.person(Role.DEVELOPER).origin
    stream = stream_of(item)
    statements.clear()

    with (
        held(database.url, "UPDATE streams SET version = version WHERE id = :id", id=stream),
        pytest.raises(Busy),
    ):
        set_state(origin, item.id, revision=item.revision, state=ItemState.DONE)

    assert {statement.split(maxsplit=2)[1] for statement in statements} == {"streams"}


def test_nothing_of_a_transaction_whose_commit_failed_reaches_whoever_comes_next(
    app: Flask, make: Make, monkeypatch: pytest.MonkeyPatch
):
    item = next(row for row in make.release().items if row.key == ITEM)
    first, second = (make.person(Role.DEVELOPER).origin for _ in range(2))
    before = count_rows()

    def refuse(_connection: object) -> None:
        raise pymysql.err.OperationalError(1105, "the server refuses")

    with monkeypatch.context() as patch:
        patch.setattr(db.engine.dialect, "do_commit", refuse)
        with pytest.raises(DBAPIError):
            set_state(first, item.id, revision=item.revision, state=ItemState.FAILED, reason="it never came to be")
    db.session.remove()

    assert count_rows() == before
    saved = set_state(second, item.id, revision=item.revision, state=ItemState.DONE)
    assert saved.revision == item.revision + 1
    assert [event.actor_id for event in history_of(stream_of(item))][1:] == [second.actor.id]


def test_a_checklist_that_is_let_go_while_one_waits_is_simply_late(app: Flask, make: Make, database: SimpleNamespace):
    release = make.release()
    item = next(row for row in release.items if row.key == ITEM)
    origin = make.person(Role.DEVELOPER).origin
    stream = stream_of(item)
    let_go = threading.Event()

    def hold() -> None:
        with held(database.url, "UPDATE streams SET version = version WHERE id = :id", id=stream):
            holding.set()
            let_go.wait(20)

    holding = threading.Event()
    holder = threading.Thread(target=hold)
    holder.start()
    assert holding.wait(20)
    threading.Timer(4, let_go.set).start()  # longer than one wait for a lock, shorter than patience

    [saved] = race(app, [lambda: set_state(origin, item.id, revision=item.revision, state=ItemState.DONE)])

    holder.join()
    assert isinstance(saved, Saved)


def test_a_request_whose_twin_stays_at_work_for_long_is_told_to_wait_and_leaves_nothing(
    app: Flask, make: Make, database: SimpleNamespace
):
    release = make.release()
    item = next(row for row in release.items if row.key == ITEM)
    person = make.person(Role.DEVELOPER)
    origin = replace(person.origin, key=uuid4().bytes)
    db.session.rollback()

    with held(
        database.url,
        "INSERT INTO idempotency_keys (person_id, `key`, request_digest, created_at)"
        " VALUES (:person, :key, REPEAT('x', 32), UTC_TIMESTAMP())",
        person=person.id,
        key=origin.key,
    ):
        [outcome] = race(app, [lambda: add_comment(origin, item.id, text="once")])

    assert isinstance(outcome, Busy)
    assert isinstance(add_comment(origin, item.id, text="once"), Saved)


@pytest.mark.parametrize("people", [60])
def test_more_people_than_connections_wait_for_their_turn(app: Flask, make: Make, people: int):
    release = make.release()
    origins = [make.person(Role.DEVELOPER).origin for _ in range(people)]
    items = release.items
    pairs = zip(origins, items, strict=False)

    outcomes = race(app, [lambda o=o, i=i: add_comment(o, i.id, text="me too") for o, i in pairs])

    assert {type(outcome) for outcome in outcomes} == {Saved}
