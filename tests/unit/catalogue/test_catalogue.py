"""The built-in catalogue says what the document says, and a broken one is refused at the cell that is wrong."""

import csv
import re
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from app.catalogue import reader
from app.catalogue.reader import Feature, LineKind, ValueKind, read_catalogue, read_catalogue_from
from app.domain.applicability import RULED, Question, is_ruled_out
from app.domain.checklist import BelongsTo, Mode, Phase, Severity
from app.domain.permissions import Role

CATALOGUE = read_catalogue()
FILES = Path(reader.__file__).parent
OUR_OWN_WORDS = [text for item in CATALOGUE.items for text in (item.guidance, item.value_prompt) if text] + [
    line.meaning for line in CATALOGUE.other_lines
]


def test_the_document_has_242_boxes_in_41_groups() -> None:
    assert len(CATALOGUE.items) == 242
    assert len(CATALOGUE.groups) == 41


def test_the_document_has_56_other_lines() -> None:
    assert Counter(line.kind for line in CATALOGUE.other_lines) == {
        LineKind.SQL: 4,
        LineKind.ORDERED_STEP: 6,
        LineKind.METRIC: 15,
        LineKind.RULE: 12,
        LineKind.CONTACT: 4,
        LineKind.RECURRING_TASK: 15,
    }


def test_each_box_belongs_to_the_thing_that_must_exist_before_it_does() -> None:
    assert Counter(item.belongs_to for item in CATALOGUE.items) == {
        BelongsTo.MODULE: 147,
        BelongsTo.RELEASE: 18,
        BelongsTo.CHANGE: 16,
        BelongsTo.DEPLOYMENT: 24,
        BelongsTo.ROLLBACK: 18,
        BelongsTo.INCIDENT: 12,
        BelongsTo.TARGET: 7,
    }


def test_39_boxes_are_dangerous_to_skip_and_each_of_them_stands_before_a_gate() -> None:
    killers = [item for item in CATALOGUE.items if item.severity is Severity.KILLER]
    assert len(killers) == 39
    assert [item.key for item in killers if item.gate is None] == []


def test_no_key_is_given_twice() -> None:
    keys = [item.key for item in CATALOGUE.items] + [line.key for line in CATALOGUE.other_lines]
    assert [key for key, times in Counter(keys).items() if times > 1] == []


def test_keys_are_plain_so_that_they_can_stand_in_an_address() -> None:
    keys = [item.key for item in CATALOGUE.items] + [line.key for line in CATALOGUE.other_lines]
    assert [key for key in keys if not re.fullmatch(r"[a-z0-9]+([.-][a-z0-9]+)*", key)] == []


def test_every_group_fits_one_pause_point_of_five_to_eight_boxes() -> None:
    assert {group.key: len(group.items) for group in CATALOGUE.groups if not 5 <= len(group.items) <= 8} == {}


def test_no_two_groups_share_a_key_or_a_title() -> None:
    assert len({group.key for group in CATALOGUE.groups}) == 41
    assert len({group.title.lower() for group in CATALOGUE.groups}) == 41


def test_group_keys_are_kebab_case() -> None:
    assert [group.key for group in CATALOGUE.groups if not re.fullmatch(r"[a-z]+(-[a-z]+)*", group.key)] == []


def test_headings_are_plain_words_in_sentence_case() -> None:
    headings = {group.title for group in CATALOGUE.groups} | {group.section for group in CATALOGUE.groups}
    headings |= {heading for line in CATALOGUE.other_lines for heading in (line.section, line.subsection)}
    assert [heading for heading in headings if not re.fullmatch(r"[A-Z][a-z]+([ -][a-z]+)*", heading)] == []


def test_boxes_keep_the_order_of_the_document() -> None:
    assert [item.position for item in CATALOGUE.items] == list(range(1, 243))


def test_a_box_has_the_mode_and_the_subject_of_its_group() -> None:
    for group in CATALOGUE.groups:
        assert {(item.mode, item.belongs_to) for item in group.items} == {(group.mode, group.belongs_to)}


def test_a_group_starts_in_the_phase_of_its_first_box() -> None:
    assert [group.key for group in CATALOGUE.groups if group.phase is not group.items[0].phase] == []


def test_only_a_rollback_is_read_step_by_step() -> None:
    read_do = {item.belongs_to for item in CATALOGUE.items if item.mode is Mode.READ_DO}
    assert read_do == {BelongsTo.ROLLBACK}
    assert {item.mode for item in CATALOGUE.items if item.belongs_to is BelongsTo.ROLLBACK} == {Mode.READ_DO}


def test_every_phase_has_boxes() -> None:
    assert {item.phase for item in CATALOGUE.items} == set(Phase)


def test_nobody_is_asked_first_who_may_not_tick() -> None:
    asked = {item.natural_role for item in CATALOGUE.items}
    assert asked.isdisjoint({Role.VIEWER, Role.AUDITOR, Role.ADMINISTRATOR})


def test_guidance_fits_one_line_and_leaves_alone_what_explains_itself() -> None:
    guided = [item for item in CATALOGUE.items if item.guidance]
    assert [item.key for item in guided if len(item.guidance) > 140] == []
    assert 0.6 <= len(guided) / 242 <= 0.75


def test_guidance_never_just_repeats_its_box() -> None:
    same = [item.key for item in CATALOGUE.items if item.guidance.rstrip(".").lower() == item.text.lower()]
    assert same == []


def test_at_most_one_box_in_three_asks_for_a_value() -> None:
    assert 0 < len([item for item in CATALOGUE.items if item.value_prompt]) <= 242 / 3


def test_a_prompt_and_its_kind_come_together() -> None:
    assert [item.key for item in CATALOGUE.items if bool(item.value_prompt) != (item.value_kind is not None)] == []


def test_prompts_that_begin_with_link_ask_for_a_link() -> None:
    odd = [i.key for i in CATALOGUE.items if i.value_prompt.startswith("Link ") and i.value_kind is not ValueKind.LINK]
    assert odd == []


def test_our_own_words_do_not_shout() -> None:
    assert [text for text in OUR_OWN_WORDS if re.search(r"!|\boops\b|successful|\bplease\b", text, re.IGNORECASE)] == []


def test_our_own_words_are_free_of_broken_characters() -> None:
    assert [text for text in OUR_OWN_WORDS if not text.isascii()] == []


def test_rules_stand_where_a_module_answers_and_nowhere_else() -> None:
    ruled = [group.belongs_to for group in CATALOGUE.groups if group.applies_when]
    ruled += [item.belongs_to for item in CATALOGUE.items if item.applies_when]

    assert ruled
    assert set(ruled) <= set(RULED)


def test_who_touches_everything_is_asked_everything() -> None:
    answers = dict.fromkeys(Question, True)
    rules = [group.applies_when for group in CATALOGUE.groups] + [item.applies_when for item in CATALOGUE.items]

    assert is_ruled_out(rules, answers) is False


def test_every_other_line_names_the_feature_that_uses_it() -> None:
    assert {(line.kind, line.feature) for line in CATALOGUE.other_lines} == {
        (LineKind.SQL, Feature.MONITORING),
        (LineKind.ORDERED_STEP, Feature.ESCALATION),
        (LineKind.METRIC, Feature.METRICS),
        (LineKind.RULE, Feature.POLICIES),
        (LineKind.CONTACT, Feature.CONTACTS),
        (LineKind.RECURRING_TASK, Feature.SCHEDULE),
    }


def test_every_other_line_says_in_one_line_what_the_product_does_with_it() -> None:
    assert [line.key for line in CATALOGUE.other_lines if not 20 <= len(line.meaning) <= 160] == []


def test_every_gate_has_boxes_and_needs_roles_that_exist() -> None:
    with (FILES / "gates.csv").open(encoding="utf-8", newline="") as stream:
        gates = {row["gate"]: row["required_signoffs"] for row in csv.DictReader(stream)}
    assert {item.gate for item in CATALOGUE.items} == {None, *gates}
    named = {role for signoffs in gates.values() for role in re.findall(r"([a-z_-]+):\d", signoffs)}
    assert named <= {role.value for role in Role}


def test_the_catalogue_is_read_once() -> None:
    assert read_catalogue() is read_catalogue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for file in FILES.glob("*.csv"):
        shutil.copy(file, tmp_path)
    return tmp_path


def change(folder: Path, file: str, line: int, column: str, cell: str) -> None:
    with (folder / file).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    rows[line - 1][rows[0].index(column)] = cell
    with (folder / file).open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)


def test_a_copy_elsewhere_reads_the_same(folder: Path) -> None:
    assert read_catalogue_from(folder) == CATALOGUE


@pytest.mark.parametrize(
    ("file", "line", "column", "cell", "reason"),
    [
        ("items.csv", 9, "severity", "urgent", "“urgent” is none of: killer, required, advisory"),
        ("items.csv", 9, "phase", "develop", "is none of"),
        ("items.csv", 9, "belongs_to", "modul", "says “module”"),
        ("items.csv", 9, "mode", "DO-CONFIRM", "says “do-confirm”"),
        ("items.csv", 9, "natural_role", "DBA", "is none of"),
        ("items.csv", 9, "verification", "magic", "is none of"),
        ("items.csv", 9, "gate", "reday", "is none of"),
        ("items.csv", 9, "group_key", "nowhere", "is none of"),
        ("items.csv", 9, "group_key", "pre-development", "stands after an item of a later group"),
        ("items.csv", 9, "group", "Develop", "groups.csv says “Development”"),
        ("items.csv", 9, "section", "Elsewhere", "groups.csv says"),
        ("items.csv", 9, "position", "9", "the order of the lines says “8”"),
        ("items.csv", 9, "key", "pre.schema-planned", "stands on line 2 already"),
        ("items.csv", 9, "key", "", "empty"),
        ("items.csv", 9, "text", "", "empty"),
        ("items.csv", 9, "guidance", "x" * 141, "141 characters, at most 140 allowed"),
        ("items.csv", 9, "guidance", "Do it. ", "blanks at the start or the end"),
        ("items.csv", 9, "value_kind", "text", "the missing prompt"),
        ("items.csv", 2, "value_kind", "", "is none of: text, number, link"),
        ("items.csv", 2, "value_kind", "url", "is none of: text, number, link"),
        ("items.csv", 9, "applies_when", "has_upload", "Did you mean has_uploads?"),
        ("groups.csv", 3, "applies_when", "has_uploads or", "a question is missing at the end"),
        ("groups.csv", 3, "phase", "testing", "its first item says “development”"),
        ("groups.csv", 3, "key", "pre-development", "stands on line 2 already"),
        ("groups.csv", 3, "position", "7", "the order of the lines says “2”"),
        ("other_lines.csv", 4, "feature", "", "is none of"),
        ("other_lines.csv", 4, "kind", "poem", "is none of"),
        ("other_lines.csv", 4, "meaning", "y" * 161, "161 characters, at most 160 allowed"),
        ("gates.csv", 3, "gate", "merge", "stands on line 2 already"),
    ],
)
def test_a_wrong_cell_is_refused_with_its_file_line_and_column(
    folder: Path, *, file: str, line: int, column: str, cell: str, reason: str
) -> None:
    change(folder, file, line, column, cell)
    with pytest.raises(ValueError, match=re.escape(f"{file}, line {line}, column {column}: ")) as refusal:
        read_catalogue_from(folder)
    assert reason in str(refusal.value)


@pytest.mark.parametrize(
    ("file", "spoil", "place"),
    [
        ("items.csv", lambda text: text.replace(",severity,", ",gravity,", 1), "items.csv, line 1, column severity: "),
        ("groups.csv", lambda text: text.replace("key,title", "title,key", 1), "groups.csv, line 1, column order: "),
        ("groups.csv", lambda text: text.replace("\n", ",extra\n", 1), "groups.csv, line 1, column extra: "),
        ("groups.csv", lambda text: text + "42,lonely\n", "groups.csv, line 43, column key: 2 cells, expected 8"),
        ("gates.csv", lambda _text: "", "gates.csv, line 1, column gate, subject"),
        ("gates.csv", lambda text: text + '"open', "gates.csv, line 12, column unknown: "),
        (
            "groups.csv",
            lambda text: text + "42,lonely,Lonely,Nowhere,module,do-confirm,testing,\n",
            "groups.csv, line 43, column key: no item belongs to this group",
        ),
    ],
)
def test_a_file_of_the_wrong_shape_is_refused_at_its_line(
    folder: Path, *, file: str, spoil: Callable[[str], str], place: str
) -> None:
    path = folder / file
    path.write_text(spoil(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(ValueError, match=re.escape(place)):
        read_catalogue_from(folder)
