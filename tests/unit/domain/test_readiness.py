"""Honest numbers: what counts as open, what stands in the way, and what comes first."""

from datetime import UTC, datetime
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.checklist import ItemState, Phase, Severity
from app.domain.readiness import Blocker, Counts, cell_kind, cell_word, count, is_blocking, urgency, why

WAITING = ItemState.NOT_APPLICABLE_REQUESTED
ALL_THE_SAME = {ItemState.OVERRIDDEN, ItemState.DEFERRED}
SETTLED = {ItemState.DONE, ItemState.NOT_APPLICABLE, ItemState.RULED_OUT, *ALL_THE_SAME}
OPEN = set(ItemState) - SETTLED - {ItemState.REMOVED}

tallies = st.lists(st.tuples(st.sampled_from(ItemState), st.sampled_from(Severity), st.integers(1, 40)), max_size=30)
counts = st.builds(Counts, *(st.integers(0, 200) for _ in range(10)))


@given(tallies)
def test_applicable_is_done_and_waived_and_open_together(found):
    result = count(found)

    assert result.applicable == result.done + result.overridden + result.deferred + result.open


@given(tallies)
def test_the_whole_is_what_applies_and_what_does_not(found):
    result = count(found)

    assert (
        result.total
        == result.applicable + result.not_applicable
        == sum(number for state, _, number in found if state is not ItemState.REMOVED)
    )


@given(tallies)
def test_each_state_is_counted_as_often_as_it_is_there(found):
    def of(state: ItemState) -> int:
        return sum(number for each, _, number in found if each is state)

    result = count(found)

    assert (result.done, result.not_applicable, result.waiting) == (
        of(ItemState.DONE),
        of(ItemState.NOT_APPLICABLE) + of(ItemState.RULED_OUT),
        of(WAITING),
    )
    assert (result.failed, result.blocked) == (of(ItemState.FAILED), of(ItemState.BLOCKED))
    assert (result.overridden, result.deferred) == (of(ItemState.OVERRIDDEN), of(ItemState.DEFERRED))


@given(tallies)
def test_killers_with_which_we_go_on_are_counted_by_themselves(found):
    killers = [n for state, severity, n in found if state in ALL_THE_SAME and severity is Severity.KILLER]

    assert count(found).waived_killers == sum(killers)


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        (Counts(total=9, done=9), ""),
        (Counts(total=9, not_applicable=9), ""),
        (Counts(total=9, overridden=2), "with 2 overridden"),
        (Counts(total=9, deferred=1), "with 1 deferred"),
        (
            Counts(total=9, overridden=2, deferred=1, waived_killers=1),
            "with 2 overridden, 1 deferred, 1 of them a killer",
        ),
        (Counts(total=9, overridden=3, waived_killers=2), "with 3 overridden, 2 of them killers"),
        (Counts(total=9, overridden=1, waived_killers=1), "with 1 overridden, a killer"),
        (Counts(total=9, deferred=2, waived_killers=2), "with 2 deferred, all of them killers"),
    ],
)
def test_what_is_ready_all_the_same_says_with_what(counts: Counts, words: str):
    assert counts.with_waived == words


@given(tallies, st.sampled_from(sorted(OPEN)), st.sampled_from([Severity.KILLER, Severity.REQUIRED]))
def test_nothing_is_ready_while_one_killer_or_required_item_is_open(found, state, severity):
    assert not count([*found, (state, severity, 1)]).is_ready


@given(tallies)
def test_a_failed_item_is_in_the_way_even_when_it_is_only_advice(found):
    assert not count([*found, (ItemState.FAILED, Severity.ADVISORY, 1)]).is_ready


@given(st.lists(st.tuples(st.sampled_from(sorted(SETTLED)), st.sampled_from(Severity), st.integers(1, 9)), min_size=1))
def test_it_is_ready_when_all_is_done_or_waived(found):
    assert count(found).is_ready


def test_advice_that_is_open_is_not_in_the_way():
    assert count([(ItemState.DONE, Severity.KILLER, 1), (ItemState.TODO, Severity.ADVISORY, 3)]).is_ready


def test_a_checklist_of_which_nothing_is_asked_any_more_is_not_ready():
    assert not count([(ItemState.REMOVED, Severity.KILLER, 3)]).is_ready


def test_a_checklist_without_an_item_is_not_ready():
    assert not count([]).is_ready
    assert not Counts().is_ready


@given(counts, counts, counts)
def test_adding_numbers_does_not_depend_on_the_order(one, two, three):
    assert (one + two) + three == one + (two + three)
    assert one + two == two + one
    assert one + Counts() == one


@given(st.lists(tallies, max_size=5))
def test_the_sum_of_the_parts_is_the_count_of_the_whole(parts):
    together = reduce(Counts.__add__, (count(part) for part in parts), Counts())

    assert together == count([row for part in parts for row in part])


@pytest.mark.parametrize("severity", list(Severity))
@pytest.mark.parametrize("state", list(ItemState))
def test_in_the_way_is_what_is_open_and_more_than_advice_or_failed(state: ItemState, severity: Severity):
    expected = state in OPEN and (severity is not Severity.ADVISORY or state is ItemState.FAILED)

    assert is_blocking(state, severity) is expected


def test_blockers_come_failed_first_then_blocked_then_waiting_then_the_rest():
    states = [ItemState.TODO, WAITING, ItemState.BLOCKED, ItemState.FAILED]

    assert sorted(states, key=lambda state: urgency(state, Severity.REQUIRED, 1)) == states[::-1]


def test_what_is_being_done_is_as_urgent_as_what_is_not_begun():
    assert urgency(ItemState.DOING, Severity.REQUIRED, 4) == urgency(ItemState.TODO, Severity.REQUIRED, 4)


def test_among_equals_killers_come_first_and_then_the_order_of_the_checklist():
    here = [(Severity.ADVISORY, 1), (Severity.REQUIRED, 3), (Severity.REQUIRED, 2), (Severity.KILLER, 9)]

    ranked = sorted(here, key=lambda pair: urgency(ItemState.FAILED, *pair))

    assert ranked == [(Severity.KILLER, 9), (Severity.REQUIRED, 2), (Severity.REQUIRED, 3), (Severity.ADVISORY, 1)]


@pytest.mark.parametrize(
    ("state", "severity", "reason", "words"),
    [
        (ItemState.TODO, Severity.REQUIRED, "", "not done"),
        (ItemState.DOING, Severity.REQUIRED, "", "not finished"),
        (ItemState.FAILED, Severity.KILLER, "index missing", "failed, killer: index missing"),
        (ItemState.BLOCKED, Severity.REQUIRED, "no schema", "blocked: no schema"),
        (WAITING, Severity.REQUIRED, "", "waiting for approval"),
    ],
)
def test_why_it_is_in_the_way_is_said_in_words(state: ItemState, severity: Severity, reason: str, words: str):
    assert why(state, severity, reason) == words


def blocker_in(state: ItemState, *, owner: str | None = None) -> Blocker:
    """A killer in some state, with somebody or nobody."""
    return Blocker(
        item_id=1,
        text="Rollback tested",
        url="/releases/r/modules/m/groups/g/#item-1",
        module_key="m",
        module_name="M",
        group_title="Migration testing",
        phase=Phase.TESTING,
        severity=Severity.KILLER,
        state=state,
        reason="",
        owner_id=7 if owner else None,
        owner_name=owner,
        since=datetime(2026, 1, 5, tzinfo=UTC),
    )


def test_a_blocker_says_why_and_in_which_phase():
    blocker = blocker_in(ItemState.TODO)

    assert (blocker.why, blocker.phase_title) == ("not done, killer", "Tests")


def test_what_waits_for_approval_is_with_whoever_may_decide_and_everything_else_with_its_owner():
    assert blocker_in(WAITING, owner="Ravi Kumar").holder == blocker_in(WAITING).holder == "a DBA or team lead"
    for state in OPEN - {WAITING}:
        assert blocker_in(state, owner="Ravi Kumar").holder == "Ravi Kumar"
        assert blocker_in(state).holder is None


@given(tallies)
def test_what_is_open_is_in_the_way_or_advice(found):
    result = count(found)

    advice = [number for state, severity, number in found if state in OPEN and not is_blocking(state, severity)]
    assert result.open == result.blocking + result.advice
    assert result.advice == sum(advice)


@pytest.mark.parametrize(
    ("counts", "kind", "word"),
    [
        (Counts(), "none", "none"),
        (Counts(total=6), "open", "not started"),
        (Counts(total=6, done=1), "started", "started"),
        (Counts(total=6, done=6), "done", "done"),
        (Counts(total=6, done=5, not_applicable=1), "done", "done"),
        (Counts(total=6, done=5, overridden=1), "overridden", "1 overridden"),
        (Counts(total=6, done=4, deferred=2), "deferred", "2 deferred"),
        (Counts(total=6, done=3, overridden=1, deferred=2), "overridden", "1 overridden"),
        (Counts(total=6, done=3, overridden=1), "started", "started"),
        (Counts(total=6, waiting=2), "waiting", "2 waiting"),
        (Counts(total=6, waiting=2, blocked=3), "blocked", "3 blocked"),
        (Counts(total=6, waiting=2, blocked=3, failed=1), "failed", "1 failed"),
    ],
)
def test_the_worst_thing_in_a_cell_gives_it_its_word(counts: Counts, kind: str, word: str):
    assert (cell_kind(counts), cell_word(counts)) == (kind, word)
