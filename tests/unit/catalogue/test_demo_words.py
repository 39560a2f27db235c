"""The made-up company writes about every item what fits its kind of work."""

import pytest

from app.catalogue.reader import ValueKind, read_catalogue
from app.demo.words import GUARD, KINDS, PAGES, TEST, VALUES, Words, words_for
from app.domain.checklist import BelongsTo, Phase

# The demonstration works through these; no rollback or incident of it is worked.
WORKED_ON = {BelongsTo.MODULE, BelongsTo.RELEASE, BelongsTo.CHANGE}
WORKED = [item for item in read_catalogue().items if item.belongs_to in WORKED_ON]


def test_every_item_that_is_worked_has_words_of_its_kind_and_no_kind_is_without_items():
    assert {id(words_for(item.key)) for item in WORKED} == {id(words) for words in KINDS.values()}


@pytest.mark.parametrize(
    ("phase", "words"), [(Phase.DOCUMENTATION, PAGES), (Phase.SECURITY, GUARD), (Phase.TESTING, TEST)]
)
def test_what_is_written_in_a_phase_is_of_that_phase(phase: Phase, words: Words):
    items = [item for item in WORKED if item.phase is phase]

    assert items
    assert [item.key for item in items if words_for(item.key) is not words] == []


def test_every_value_that_is_asked_for_has_answers_and_no_answer_is_to_nothing():
    asked = {item.value_prompt for item in WORKED if item.value_kind in {ValueKind.NUMBER, ValueKind.TEXT}}

    assert set(VALUES) == asked


def test_a_number_is_answered_with_a_number():
    prompts = {item.value_prompt for item in WORKED if item.value_kind is ValueKind.NUMBER}

    assert [answer for prompt in prompts for answer in VALUES[prompt] if not answer.isdecimal()] == []
