"""Numbers that are made on several machines at once and still sort by time."""

from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

import time_machine

from app.domain.identifiers import time_ordered_id

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def test_it_is_a_uuid_of_version_7():
    for _ in range(200):
        number = UUID(bytes=time_ordered_id())
        assert (number.version, number.variant) == (7, RFC_4122)


def test_what_is_made_later_sorts_later():
    made = []
    for step in range(50):
        with time_machine.travel(NOON + timedelta(milliseconds=step), tick=False):
            made.append(time_ordered_id())

    assert made == sorted(made)


def test_it_begins_with_the_millisecond_in_which_it_was_made():
    with time_machine.travel(NOON, tick=False):
        number = time_ordered_id()

    assert int.from_bytes(number[:6]) == int(NOON.timestamp() * 1000)


def test_two_of_one_moment_differ():
    with time_machine.travel(NOON, tick=False):
        assert len({time_ordered_id() for _ in range(1000)}) == 1000
