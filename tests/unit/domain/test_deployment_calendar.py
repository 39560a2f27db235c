"""Windows that get in each other's way, and the days of a month."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.domain.deployment_calendar import (
    Conflict,
    FreezeSpan,
    Slot,
    conflicts_of,
    month_of,
    next_month,
    weeks_of,
)

EIGHT = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def slot(
    number: int, *, begins: int = 0, module: int = 1, place: int = 1, people: tuple[int, ...] = (), **more: bool
) -> Slot:
    starts = EIGHT + begins * HOUR
    return Slot(number, starts, starts + 2 * HOUR, place, module, frozenset(people), **more)


def test_the_same_module_in_the_same_place_at_once_is_a_conflict_of_both():
    found = conflicts_of([slot(1), slot(2, begins=1)])

    assert found == {1: [Conflict(2, same_place=True)], 2: [Conflict(1, same_place=True)]}


@pytest.mark.parametrize("other", [slot(2, begins=2), slot(2, module=2), slot(2, place=2), slot(2, is_over=True)])
def test_another_time_module_or_place_or_what_is_over_is_none(other: Slot):
    assert conflicts_of([slot(1), other]) == {}


def test_who_has_to_be_in_two_places_at_once_is_named():
    found = conflicts_of([slot(1, people=(7, 8)), slot(2, module=2, people=(8, 9))])

    assert found[1] == [Conflict(2, people=frozenset({8}))]


@pytest.mark.parametrize(
    ("freeze", "is_hit"),
    [
        (FreezeSpan(5, EIGHT + HOUR, EIGHT + 9 * HOUR), True),
        (FreezeSpan(5, EIGHT, EIGHT + HOUR, environment_id=1, module_id=1), True),
        (FreezeSpan(5, EIGHT + 2 * HOUR, EIGHT + 9 * HOUR), False),
        (FreezeSpan(5, EIGHT, EIGHT + HOUR, environment_id=2), False),
        (FreezeSpan(5, EIGHT, EIGHT + HOUR, module_id=2), False),
    ],
)
def test_a_freeze_is_in_the_way_of_what_it_is_for(freeze: FreezeSpan, is_hit: bool):
    assert conflicts_of([slot(1)], [freeze]) == ({1: [Conflict(freeze_id=5)]} if is_hit else {})


def test_a_month_has_whole_weeks_from_monday_to_sunday():
    weeks = weeks_of(date(2026, 11, 1))  # a Sunday

    assert (weeks[0][0], weeks[0][6], weeks[-1][-1]) == (date(2026, 10, 26), date(2026, 11, 1), date(2026, 12, 6))
    assert {len(week) for week in weeks} == {7}
    assert [len(weeks_of(date(2027, month, 1))) for month in (2, 3, 5)] == [4, 5, 6]


@pytest.mark.parametrize("text", ["", "2026-13", "x", "2026-11-24", "20261"])
def test_an_address_that_names_no_month_means_this_one(text: str):
    assert month_of(text, date(2026, 11, 24)) == date(2026, 11, 1)


def test_months_follow_each_other():
    assert month_of("2026-12", date(2026, 11, 24)) == date(2026, 12, 1)
    assert next_month(date(2026, 12, 1)) == date(2027, 1, 1)
    assert next_month(date(2026, 1, 1)) == date(2026, 2, 1)
