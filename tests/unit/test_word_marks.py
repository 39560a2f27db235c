"""The words that differ between two texts are marked, and nothing else about them changes."""

import re

from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from app.web.word_marks import mark_words

TEXT = st.lists(st.sampled_from(["plan", "the ", "<b>", "schema", " & ", "\n", "`x`", "é", "."]), max_size=12).map(
    "".join
)
MARKS = re.compile(r"</?(?:ins|del)>")


@given(TEXT, TEXT)
def test_without_its_marks_each_side_is_its_text_escaped(old: str, new: str):
    left, right = mark_words(old, new)

    assert MARKS.sub("", left) == escape(old)
    assert MARKS.sub("", right) == escape(new)
    assert "<ins>" not in left
    assert "<del>" not in right


@given(TEXT)
def test_the_same_text_has_no_mark(text: str):
    assert mark_words(text, text) == (escape(text), escape(text))


def test_one_other_word_is_one_mark():
    left, right = mark_words("Plan database schema", "Plan the schema")

    assert (left, right) == ("Plan <del>database</del> schema", "Plan <ins>the</ins> schema")


def test_a_very_long_text_is_compared_line_by_line():
    lines = [f"line {number} of a long text\n" for number in range(400)]
    other = [*lines[:200], "another line\n", *lines[200:]]

    left, right = mark_words("".join(lines), "".join(other))

    assert "<del>" not in left
    assert right.count("<ins>") == 1
    assert "<ins>another line\n</ins>" in right
