"""How often something may be tried, counted where all web workers see it."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from app.database import db
from app.domain.errors import TooMany
from app.models import RateCounter
from app.services.throttle import SqlStorage, check_allowed, count_try

THREE = (RateLimitItemPerMinute(3), RateLimitItemPerHour(5))
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("app")


def _try(times: int, name: str = "asha") -> None:
    for _ in range(times):
        check_allowed(THREE, "test", name)
        count_try(THREE, "test", name)


def test_the_limit_is_reached_and_not_passed():
    with time_machine.travel(NOON, tick=False):
        _try(3)

        with pytest.raises(TooMany) as refusal:
            _try(1)

    assert refusal.value.retry_after == 60
    assert refusal.value.sentence == "Too many tries. Wait 60 seconds and try again."


def test_the_window_ends():
    with time_machine.travel(NOON, tick=False):
        _try(3)
    with time_machine.travel(NOON + timedelta(seconds=59), tick=False), pytest.raises(TooMany) as refusal:
        _try(1)
    with time_machine.travel(NOON + timedelta(seconds=61), tick=False):
        _try(1)

    assert refusal.value.retry_after == 1


def test_the_longer_limit_holds_over_several_windows():
    with time_machine.travel(NOON, tick=False):
        _try(3)
    with time_machine.travel(NOON + timedelta(minutes=2), tick=False):
        _try(2)
    with time_machine.travel(NOON + timedelta(minutes=4), tick=False), pytest.raises(TooMany) as refusal:
        _try(1)

    assert refusal.value.retry_after == 56 * 60
    assert "Wait 56 minutes" in refusal.value.sentence


def test_one_persons_tries_are_not_anothers():
    with time_machine.travel(NOON, tick=False):
        _try(3)

        _try(3, "ben")


def test_looking_uses_up_nothing():
    for _ in range(9):
        check_allowed(THREE, "test", "asha")

    assert db.session.scalars(select(RateCounter)).all() == []


@pytest.mark.parametrize("name", ["x" * 254, "ü" * 254, "a|known|" * 60])
def test_a_name_of_any_length_can_be_counted(name: str):
    with time_machine.travel(NOON, tick=False):
        _try(3, name)

        with pytest.raises(TooMany):
            _try(1, name)
        _try(3, f"{name}y")


def test_a_counter_counts_reads_and_forgets():
    storage = SqlStorage()

    with time_machine.travel(NOON, tick=False):
        assert (storage.get("k"), storage.get_expiry("k")) == (0, NOON.timestamp())
        assert [storage.incr("k", 60), storage.incr("k", 60, 4), storage.incr("other", 60)] == [1, 5, 1]
        assert (storage.get("k"), storage.get_expiry("k")) == (5, NOON.timestamp() + 60)
        storage.clear("k")
        assert (storage.get("k"), storage.get("other")) == (0, 1)
        storage.reset()
        assert storage.get("other") == 0


def test_a_counter_whose_window_has_ended_begins_again():
    storage = SqlStorage()
    with time_machine.travel(NOON, tick=False):
        storage.incr("k", 60)
    with time_machine.travel(NOON + timedelta(seconds=60), tick=False):
        assert storage.get("k") == 0
        assert storage.incr("k", 60) == 1


def test_the_storage_says_that_it_works_and_what_it_may_raise():
    assert SqlStorage().check()
    assert SqlStorage().base_exceptions is DBAPIError
