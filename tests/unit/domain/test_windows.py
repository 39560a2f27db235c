"""Until when the checks after a deployment are due: sixty real minutes, then days on the clock of the team."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.windows import (
    RULES,
    NoticeKind,
    Window,
    WindowState,
    clock_words,
    notice_due,
    reminds_at,
    state_of,
    windows_of,
)

BERLIN = "Europe/Berlin"
ZONES = [BERLIN, "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]
MOMENTS = st.integers(0, 730 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


def there(*moment: int, zone: str = BERLIN) -> datetime:
    return datetime(*moment, tzinfo=ZoneInfo(zone))  # type: ignore[misc,arg-type]  # year, month, day and the rest


def due(started_at: datetime, zone: str = BERLIN) -> dict[str, Window]:
    return {one.group_key: one for one in windows_of(started_at, zone)}


def local(at: datetime, zone: str = BERLIN) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%a %Y-%m-%d %H:%M %Z}"


def test_a_start_on_a_tuesday_evening():
    windows = due(there(2026, 11, 24, 22, 0))

    assert {key: local(one.due_at) for key, one in windows.items()} == {
        "first-hour": "Tue 2026-11-24 23:00 CET",
        "first-day": "Wed 2026-11-25 22:00 CET",
        "first-week": "Tue 2026-12-01 22:00 CET",
        "ongoing": "Thu 2026-12-24 22:00 CET",
    }
    assert local(windows["first-hour"].grace_ends_at) == "Wed 2026-11-25 00:00 CET"
    assert local(windows["first-day"].grace_ends_at) == "Thu 2026-11-26 02:00 CET"
    assert local(windows["first-week"].grace_ends_at) == "Wed 2026-12-02 22:00 CET"
    assert local(windows["ongoing"].grace_ends_at) == "Thu 2026-12-31 22:00 CET"


@pytest.mark.parametrize(
    ("start", "first_day"), [(27, "Mon 2026-11-30"), (28, "Mon 2026-11-30"), (29, "Mon 2026-11-30")]
)
def test_what_falls_on_a_weekend_is_due_on_the_monday_after_it(start: int, first_day: str):
    windows = due(there(2026, 11, start, 21, 30))

    assert local(windows["first-day"].due_at).startswith("Mon 2026-11-30 21:30")
    assert local(windows["first-hour"].due_at).startswith(f"{local(there(2026, 11, start, 22, 30))}")


def test_grace_that_would_end_on_a_saturday_ends_on_the_monday():
    windows = due(there(2026, 11, 26, 22, 0))

    assert local(windows["first-day"].due_at) == "Fri 2026-11-27 22:00 CET"
    assert local(windows["first-day"].grace_ends_at) == "Mon 2026-11-30 02:00 CET"


def test_over_the_night_in_which_the_clocks_go_back_a_day_is_25_hours_and_an_hour_is_an_hour():
    started = there(2026, 10, 24, 22, 0)  # the Saturday before
    in_the_night = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30 summer time, half an hour before it

    assert local(due(started)["first-day"].due_at) == "Mon 2026-10-26 22:00 CET"
    assert due(in_the_night)["first-hour"].due_at - in_the_night == timedelta(hours=1)
    assert local(due(in_the_night)["first-hour"].due_at) == "Sun 2026-10-25 02:30 CET"
    monday_before = there(2026, 10, 19, 9, 0)
    assert due(monday_before)["first-week"].due_at - monday_before == timedelta(days=7, hours=1)


def test_over_the_night_in_which_the_clocks_go_forward_a_week_is_an_hour_short():
    started = there(2026, 3, 26, 9, 0)

    assert local(due(started)["first-week"].due_at) == "Thu 2026-04-02 09:00 CEST"
    assert due(started)["first-week"].due_at - started == timedelta(days=7, hours=-1)


def test_a_time_that_the_clock_leaves_out_is_an_hour_later_and_no_day_is_lost():
    started = there(2027, 9, 24, 2, 15, zone="America/Asuncion")
    zone = "Africa/Cairo"  # the clock goes from Thursday 23:59 to Friday 01:00
    left_out = there(2026, 4, 23, 0, 30, zone=zone)

    assert local(due(left_out, zone)["first-day"].due_at, zone) == "Fri 2026-04-24 01:30 EEST"
    assert due(started, "America/Asuncion")["first-day"].due_at > started


@given(MOMENTS, st.sampled_from(ZONES))
def test_windows_follow_each_other_on_weekdays_at_the_time_of_the_start(started: datetime, zone: str):
    windows = due(started, zone)

    hour, *days = windows.values()
    assert hour.due_at - started == timedelta(hours=1)
    assert [one.due_at for one in windows.values()] == sorted(one.due_at for one in windows.values())
    clock = started.astimezone(ZoneInfo(zone))
    for one in days:
        at = one.due_at.astimezone(ZoneInfo(zone))
        assert at.weekday() < 5 or zone == "Pacific/Apia"
        # The same time on the clock, but for a time that the clock leaves out that day.
        assert abs((at.replace(tzinfo=None) - datetime.combine(at.date(), clock.time())).total_seconds()) <= 3600
        assert one.grace_ends_at > one.due_at


WINDOW = Window("first-day", there(2026, 11, 25, 22, 0), there(2026, 11, 26, 2, 0))


@pytest.mark.parametrize(
    ("hours", "state"),
    [(-24, "open"), (-4.01, "open"), (-4, "due_soon"), (-0.01, "due_soon"), (0, "late"), (3.99, "late"), (4, "missed")],
)
def test_a_window_that_is_not_done_is_open_then_late_then_missed(hours: float, state: str):
    assert state_of(WINDOW, None, WINDOW.due_at + timedelta(hours=hours)) == state


@pytest.mark.parametrize(
    ("done", "state"), [(0, "done"), (0.01, "done_late"), (4, "done_late"), (4.01, "done_after_missed")]
)
def test_what_was_done_counts_by_when_it_was_done_however_long_ago(done: float, state: str):
    done_at = WINDOW.due_at + timedelta(hours=done)

    assert state_of(WINDOW, done_at, done_at + timedelta(days=90)) == state


def test_missed_stays_missed():
    assert {state for state in WindowState if state.is_missed} == {WindowState.MISSED, WindowState.DONE_AFTER_MISSED}
    assert {state for state in WindowState if state.is_done} == {
        WindowState.DONE,
        WindowState.DONE_LATE,
        WindowState.DONE_AFTER_MISSED,
    }
    assert all(state.word for state in WindowState)


@pytest.mark.parametrize(
    ("hours", "made", "notice"),
    [
        (-5, [], None),
        (-3, [], NoticeKind.REMINDER),
        (-3, [NoticeKind.REMINDER], None),
        (1, [], None),
        (5, [], NoticeKind.MISSED),
        (5, [NoticeKind.REMINDER], NoticeKind.MISSED),
        (5, [NoticeKind.MISSED], None),
    ],
)
def test_people_are_reminded_once_before_the_end_and_told_once_that_it_was_missed(
    hours: float, made: list[NoticeKind], notice: NoticeKind | None
):
    assert notice_due(WINDOW, None, WINDOW.due_at + timedelta(hours=hours), made) is notice


def test_what_is_done_reminds_nobody():
    assert notice_due(WINDOW, WINDOW.due_at - timedelta(hours=3), WINDOW.due_at - timedelta(hours=2), []) is None


def test_what_was_done_only_after_it_was_missed_is_told_all_the_same():
    done = WINDOW.grace_ends_at + timedelta(minutes=1)

    assert notice_due(WINDOW, done, done + timedelta(days=1), []) is NoticeKind.MISSED


def test_each_rule_reminds_before_its_end():
    leads = {one.group_key: one.due_at - reminds_at(one) for one in windows_of(there(2026, 11, 24, 22, 0), BERLIN)}

    assert leads == {
        "first-hour": timedelta(minutes=15),
        "first-day": timedelta(hours=4),
        "first-week": timedelta(days=1),
        "ongoing": timedelta(days=3),
    }
    assert len(RULES) == 4


def test_a_quarter_with_both_changes_of_the_clock_to_the_minute():
    """Every day from March to November: a week later is the same weekday, or the Monday, at the same minute."""
    day, last = date(2026, 3, 1), date(2026, 11, 15)
    while day < last:
        started = datetime(day.year, day.month, day.day, 18, 45, tzinfo=ZoneInfo(BERLIN))
        at = due(started)["first-week"].due_at.astimezone(ZoneInfo(BERLIN))
        ahead = 7 + (7 - day.weekday() if day.weekday() > 4 else 0)
        assert (at.date() - day, at.hour, at.minute) == (timedelta(days=ahead), 18, 45)
        day += timedelta(days=1)


@pytest.mark.parametrize(
    ("until", "words"),
    [
        (timedelta(minutes=22, seconds=59), "22 min"),
        (timedelta(hours=3, minutes=5), "3 h 05 min"),
        (timedelta(days=6, hours=4, minutes=59), "6 d 4 h"),
        (timedelta(days=-2), "2 d"),
        (timedelta(seconds=-30), "0 min"),
    ],
)
def test_the_clock_says_how_long_in_few_words(until: timedelta, words: str):
    assert clock_words(until) == words
