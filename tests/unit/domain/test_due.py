"""When something is due by its rule."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.due import due_date
from app.domain.template_content import DueAnchor, DueRule

MADE, PLANNED = date(2026, 11, 2), date(2026, 11, 28)  # a Monday; a Saturday
DAYS = st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 1, 1))


@pytest.mark.parametrize(
    ("rule", "day"),
    [
        (DueRule(DueAnchor.CHECKLIST_CREATED, 3), date(2026, 11, 5)),
        (DueRule(DueAnchor.CHECKLIST_CREATED, 0), MADE),
        (DueRule(DueAnchor.RELEASE_PLANNED, 0), PLANNED),
        (DueRule(DueAnchor.RELEASE_PLANNED, -7), date(2026, 11, 21)),
        # A Saturday goes to Monday when it follows, to Friday when it must be before.
        (DueRule(DueAnchor.RELEASE_PLANNED, 0, weekdays_only=True), date(2026, 11, 30)),
        (DueRule(DueAnchor.RELEASE_PLANNED, 1, weekdays_only=True), date(2026, 11, 30)),
        (DueRule(DueAnchor.RELEASE_PLANNED, 2, weekdays_only=True), date(2026, 11, 30)),
        (DueRule(DueAnchor.RELEASE_PLANNED, -7, weekdays_only=True), date(2026, 11, 20)),
        (DueRule(DueAnchor.RELEASE_PLANNED, -6, weekdays_only=True), date(2026, 11, 20)),
        (DueRule(DueAnchor.RELEASE_PLANNED, -5, weekdays_only=True), date(2026, 11, 23)),
    ],
)
def test_days_are_counted_from_the_event(rule: DueRule, day: date):
    assert due_date(rule, MADE, PLANNED) == day


def test_without_a_planned_day_nothing_is_due_by_it():
    assert due_date(DueRule(DueAnchor.RELEASE_PLANNED, 3), MADE, None) is None
    assert due_date(DueRule(DueAnchor.CHECKLIST_CREATED, 3), MADE, None) == date(2026, 11, 5)


@pytest.mark.parametrize("days", [10**7, -(10**7), 10**12])
def test_a_day_beyond_the_calendar_is_none(days: int):
    assert due_date(DueRule(DueAnchor.CHECKLIST_CREATED, days, weekdays_only=True), MADE, None) is None


@given(DAYS, st.integers(-400, 400))
def test_a_weekday_is_asked_for_and_given_at_most_two_days_off_on_the_right_side(event: date, days: int):
    plain = event + timedelta(days=days)

    day = due_date(DueRule(DueAnchor.CHECKLIST_CREATED, days, weekdays_only=True), event, None)

    assert day is not None
    assert day.weekday() < 5
    assert 0 <= ((plain - day) if days < 0 else (day - plain)).days <= 2
    assert day == plain or plain.weekday() >= 5
