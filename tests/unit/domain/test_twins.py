"""Twins state one fact: which of them go where another one goes."""

from itertools import product

import pytest

from app.domain.checklist import SETTABLE, ItemFacts, ItemState, Severity
from app.domain.errors import RuleViolation
from app.domain.twins import check_may_follow, follows

ME, OTHER = 1, 2


def item(state: ItemState, severity: Severity = Severity.REQUIRED, by: int = ME) -> ItemFacts:
    return ItemFacts("Backup taken", state, severity, by)


@pytest.mark.parametrize("state", sorted(SETTABLE - {ItemState.DONE}))
def test_an_open_twin_is_ticked_along(state: ItemState):
    assert follows(item(state), item(ItemState.TODO), ItemState.DONE)


@pytest.mark.parametrize("state", sorted(set(ItemState) - SETTABLE))
def test_what_is_waived_or_taken_away_or_waits_is_not_ticked_along(state: ItemState):
    assert not follows(item(state), item(ItemState.TODO), ItemState.DONE)


@pytest.mark.parametrize(
    ("own", "others", "goes"),
    [
        (Severity.KILLER, Severity.REQUIRED, False),
        (Severity.KILLER, Severity.ADVISORY, False),
        (Severity.KILLER, Severity.KILLER, True),
        (Severity.ADVISORY, Severity.KILLER, True),
        (Severity.REQUIRED, Severity.ADVISORY, True),
    ],
)
def test_a_killer_is_ticked_along_only_with_a_killer(own: Severity, others: Severity, goes: bool):
    assert follows(item(ItemState.TODO, own), item(ItemState.TODO, others), ItemState.DONE) is goes


@pytest.mark.parametrize("new", sorted(SETTABLE - {ItemState.DONE}))
def test_when_a_tick_is_taken_away_that_of_the_twin_goes_too_even_of_a_killer(new: ItemState):
    assert follows(item(ItemState.DONE, Severity.KILLER), item(ItemState.DONE), new)
    assert not follows(item(ItemState.FAILED), item(ItemState.DONE), new)


@pytest.mark.parametrize("new", sorted(SETTABLE))
def test_nothing_goes_along_that_is_there_already_or_where_nothing_became_or_ceased_to_be_true(new: ItemState):
    for twin, before in product(ItemState, ItemState):
        if follows(item(twin), item(before), new):
            assert twin is not new
            assert before is not new
            assert ItemState.DONE in {before, new}


def test_the_tick_of_somebody_else_does_not_go_away_without_a_word():
    theirs = item(ItemState.DONE, by=OTHER)

    with pytest.raises(RuleViolation, match=r"Somebody else ticked “Backup taken”.*Say why"):
        check_may_follow(theirs, ItemState.TODO, actor_id=ME, reason="")
    check_may_follow(theirs, ItemState.TODO, actor_id=ME, reason="The file is empty.")
    check_may_follow(item(ItemState.DONE), ItemState.TODO, actor_id=ME, reason="")
    check_may_follow(item(ItemState.TODO, by=OTHER), ItemState.DONE, actor_id=ME, reason="")
