"""Periods are whole UTC days; their parts are weeks or months that leave nothing out and hold nothing twice."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InvalidInput
from app.domain.periods import LONGEST, LONGEST_IN_WEEKS, Period, period_of, window_of

TODAY = date(2026, 11, 23)
DAY = timedelta(days=1)


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, LONGEST - 1))
def test_parts_follow_each_other_without_a_gap_and_the_time_before_ends_where_it_begins(first: date, more: int):
    period = Period(first, first + more * DAY)
    parts = period.parts()

    assert (parts[0].first_on, parts[-1].last_on) == (period.first_on, period.last_on)
    assert all(after.first_on == part.last_on + DAY for part, after in pairwise(parts))
    assert sum(part.days for part in parts) == period.days == period.before.days
    assert period.before.ends_at == period.begins_at
    inner = parts[1:-1]
    if period.days <= LONGEST_IN_WEEKS:
        assert all(part.days == 7 and part.first_on.weekday() == 0 for part in inner)
    else:
        assert all(part.first_on.day == 1 and (part.last_on + DAY).day == 1 for part in inner)


def test_a_day_belongs_to_it_from_midnight_to_midnight_in_utc():
    period = Period(date(2026, 10, 25), date(2026, 10, 25))

    assert period.holds(datetime(2026, 10, 25, tzinfo=UTC))
    assert period.holds(datetime(2026, 10, 25, 23, 59, 59, 999999, UTC))
    assert not period.holds(datetime(2026, 10, 26, tzinfo=UTC))


def test_ninety_days_end_today():
    assert window_of("90d", TODAY) == Period(date(2026, 8, 26), TODAY)
    assert window_of("90d", TODAY).days == 90


@pytest.mark.parametrize(
    ("first", "last", "name", "sentence"),
    [
        (None, TODAY, "since", "with which day it begins"),
        (TODAY, TODAY - DAY, "since", "begins after it ends"),
        (TODAY, TODAY + DAY, "until", "has not come yet"),
        (TODAY - LONGEST * DAY, None, "since", "too long"),
        (date(3, 1, 1), date(4, 1, 1), "since", "year, month, day"),
    ],
)
def test_days_that_cannot_be_looked_at_are_refused_with_a_sentence(
    first: date | None, last: date | None, name: str, sentence: str
):
    with pytest.raises(InvalidInput) as refused:
        period_of(first, last, TODAY)

    assert sentence in refused.value.fields[name]


def test_a_window_that_is_not_offered_is_refused():
    with pytest.raises(InvalidInput):
        window_of("7d", TODAY)
