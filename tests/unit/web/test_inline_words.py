"""The text of an item is set as it was meant, and does no harm."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from app.domain.inline_text import plain_words
from app.web.inline_words import set_words, set_words_with_links


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Run `make all` & see", "Run <code>make all</code> &amp; see"),
        ("**Backup** done", "<strong>Backup</strong> done"),
        ("**Run `x` now**", "<strong>Run <code>x</code> now</strong>"),
        ("`**args` and `x**y`", "<code>**args</code> and <code>x**y</code>"),
        ("2 ** 3 ** 4", "2 ** 3 ** 4"),
        ("a ` b", "a ` b"),
        ("`**a` b**", "<code>**a</code> b**"),
        ("__init__ and *one `x`*", "__init__ and <em>one <code>x</code></em>"),
        ("*args and *more", "*args and *more"),
        ("a*b*c, 2 * 3 * 4, ***", "a*b*c, 2 * 3 * 4, ***"),
        ("**<b>**", "<strong>&lt;b&gt;</strong>"),
    ],
)
def test_code_and_bold_words_are_set_and_the_rest_is_text(text: str, html: str):
    assert set_words(text) == set_words_with_links(text) == html


def test_a_link_is_one_only_where_no_other_link_is_around_it():
    text = 'See **[the `x` page](https://e.org/a?b=1&c=2 "T")**'

    assert set_words(text) == "See <strong>the <code>x</code> page</strong>"
    link = '<a href="https://e.org/a?b=1&amp;c=2" rel="noreferrer nofollow">the <code>x</code> page</a>'
    assert set_words_with_links(text) == f"See <strong>{link}</strong>"
    assert plain_words(text) == "See the x page"


@pytest.mark.parametrize(
    "text",
    ["[a](javascript:alert(1))", '[a](https://e.org"onclick=x)', "[a](data:x)", "[a](/there)", "![a](https://e.org)"],
)
def test_other_addresses_stay_text(text: str):
    assert set_words_with_links(text) == escape(text)


@given(st.text("ab *`[]()<>&\"'!:/.", max_size=60) | st.text(max_size=60))
def test_no_text_makes_other_elements(text: str):
    html = str(set_words_with_links(text))
    html = re.sub('<a href="[^"<>]*" rel="noreferrer nofollow">', "", html)
    for made in ("<code>", "</code>", "<strong>", "</strong>", "<em>", "</em>", "</a>"):
        html = html.replace(made, "")

    assert "<" not in html
    assert ">" not in html
