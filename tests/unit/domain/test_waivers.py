"""What may be asked for, by whom it is decided, until when it holds, and what is left without it."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.checklist import TAKEN_AWAY, WAIVED, ItemFacts, ItemState, Severity
from app.domain.errors import InvalidInput, NotYours, RuleViolation
from app.domain.waiver_kinds import REASONS, WaiverKind, WaiverReason
from app.domain.waivers import (
    ANNOUNCED,
    GRANTED,
    WaiverDecision,
    WaiverStanding,
    WaiverWish,
    a_year_after,
    check_may_approve_waiver,
    check_may_decide_waiver,
    check_may_end_waiver,
    check_may_request_waiver,
    countdown,
    is_announced,
    is_over,
    releases_in_a_row,
    standing_of,
    state_after,
    utc_day,
)

ASHA, BEN = 1, 2
TODAY = date(2026, 3, 2)
TOMORROW = TODAY + timedelta(days=1)
WHY = "no upload in this module"
WAITING = ItemState.NOT_APPLICABLE_REQUESTED
DATED = sorted(set(WaiverKind) - {WaiverKind.NOT_APPLICABLE})

days = st.dates(date(2020, 1, 1), date(2040, 12, 31))


def _item(state: ItemState = ItemState.TODO) -> ItemFacts:
    return ItemFacts("Rollback tested", state, Severity.REQUIRED, None)


def _wish(
    kind: WaiverKind = WaiverKind.NOT_APPLICABLE,
    *,
    reason: WaiverReason | None = None,
    explanation: str = WHY,
    ends_on: date | None = None,
) -> WaiverWish:
    return WaiverWish(kind, reason or REASONS[kind][0], explanation, ends_on)


def _ask(
    wish: WaiverWish,
    state: ItemState = ItemState.TODO,
    *,
    today: date = TODAY,
    is_pending: bool = False,
    ends_on: date | None = None,
) -> None:
    check_may_request_waiver(_item(state), wish, today=today, is_pending=is_pending, ends_on=ends_on)


@pytest.mark.parametrize(("state", "why"), [(ItemState.RULED_OUT, "answers"), (ItemState.REMOVED, "no longer asks")])
def test_what_was_taken_away_is_not_waived(state: ItemState, why: str):
    with pytest.raises(RuleViolation, match=why):
        _ask(_wish(), state)


@pytest.mark.parametrize("state", sorted(set(ItemState) - WAIVED - TAKEN_AWAY - {WAITING}))
def test_not_applicable_may_be_asked_for_whatever_applies_without_a_day(state: ItemState):
    _ask(_wish(), state)


@pytest.mark.parametrize("kind", DATED)
@pytest.mark.parametrize("state", sorted(set(ItemState) - WAIVED - TAKEN_AWAY - {WAITING, ItemState.DONE}))
def test_every_other_kind_may_be_asked_for_what_is_not_done_with_a_day(state: ItemState, kind: WaiverKind):
    _ask(_wish(kind, ends_on=TOMORROW), state)


@pytest.mark.parametrize("kind", DATED)
def test_what_is_done_needs_no_override(kind: WaiverKind):
    with pytest.raises(RuleViolation, match="done: there is nothing to waive"):
        _ask(_wish(kind, ends_on=TOMORROW), ItemState.DONE)


@pytest.mark.parametrize("kind", list(WaiverKind))
def test_a_waiver_is_asked_for_once(kind: WaiverKind):
    wish = _wish(kind, ends_on=TOMORROW)

    with pytest.raises(RuleViolation, match="already waits"):
        _ask(wish, WAITING)
    with pytest.raises(RuleViolation, match="already waits"):
        _ask(wish, kind.state, is_pending=True, ends_on=TOMORROW)


@pytest.mark.parametrize("state", sorted(WAIVED))
def test_what_is_waived_without_an_end_is_not_waived_again(state: ItemState):
    with pytest.raises(RuleViolation, match=f"already {state.word}"):
        _ask(_wish(), state)


@pytest.mark.parametrize("state", sorted(WAIVED))
def test_what_is_waived_until_a_day_may_be_asked_for_anew_before_it(state: ItemState):
    _ask(_wish(WaiverKind.OVERRIDE, ends_on=TODAY + timedelta(days=30)), state, ends_on=TOMORROW)


def test_a_waiver_is_explained_in_a_sentence():
    _ask(_wish(explanation="12345"))
    with pytest.raises(RuleViolation, match="Say in a sentence"):
        _ask(_wish(explanation="1234"))


@pytest.mark.parametrize("kind", DATED)
def test_what_is_not_done_and_goes_on_says_until_when(kind: WaiverKind):
    with pytest.raises(InvalidInput, match="Say until when") as refused:
        _ask(_wish(kind))

    assert list(refused.value.fields) == ["ends_on"]
    assert kind.needs_end


def test_not_applicable_may_have_an_end_and_needs_none():
    _ask(_wish(ends_on=TOMORROW))
    assert not WaiverKind.NOT_APPLICABLE.needs_end


@pytest.mark.parametrize("kind", list(WaiverKind))
def test_the_last_day_is_today_at_the_earliest_and_a_year_ahead_at_most(kind: WaiverKind):
    _ask(_wish(kind, ends_on=TODAY))
    _ask(_wish(kind, ends_on=date(2027, 3, 2)))
    with pytest.raises(InvalidInput, match="passed already: today is 2026-03-02 in UTC"):
        _ask(_wish(kind, ends_on=date(2026, 3, 1)))
    with pytest.raises(InvalidInput, match="a year at most, until 2027-03-02"):
        _ask(_wish(kind, ends_on=date(2027, 3, 3)))


@pytest.mark.parametrize("kind", list(WaiverKind))
@pytest.mark.parametrize("reason", list(WaiverReason))
def test_a_reason_fits_its_kind_or_is_refused_by_its_name(kind: WaiverKind, reason: WaiverReason):
    wish = _wish(kind, reason=reason, ends_on=TOMORROW)
    if reason in REASONS[kind]:
        _ask(wish)
        return

    with pytest.raises(InvalidInput, match="is no reason for this kind of waiver") as refused:
        _ask(wish)
    assert reason.label in refused.value.sentence
    assert kind.label in refused.value.sentence


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(InvalidInput) as refused:
        _ask(_wish(WaiverKind.DEFERRAL, reason=WaiverReason.UNLIKELY))

    assert set(refused.value.fields) == {"reason_code", "ends_on"}


def test_every_reason_is_on_a_list_and_no_time_is_on_none():
    assert {reason for reasons in REASONS.values() for reason in reasons} == set(WaiverReason)
    assert all(reasons[-1] is WaiverReason.OTHER for reasons in REASONS.values())
    assert [len(reasons) for reasons in REASONS.values()] == [5, 4, 4, 4]
    assert not [reason.label for reason in WaiverReason if "time" in reason.label.lower()]


def test_a_waiver_is_decided_by_somebody_else():
    check_may_decide_waiver(requested_by_id=BEN, actor_id=ASHA, is_pending=True)
    with pytest.raises(NotYours):
        check_may_decide_waiver(requested_by_id=ASHA, actor_id=ASHA, is_pending=True)


def test_a_waiver_is_decided_once():
    with pytest.raises(RuleViolation, match="decided already"):
        check_may_decide_waiver(requested_by_id=BEN, actor_id=ASHA, is_pending=False)


def test_what_waited_past_its_day_is_no_longer_approved():
    check_may_approve_waiver(None, today=TODAY)
    check_may_approve_waiver(TODAY, today=TODAY)
    with pytest.raises(RuleViolation, match="has passed"):
        check_may_approve_waiver(TODAY, today=TOMORROW)


@pytest.mark.parametrize("decision", list(WaiverDecision))
def test_only_what_is_in_force_is_ended_and_only_with_a_reason(decision: WaiverDecision):
    if decision is WaiverDecision.APPROVED:
        check_may_end_waiver(decision, reason="the index is there")
        with pytest.raises(InvalidInput, match="Say why it ends early"):
            check_may_end_waiver(decision, reason="")
        return

    with pytest.raises(RuleViolation, match="not in force"):
        check_may_end_waiver(decision, reason="the index is there")


@given(days, st.integers(-400, 400))
def test_a_waiver_holds_through_its_last_day_and_not_a_day_longer(last: date, later: int):
    today = last + timedelta(days=later)

    assert is_over(last, today) is (later > 0)
    assert is_announced(last, today) is (-7 <= later <= 0)
    assert not is_over(None, today)
    assert not is_announced(None, today)


def test_it_is_announced_a_week_before():
    assert timedelta(days=7) == ANNOUNCED


@given(days)
def test_a_year_is_never_more_than_366_days(day: date):
    assert 365 <= (a_year_after(day) - day).days <= 366


def test_a_year_after_a_29_february_is_the_28th():
    assert a_year_after(date(2028, 2, 29)) == date(2029, 2, 28)


def test_the_day_is_counted_in_utc_wherever_somebody_sits():
    kolkata = timezone(timedelta(hours=5, minutes=30))

    assert utc_day(datetime(2026, 3, 3, 1, 0, tzinfo=kolkata)) == TODAY
    assert utc_day(datetime(2026, 3, 2, 23, 59, tzinfo=UTC)) == TODAY


@pytest.mark.parametrize(
    ("ends_on", "standing"),
    [
        (None, WaiverStanding.IN_FORCE),
        (TODAY + timedelta(days=8), WaiverStanding.IN_FORCE),
        (TODAY + timedelta(days=7), WaiverStanding.EXPIRING),
        (TODAY, WaiverStanding.EXPIRING),
        (TODAY - timedelta(days=1), WaiverStanding.REOPENING),
    ],
)
def test_what_was_approved_is_in_force_until_its_day_has_passed(ends_on: date | None, standing: WaiverStanding):
    assert standing_of(WaiverDecision.APPROVED, ends_on, TODAY) is standing


def test_what_waits_waits_and_what_is_over_says_how_it_ended():
    past = TODAY - timedelta(days=1)

    assert standing_of(WaiverDecision.PENDING, past, TODAY) is WaiverStanding.WAITING
    for decision in set(WaiverDecision) - {WaiverDecision.PENDING, WaiverDecision.APPROVED}:
        assert standing_of(decision, past, TODAY).value == decision.value
    assert all(standing.word for standing in WaiverStanding)


@pytest.mark.parametrize(
    ("later", "words"),
    [(-1, "expired, reopening"), (0, "expires today"), (1, "expires tomorrow"), (3, "expires in 3 days")],
)
def test_how_long_it_holds_is_said_in_words(later: int, words: str):
    assert countdown(TODAY + timedelta(days=later), TODAY) == words


@pytest.mark.parametrize("before", list(ItemState))
def test_without_its_waiver_an_item_is_open_and_never_done_by_itself(before: ItemState):
    after = state_after(before)

    kept = {ItemState.DOING, ItemState.FAILED, ItemState.BLOCKED}
    assert after is (before if before in kept else ItemState.TODO)


def test_each_kind_brings_its_state_and_says_what_it_means():
    assert [kind.state for kind in WaiverKind] == [
        ItemState.NOT_APPLICABLE,
        ItemState.OVERRIDDEN,
        ItemState.OVERRIDDEN,
        ItemState.DEFERRED,
    ]
    assert {kind.state for kind in WaiverKind} == WAIVED
    assert [kind.label for kind in WaiverKind] == ["not applicable", "override", "accepted risk", "deferral"]
    assert all(kind.meaning for kind in WaiverKind)


def test_what_is_stored_stays_what_it_was():
    assert [kind.value for kind in WaiverKind] == ["not_applicable", "override", "accepted_risk", "deferral"]
    assert [decision.value for decision in WaiverDecision] == [
        *("pending", "approved", "refused", "withdrawn", "ended", "expired")
    ]
    assert {decision.value for decision in GRANTED} == {"approved", "ended", "expired"}
    assert [reason.value for reason in WaiverReason] == [
        *("not_touched", "no_such_feature", "covered_elsewhere", "other_process"),
        *("false_alarm", "guarded_otherwise", "waiting_is_worse", "unlikely", "small_harm", "watched"),
        *("waits_for_others", "after_deployment", "next_release", "other"),
    ]


def test_a_wish_stands_in_the_history_with_its_kind_its_day_and_its_reason():
    assert _wish().words == "not applicable: This release does not touch it"
    assert _wish(WaiverKind.DEFERRAL, ends_on=TOMORROW).words == (
        "deferral, until 2026-03-03: It waits for another team or a supplier"
    )


@pytest.mark.parametrize(
    ("before", "waived", "number"),
    [([], set(), 0), ([3, 2, 1], {3, 2, 1}, 3), ([3, 2, 1], {3, 1}, 1), ([3, 2, 1], {2, 1}, 0), ([3], {9, 3}, 1)],
)
def test_a_gap_ends_the_row_of_releases(before: list[int], waived: set[int], number: int):
    assert releases_in_a_row(before, waived) == number
