"""Days on a calendar, times on a wall, moments in UTC: also where clocks change and months are short."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from dateutil import rrule
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InvalidInput
from app.domain.recurrence import (
    MOST_HOURS,
    Period,
    Schedule,
    check_schedule,
    grace_words,
    resolve,
    rule_text,
    schedule_words,
    spans,
)

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def due(schedule: Schedule, after: str, until: str) -> list[str]:
    """When it is due, as one writes UTC."""
    return [f"{span.due_at:%m-%d %H:%M}" for span in spans(schedule, moment(after), moment(until))]


@pytest.mark.parametrize(
    ("zone", "before", "changed", "around"),
    [
        (BERLIN, "08:00", "07:00", ("2026-03-28", "2026-03-30")),
        (BERLIN, "07:00", "08:00", ("2026-10-24", "2026-10-26")),
        (NEW_YORK, "14:00", "13:00", ("2026-03-07", "2026-03-09")),
        (NEW_YORK, "13:00", "14:00", ("2026-10-31", "2026-11-02")),
    ],
)
def test_nine_in_the_morning_is_nine_in_the_morning_on_both_sides_of_a_change(zone, before, changed, around):
    found = due(Schedule(Period.DAILY, time(9), zone), around[0], f"{around[1]} 23:00")

    first = date.fromisoformat(around[0])
    days = [f"{first + timedelta(days=number):%m-%d}" for number in range(3)]
    assert found == [f"{days[0]} {before}", f"{days[1]} {changed}", f"{days[2]} {changed}"]


def test_a_time_that_a_change_leaves_out_is_as_much_later_and_one_that_comes_twice_is_the_first():
    night = Schedule(Period.DAILY, time(2, 30), BERLIN)

    assert due(night, "2026-03-28", "2026-03-30 12:00") == ["03-28 01:30", "03-29 01:30", "03-30 00:30"]
    assert due(night, "2026-10-24", "2026-10-26 12:00") == ["10-24 00:30", "10-25 00:30", "10-26 01:30"]


def test_a_day_of_grace_ends_at_the_same_time_of_day_and_hours_of_grace_are_hours():
    days = Schedule(Period.WEEKLY, time(17), BERLIN, weekday=5, grace_days=1)
    hours = Schedule(Period.DAILY, time(17), BERLIN, grace_hours=12)

    [of_days] = spans(days, moment("2026-03-23"), moment("2026-03-29"))
    of_hours = spans(hours, moment("2026-03-28"), moment("2026-03-28 23:00"))[0]
    assert (of_days.due_at, of_days.ends_at) == (moment("2026-03-28 16:00"), moment("2026-03-29 15:00"))
    assert of_hours.ends_at - of_hours.due_at == timedelta(hours=12)


@pytest.mark.parametrize(
    ("schedule", "days"),
    [
        (Schedule(Period.MONTHLY, day=31), ["01-31", "02-28", "03-31", "04-30"]),
        (Schedule(Period.MONTHLY, day=30), ["01-30", "02-28", "03-30", "04-30"]),
        (Schedule(Period.MONTHLY, day=28), ["01-28", "02-28", "03-28", "04-28"]),
        # 31 January 2026 is a Saturday, 28 February too.
        (Schedule(Period.MONTHLY, day=31, weekdays_only=True), ["02-02", "03-02", "03-31", "04-30"]),
        (Schedule(Period.QUARTERLY, day=15, month=2), ["02-15"]),
        (Schedule(Period.ANNUALLY, day=29, month=2), ["02-28"]),
        (Schedule(Period.WEEKLY, weekday=6, weekdays_only=True), None),
    ],
)
def test_months_that_are_too_short_and_weekends(schedule: Schedule, days: list[str] | None):
    found = spans(schedule, moment("2026-01-01"), moment("2026-05-01"))

    assert days is None or [f"{span.due_at:%m-%d}" for span in found] == days
    assert not schedule.weekdays_only or all(span.due_at.weekday() < 5 for span in found)


def test_the_29th_of_february_is_there_in_a_leap_year_and_the_28th_else():
    found = spans(Schedule(Period.ANNUALLY, day=29, month=2), moment("2027-01-01"), moment("2030-01-01"))

    assert [span.on for span in found] == [date(2027, 2, 28), date(2028, 2, 29), date(2029, 2, 28)]


def test_a_daily_duty_on_weekdays_leaves_the_weekend_out():
    found = due(Schedule(Period.DAILY, time(9), weekdays_only=True), "2026-03-26 12:00", "2026-03-31 12:00")

    assert found == ["03-27 09:00", "03-30 09:00", "03-31 09:00"]


@pytest.mark.parametrize(
    ("period", "first"),
    [
        (Period.DAILY, "2026-05-19"),
        (Period.WEEKLY, "2026-05-18"),
        (Period.MONTHLY, "2026-05-01"),
        (Period.QUARTERLY, "2026-04-01"),
        (Period.ANNUALLY, "2026-01-01"),
    ],
)
def test_a_period_begins_with_its_day_week_month_quarter_or_year(period: Period, first: str):
    schedule = Schedule(period, weekday=1, day=19, month=5 if period is Period.ANNUALLY else 2)

    [span] = spans(schedule, moment("2026-05-18 18:00"), moment("2026-05-19 18:00"))
    assert span.starts_at == moment(first)


schedules = st.builds(
    Schedule,
    st.sampled_from(Period),
    st.times().map(lambda one: one.replace(second=0, microsecond=0, tzinfo=None)),
    st.sampled_from(["UTC", BERLIN, NEW_YORK, "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe"]),
    weekday=st.integers(0, 6),
    day=st.integers(1, 31),
    month=st.integers(1, 3),
    weekdays_only=st.booleans(),
    grace_days=st.integers(0, 180),
    grace_hours=st.integers(0, MOST_HOURS),
)


def is_allowed(schedule: Schedule) -> bool:
    try:
        check_schedule(schedule)
    except InvalidInput:
        return False
    return True


moments = st.integers(0, 15 * 365 * 24 * 60).map(lambda minutes: moment("2020-01-01") + timedelta(minutes=minutes))


@given(schedules.filter(is_allowed), moments)
def test_no_period_reaches_into_the_next_and_each_comes_once(schedule: Schedule, begin: datetime):
    found = spans(schedule, begin, begin + schedule.period.reach)

    assert len(found) > 1
    for before, after in pairwise(found):
        assert before.starts_at <= before.due_at <= before.ends_at <= after.due_at
        assert before.due_at < after.due_at
    for span in found:
        local = span.due_at.astimezone(ZoneInfo(schedule.time_zone))
        assert resolve(local.replace(tzinfo=None), schedule.time_zone) == span.due_at or local.fold


@given(schedules.filter(is_allowed), moments, st.integers(1, 400))
def test_two_parts_of_a_time_hold_what_the_whole_holds(schedule: Schedule, begin: datetime, days: int):
    middle, end = begin + timedelta(days=days / 2), begin + timedelta(days=days)

    assert spans(schedule, begin, middle) + spans(schedule, middle, end) == spans(schedule, begin, end)


@given(schedules.filter(is_allowed), moments)
def test_the_rule_of_a_calendar_says_the_same_days(schedule: Schedule, begin: datetime):
    rule = rule_text(schedule)
    found = spans(schedule, begin, begin + schedule.period.reach)
    zone = ZoneInfo(schedule.time_zone)
    local = [span.due_at.astimezone(zone).date() for span in found]

    if rule is None:
        assert schedule.weekdays_only
        assert schedule.day > 26
        return
    start = datetime.combine(local[0], time())
    told = rrule.rrulestr(f"RRULE:{rule}", dtstart=start).between(start, datetime.combine(local[-1], time()), inc=True)
    assert [one.date() for one in told] == local


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"time_zone": "Middle/Earth"}, "time_zone"),
        ({"weekday": 7}, "weekday"),
        ({"day": 0}, "day"),
        ({"day": 32}, "day"),
        ({"month": 13}, "month"),
        ({"period": Period.QUARTERLY, "month": 4}, "month"),
        ({"grace_days": 6}, "grace_days"),
        ({"period": Period.DAILY, "grace_days": 1}, "grace_days"),
        ({"grace_hours": 21}, "grace_hours"),
    ],
)
def test_what_no_calendar_has_is_refused(wrong: dict, field: str):
    with pytest.raises(InvalidInput) as refusal:
        check_schedule(Schedule(**{"period": Period.WEEKLY, **wrong}))

    assert set(refusal.value.fields) == {field}


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (Schedule(Period.DAILY, time(9), weekdays_only=True), "from Monday to Friday, 09:00 in UTC"),
        (Schedule(Period.DAILY, time(9)), "every day, 09:00 in UTC"),
        (Schedule(Period.WEEKLY, weekday=4, weekdays_only=True), "every Friday, 17:00 in UTC"),
        (
            Schedule(Period.WEEKLY, weekday=6, weekdays_only=True),
            "every Sunday, 17:00 in UTC, after a weekend on Monday",
        ),
        (
            Schedule(Period.MONTHLY, day=31, weekdays_only=True),
            "every month on the last day, 17:00 in UTC, after a weekend on Monday",
        ),
        (Schedule(Period.QUARTERLY, day=15, month=2), "every quarter on day 15 of its second month, 17:00 in UTC"),
        (Schedule(Period.ANNUALLY, day=1, month=11), "every year on day 1 of November, 17:00 in UTC"),
    ],
)
def test_a_schedule_in_words(schedule: Schedule, words: str):
    assert schedule_words(schedule) == words


def test_grace_in_words():
    assert grace_words(Schedule(Period.WEEKLY, grace_days=1, grace_hours=4)) == "1 day and 4 hours"
    assert grace_words(Schedule(Period.WEEKLY)) == "no grace"
