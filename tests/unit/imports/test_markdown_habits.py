"""Habits of people who write checklists by hand: what Markdown reads otherwise than it was meant."""

from dataclasses import replace

import pytest

from app.domain.template_content import Imported
from app.exports.markdown import write_markdown
from app.imports.markdown import read_markdown


def _texts(found: Imported) -> list[str]:
    return [item.text for item in found.content.items]


def _bodies(found: Imported) -> list[str]:
    return [item.body for item in found.content.items]


def _groups(found: Imported) -> list[tuple[str, str, int]]:
    return [(group.section, group.title, len(group.items)) for group in found.content.groups]


def test_code_between_single_boxes_belongs_to_the_box_above_it():
    found = read_markdown(
        "## Cut over\n\n- [ ] Stop\n\n```sh\nstop\n```\n\n- [ ] Change\n\n```sql\nALTER TABLE a ADD b INT;\n```\n"
    )

    assert _bodies(found) == ["```sh\nstop\n```", "```sql\nALTER TABLE a ADD b INT;\n```"]
    assert found.content.groups[0].body == ""
    assert [(other.text, other.kept_in) for other in found.other] == [
        ("stop", "stop"),
        ("ALTER TABLE a ADD b INT;", "change"),
    ]


def test_code_right_below_a_box_belongs_to_it_with_the_words_that_follow_at_once():
    found = read_markdown("- [ ] a\n- [ ] b\n```\nrun\n```\nas root\n- [ ] c\n\nLater.")

    assert _bodies(found) == ["", "```\nrun\n```\nas root", ""]
    assert found.content.groups[0].body == "Later."


def test_code_indented_too_little_for_its_number_belongs_to_the_box():
    found = read_markdown("1. [ ] a\n  ```\n  one\n  ```\n2. [ ] b\n  ```\n  two\n  ```")

    assert _bodies(found) == ["  ```\n  one\n  ```", "  ```\n  two\n  ```"]


@pytest.mark.parametrize(
    "text",
    [
        "- [ ] a\n- [ ] b\n\n```\nfor all\n```",
        "- [ ] a\n\nWords first.\n\n```\nfor all\n```",
        "```\nfor all\n```\n\n- [ ] a",
        "- [ ] a\n- a bullet\n\n```\nfor all\n```",
    ],
)
def test_other_code_stays_with_its_group(text: str):
    found = read_markdown(f"## G\n{text}")

    assert set(_bodies(found)) == {""}
    assert "for all" in found.content.groups[0].body


def test_code_below_boxes_in_a_quote_loses_the_signs_of_the_quote():
    assert _bodies(read_markdown("> - [ ] a\n>\n> ```\n> run\n> ```")) == ["```\nrun\n```"]


def test_empty_brackets_behind_a_bullet_without_a_space_are_boxes():
    found = read_markdown("## G\n\n -[] a\n -[] b\n    -[x] c")

    assert _texts(found) == ["a", "b", "c"]
    assert "Boxes with a space too much or too little were taken as items (lines 3, 4 and 5)." in found.warnings


@pytest.mark.parametrize("text", ["[] a", "-[]a", "-[]", "- [NA]", "- [N/A](https://e.org)", "- [no] a"])
def test_these_brackets_are_no_boxes(text: str):
    assert read_markdown(text).content.items == ()


@pytest.mark.parametrize("sign", ["N/A", "n/a", "NA"])
def test_a_box_that_does_not_apply_is_an_open_item_and_is_said(sign: str):
    found = read_markdown(f"- [x] a\n- [{sign}] b")

    assert _texts(found) == ["a", "b"]
    assert found.done_keys == {"a"}
    assert any(said.startswith("Boxes with another sign than x") and "(line 2)" in said for said in found.warnings)


def test_a_bold_line_between_boxes_without_a_list_is_no_part_of_their_texts():
    found = read_markdown("-[ ] a\n-[ ] b\nand more\n**Later:**\n-[ ] c")

    assert _texts(found) == ["a", "b and more", "c"]
    assert found.content.groups[0].body == "**Later:**"


def test_headings_inside_of_a_quote_are_groups_when_it_holds_boxes():
    found = read_markdown(
        "# Plan\n\n## Ship\nFirst.\n\n> ## Gate\n> Look.\n> - [ ] a\n> - [ ] b\n>"
        "\n> ### Late\n> - [ ] c\n\nLast.\n\n- [ ] d"
    )

    assert _groups(found) == [("", "Ship", 1), ("Ship", "Gate", 2), ("Ship / Gate", "Late", 1)]
    assert [group.body for group in found.content.groups] == ["First.\n\nLast.", "> Look.", ""]


def test_a_document_that_is_one_quote_has_its_title_and_groups():
    found = read_markdown(
        "> # All\n>\n> ## One\n> - [ ] a\n>\n> ## Two\n> - [ ] b\n>\n> Notes:\n>\n> ---\n>\n> ## Rest"
    )

    assert (found.content.name, _groups(found)) == ("All", [("", "One", 1), ("", "Two", 1)])
    assert found.content.groups[1].body == "> Notes:"
    assert found.content.description == "> ## Rest"


def test_text_above_a_quote_with_headings_is_kept_once():
    found = read_markdown("## Ship\nFirst.\n\n> ## Gate\n> - [ ] a\n\n---\n\n## Rest\nLast.")

    assert _groups(found) == [("Ship", "Gate", 1)]
    assert found.content.groups[0].body == "First."
    assert found.content.description == "## Rest\nLast."


def test_text_that_stands_close_above_a_heading_reads_the_same_when_written_again():
    found = read_markdown("<!-- for whom -->\n## About\nWords.\n\n## G\n- [ ] a\n\nMore\n### Else\nand more")

    again = read_markdown(write_markdown(found.content)[0])

    assert again.content.description == found.content.description == "<!-- for whom -->\n\n## About\nWords."
    assert again.content.groups == found.content.groups


def test_headings_without_a_space_are_headings_and_are_said():
    found = read_markdown("##Plan\n- [ ] a\n###1. Ship ##\n- [ ] b\n##🚀 Go\nWords\n##`watch`\n- [ ] c")

    assert _groups(found) == [("", "Plan", 1), ("Plan", "1. Ship", 1), ("", "`watch`", 1)]
    assert "Headings without a space behind their signs were taken as headings (lines 1, 3, 5 and 7)." in found.warnings


@pytest.mark.parametrize("line", ["#plan", "##42 is closed", "####### deep", "\\##plan", "    ##plan", "`##plan`"])
def test_these_signs_make_no_heading(line: str):
    found = read_markdown(f"## G\n- [ ] a\n\n{line}\n\n- [ ] b")

    assert len(found.content.groups) == 1
    assert not any(said.startswith("Headings without a space") for said in found.warnings)


def test_a_close_heading_without_boxes_reads_the_same_when_written_again():
    found = read_markdown("## G\n- [ ] a\n\n##Else\nWords")

    assert read_markdown(write_markdown(found.content)[0]).content == found.content


def test_front_matter_between_plus_signs_names_and_describes():
    found = read_markdown('+++\ntitle = "Go live"\ndescription = "For us"\ndate = 2020-01-02\n+++\n\n- [ ] a')

    assert (found.content.name, found.content.description) == ("Go live", "For us")
    assert [(other.line, other.text, bool(other.kept_in)) for other in found.other] == [
        (2, 'title = "Go live"', True),
        (3, 'description = "For us"', True),
        (4, "date = 2020-01-02", False),
    ]


@pytest.mark.parametrize("front", ["+++\ntitle = \n+++\n", "+++\nno end\n\n", "+++\na = 1\n---\n"])
def test_what_only_looks_like_such_front_matter_is_text(front: str):
    found = read_markdown(f"{front}- [ ] box")

    assert (_texts(found), found.content.name) == (["box"], "Checklist")


def test_a_heading_that_is_bold_or_has_an_anchor_gives_its_words():
    found = read_markdown(
        "## 🔒 **Safety**\n### __Keys__ {#keys}\n- [ ] a\n### **One** and **two**\n- [ ] b\n### Set {#x} now\n- [ ] c"
    )

    assert _groups(found) == [
        ("Safety", "Keys", 1),
        ("Safety", "**One** and **two**", 1),
        ("Safety", "Set {#x} now", 1),
    ]
    assert "Bold signs and anchors of headings were left out of the titles (lines 1 and 2)." in found.warnings


@pytest.mark.parametrize("title", ["**Bold**", "Word {#anchor}", "**🔒 Both** {#a}", "__a__ {#b} {#c}"])
def test_a_title_that_was_typed_with_such_signs_keeps_them(title: str):
    content = read_markdown("## G\n- [ ] a").content
    group = replace(content.groups[0], title=title, section=title)

    text, _ = write_markdown(replace(content, groups=(group,)), keep_keys=False)

    assert [(group.section, group.title) for group in read_markdown(text).content.groups] == [(title, title)]


def test_a_box_that_unfolds_is_called_by_its_words():
    found = read_markdown("- [ ] <details><summary>Look</summary>\n\n  Words\n\n  </details>\n- [ ] Say `<summary>`")

    assert _texts(found) == ["Look", "Say `<summary>`"]
    assert _bodies(found)[0] == "Words\n\n</details>"
    assert "<details> and <summary> were left out of the texts of boxes (line 1)." in found.warnings


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("```\n- [ ] b\n```", "What looks like boxes inside of code was kept as code (line 5)."),
        ("Words\n\n    - [x] b", "What looks like boxes inside of code was kept as code (line 6)."),
        ("<ul>\n<li>[ ] b</li>\n</ul>", "Boxes inside of HTML or of a comment were kept as text (line 5)."),
        ("<p>\n<input type='checkbox'> b", "Boxes inside of HTML or of a comment were kept as text (line 5)."),
        (
            "- [PASS] b\n- [ ] c\n- [link] d\n\n[link]: https://e.org",
            "Lines between boxes that begin with something else in brackets were kept as text (line 4).",
        ),
    ],
)
def test_what_a_person_may_have_meant_as_a_box_is_said(text: str, said: str):
    found = read_markdown(f"## G\n- [ ] a\n\n{text}")

    assert "b" not in _texts(found)
    assert said in found.warnings


def test_a_number_in_front_of_a_box_in_a_list_is_no_level():
    found = read_markdown("1. - [ ] a\n2. - [ ] b\n   - [ ] c\n\n- - [ ] d")

    assert [(item.text, item.depth) for item in found.content.items] == [("a", 0), ("b", 0), ("c", 0), ("d", 1)]


def test_an_indented_heading_behind_the_boxes_stays_out_of_the_last_of_them():
    found = read_markdown("## G\n- [ ] a\n\n  more\n\n ### Else\n words\n\n  ---\n\n## H\n- [ ] b")

    assert (_bodies(found)[0], found.content.groups[0].body) == ("more", "### Else\n words")
    assert read_markdown(write_markdown(found.content)[0]).content == found.content
