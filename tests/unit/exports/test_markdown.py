"""A template becomes a task list, and the task list becomes the same template again."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.checklist import Severity
from app.domain.permissions import Role
from app.domain.template_content import GroupContent, ItemContent, TemplateContent
from app.exports.markdown import write_markdown
from app.imports.markdown import read_markdown

WORDS = st.text(st.sampled_from("abcdeXYZ 0189 _*`[]()#-+.!>|~:;\\<&@äß📋✅é\t"), min_size=1, max_size=40).map(
    str.strip
)
LINES = WORDS.filter(lambda text: bool(text) and "<!--" not in text)
KEYS = st.from_regex(r"[a-z0-9]{1,8}([._-][a-z0-9]{1,8}){0,2}", fullmatch=True)
PARTS = (
    "A paragraph with `code` and **bold**.",
    "Two lines\nof one paragraph",
    "- a bullet\n- another\n  - nested",
    "- [ ] no item\n- [x] none either",
    "* \\[ ] one backslash\n* \\\\[ ] two",
    "[ ] a bare one",
    "☐ a drawn one\n-[x] a tight one",
    "1. step\n2. step\n\n   with a paragraph",
    "```sql\nSELECT 1;\n- [ ] code\n\n\n# no heading\n```",
    "~~~~\n```\n~~~~",
    "    indented code\n\n      - [ ] deeper",
    "| a | b |\n|---|---|\n| [ ] | x |",
    "> quoted\n> - [ ] in a quote",
    "<!-- a comment\n- [ ] hidden\n-->",
    "<details>\n<summary>More</summary>\n\ntext\n\n</details>",
    "<details>\n- [ ] close below",
    'A link [here][ref].\n\n[ref]: https://example.org/a "T"',
    "### A heading\n\nwith text",
    "## Higher\n\ntext\n\n#### lower",
    "Set\n---\n\nunder a rule",
    "above\n\n***\n\nbelow",
    "- - [ ] deep\n  - # [ ] a heading in a list",
)
BODIES = st.lists(st.sampled_from(PARTS), max_size=3).map("\n\n".join)
ITEMS = st.builds(ItemContent, key=KEYS, text=LINES, depth=st.integers(0, 9), body=BODIES)
GROUPS = st.builds(
    GroupContent,
    key=KEYS,
    title=LINES,
    section=st.one_of(st.just(""), LINES),
    body=BODIES,
    items=st.lists(ITEMS, max_size=4).map(tuple),
)
TEMPLATES = st.builds(TemplateContent, name=LINES, description=BODIES, groups=st.lists(GROUPS, max_size=4).map(tuple))
PATIENT = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _with_keys_of_their_own(content: TemplateContent) -> TemplateContent:
    groups = tuple(
        replace(
            group,
            key=f"{group.key}.g{number}",
            items=tuple(replace(item, key=f"{item.key}.{number}.{place}") for place, item in enumerate(group.items)),
        )
        for number, group in enumerate(content.groups)
    )
    return replace(content, groups=groups)


@PATIENT
@given(TEMPLATES.map(_with_keys_of_their_own), st.data())
def test_what_is_written_is_read_again(content: TemplateContent, data: st.DataObject):
    done = {item.key for item in content.items if data.draw(st.booleans())}

    text, losses = write_markdown(content, states=dict.fromkeys(done, "done"))

    again = read_markdown(text)
    if any("are defined in one text" in loss for loss in losses):
        assert [item.key for item in again.content.items] == [item.key for item in content.items]
    else:
        assert again.content == content
    assert again.done_keys == done


SIGNS = [
    "- ",
    "[ ]",
    "[x]",
    " ",
    "  ",
    "    ",
    "\t",
    "\n",
    "\n\n",
    "# ",
    "## ",
    "===",
    "---",
    "```",
    "~~~",
    "<!--",
    "-->",
]
SIGNS += ["<div>", "<pre>", "<?", "> ", "1. ", "* ", "+", "\\", "a", "|", "|-|-|", "[a]: b", "<!-- key: k -->", "☐ "]
ANY_TEXT = st.lists(st.sampled_from(SIGNS), max_size=14).map("".join)


@PATIENT
@given(ANY_TEXT, ANY_TEXT, ANY_TEXT, st.booleans())
def test_no_text_below_a_box_or_heading_adds_or_takes_away_a_box(description: str, above: str, below: str, keep: bool):
    items = (
        ItemContent(key="one", text="One", body=below),
        ItemContent(key="two", text="Two", depth=1, body=below),
        ItemContent(key="three", text="Three"),
    )
    groups = (
        GroupContent(key="first", title="First", section="Above", body=above, items=items),
        GroupContent(key="second", title="Second", section="Above", items=(ItemContent(key="four", text="Four"),)),
        GroupContent(key="third", title="Third", body=above, items=(ItemContent(key="five", text="Five"),)),
    )
    content = TemplateContent(name="Name", description=description, groups=groups)

    again = read_markdown(write_markdown(content, keep_keys=keep)[0]).content

    assert again.name == "Name"
    assert [(group.key, group.title, group.section) for group in again.groups] == [
        (group.key, group.title, group.section) for group in groups
    ]
    assert [[(item.text, item.depth) for item in group.items] for group in again.groups] == [
        [(item.text, item.depth) for item in group.items] for group in groups
    ]


def _template(*items: ItemContent, **group: Any) -> TemplateContent:
    return TemplateContent("Release", groups=(GroupContent(key="g", title="Before", items=items, **group),))


def test_it_looks_like_a_task_list_of_a_forge():
    items = (
        ItemContent("db.backup", "Back up", body="```sh\nmake backup\n```"),
        ItemContent("say", "Tell them", depth=1),
    )

    text, losses = write_markdown(_template(*items, section="Plan", body="Two days before."), states={"say": "done"})

    assert losses == []
    assert text.splitlines() == [
        *("# Release", "", "## Plan", "", "### Before <!-- key: g -->", "", "Two days before.", ""),
        *("- [ ] Back up <!-- key: db.backup -->", "", "  ```sh", "  make backup", "  ```", ""),
        "  - [x] Tell them <!-- key: say -->",
    ]


def test_keys_are_left_out_where_nobody_wants_them():
    text, _ = write_markdown(_template(ItemContent("k", "Back up")), keep_keys=False)

    assert "<!--" not in text


def test_what_markdown_cannot_hold_is_said():
    item = ItemContent("k", "Back up", severity=Severity.KILLER, natural_role=Role.DBA)

    _, losses = write_markdown(_template(item, replace(item, key="l")), states={"l": "blocked"})

    assert losses == [
        "The severities of 2 items are not in the Markdown.",
        "The roles of 2 items are not in the Markdown.",
        "The states of 1 item are neither open nor done and are written as open.",
    ]


@pytest.mark.parametrize("open_end", ["```\ncode", "<!-- never closed", "<pre>\nx", "- a\n\n  ~~~\n  x", ">" * 30])
def test_what_is_open_at_its_end_swallows_no_box(open_end: str):
    content = _template(ItemContent("a", "One", body=open_end), ItemContent("b", "Two", depth=1), body=open_end)

    text, losses = write_markdown(content)

    assert [item.text for item in read_markdown(text).content.items] == ["One", "Two"]
    assert bool(losses) is (open_end[0] in "`<")


def test_a_group_whose_text_has_a_heading_keeps_its_boxes():
    content = _template(ItemContent("a", "One"), body="Above.\n\n# Way out\n\nBelow.")

    text, losses = write_markdown(content)

    assert read_markdown(text).content == _template(ItemContent("a", "One"), body="Above.\n\n## Way out\n\nBelow.")
    assert losses == ["Headings of the first level in 1 text are written one level lower."]
