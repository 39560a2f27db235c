"""Markdown that people wrote is shown as they meant it, and does no harm."""

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.markdown_html import ATTRIBUTES, TAGS, render_markdown

ATTACKS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](&#106;avascript:alert(1))",
    "[a](data:text/html;base64,PHNjcmlwdD4=)",
    "[a](vbscript:x)",
    "[a]\n\n[a]: javascript:alert(1)",
    "<javascript:alert(1)>",
    "![a](javascript:alert(1))",
    '[a](https://example.org "\\" onclick=alert(1) x=\\"")',
    '[a](https://example.org/"onmouseover="alert(1))',
    '```"><script>alert(1)</script>\nx\n```',
    "```sh onclick=alert(1)\n</code></pre><script>alert(1)</script>\n```",
    "|a|\n|-|\n|<svg/onload=alert(1)>|",
    "<style>*{display:none}</style><iframe src=//example.org></iframe>",
    "<a href=javascript:alert(1)>x</a><form action=/><button>x",
    "<!-- --><b>x</b>",
)


class _Elements(HTMLParser):
    """What elements and attributes there really are in a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {(tag, name) for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]


def _assert_harmless(html: str) -> None:
    found = _Elements(html)
    assert found.tags <= TAGS
    allowed = {(tag, name) for tag, names in ATTRIBUTES.items() for name in names}
    assert found.attributes - allowed <= {("div", "class"), ("button", "class"), ("a", "rel")}
    assert [link for link in found.links if not link.startswith(("http://", "https://", "mailto:"))] == []


@pytest.mark.parametrize("text", ATTACKS)
def test_an_attack_becomes_text(text: str):
    _assert_harmless(render_markdown(text))


@given(
    st.lists(st.sampled_from([*ATTACKS, "\n", "\n\n", "> ", "- ", "`", "```\n", "|", "<", '"', "https://e.org/"])).map(
        "".join
    )
)
def test_no_mixture_of_attacks_gets_through(text: str):
    _assert_harmless(render_markdown(text))


@given(st.text())
def test_any_text_is_shown(text: str):
    _assert_harmless(render_markdown(text))


def test_a_picture_is_a_link_so_that_no_other_host_is_asked():
    html = render_markdown("![The plan](https://example.org/plan.png)")

    assert html == '<p><a href="https://example.org/plan.png" rel="noreferrer nofollow">The plan</a></p>\n'


def test_addresses_are_links_that_do_not_say_where_one_came_from():
    html = render_markdown("See https://example.org/a and dba@example.org.")

    assert _Elements(html).links == ["https://example.org/a", "mailto:dba@example.org"]
    assert html.count('rel="noreferrer nofollow"') == 2


def test_a_link_into_a_repository_is_no_link_into_the_product():
    assert _Elements(render_markdown("[guide](docs/guide.md) [out](//example.org) [root](/sign-out/)")).links == []


def test_headings_stand_below_those_of_the_page():
    assert re.findall(r"<h\d>", render_markdown("# A\n\n## B\n\n###### C")) == ["<h3>", "<h4>", "<h6>"]


def test_each_block_of_code_has_a_button_that_copies_just_it():
    html = render_markdown("```sh\nmake <all>\n```\n\ntext\n\n    indented\n")

    blocks = dict(re.findall(r'<code id="([^"]+)">([^<]*)</code>', html))
    assert list(blocks.values()) == ["make &lt;all&gt;\n", "indented\n"]
    assert re.findall(r'data-copy="([^"]+)"', html) == list(blocks)
    assert html.count('class="btn needs-js" type="button"') == 2


def test_the_same_code_in_two_texts_of_a_page_has_two_names():
    first, second = (re.findall(r'id="([^"]+)"', render_markdown("```\nx\n```", name)) for name in ("a", "b"))

    assert first != second


@pytest.mark.parametrize("text", [">" * 5000 + " kept", "- " * 5000 + "kept", "kept " + "x" * 70_000])
def test_what_is_too_much_to_set_is_shown_as_it_was_typed(text: str):
    html = render_markdown(text)

    assert html.startswith("<pre>")
    assert "kept" in html


@pytest.mark.parametrize("sign", ["[", "*a ", "`a", "<", "www.", "![", "_a", "~~", "|a", "&", "http://a "])
def test_a_heap_of_signs_is_set_soon(sign: str):
    begun = time.process_time()

    render_markdown(sign * (59_000 // len(sign)))

    # What grows with the square of the length takes minutes.
    assert time.process_time() - begun < 20


def test_nothing_is_nothing():
    assert render_markdown(" \n") == ""


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("<!-- hint\n\n- more -->\n\nWords", "<p>Words</p>"),
        ("Words <!-- in\nbetween --> here", "<p>Words  here</p>"),
        ("Words\n<!-- below -->\nmore", "<p>Words</p>\n<p>more</p>"),
        ("<details>\n<summary>Logs</summary>\n\n- a\n\n</details>", "<p>Logs</p>\n<ul>\n<li>a</li>\n</ul>"),
        ("> <!-- a\n> b -->\n> c", "<blockquote>\n<p>c</p>\n</blockquote>"),
        ("a<br/>b <KBD>x</KBD>", "<p>a<br>\nb x</p>"),
        ("<!-- open", "<p>&lt;!-- open</p>"),
        ("psql <db> <detail>", "<p>psql &lt;db&gt; &lt;detail&gt;</p>"),
        ("`<br>`", "<p><code>&lt;br&gt;</code></p>"),
    ],
)
def test_comments_and_folding_are_not_shown_and_other_tags_are_text(text: str, html: str):
    assert str(render_markdown(text)).strip() == html
