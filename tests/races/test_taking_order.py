"""Streams that are taken by one statement are taken in the order of their numbers, so that no two wait in a circle."""

import threading
import time
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import create_engine, select, text
from sqlalchemy.pool import NullPool

from app.database import db
from app.domain.actors import Origin
from app.models import Stream
from app.services.change import Change
from app.services.write_path import write_path
from tests.factories import Make
from tests.races.running import race
from tests.races.test_waiting import held

WITHIN = 5


@write_path
def take(change: Change, stream_ids: tuple[int, ...]) -> bool:
    """Take streams, and change nothing."""
    change.take(*stream_ids)
    return True


@pytest.fixture
def streams(make: Make) -> list[int]:
    """Streams of several checklists, in the order of their numbers."""
    make.release(modules=4)
    return list(db.session.scalars(select(Stream.id).where(Stream.kind == "checklist:module").order_by(Stream.id)))


def test_who_waits_for_a_stream_holds_those_before_it_and_none_behind_it(
    app: Flask, make: Make, database: SimpleNamespace, streams: list[int]
):
    first, held_by_another, last = streams[0], streams[1], streams[-1]
    engine = create_engine(database.url, poolclass=NullPool)
    origin, free = make.lead().origin, [first]
    db.session.remove()

    def work(taker: Origin = origin) -> None:
        with app.app_context():
            take(taker, (last, held_by_another, first))

    taking = threading.Thread(target=work)
    with held(database.url, "UPDATE streams SET version = version WHERE id = :id", id=held_by_another):
        taking.start()
        until = time.monotonic() + WITHIN
        while first in free and time.monotonic() < until:
            with engine.connect() as looking:
                look = text("SELECT id FROM streams WHERE id IN (:first, :last) FOR UPDATE SKIP LOCKED")
                free = list(looking.scalars(look, {"first": first, "last": last}))
                looking.rollback()
    taking.join()

    assert free == [last]


def test_many_who_take_the_same_streams_in_any_order_all_get_them(app: Flask, make: Make, streams: list[int]):
    origins = [make.lead().origin for _ in range(6)]
    before = _versions(streams)

    outcomes = race(
        app,
        [
            lambda origin=origin, turn=turn: take(origin, (*streams[turn % 4 :], *streams[: turn % 4]))
            for turn, origin in enumerate(origins)
        ],
    )

    assert outcomes == [True] * 6
    assert _versions(streams) == {number: version + 6 for number, version in before.items()}


def _versions(streams: list[int]) -> dict[int, int]:
    db.session.rollback()
    rows = db.session.execute(select(Stream.id, Stream.version).where(Stream.id.in_(streams)))
    return {row.id: row.version for row in rows}
