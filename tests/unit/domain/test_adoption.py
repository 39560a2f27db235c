"""What becomes of each item of a checklist when it is brought to another version."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.adoption import StandingItem, check_still_true, fingerprint, meaning_of, plan
from app.domain.checklist import TAKEN_AWAY, ItemState
from app.domain.errors import Conflict
from app.domain.template_content import GroupContent, ItemContent, TemplateContent

KEYS = [f"i{number}" for number in range(5)]
WORDS = st.sampled_from(["a", "b"])
ITEM = st.builds(ItemContent, key=st.sampled_from(KEYS), text=WORDS, guidance=WORDS)
STATE = st.sampled_from(ItemState)


def standing_of(content: ItemContent, state: ItemState, before: ItemState, marked: bool) -> StandingItem:
    """An item as a checklist can have it."""
    taken = state in TAKEN_AWAY
    own = before if taken else state
    before_or_none = (before if before not in TAKEN_AWAY else ItemState.TODO) if taken else None
    is_marked = marked and own is ItemState.DONE
    return StandingItem(KEYS.index(content.key) + 1, content, "g", state, 1, before_or_none, is_marked)


STANDING = st.lists(st.builds(standing_of, ITEM, STATE, STATE, st.booleans()), unique_by=lambda item: item.content.key)
WANTED = st.lists(ITEM, unique_by=lambda item: item.key, min_size=1).map(
    lambda items: TemplateContent("T", "", (GroupContent("g", "G", items=tuple(items)),))
)


@given(STANDING, WANTED)
def test_every_item_comes_stays_or_goes_exactly_once(items: list[StandingItem], wanted: TemplateContent):
    done = plan(items, wanted)

    there, asked = {item.content.key for item in items}, {item.key for item in wanted.items}
    assert {item.key for item in done.added} == asked - there
    assert {item.content.key for item in done.removed} | {
        item.content.key for item in items if item.state is ItemState.REMOVED
    } >= there - asked
    keys = [step.item.content.key for step in done.steps]
    assert len(keys) == len(set(keys))
    assert set(keys) <= there & asked


@given(STANDING, WANTED)
def test_no_tick_is_lost_and_none_is_made(items: list[StandingItem], wanted: TemplateContent):
    done = plan(items, wanted)

    ticked = {item.content.key for item in items if item.own_state is ItemState.DONE}
    asked = {item.key for item in wanted.items}
    assert done.ticks_kept == len(ticked & asked)
    assert {step.item.content.key for step in done.asked_again} <= ticked & asked


@given(STANDING)
def test_the_version_that_it_has_changes_nothing(items: list[StandingItem]):
    asked = tuple(item.content for item in items if item.state is not ItemState.REMOVED)
    same = TemplateContent("T", "", (GroupContent("g", "G", items=asked),))

    done = plan([replace(item, ticked_as="other words") for item in items], same)

    assert (done.added, done.removed, done.steps, done.sentence) == ((), (), (), "")


def test_the_words_of_the_tick_take_its_question_back():
    first = ItemContent("one", "First")
    item = StandingItem(1, ItemContent("one", "Second"), "g", ItemState.DONE, 3, None, True, meaning_of(first))
    back = TemplateContent("T", "", (GroupContent("g", "G", items=(first,)),))

    [step] = plan([item], back).reworded

    assert step.asks is False


@given(STANDING)
def test_a_preview_depends_on_no_order_and_on_every_state(items: list[StandingItem]):
    before = fingerprint(1, items)

    assert fingerprint(1, items[::-1]) == before
    assert fingerprint(2, items) != before
    for number, item in enumerate(items):
        other = replace(item, state=ItemState.DOING if item.state is not ItemState.DOING else ItemState.TODO)
        assert fingerprint(1, [*items[:number], other, *items[number + 1 :]]) != before


def test_a_preview_that_is_no_longer_true_is_a_conflict():
    check_still_true("same", "same", label="Orders")
    with pytest.raises(Conflict, match="Orders has changed"):
        check_still_true("one", "other", label="Orders")
