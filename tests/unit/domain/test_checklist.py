"""How an item may go from state to state, and what the rules say when it may not."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.checklist import (
    MATRIX_PHASES,
    OPEN,
    SETTABLE,
    TAKEN_AWAY,
    UNDO_GRACE,
    UNDO_WINDOW,
    WAIVED,
    ItemFacts,
    ItemState,
    Mode,
    Phase,
    Severity,
    check_may_bulk,
    check_may_keep,
    check_may_set_state,
    fault_of_number,
    is_link,
    untick_needs_reason,
)
from app.domain.errors import InvalidInput, RuleViolation

ASHA, BEN = 1, 2
WAITING = ItemState.NOT_APPLICABLE_REQUESTED
REASON_ALWAYS = "it was measured again"


def _item(
    state: ItemState = ItemState.TODO, *, severity: Severity = Severity.REQUIRED, changed_by: int | None = None
) -> ItemFacts:
    return ItemFacts("Rollback tested", state, severity, changed_by)


@pytest.mark.parametrize("new", sorted(SETTABLE))
@pytest.mark.parametrize("old", [s for s in ItemState if s is not WAITING and s not in TAKEN_AWAY])
def test_with_a_reason_every_state_leads_to_every_state_that_a_person_sets(old: ItemState, new: ItemState):
    check_may_set_state(_item(old, changed_by=BEN), new, actor_id=ASHA, reason=REASON_ALWAYS)


@pytest.mark.parametrize("new", sorted({WAITING, *WAIVED}))
@pytest.mark.parametrize("old", sorted(set(ItemState) - TAKEN_AWAY))
def test_what_a_waiver_brings_is_never_set_by_hand(old: ItemState, new: ItemState):
    with pytest.raises(RuleViolation, match="reached by a waiver"):
        check_may_set_state(_item(old), new, actor_id=ASHA, reason=REASON_ALWAYS)


@pytest.mark.parametrize("new", sorted(SETTABLE))
def test_an_item_that_waits_for_approval_stands_still(new: ItemState):
    with pytest.raises(RuleViolation, match="Withdraw or decide it first"):
        check_may_set_state(_item(WAITING), new, actor_id=ASHA, reason=REASON_ALWAYS)


@pytest.mark.parametrize("new", list(ItemState))
@pytest.mark.parametrize(("state", "why"), [(ItemState.RULED_OUT, "answers"), (ItemState.REMOVED, "no longer asks")])
def test_what_was_taken_away_is_not_worked_on(state: ItemState, why: str, new: ItemState):
    with pytest.raises(RuleViolation, match=why):
        check_may_set_state(_item(state), new, actor_id=ASHA, reason=REASON_ALWAYS)


def test_blocked_says_what_blocks():
    with pytest.raises(RuleViolation, match="Say what blocks it"):
        check_may_set_state(_item(), ItemState.BLOCKED, actor_id=ASHA, reason="")


@pytest.mark.parametrize("new", [ItemState.TODO, ItemState.DOING, ItemState.DONE, ItemState.FAILED])
def test_only_blocked_needs_a_reason_when_nothing_was_decided_before(new: ItemState):
    check_may_set_state(_item(), new, actor_id=ASHA, reason="")


@pytest.mark.parametrize("new", sorted(SETTABLE - {ItemState.BLOCKED}))
def test_what_was_approved_as_not_applicable_comes_back_with_a_reason_only(new: ItemState):
    with pytest.raises(RuleViolation, match="why it applies after all"):
        check_may_set_state(_item(ItemState.NOT_APPLICABLE, changed_by=ASHA), new, actor_id=ASHA, reason="")


@pytest.mark.parametrize("old", [ItemState.OVERRIDDEN, ItemState.DEFERRED])
@pytest.mark.parametrize("new", [ItemState.TODO, ItemState.DOING, ItemState.FAILED])
def test_what_we_go_on_without_is_open_again_with_a_reason_only(old: ItemState, new: ItemState):
    with pytest.raises(RuleViolation, match=f"approved as {old.word}. Say why it is open again"):
        check_may_set_state(_item(old, changed_by=ASHA), new, actor_id=ASHA, reason="")


@pytest.mark.parametrize("old", [ItemState.OVERRIDDEN, ItemState.DEFERRED])
def test_what_we_go_on_without_is_done_later_without_a_word(old: ItemState):
    check_may_set_state(_item(old, changed_by=BEN), ItemState.DONE, actor_id=ASHA, reason="")


@pytest.mark.parametrize("new", [ItemState.TODO, ItemState.DOING, ItemState.FAILED])
@pytest.mark.parametrize("ticked_by", [BEN, None])
def test_somebody_elses_tick_goes_with_a_reason_only(new: ItemState, ticked_by: int | None):
    with pytest.raises(RuleViolation, match="Somebody else ticked this"):
        check_may_set_state(_item(ItemState.DONE, changed_by=ticked_by), new, actor_id=ASHA, reason="")


@pytest.mark.parametrize("new", [ItemState.TODO, ItemState.DOING, ItemState.FAILED])
def test_ones_own_tick_goes_without_a_word(new: ItemState):
    check_may_set_state(_item(ItemState.DONE, changed_by=ASHA), new, actor_id=ASHA, reason="")


def test_ticking_what_somebody_else_ticked_asks_nothing():
    check_may_set_state(_item(ItemState.DONE, changed_by=BEN), ItemState.DONE, actor_id=ASHA, reason="")


@pytest.mark.parametrize(
    ("state", "changed_by", "needed"),
    [(ItemState.DONE, BEN, True), (ItemState.DONE, ASHA, False), (ItemState.FAILED, BEN, False)],
)
def test_the_page_asks_for_a_reason_exactly_when_the_rule_will(state: ItemState, changed_by: int, needed: bool):
    assert untick_needs_reason(_item(state, changed_by=changed_by), actor_id=ASHA) is needed


@pytest.mark.parametrize("new", list(ItemState))
def test_what_is_dangerous_to_skip_is_never_decided_with_others(new: ItemState):
    with pytest.raises(RuleViolation, match="“Rollback tested” is dangerous to skip"):
        check_may_bulk(_item(severity=Severity.KILLER), new, reason=REASON_ALWAYS)


@pytest.mark.parametrize("new", sorted(set(ItemState) - {ItemState.TODO, ItemState.DOING, ItemState.DONE}))
def test_several_at_once_never_fail_block_or_wait(new: ItemState):
    with pytest.raises(RuleViolation, match="done, doing or to do only"):
        check_may_bulk(_item(), new, reason=REASON_ALWAYS)


@pytest.mark.parametrize("new", [ItemState.TODO, ItemState.DOING, ItemState.DONE])
@pytest.mark.parametrize("severity", [Severity.REQUIRED, Severity.ADVISORY])
def test_several_at_once_need_one_sentence(new: ItemState, severity: Severity):
    check_may_bulk(_item(severity=severity), new, reason=REASON_ALWAYS)
    with pytest.raises(RuleViolation, match="one sentence"):
        check_may_bulk(_item(severity=severity), new, reason="")


def test_open_is_everything_that_is_neither_done_nor_waived():
    assert {ItemState.TODO, ItemState.DOING, ItemState.FAILED, ItemState.BLOCKED, WAITING} == OPEN


def test_what_is_stored_stays_what_it_was():
    assert [state.value for state in ItemState] == [
        *("todo", "doing", "done", "failed", "blocked", "not_applicable_requested", "not_applicable"),
        *("overridden", "deferred"),
        *("ruled_out", "removed"),
    ]


def test_every_word_that_a_page_shows_is_there():
    assert [state.word for state in ItemState] == [
        *("to do", "doing", "done", "failed", "blocked", "waiting for approval", "not applicable"),
        *("overridden", "deferred"),
        *("not applicable by rule", "no longer asked"),
    ]
    assert [phase.label for phase in MATRIX_PHASES] == ["Plan", "Build", "Tests", "Security", "Docs", "Pre-deploy"]
    assert all(phase.label for phase in Phase)
    assert Mode.DO_CONFIRM.label == "Do the work, then confirm"
    assert Mode.READ_DO.label == "Read a step, do it, tick it"


def test_a_change_can_be_taken_back_for_ten_seconds_and_the_way_of_the_request():
    assert timedelta(seconds=10) == UNDO_WINDOW
    assert timedelta(0) < UNDO_GRACE <= timedelta(seconds=5)


LINKS = (
    "https://example.org",
    "http://wiki.local:8080/plan?v=2#steps",
    "https://[2001:db8::1]/x",
    "https://a.example/ü",
)
NO_LINKS = (
    *("https://", "http://", "https:///plan", "example.org/plan", "see the merge request", "//example.org", "x"),
    *("https://example.org/a plan", " https://example.org", "https://exa\nmple.org", "https://[2001:db8::1/x"),
    *("javascript:alert(1)", "ftp://example.org/plan", 'https://example.org/"x', "mailto:a@example.org"),
)


@pytest.mark.parametrize("text", LINKS)
def test_a_whole_address_of_the_web_is_a_link(text: str):
    assert is_link(text)
    check_may_keep(value_kind="link", value=text, link=text)


@pytest.mark.parametrize("text", NO_LINKS)
def test_anything_else_is_refused_as_a_link_and_as_a_value_that_is_asked_for_as_one(text: str):
    assert not is_link(text)
    with pytest.raises(InvalidInput, match="Give a whole address") as refused_value:
        check_may_keep(value_kind="link", value=text)
    with pytest.raises(InvalidInput, match="beginning with https://") as refused_link:
        check_may_keep(value_kind="text", value="as planned", link=text)

    assert (list(refused_value.value.fields), list(refused_link.value.fields)) == (["value"], ["link"])


NUMBERS = ("0", "12", "-3", "+4", "0.5", "0,5", "-12.75", "007", "1" * 40)
NO_NUMBERS = (
    *("twelve", "12 ms", "1e5", "1,000.5", "1.000,5", "12.", ".5", "- 3 4x", "--1", "½", "٣", "0x10", "12%", "NaN"),
    "14 of 14",
)


@pytest.mark.parametrize("text", NUMBERS)
def test_digits_with_a_sign_and_a_point_or_a_comma_are_a_number(text: str):
    assert fault_of_number(text) == ""
    check_may_keep(value_kind="number", value=text)


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_anything_else_is_refused_as_a_number(text: str):
    with pytest.raises(InvalidInput, match="Give a number alone") as refused:
        check_may_keep(value_kind="number", value=text)

    assert list(refused.value.fields) == ["value"]


@pytest.mark.parametrize("text", ["12 000", "12\u00a0000", "1 234 567,5", "- 3"])
def test_spaces_in_a_number_are_refused_with_the_number_as_it_should_be(text: str):
    with pytest.raises(InvalidInput, match=r"without spaces: [-\d,]+\.$"):
        check_may_keep(value_kind="number", value=text)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3))
def test_every_decimal_number_is_one(number: Decimal):
    assert fault_of_number(f"{number:f}") == ""


def test_an_item_that_asks_for_a_file_takes_no_words_instead():
    check_may_keep(value_kind="file", value="", link="https://example.org/plan")
    with pytest.raises(InvalidInput, match="asks for a file"):
        check_may_keep(value_kind="file", value="it is in the mail")


@pytest.mark.parametrize("kind", ["", "text"])
def test_a_value_of_another_kind_and_nothing_at_all_may_be_kept(kind: str):
    check_may_keep(value_kind=kind, value="14 of 14")
    check_may_keep(value_kind="link", value="", link="")
