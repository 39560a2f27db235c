"""Templates as YAML and JSON: nothing is lost on the way out and in, and no file can do harm."""

import json
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings

from app.domain.checklist import BelongsTo, ItemState, Mode, Phase, Severity
from app.domain.permissions import Role
from app.domain.template_content import DueAnchor, DueRule, ItemContent, TemplateContent, ValueKind
from app.domain.template_files import ItemStanding
from app.exports.yaml_file import write_json, write_yaml
from app.imports.refusal import Unreadable
from app.imports.yaml_file import read_json, read_yaml
from tests.contents import contents

SMALL = """
name: Deploy
groups:
  - title: Before
    items:
      - Take a backup
      - text: Tell the people on call
        severity: killer
"""


@settings(deadline=None)
@given(contents())
def test_yaml_gives_back_exactly_what_was_written(content: TemplateContent):
    assert read_yaml(write_yaml(content)).content == content


@settings(deadline=None)
@given(contents())
def test_json_gives_back_exactly_what_was_written(content: TemplateContent):
    assert read_json(write_json(content)).content == content


def test_a_file_written_by_hand_needs_little_more_than_titles_and_texts():
    found = read_yaml(SMALL)

    [group] = found.content.groups
    assert (found.content.name, group.key, group.title) == ("Deploy", "before", "Before")
    assert [(item.key, item.text, item.severity) for item in group.items] == [
        ("take-a-backup", "Take a backup", Severity.REQUIRED),
        ("tell-the-people-on-call", "Tell the people on call", Severity.KILLER),
    ]
    assert found.warnings == ()


def test_every_field_has_its_name():
    found = read_yaml(
        """
        countersign: 1
        name: N
        description: D
        groups:
          - {key: g, title: G, section: S, belongs_to: change, mode: read-do, body: B, applies_when: personal_data,
             items: [{key: i, text: T, depth: 2, body: B, guidance: U, phase: testing, gate: code, severity: advisory,
              natural_role: dba, value_prompt: How long?, value_kind: number, value_unit: min,
              due: {anchor: release_planned, days: -3, weekdays_only: yes},
              origin: O, origin_link: "https://example.org/", applies_when: large_tables, fact: f}]}
        """
    ).content

    [group] = found.groups
    assert (group.belongs_to, group.mode, group.applies_when) == (BelongsTo.CHANGE, Mode.READ_DO, "personal_data")
    assert group.items == (
        ItemContent(
            key="i",
            text="T",
            depth=2,
            body="B",
            guidance="U",
            phase=Phase.TESTING,
            gate="code",
            severity=Severity.ADVISORY,
            natural_role=Role.DBA,
            value_prompt="How long?",
            value_kind=ValueKind.NUMBER,
            value_unit="min",
            due=DueRule(DueAnchor.RELEASE_PLANNED, -3, weekdays_only=True),
            origin="O",
            origin_link="https://example.org/",
            applies_when="large_tables",
            fact="f",
        ),
    )


def test_numbers_and_words_like_yes_stay_the_texts_that_they_are():
    found = read_yaml("groups: [{title: 2.10, items: [yes, 0o17, 1e3, 2026-11-22]}]")

    [group] = found.content.groups
    assert [group.title, *(item.text for item in group.items)] == ["2.10", "yes", "0o17", "1e3", "2026-11-22"]


def test_an_unknown_field_is_left_out_and_said():
    found = read_yaml(
        "groups: [{title: A, items: [{text: B, severty: killer}, {text: C, severty: killer, owner: Ann}]}]"
    )

    assert found.warnings == (
        "The field “severty” is not known and was left out, 2 times. Was “severity” meant?",
        "The field “owner” is not known and was left out.",
    )


@pytest.mark.parametrize(("write", "read"), [(write_yaml, read_yaml), (write_json, read_json)])
def test_where_the_items_stand_is_written_and_what_was_done_is_known_again(write, read):
    content = read_yaml(SMALL).content
    at = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
    standings = {
        "take-a-backup": ItemStanding(ItemState.DONE, value="3 GB", changed_by="Ann", changed_at=at),
        "tell-the-people-on-call": ItemStanding(ItemState.BLOCKED, reason="Nobody answers"),
    }

    text = write(content, standings)

    assert [word for word in ("3 GB", "Ann", "2026-11-22T08:30:00.000000Z", "Nobody answers") if word not in text] == []
    found = read(text)
    assert (found.content, found.done_keys, found.warnings) == (content, {"take-a-backup"}, ())


WRONG = {
    "groups: [{title: A, items: [B]}, {title: C, items: [D, E, {text: F, severity: huge}]}]": (
        "Group 2, item 3: severity is “huge”; it must be killer, required or advisory."
    ),
    "groups: [{title: A, items: [{text: B, depth: deep}]}]": (
        "Group 1, item 1: depth must be a whole number from 0 to 9."
    ),
    "groups: [{title: A, items: [{Mind: this}]}]": (
        "Group 1, item 1: there is no text. A text with a colon in it needs quotation marks around it."
    ),
    "groups: [{items: [B]}]": "Group 1: there is no title.",
    "groups: [{title: A, items: B}]": "Group 1: items must be a list.",
    "groups: [{title: A, items: [[B]]}]": "Group 1, item 1: there is nothing that can be read as item.",
    "groups: [{title: [A], items: [B]}]": "Group 1: title is no text.",
    "groups: [{title: A, items: [{text: B, due: soon}]}]": "Group 1, item 1: due must hold fields with values.",
    "groups: [{title: A, items: [{text: B, due: {days: 3}}]}]": (
        "Group 1, item 1, due: anchor is missing; it must be checklist_created or release_planned."
    ),
    "groups: [{title: A, items: [{text: B, due: {anchor: release_planned, weekdays_only: [1]}}]}]": (
        "Group 1, item 1, due: weekdays_only must be true or false."
    ),
    "groups: [{title: A, items: [{text: B, key: No key}]}]": (
        "Group 1, item 1: the key “No key” cannot be used: small letters, digits, single dots and hyphens."
    ),
    "groups: [{title: A, items: [{text: B, key: k}, {text: C, key: k}]}]": (
        "Group 1, item 2: the key “k” is used before. Each item needs one of its own."
    ),
    "groups: [{title: A, items: [{text: B, guidance: '" + "x" * 501 + "'}]}]": (
        "Group 1, item 1: guidance has 501 letters; it can have 500."
    ),
    "name: A": "The file has no list of groups. Write “groups:”, and under it each group with its items.",
    "- a": "The file holds no fields. A template has a name and a list of groups, each with its items.",
    "": "The file holds no fields. A template has a name and a list of groups, each with its items.",
    "{countersign: 2, groups: []}": "The file is of another format than 1, which this Countersign reads.",
    "name: A\nname: B\ngroups: []": "Line 2: the field “name” stands twice in one place. Leave one of them.",
    "? [a]\n: b": "Line 1: the name of a field has to be a word.",
    "a: 1\n---\nb: 2": "Line 2 begins a second document. One file holds one template.",
    "name: !!python/object/apply:os.system [ls]": (
        "Line 1 has the tag “tag:yaml.org,2002:python/object/apply:os.system”. Tags are not taken: leave it out."
    ),
    "a: &x [1]\nb: *x": "Line 1 has “&x”, a mark for repeating parts. Write it out.",
    "name: 'A": "Line 1 cannot be read as YAML: found unexpected end of stream.",
    "name: A\n\tgroups: B": "cannot be read as YAML",
    "name: \x07": "The file cannot be read as YAML",
    "name: \ud800": "The file holds half a letter: it is damaged, or not the text that it says it is.",
}


@pytest.mark.parametrize("text", WRONG, ids=lambda text: ascii(text[:50]))
def test_what_is_wrong_is_said_with_its_place(text: str):
    with pytest.raises(Unreadable) as refusal:
        read_yaml(text)

    assert WRONG[text] in refusal.value.sentence


def test_all_faults_are_said_at_once_the_first_ten_in_words():
    text = "groups: [{title: A, items: [" + ", ".join(["{text: B, phase: never}"] * 12) + "]}]"

    with pytest.raises(Unreadable) as refusal:
        read_yaml(text)

    assert len(refusal.value.sentences) == 12
    assert refusal.value.sentence.count("phase is “never”") == 10
    assert refusal.value.sentence.endswith("And 2 more of this kind.")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"name": "A",\n "name": "B"}', "The field “name” stands twice"),
        ('{"name": "A",\n}', "Line 2 cannot be read as JSON"),
        ('{"name": NaN}', "“NaN” is no value"),
        ('{"name": "\\ud800", "groups": []}', "half a letter"),
        ('{"groups": [{"title": true, "items": ["A"]}]}', "Group 1: title is no text."),
        ('{"groups": [{"title": "A", "items": [null]}]}', "Group 1, item 1: there is nothing"),
    ],
)
def test_wrong_json_is_refused_in_the_same_way(text: str, sentence: str):
    with pytest.raises(Unreadable, match=sentence):
        read_json(text)


def test_json_gives_true_and_numbers_as_they_are_meant():
    due = {"anchor": "release_planned", "days": -2, "weekdays_only": True}
    found = read_json(json.dumps({"groups": [{"title": "A", "items": [{"text": "B", "depth": 1, "due": due}]}]}))

    [item] = found.content.items
    assert (item.depth, item.due) == (1, DueRule(DueAnchor.RELEASE_PLANNED, -2, weekdays_only=True))


LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
HOSTILE = {
    "repeats of repeats": LAUGHS,
    "deep lists": "[" * 4_000_000,
    "deep names": "{a: " * 1_000_000,
    "deep blocks": "".join(f"{' ' * depth}a:\n" for depth in range(1500)),
    "deep keys": "? " * 2_000_000,
    "deep dashes": "- " * 2_000_000,
    "too many letters": "a" * 5_000_001,
    "too many entries": "[" + "a," * 2_000_000 + "]",
    "too many fields": "\n".join(f"a{number}: b" for number in range(150_000)),
    "too many unknown fields": "groups: [{title: A, items: [{"
    + ", ".join(f"sev{number}: b" for number in range(100_000))
    + "}]}]",
    "too many faults": "groups: [{title: A, items: [" + "[]," * 200_000 + "]}]",
    "too many items": "groups: [{title: A, items: [" + "a," * 5001 + "]}]",
    "an endless quotation": "name: '" + "a\n" * 2_000_000,
    "anchors without end": "".join(f"- &a{number} b\n" for number in range(100_000)),
    "a long word": "groups: [{title: A, items: [{text: B, severity: " + "x" * 4_900_000 + "}]}]",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_yaml_is_refused_at_once(kind: str):
    begun = time.process_time()
    with pytest.raises(Unreadable):
        read_yaml(HOSTILE[kind])

    assert time.process_time() - begun < 10


@pytest.mark.parametrize("text", ["[" * 4_000_000, '{"a":' * 900_000, "[" + "1," * 2_000_000 + "1]", "9" * 4_000_000])
def test_hostile_json_is_refused_at_once(text: str):
    begun = time.process_time()
    with pytest.raises(Unreadable):
        read_json(text)

    assert time.process_time() - begun < 10
