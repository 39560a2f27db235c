"""Ticks that nobody can have read, and items that catch nothing: marked, never forbidden."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.fatigue import BURST_TICKS, ItemUse, Tick, find_bursts, is_all_at_the_end

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
moments = st.integers(0, 3600).map(lambda second: NOON + timedelta(seconds=second))
ticks = st.lists(st.builds(Tick, st.sampled_from(["Asha", "Ben"]), moments), max_size=60)


def at(*seconds: float, person: str = "Asha") -> list[Tick]:
    return [Tick(person, NOON + timedelta(seconds=second)) for second in seconds]


def test_eight_ticks_in_half_a_minute_are_a_burst():
    (burst,) = find_bursts(at(0, 4, 8, 12, 16, 20, 24, 30))

    assert (burst.person, burst.ticks, burst.seconds) == ("Asha", 8, 30)


def test_seven_are_none_and_eight_in_a_longer_time_are_none():
    assert find_bursts(at(0, 1, 2, 3, 4, 5, 6)) == []
    assert find_bursts(at(0, 4, 8, 12, 16, 20, 24, 31)) == []


def test_two_people_who_work_at_once_make_no_burst_together():
    assert find_bursts([*at(*range(4)), *at(*range(4), person="Ben")]) == []


def test_a_burst_goes_on_as_long_as_it_is_as_fast_and_the_next_stands_alone():
    first, second = find_bursts([*at(*range(20)), *at(*range(600, 609))])

    assert (first.ticks, second.ticks) == (20, 9)


@given(ticks)
def test_no_tick_is_in_two_bursts_and_each_burst_is_one(given_ticks: list[Tick]):
    bursts = find_bursts(given_ticks)

    for person in ("Asha", "Ben"):
        mine = [burst for burst in bursts if burst.person == person]
        assert sum(burst.ticks for burst in mine) <= sum(tick.person == person for tick in given_ticks)
        assert all(burst.ticks >= BURST_TICKS for burst in mine)
        assert all(one.ended <= other.began for one, other in pairwise(mine))


@given(ticks, st.randoms())
def test_the_order_in_which_ticks_are_given_does_not_matter(given_ticks: list[Tick], dice):
    shuffled = list(given_ticks)
    dice.shuffle(shuffled)

    assert find_bursts(shuffled) == find_bursts(given_ticks)


def test_nearly_all_in_the_last_minute_is_seen():
    late = at(*range(3540, 3600, 6))
    assert is_all_at_the_end(late)
    assert is_all_at_the_end([*at(0, 600), *late])
    assert not is_all_at_the_end([*at(0, 600, 1200), *late])
    assert not is_all_at_the_end(at(1, 2, 3))
    assert not is_all_at_the_end([])


@pytest.mark.parametrize(
    ("use", "advice"),
    [
        (ItemUse("a", "A", "the night of 3 March", 5, 5, 1, 0), ""),
        (ItemUse("a", "A", "", 2, 2, 0, 0), ""),
        (ItemUse("a", "A", "", 3, 3, 0, 0), "nobody says why"),
        (ItemUse("a", "A", "the night of 3 March", 3, 3, 0, 0), "still true"),
        (ItemUse("a", "A", "", 5, 1, 0, 4), "not applicable"),
        (ItemUse("a", "A", "", 5, 1, 1, 4), ""),
    ],
)
def test_what_was_asked_often_and_caught_nothing_is_named(use: ItemUse, advice: str):
    assert advice in use.advice
    assert bool(use.advice) is bool(advice)
