"""Whatever a document looks like: it is read, quickly, and nothing of it is lost unsaid."""

import re
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.errors import DomainError
from app.domain.template_content import Imported, find_faults
from app.imports.markdown import read_markdown

PATIENT = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
FRONT = ["", "- [ ] ", "- [x] ", "  - [ ] ", "    - ", "\t- [ ] ", "* ", "+ [X] ", "1. ", "1) [ ] ", "> ", "> - [ ] "]
FRONT += [
    "[ ] ",
    "-[ ] ",
    "- [-] ",
    "- [] ",
    "☐ ",
    "# ",
    "## ",
    "### 📋 ",
    "  ",
    "    ",
    "```",
    "~~~ ",
    "<!-- ",
    "<div>",
]
FRONT += [
    "</div> ",
    "| ",
    "[a]: ",
    "--- ",
    "\\",
    "- \\[ ] ",
    "- - ",
    "<details><summary>",
    "  ```\n  ",
    "- [ ] \n  ",
    "##",
    "> ## ",
    "-[] ",
    "- [n/a] ",
    "- [PASS] ",
]
FRONT += ["```\nx\n```\n", "- [ ] a\n```\n", "1. - [ ] ", "- [ ] <details><summary>", "+++\n", "## **"]
BACK = ["", "", "", "\n", "\n\n", "  ", "\\", " -->", " |", "\n|---|", "\n---", "\n===", "\n```", " <!-- note -->", "`"]
BACK += ["[a]", " #", "**", " {#a}", "</summary>"]
PIECES = st.tuples(st.sampled_from(FRONT), st.sampled_from(BACK))


def _all_that_is_said(found: Imported) -> str:
    content = found.content
    parts = [content.name, content.description, *found.warnings, *(line.text for line in found.other)]
    for group in content.groups:
        parts += [group.section, group.title, group.body]
        parts += [text for item in group.items for text in (item.text, item.body)]
    return "\n".join(parts)


@PATIENT
@given(st.lists(PIECES, max_size=12))
def test_every_line_is_in_the_template_or_among_the_other_lines(pieces: list[tuple[str, str]]):
    text = "\n".join(f"{front}word{number}end{back}" for number, (front, back) in enumerate(pieces))

    said = _all_that_is_said(read_markdown(text))

    assert [word for word in re.findall(r"word\d+end", text) if word not in said] == []


@PATIENT
@given(st.lists(PIECES, max_size=12), st.booleans())
def test_what_was_read_can_be_published_when_it_has_a_box(pieces: list[tuple[str, str]], is_long: bool):
    word = "word " * (200 if is_long else 1)
    text = "\n".join(f"{front}{word}{back}" for front, back in pieces)

    content = read_markdown(text).content

    assert find_faults(content) == ([] if content.items else find_faults(content)[:1])
    assert bool(content.items) or "no items" in find_faults(content)[0]


@PATIENT
@given(st.text())
def test_any_text_is_read(text: str):
    assert isinstance(read_markdown(text), Imported)


@PATIENT
@given(st.text(st.sampled_from("-*+[]x #>`~|<!-=\n\t:1.)(\\ab"), max_size=200))
def test_any_heap_of_signs_is_read(text: str):
    assert isinstance(read_markdown(text), Imported)


LONG = 1_000_000
HOSTILE = {
    "nested quotes": ">" * LONG,
    "nested bullets": "- " * LONG,
    "nested steps": "1. " * LONG,
    "nested both": "> - " * 100_000,
    "deeper and deeper": "".join(f"{' ' * (2 * depth)}- [ ] a\n" for depth in range(1000)),
    "lazy lines in quotes": "> " * 10 + "a\n" + "b\n" * 50_000,
    "brackets": "[" * LONG,
    "brackets in a box": "- [ ] " + "[" * LONG,
    "code signs in a box": "- [ ] " + "`a" * LONG,
    "comments in a box": "- [ ] " + "<!--" * LONG + "-->",
    "one line": "x" * LONG,
    "spaces": "- [ ]" + " " * LONG + "x",
    "link definitions": "[a]: b\n" * 15_000,
    "a wide table": "|a" * 100_000 + "|\n" + "|-" * 100_000 + "|\n" + "|[ ]" * 100_000,
    "a long table": "|a|b|\n|-|-|\n" + "| [ ] | x |\n" * 50_000,
    "headings without boxes": "# T\n## S\n" + "### h\n" * 15_000 + "### g\n- [ ] a",
    "open quotes in code": "```sql\n" + "'" * LONG,
    "open comments in code": "```sql\n" + "/*" * LONG,
    "brackets in front matter": "---\n" + "[" * 4000 + "\n---\n- [ ] a",
    "html above boxes": "<div>\n- [ ] a\n" * 5000,
    "anchors in a heading": "## a" + "{#a}" * LONG + "\n- [ ] a",
    "bold in a heading": "## " + "**" * LONG + "a" + "**" * LONG + "\n- [ ] a",
    "close headings": "##h\n" * 39_000 + "- [ ] a",
    "quotes with headings": "> ## h\n> - [ ] a\n" * 9000,
    "code between boxes": "- [ ] a\n\n```\nx\n```\n\n" * 6000,
    "code behind boxes": "- [ ] a\n- [ ] b\n" + "```\nx\n```\n" * 13_000,
    "bold lines below boxes": "-[ ] a\n" + "**a**\n" * 39_000,
    "items of HTML": "<ul>\n" + "<li" * LONG,
    "the same text": "- [ ] a\n" * 10_000,
    "too many boxes": "- [ ] a\n" * 50_000,
    "too many lines": "\n" * 300_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_document_is_read_or_refused_in_a_sentence_and_soon(text: str):
    begun = time.process_time()

    try:
        answer = " ".join(read_markdown(text).warnings)
    except DomainError as refusal:
        answer = refusal.sentence

    assert answer.endswith(".") or not answer
    # A tenth of this is usual; what grows with the square of the length takes minutes.
    assert time.process_time() - begun < 10


def test_five_megabytes_with_five_thousand_boxes_are_read_whole():
    words = "Some words that explain it, and some more of them. " * 18
    box = f"- [ ] Step {{}} is done\n\n  ```sh\n  make step\n  ```\n\n  {words}\n"
    text = "".join(f"## Part {part}\n\n" + "".join(box.format(step) for step in range(50)) for part in range(100))
    begun = time.process_time()

    found = read_markdown(text)

    assert len(text) > 4_800_000
    assert (len(found.content.groups), len(found.content.items)) == (100, 5000)
    assert time.process_time() - begun < 20
