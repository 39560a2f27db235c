"""Checklists as people write them: each was counted by hand."""

from pathlib import Path

import pytest

from app.domain.template_content import Imported, OtherKind
from app.exports.markdown import write_markdown
from app.imports.documents import read_document
from app.imports.markdown import read_markdown

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "checklists"
# name of the file: name of the template, items of each group, depths, ticked, other lines
COUNTED = {
    "nested-release.md": ("Release of a minor version", [7, 6, 2], "011012200011100", 1, 4),
    "pull-request.md": ("Pull request", [3, 3], "000000", 0, 7),
    "bug-form.md": ("Report of a fault", [2], "00", 0, 12),
    "onboarding.md": ("First days of a developer", [2, 2], "0000", 0, 8),
    "runbook.md": ("Fail over the database", [2, 2], "0000", 0, 9),
    "details.md": ("Details", [4], "0000", 1, 9),
    "plain-text.txt": ("Plain text", [5], "00000", 2, 1),
    "sloppy.md": ("Sloppy", [7], "0000000", 2, 3),
    "windows.md": ("Café opening", [2, 1], "000", 1, 0),
    "levels.md": ("Migration", [1, 1, 1, 1, 2], "000000", 0, 3),
    "loose.md": ("Security review", [4], "0000", 0, 7),
    "flat.md": ("Flat", [6], "000011", 1, 2),
}


def _read(name: str) -> Imported:
    return read_document((FOLDER / name).read_bytes(), name)


def test_every_checklist_was_counted():
    assert {path.name for path in FOLDER.iterdir()} == set(COUNTED)


@pytest.mark.parametrize("name", COUNTED)
def test_a_checklist_is_understood_as_a_person_counts_it(name: str):
    found = _read(name)

    depths = "".join(str(item.depth) for item in found.content.items)
    sizes = [len(group.items) for group in found.content.groups]
    assert (found.content.name, sizes, depths, len(found.done_keys), len(found.other)) == COUNTED[name]


@pytest.mark.parametrize("name", COUNTED)
def test_what_was_understood_can_be_taken_out_and_read_again(name: str):
    found = _read(name)

    text, _ = write_markdown(found.content, states=dict.fromkeys(found.done_keys, "done"))

    again = read_markdown(text)
    assert (again.content, again.done_keys) == (found.content, found.done_keys)


def test_code_and_steps_stand_below_the_box_they_belong_to():
    release = {item.text: item.body for item in _read("nested-release.md").content.items}
    onboarding = {item.text: item.body for item in _read("onboarding.md").content.items}

    assert release["Tag the commit"] == "```sh\ngit tag -s vX.Y.0\ngit push origin vX.Y.0\n```"
    assert release["wheels for"] == "- Linux\n- macOS"
    assert onboarding["Install the tools"] == "    apt-get install git make"
    assert onboarding["Clone and run"] == "  ```\n  make run\n  ```"


def test_links_and_tables_of_an_onboarding_list_stay_whole():
    found = _read("onboarding.md")

    assert found.content.description.endswith("named in the [plan][plan].\n\n[plan]: https://example.org/plan")
    assert found.content.items[1].text == 'Set up two factors, see [how](https://example.org/2fa "Two factors")'
    assert found.content.groups[0].body.startswith("| system | who grants | done |")
    assert "2 boxes stand in the cells of tables" in " ".join(found.warnings)


def test_statements_of_a_runbook_are_counted_one_by_one():
    found = _read("runbook.md")

    code = [other for other in found.other if other.kind is OtherKind.CODE]
    assert [(other.line, other.text) for other in code] == [
        (11, "SHOW REPLICA STATUS;"),
        (12, "SELECT MAX(id) FROM orders;"),
    ]
    assert {other.kept_in for other in code} == {"the-replica-is-in-step"}
    assert found.content.items[3].body == "Takes up to a minute."


def test_sections_are_named_by_all_headings_around_a_group():
    assert [(group.section, group.title) for group in _read("levels.md").content.groups] == [
        ("1. Prepare / 1.1 Schema", "Tables"),
        ("1. Prepare / 1.1 Schema", "Indexes"),
        ("1. Prepare", "1.2 Data"),
        ("", "2. Run"),
        ("2. Run", "2.1 Watch"),
    ]


def test_what_a_hidden_example_says_is_no_item_and_is_said():
    found = _read("pull-request.md")

    assert "Boxes inside of HTML or of a comment were kept as text (line 3)." in found.warnings
    assert found.content.items[0].body == "<!-- unit or integration -->"
