"""Tails of many streams are moved by a few statements, each to where its own history ends."""

import pytest
from sqlalchemy import select

from app.database import db
from app.domain.actors import SYSTEM, Origin
from app.models import Stream
from app.services.change import Change
from app.services.tails import TOGETHER, move_tails, read_tails
from app.services.write_path import write_path
from tests.factories import Make


@write_path
def begin(change: Change, number: int) -> list[int]:
    """Begin streams of things that nothing else is about."""
    return change.new_streams("test", range(1, number + 1))


@pytest.mark.parametrize("number", [1, 2, TOGETHER, TOGETHER + 1, 2 * TOGETHER + 1])
def test_each_stream_ends_where_it_was_said_to_and_no_other_is_touched(make: Make, statements: list[str], number: int):
    beside, *streams = begin(Origin(SYSTEM), number + 1)
    ends: dict[int, tuple[int, bytes | None]] = {
        stream: (place + 3, bytes([place % 256] * 32)) for place, stream in enumerate(streams)
    }
    statements.clear()

    move_tails(db.session.connection(), ends)

    assert len(statements) == -(-number // TOGETHER)
    assert {row.id: (row.sequence, row.tail_digest) for row in read_tails(db.session.connection(), streams)} == ends
    untouched = db.session.execute(select(Stream.sequence, Stream.tail_digest).where(Stream.id == beside)).one()
    assert tuple(untouched) == (0, None)
