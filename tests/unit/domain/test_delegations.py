"""A delegation holds when it was accepted, was not ended, and its time is now."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.delegations import (
    LONGEST,
    Answer,
    DelegationStanding,
    delegable_roles,
    delegation_standing,
    fault_of,
)
from app.domain.permissions import Role

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
END = START + timedelta(days=2)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("answers", "at", "standing"),
    [
        ((), START, DelegationStanding.ASKED),
        ((), END, DelegationStanding.OVER),
        ((Answer.ACCEPTED,), START - SECOND, DelegationStanding.LATER),
        ((Answer.ACCEPTED,), START, DelegationStanding.IN_FORCE),
        ((Answer.ACCEPTED,), END - SECOND, DelegationStanding.IN_FORCE),
        ((Answer.ACCEPTED,), END, DelegationStanding.OVER),
        ((Answer.DECLINED,), START, DelegationStanding.DECLINED),
        ((Answer.ACCEPTED, Answer.ENDED), START, DelegationStanding.ENDED),
        ((Answer.ENDED,), START, DelegationStanding.ENDED),
    ],
)
def test_where_it_stands_follows_from_its_times_and_answers(
    answers: tuple[Answer, ...], at: datetime, standing: DelegationStanding
):
    assert delegation_standing(answers, START, END, at) is standing


@given(st.sets(st.sampled_from(Answer)), st.integers(-5, 5))
def test_it_is_in_force_only_when_accepted_and_neither_declined_nor_ended_within_its_time(
    answers: set[Answer], hours: int
):
    at = START + timedelta(hours=hours)
    is_in_force = delegation_standing(answers, START, END, at) is DelegationStanding.IN_FORCE

    assert is_in_force is (answers == {Answer.ACCEPTED} and START <= at < END)


def test_its_time_lies_ahead_and_is_not_longer_than_somebody_is_away():
    assert fault_of(START, START + LONGEST, START) == ""
    assert "longer than 90 days" in fault_of(START, START + LONGEST + SECOND, START)
    assert "before it begins" in fault_of(START, START, START)
    assert "has passed" in fault_of(START - 2 * SECOND, START - SECOND, START)


def test_only_roles_that_sign_can_be_lent():
    assert Role.DBA in delegable_roles()
    assert not set(delegable_roles()) & {Role.VIEWER, Role.AUDITOR, Role.ADMINISTRATOR}
