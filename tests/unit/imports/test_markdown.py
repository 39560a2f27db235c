"""What a Markdown checklist says, sentence by sentence."""

from pathlib import Path

import pytest

from app.domain.template_content import IN_DESCRIPTION, Imported, ItemContent, OtherKind
from app.imports.documents import read_document
from app.imports.markdown import read_markdown

SEED = Path(__file__).resolve().parents[2] / "fixtures" / "migration-maintenance-checklist.md"


def _items(text: str) -> list[ItemContent]:
    return list(read_markdown(text).content.items)


def _texts(text: str) -> list[str]:
    return [item.text for item in _items(text)]


def _outline(found: Imported) -> list[tuple[str, str, list[str]]]:
    return [(group.section, group.title, [item.text for item in group.items]) for group in found.content.groups]


@pytest.fixture(scope="module")
def seed() -> Imported:
    return read_document(SEED.read_bytes(), SEED.name)


def test_the_starting_document_has_its_groups_items_and_other_lines(seed: Imported):
    assert (len(seed.content.groups), len(seed.content.items), len(seed.other)) == (41, 242, 56)
    assert len({item.key for item in seed.content.items}) == 242
    assert len({group.key for group in seed.content.groups}) == 41
    assert seed.content.name == "Migration Maintenance Checklist"
    assert seed.done_keys == frozenset()


def test_the_other_lines_of_the_starting_document_are_what_they_are(seed: Imported):
    kinds = [other.kind for other in seed.other]

    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        OtherKind.CODE: 4,
        OtherKind.STEP: 6,
        OtherKind.BULLET: 42,
        OtherKind.PARAGRAPH: 4,
    }
    assert [other.line for other in seed.other if other.kind is OtherKind.CODE] == [198, 204, 207, 211]
    assert all(other.kept_in for other in seed.other)
    assert seed.other[1].text == "SELECT * FROM mysql.slow_log;"
    assert seed.other[4].text == "1. Check documentation"
    assert [other.line for other in seed.other if other.text == "✅ Document all changes"] == [429]


def test_the_starting_document_has_no_damaged_character_left(seed: Imported):
    said = repr(seed.content)

    assert "üì" not in said
    assert "\uf8ff" not in said
    assert seed.content.groups[0].section == "For Every New Module or Database Change"
    assert "## 🎯 Best Practices" in seed.content.description
    assert seed.warnings[0].startswith("27 damaged characters were put right")


def test_text_without_boxes_stays_in_its_section(seed: Imported):
    bodies = {group.title: group.body for group in seed.content.groups if group.body}

    assert set(bodies) == {"Monitoring Checklist", "Issue Reporting"}
    assert bodies["Monitoring Checklist"].startswith("### Queries to Monitor\n```sql\n-- Check table sizes")
    assert bodies["Issue Reporting"].endswith("6. Escalate to architect")


def test_headings_are_the_name_sections_and_groups():
    found = read_markdown("# Release\n\n## Plan\n\n### Freeze\n- [ ] a\n\n### Branch\n- [ ] b\n\n## Ship\n- [ ] c\n")

    assert found.content.name == "Release"
    assert _outline(found) == [("Plan", "Freeze", ["a"]), ("Plan", "Branch", ["b"]), ("", "Ship", ["c"])]


def test_a_heading_with_boxes_and_headings_below_is_a_group_and_a_section():
    found = read_markdown("## Deploy\n- [ ] a\n### Staging\n- [ ] b\n#### Smoke\n- [ ] c")

    assert _outline(found) == [
        ("", "Deploy", ["a"]),
        ("Deploy", "Staging", ["b"]),
        ("Deploy / Staging", "Smoke", ["c"]),
    ]


def test_the_same_heading_twice_makes_two_groups():
    found = read_markdown("## Test\n- [ ] a\n## Test\n- [ ] a")

    assert [group.key for group in found.content.groups] == ["test", "test-2"]
    assert [item.key for item in found.content.items] == ["a", "a-2"]
    assert [repeat.keys for repeat in found.repeats] == [("a", "a-2")]


@pytest.mark.parametrize(("name", "expected"), [("", "Checklist"), ("Go live", "Go live")])
def test_boxes_above_all_headings_make_a_group_named_after_the_document(name: str, expected: str):
    found = read_markdown("Before.\n\n- [ ] a\n\nAfter.\n\n## Later\n- [ ] b", name=name)

    assert found.content.name == expected
    assert _outline(found) == [("", expected, ["a"]), ("", "Later", ["b"])]
    assert (found.content.description, found.content.groups[0].body) == ("Before.", "After.")


def test_several_headings_of_the_first_level_are_groups_unless_the_first_holds_nothing():
    both = read_markdown("# One\n- [ ] a\n# Two\n- [ ] b")
    titled = read_markdown("# All\n\nWords.\n\n# One\n- [ ] a\n# Two\n- [ ] b")

    assert _outline(both) == _outline(titled) == [("", "One", ["a"]), ("", "Two", ["b"])]
    assert (both.content.name, titled.content.name, titled.content.description) == ("Checklist", "All", "Words.")


@pytest.mark.parametrize(
    "line",
    [
        *(
            "- [ ] a",
            "* [ ] a",
            "+ [ ] a",
            "1. [ ] a",
            "17) [ ] a",
            "-\t[ ] a",
            "  - [ ]  a",
            "> - [ ] a",
            "- \t[ ]\ta",
        ),
        *("- [] a", "-[ ] a", "[ ] a", "• [ ] a", "- [  ] a", "- ☐ a", "☐ a", "- [ ]a", "- [-] a", "- [~] a"),
    ],
)
def test_an_open_box(line: str):
    found = read_markdown(line)

    assert [item.text for item in found.content.items] == ["a"]
    assert found.done_keys == frozenset()


@pytest.mark.parametrize("line", ["- [x] a", "* [X] a", "1) [x] a", "- [x ] a", "[x] a", "- ☑ a", "- [✓] a", "-[X] a"])
def test_a_ticked_box(line: str):
    assert read_markdown(line).done_keys == {"a"}


@pytest.mark.parametrize(
    "text",
    [
        *("```\n- [ ] a\n```", "~~~sh\n- [ ] a", "text\n\n    - [ ] a", "`- [ ] a`", "- `[ ] a`", "<!--\n- [ ] a\n-->"),
        *("- [x](https://e.org)", "- []byte", "- [1] a note", "- \\[ ] a", "|a|\n|-|\n|[ ]|", "a [ ] b", "- [link][x]"),
    ],
)
def test_no_box(text: str):
    found = read_markdown(text)

    assert found.content.items == ()
    assert found.warnings[0].startswith(("There is no box", "1 box stands in the cells"))


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("- [ ] a\n[ ] b", "Boxes without a bullet were taken as items (line 2)."),
        ("- [] a\n-[ ] b", "Boxes with a space too much or too little were taken as items (lines 1 and 2)."),
        (
            "- [-] a",
            "Boxes with another sign than x were taken as items, ticked only where the sign is a tick (line 1).",
        ),
        ("☐ a", "Drawn boxes (☐, ☑) were taken as items (line 1)."),
        ("- [ ] a\n- [ ]", "Boxes without a text were left out (line 2)."),
        ("- [ ] a\n\n| b |\n|---|\n| [ ] [x] |", "2 boxes stand in the cells of tables and stayed text"),
        ("- [ ] a\n\n<!--\n- [ ] b\n-->", "Boxes inside of HTML or of a comment were kept as text (line 4)."),
        ("<details>\n- [ ] a", "Boxes right below a line of HTML were taken as items (line 2)."),
    ],
)
def test_what_is_odd_is_said_with_its_line(text: str, warning: str):
    found = read_markdown(text)

    assert (
        len(found.content.items) == text.count("b") * ("b\n" not in text and "[ ] b" in text and "<!--" not in text) + 1
    )
    assert any(said.startswith(warning) for said in found.warnings)


def test_boxes_inside_of_details_count():
    text = "<details><summary>More</summary>\n\n- [ ] a\n- [ ] b\n\n</details>\n\n- [ ] c"

    assert _texts(text) == ["a", "b", "c"]


def test_a_text_of_several_lines_is_joined_and_keeps_its_markup():
    assert _texts("- [ ] Run `make  all`\n  with **care**\nand [read](https://e.org)") == [
        "Run `make  all` with **care** and [read](https://e.org)"
    ]


def test_what_stands_below_a_box_is_its_text_without_the_indentation():
    code = "   ```make\n   all:\n   \techo\n\n     deep\n   ```\n"
    text = f"1. [ ] a\n\n{code}   - b\n     - c\n\n   | d |\n   |---|\n2. [ ] e"

    first, second = _items(text)

    assert first.body == "```make\nall:\n\techo\n\n  deep\n```\n- b\n  - c\n\n| d |\n|---|"
    assert second.body == ""


def test_boxes_nest_below_boxes_and_bullets():
    text = "- [ ] a\n  - [ ] b\n    1. [x] c\n  - d\n    - [ ] e\n- f\n  - [ ] g"

    found = read_markdown(text)

    assert [(item.text, item.depth) for item in found.content.items] == [
        ("a", 0),
        ("b", 1),
        ("c", 2),
        ("e", 2),
        ("g", 1),
    ]
    assert found.content.items[0].body == "- d"
    assert found.content.groups[0].body == "- f"


def test_what_is_nested_too_deep_is_taken_at_the_last_level():
    text = "".join(f"{'  ' * depth}- [ ] level {depth}\n" for depth in range(12))

    found = read_markdown(text)

    assert [item.depth for item in found.content.items] == [*range(10), 9, 9]
    assert "Boxes nested deeper than 9 levels were taken at level 9 (lines 11 and 12)." in found.warnings


def test_boxes_in_quotes_count_and_their_text_loses_the_signs():
    found = read_markdown("> Note\n>\n> - [ ] a\n>\n>   more\n>   > said")

    assert found.content.items[0].body == "more\n> said"
    assert (found.content.description, found.content.groups[0].body) == ("> Note", "")
    assert (found.other[0].kind, found.other[0].text) == (OtherKind.QUOTE, "Note")


def test_text_before_between_and_after_boxes_stays_in_its_group_in_order():
    found = read_markdown("## G\nOne.\n\n- [ ] a\n\nTwo.\n\n- [ ] b\n\n---\n\n## H\n- [ ] c")

    assert [group.body for group in found.content.groups] == ["One.\n\nTwo.", ""]


def test_a_long_text_is_shortened_at_a_word_and_kept_whole_below():
    text = "word " * 150

    item = read_markdown(f"- [ ] {text}\n\n  more").content.items[0]

    assert len(item.text) <= 500
    assert item.text.endswith("word…")
    assert item.body == f"{text.strip()}\n\nmore"


def test_keys_in_comments_are_kept_where_they_can_be():
    text = (
        "## One <!-- key: plan.one -->\n- [ ] b\n- [ ] a <!-- key: b -->\n- [ ] c <!-- key: b -->\n"
        "- [ ] d <!-- key: No Key -->\n- [ ] e <!-- key: UPPER -->\n"
    )

    found = read_markdown(text)

    assert [group.key for group in found.content.groups] == ["plan.one"]
    assert [(item.key, item.text) for item in found.content.items] == [
        *(("b-2", "b"), ("b", "a"), ("c", "c"), ("d", "d"), ("e", "e")),
    ]
    assert "The key “b” stands twice; the item in line 4 got another." in found.warnings
    assert "The key “UPPER” in line 6 cannot be used; another was made." in found.warnings


def test_a_comment_in_a_text_goes_below_it():
    item = read_markdown("- [ ] Say `<!-- so -->` <!-- in the wiki --> aloud").content.items[0]

    assert (item.text, item.body) == ("Say `<!-- so -->` aloud", "<!-- in the wiki -->")


def test_links_by_reference_keep_working_wherever_a_text_goes():
    found = read_markdown('- [ ] See [notes][N] and [n]\n\n  Or [here][n].\n- [ ] `[n]`\n\n[n]: https://e.org/a "T"')

    first, second = found.content.items
    assert first.text == 'See [notes](https://e.org/a "T") and [n](https://e.org/a "T")'
    assert first.body == 'Or [here][n].\n\n[n]: https://e.org/a "T"'
    assert second.text == "`[n]`"


def test_front_matter_names_and_describes():
    found = read_markdown("---\nname: Ship it\nabout: 'How we ship'\nlabels: release\n---\n\n- [ ] a")

    assert (found.content.name, found.content.description) == ("Ship it", "How we ship")
    assert [(other.line, other.kind, other.kept_in) for other in found.other] == [
        (2, OtherKind.FRONT_MATTER, IN_DESCRIPTION),
        (3, OtherKind.FRONT_MATTER, IN_DESCRIPTION),
        (4, OtherKind.FRONT_MATTER, ""),
    ]


@pytest.mark.parametrize("front", ["---\n[not: a, mapping\n---\n", "---\n- a\n---\n", "---\nno end\n\n"])
def test_what_only_looks_like_front_matter_is_text(front: str):
    found = read_markdown(f"{front}- [ ] box")

    assert [item.text for item in found.content.items] == ["box"]
    assert found.content.name == "Checklist"


def test_text_beyond_the_limit_is_listed_line_by_line():
    lines = [f"{number} {'x' * 90}" for number in range(400)]

    found = read_markdown("- [ ] a\n\n  " + "\n  ".join(lines))

    kept = found.content.items[0].body.split("\n")
    lost = [other.text for other in found.other if not other.kept_in]
    assert kept + lost == lines
    assert len("\n".join(kept)) <= 20_000


def test_pictures_in_front_of_headings_are_no_part_of_titles():
    found = read_markdown("# 🚀 Go\n## 📋 Plan\n- [ ] a\n## :rocket: Ship\n- [ ] b\n## 1️⃣ First\n- [ ] c")

    assert [found.content.name, *(group.title for group in found.content.groups)] == [
        "🚀 Go",
        "Plan",
        "Ship",
        "1️⃣ First",
    ]
    assert found.warnings == ("Pictures in front of headings were left out of the titles (lines 2 and 4).",)
