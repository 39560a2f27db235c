"""Habits of people who write checklists by hand: what Markdown reads otherwise than it was meant."""

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
