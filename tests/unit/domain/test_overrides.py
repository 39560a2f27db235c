"""Break-glass by its rules: who may, when, and that it never looks like a signed gate."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InvalidInput, NotYours, RuleViolation
from app.domain.gates import GateState, Verdict
from app.domain.overrides import (
    OverrideEnd,
    OverrideFacts,
    OverrideState,
    OverrideWish,
    check_may_confirm,
    check_may_end,
    check_may_open,
    check_may_review,
    debt_number,
    debt_sentence,
    end_by_time,
    overridden,
    time_words,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=30)
OPENER, CONFIRMER, REVIEWER = 1, 2, 3
WAITING = OverrideFacts(OPENER, LATER)
IN_FORCE = OverrideFacts(OPENER, LATER, CONFIRMER, NOW + timedelta(hours=2))
OVER = OverrideFacts(OPENER, LATER, CONFIRMER, NOW)
USED = OverrideFacts(OPENER, LATER, CONFIRMER, NOW + timedelta(hours=2), is_used=True)
REVIEWED = OverrideFacts(OPENER, LATER, CONFIRMER, NOW, is_reviewed=True)
WISH = OverrideWish("Orders fail in production.", "INC-1")


@pytest.mark.parametrize(
    ("facts", "at", "state"),
    [
        (WAITING, NOW, OverrideState.WAITING),
        (WAITING, LATER - timedelta(microseconds=1), OverrideState.WAITING),
        (WAITING, LATER, OverrideState.LAPSED),
        (OverrideFacts(OPENER, LATER, ended=OverrideEnd.LAPSED), NOW, OverrideState.LAPSED),
        (OverrideFacts(OPENER, LATER, ended=OverrideEnd.CALLED_OFF), NOW, OverrideState.CALLED_OFF),
        (IN_FORCE, NOW, OverrideState.IN_FORCE),
        (IN_FORCE, NOW + timedelta(hours=2), OverrideState.TO_REVIEW),
        (OVER, NOW, OverrideState.TO_REVIEW),
        (USED, NOW, OverrideState.TO_REVIEW),
        (REVIEWED, NOW, OverrideState.REVIEWED),
    ],
)
def test_where_one_stands_follows_from_its_rows_and_the_time(facts: OverrideFacts, at: datetime, state: OverrideState):
    assert facts.state(at) is state


def test_a_review_is_owed_from_the_confirmation_on_used_or_not():
    owed = [facts.is_owed for facts in (WAITING, IN_FORCE, OVER, USED, REVIEWED)]

    assert owed == [False, True, True, True, False]


@given(
    state=st.sampled_from(GateState),
    reasons=st.lists(st.text(max_size=5)).map(tuple),
)
def test_an_overridden_gate_is_never_satisfied_and_keeps_every_reason(state: GateState, reasons: tuple[str, ...]):
    verdict = overridden(Verdict(state, reasons))

    assert verdict.state in {GateState.OVERRIDDEN, GateState.CONSUMED}
    assert (verdict.state is GateState.CONSUMED) is (state is GateState.CONSUMED)
    assert verdict.by_itself is state
    assert verdict.reasons == reasons
    assert verdict.may_approve is (state in {GateState.OPEN, GateState.PARTIAL})
    assert overridden(verdict) == verdict


def test_a_gate_is_passed_satisfied_or_overridden_and_in_no_other_state():
    assert {state for state in GateState if Verdict(state).may_pass} == {GateState.SATISFIED, GateState.OVERRIDDEN}


def test_opening_wants_a_reason_an_incident_and_a_time_between_a_quarter_and_a_day():
    check_may_open(WISH, is_consumed=False, is_under_way=False)
    for minutes in (15, 1440):
        check_may_open(OverrideWish("Orders fail.", "INC-1", minutes), is_consumed=False, is_under_way=False)
    with pytest.raises(InvalidInput) as refused:
        check_may_open(OverrideWish("no", "", 14), is_consumed=False, is_under_way=False)
    assert set(refused.value.fields) == {"reason", "incident", "minutes"}
    with pytest.raises(InvalidInput, match="24 hours"):
        check_may_open(OverrideWish("Orders fail.", "INC-1", 1441), is_consumed=False, is_under_way=False)


@pytest.mark.parametrize("passed", [True, False])
def test_a_gate_that_was_passed_or_is_being_overridden_is_not_opened(passed: bool):
    with pytest.raises(RuleViolation):
        check_may_open(WISH, is_consumed=passed, is_under_way=not passed)


def test_only_a_second_person_confirms_and_only_while_it_waits():
    check_may_confirm(WAITING, actor_id=CONFIRMER, at=NOW, is_consumed=False)
    with pytest.raises(NotYours, match="second person"):
        check_may_confirm(WAITING, actor_id=OPENER, at=NOW, is_consumed=False)
    with pytest.raises(RuleViolation, match="in time"):
        check_may_confirm(WAITING, actor_id=CONFIRMER, at=LATER, is_consumed=False)
    with pytest.raises(RuleViolation, match="been passed"):
        check_may_confirm(WAITING, actor_id=CONFIRMER, at=NOW, is_consumed=True)
    for facts in (IN_FORCE, OVER, REVIEWED):
        with pytest.raises(RuleViolation, match="nobody any more"):
            check_may_confirm(facts, actor_id=REVIEWER, at=NOW, is_consumed=False)


def test_only_a_third_person_reviews_once_and_only_what_is_over():
    for facts in (OVER, USED):
        check_may_review(facts, actor_id=REVIEWER, at=NOW, text="It was needed.")
        for one_of_two in (OPENER, CONFIRMER):
            with pytest.raises(NotYours, match="third person"):
                check_may_review(facts, actor_id=one_of_two, at=NOW, text="It was needed.")
    for facts, words in ((IN_FORCE, "still in force"), (WAITING, "never confirmed"), (REVIEWED, "reviewed already")):
        with pytest.raises(RuleViolation, match=words):
            check_may_review(facts, actor_id=REVIEWER, at=NOW, text="It was needed.")
    with pytest.raises(InvalidInput):
        check_may_review(OVER, actor_id=REVIEWER, at=NOW, text="ok")


def test_it_is_called_off_before_and_ended_early_after_the_confirmation_with_a_reason():
    assert check_may_end(WAITING, at=NOW, reason="It works again.") is OverrideEnd.CALLED_OFF
    assert check_may_end(IN_FORCE, at=NOW, reason="It works again.") is OverrideEnd.ENDED_EARLY
    with pytest.raises(InvalidInput):
        check_may_end(WAITING, at=NOW, reason="")
    for facts in (OVER, USED, REVIEWED):
        with pytest.raises(RuleViolation, match="over already"):
            check_may_end(facts, at=NOW, reason="It works again.")


def test_time_ends_what_nobody_else_has_ended():
    assert end_by_time(WAITING, NOW) is None
    assert end_by_time(WAITING, LATER) is OverrideEnd.LAPSED
    assert end_by_time(IN_FORCE, NOW) is None
    assert end_by_time(OVER, NOW) is OverrideEnd.EXPIRED
    assert end_by_time(USED, NOW + timedelta(days=1)) is None
    assert end_by_time(OverrideFacts(OPENER, LATER, ended=OverrideEnd.CALLED_OFF), LATER) is None


@given(number=st.integers(1, 10**12))
def test_the_sentence_of_a_debt_leads_back_to_its_number(number: int):
    assert debt_number(debt_sentence(number)) == number


@pytest.mark.parametrize("text", ["", "Break-glass 4", "Break-glass x has to", "There is no rollback plan."])
def test_another_sentence_names_no_break_glass(text: str):
    assert debt_number(text) is None


def test_lengths_in_words():
    words = {0: "0 min", 15: "15 min", 60: "1 h", 90: "1 h 30 min", 1440: "24 h"}
    assert {minutes: time_words(minutes) for minutes in words} == words
