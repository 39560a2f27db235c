"""Canonical JSON: the same bytes as a library of the RFC writes, and nothing that has none."""

import json
from enum import StrEnum
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from app.domain.canonical import LARGEST, canonical

# Whole characters: half of a pair has no UTF-8.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.integers(-LARGEST, LARGEST)
NAMES = st.text(st.characters(max_codepoint=127)) | TEXTS
LEAVES = TEXTS | NUMBERS | st.booleans() | st.none()
VALUES = st.recursive(LEAVES, lambda parts: st.lists(parts) | st.dictionaries(NAMES, parts), max_leaves=20)


class Word(StrEnum):
    DONE = "done"


@given(VALUES)
def test_a_value_has_the_bytes_that_a_library_of_the_rfc_writes(value: Any):
    assert canonical(value) == rfc8785.dumps(value)


@given(st.dictionaries(NAMES, VALUES, min_size=1))
def test_what_was_written_reads_as_what_it_was(value: dict[str, Any]):
    assert json.loads(canonical(value)) == value


@given(st.text(st.sampled_from(["\x00", "\x1f", "\x7f", "\u2028", "\\", '"', "/", "é", "🦉", "\n", "\b"])))
def test_letters_that_must_be_escaped_are_and_no_others(text: str):
    assert canonical({"text": text}) == rfc8785.dumps({"text": text})


def test_names_are_sorted_and_no_space_is_left():
    assert (
        canonical({"b": [1, True, None], "a": {"z": "x y", "A": -1}}) == b'{"a":{"A":-1,"z":"x y"},"b":[1,true,null]}'
    )


def test_names_beyond_ascii_are_sorted_by_halves_of_utf_16_at_every_depth():
    value = {"in": [{"\ufb33": 1, "\U0001f600": 2}]}

    assert canonical(value) == '{"in":[{"\U0001f600":2,"\ufb33":1}]}'.encode()
    assert canonical({"\ufb33": [1], "\U0001f600": (None,), "b": {}}) == rfc8785.dumps(
        {"\ufb33": [1], "\U0001f600": [None], "b": {}}
    )


def test_a_word_of_a_list_stands_as_its_text_and_a_tuple_as_a_list():
    assert canonical({"state": Word.DONE, "pair": (1, "two")}) == b'{"pair":[1,"two"],"state":"done"}'


@pytest.mark.parametrize(
    "value",
    [
        0.5,
        1.0,
        float("nan"),
        LARGEST + 1,
        -LARGEST - 1,
        b"bytes",
        {1, 2},
        {1: "one"},
        {"naïve": 0.5},
        {None: 1},
        object(),
    ],
)
@pytest.mark.parametrize("place", [lambda value: value, lambda value: [value], lambda value: {"deep": {"in": [value]}}])
def test_what_has_no_canonical_form_here_is_refused_wherever_it_stands(value: Any, place: Any):
    with pytest.raises(ValueError, match="canonical"):
        canonical(place(value))


def test_half_a_character_is_refused():
    with pytest.raises(ValueError, match="surrogates"):
        canonical({"text": "\ud800"})


@pytest.mark.parametrize("number", [LARGEST, -LARGEST, 0])
def test_the_largest_number_that_every_reader_reads_alike_is_allowed(number: int):
    assert canonical({"n": number}) == b'{"n":%d}' % number
