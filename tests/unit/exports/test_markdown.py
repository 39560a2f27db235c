"""A template becomes a task list, and the task list becomes the same template again."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.checklist import Severity
from app.domain.permissions import Role
from app.domain.template_content import GroupContent, ItemContent, TemplateContent
from app.exports.markdown import write_markdown
from app.imports.markdown import read_markdown

WORDS = st.text(
    st.sampled_from("abcdeXYZ 0189 _*`[]()#-+.!>|~:;\\<&@äß📋✅é\t"), min_size=1, max_size=40
).map(str.strip)
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
    "A link [here][ref].\n\n[ref]: https://example.org/a \"T\"",
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
