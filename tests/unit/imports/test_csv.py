"""Tables of items: taken from any spreadsheet, with everything odd said; written without a formula or a loss."""

import csv
import io
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.checklist import ItemState, Severity
from app.domain.permissions import Role
from app.domain.spreadsheets import is_formula, without_guard
from app.domain.template_content import DueAnchor, DueRule, GroupContent, Imported, ItemContent, TemplateContent
from app.domain.template_files import Column, ItemStanding
from app.exports.csv_file import write_csv
from app.exports.csv_rows import safe_cell
from app.exports.table import header_of
from app.imports.csv_file import read_csv
from app.imports.csv_table import Table, read_table
from app.imports.csv_words import suggest_mapping
from app.imports.refusal import Unreadable
from tests.contents import contents


def taken(text: str, **more: int) -> Imported:
    """A table as it is read when nobody changes the guess."""
    table = read_table(text)
    return read_csv(table, suggest_mapping(table.header) | {Column(name): number for name, number in more.items()})


def cells_of(table: Table) -> list[tuple[str, ...]]:
    return [table.header, *(row.cells for row in table.rows)]


@settings(deadline=None)
@given(contents(as_table=True))
def test_our_own_file_gives_back_exactly_the_items_that_were_written(content: TemplateContent):
    table = read_table(write_csv(content).decode())

    found = read_csv(table, suggest_mapping(table.header))

    assert found.content == content
    assert (found.other, found.warnings) == ((), ())


@given(st.text(st.sampled_from("=+-@'\t\r\n\0 ;,ab"), max_size=8))
def test_the_guard_against_formulas_is_taken_away_and_nothing_else_is(text: str):
    guarded = safe_cell(text)

    assert without_guard(guarded) == text
    assert (guarded != text) is is_formula(text)


def test_whether_a_cell_is_a_formula_takes_no_time():
    begun = time.process_time()
    assert not is_formula("a" + "\t " * 50_000 + "b")
    assert not is_formula("a," * 50_000)

    assert time.process_time() - begun < 10


def test_every_column_of_ours_is_known_again():
    mapping = suggest_mapping(header_of({}))

    assert set(mapping) >= set(Column)
    assert {header_of({})[number] for number in mapping.values()} == {column.value for column in Column}


def test_a_checklist_says_where_it_stands_and_the_ticks_are_known_again():
    items = (ItemContent("a", "First"), ItemContent("b", "Second"))
    content = TemplateContent("T", groups=(GroupContent("g", "G", items=items),))
    standings = {
        "a": ItemStanding(ItemState.DONE, changed_by="Ann"),
        "b": ItemStanding(ItemState.NOT_APPLICABLE_REQUESTED),
    }

    text = write_csv(content, standings).decode("utf-8-sig")

    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [(row["state"], row["changed_by"]) for row in rows] == [("done", "Ann"), ("waiting for approval", "")]
    found = taken(text)
    assert found.done_keys == {"a"}
    assert found.warnings == ("The column “changed_by” was not taken: it holds something in 1 row.",)


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_table_is_read_whatever_parts_its_cells_and_lines(sign: str, end: str):
    text = end.join(sign.join(cells) for cells in [("Task", "Owner"), ('"a, b; c|d"', "dba"), ("x", "qa")])

    assert cells_of(read_table(text)) == [("Task", "Owner"), ("a, b; c|d", "dba"), ("x", "qa")]


def test_line_breaks_and_quotation_marks_stay_inside_their_cell():
    table = read_table('\ufeffTask,Notes\r\n"say ""hi""","one\r\ntwo"\r\nlast,\r\n')

    assert cells_of(table) == [("Task", "Notes"), ('say "hi"', "one\r\ntwo"), ("last", "")]
    assert [row.line for row in table.rows] == [2, 4]


def test_a_first_line_that_says_what_parts_the_cells_is_believed():
    table = read_table("sep=;\nTask;Notes\na,b,c;d\n")

    assert cells_of(table) == [("Task", "Notes"), ("a,b,c", "d")]
    assert table.rows[0].line == 3


def test_a_plain_list_is_a_table_of_one_column():
    found = taken("Task\nBack up, then check\nDeploy\n")

    assert [item.text for item in found.content.items] == ["Back up, then check", "Deploy"]


def test_a_table_without_headings_gets_numbers_for_them():
    assert cells_of(read_table("a,b\nc,d", has_header=False)) == [("Column 1", "Column 2"), ("a", "b"), ("c", "d")]


def test_rows_of_another_width_are_read_and_said():
    table = read_table("A,B,C\n1,2\n1,2,3,4\n1,2,3,\n")

    assert [row.cells for row in table.rows] == [("1", "2", ""), ("1", "2", "3"), ("1", "2", "3")]
    assert table.warnings == (
        "1 row (line 2) has fewer cells than the headings: the missing ones count as empty.",
        "1 row (line 3) has more cells than the headings: what stands in them was left out.",
    )


SHEET = """\
Category,Task,Prio,Owner,Status,Estimate,Notes
Before,Take a backup,critical,Database,x,2h,"All of it:
- schema
- rows"
,Tell the others,,Ann,open,,
,,,,,,just a remark
After,Look at the errors,optional,SRE,done,,
"""


def test_a_usual_sheet_is_understood_and_what_was_guessed_is_said():
    found = taken(SHEET, severity=2)

    before, after = found.content.groups
    assert [(group.title, group.key, len(group.items)) for group in (before, after)] == [
        ("Before", "before", 2),
        ("After", "after", 1),
    ]
    backup, tell, look = found.content.items
    assert (backup.severity, backup.natural_role, backup.body) == (
        Severity.KILLER,
        Role.DBA,
        "All of it:\n- schema\n- rows",
    )
    assert (tell.severity, tell.natural_role) == (Severity.REQUIRED, Role.DEVELOPER)
    assert (look.severity, look.natural_role) == (Severity.ADVISORY, Role.OPS)
    assert found.done_keys == {"take-a-backup", "look-at-the-errors"}
    assert [(other.line, other.text, other.kept_in) for other in found.other] == [(6, "just a remark", "")]
    assert found.warnings == (
        "“Ann” in the column “Owner” is not known (1 row): “developer” was taken.",
        "“critical” in the column “Prio” was read as “killer” (1 row).",
        "“Database” in the column “Owner” was read as “dba” (1 row).",
        "“optional” in the column “Prio” was read as “advisory” (1 row).",
        "“SRE” in the column “Owner” was read as “ops” (1 row).",
        "The column “Estimate” was not taken: it holds something in 1 row.",
    )


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Task,Description,Owner,Status,Notes", {"text": 0, "body": 1, "natural_role": 2, "state": 3}),
        ("Section,Item,Done", {"group": 0, "text": 1, "state": 2}),
        ("Section,Group,Check", {"section": 0, "group": 1, "text": 2}),
        ("ID,Description,Priority,Assigned to", {"key": 0, "text": 1, "severity": 2, "natural_role": 3}),
        ("TASK-NAME,x,Bucket ", {"text": 0, "group": 2}),
        ("foo,bar", {}),
        ("foo", {"text": 0}),
    ],
)
def test_columns_are_guessed_from_their_headings(header: str, expected: dict[str, int]):
    assert suggest_mapping(header.split(",")) == {Column(name): number for name, number in expected.items()}


def test_long_texts_are_kept_whole_below_the_item():
    text = "word " * 150

    [item] = taken(f'Task,Notes\n"{text}",more\n').content.items

    assert len(item.text) <= 500
    assert item.text.endswith("word…")
    assert item.body == f"{text.strip()}\n\nmore"


def test_a_text_of_several_lines_is_an_item_with_the_rest_below_it():
    [item] = taken('Task\n"Back up\nfirst the schema\nthen the rows"\n').content.items

    assert (item.text, item.body) == ("Back up", "first the schema\nthen the rows")


def test_what_does_not_fit_is_cut_and_kept_beside():
    found = taken(f"Task,Hint\na,{'x' * 501}\n")

    [item] = found.content.items
    assert item.guidance == "x" * 499 + "…"
    assert [other.text for other in found.other] == ["x" * 501]
    assert found.warnings == ("1 cell of “Hint” did not fit and was cut.",)


def test_keys_that_cannot_be_used_are_made_anew():
    found = taken("ID,Task\nOPS-1,a\nops-1,b\nops-1,c\n,d\n")

    assert [item.key for item in found.content.items] == ["ops-1-2", "ops-1", "ops-1-3", "d"]
    assert found.warnings == ("2 keys could not be used, or stood twice: made anew from the text.",)


def test_a_due_date_is_a_number_of_days_after_something():
    found = taken("Task,due_from,due_days,due_weekdays_only\na,release_planned,-3,yes\nb,,5,\nc,,soon,maybe\nd,,,\n")

    assert [item.due for item in found.content.items] == [
        DueRule(DueAnchor.RELEASE_PLANNED, -3, weekdays_only=True),
        DueRule(DueAnchor.CHECKLIST_CREATED, 5),
        DueRule(DueAnchor.CHECKLIST_CREATED, 0),
        None,
    ]
    assert len(found.warnings) == 2


def test_rows_of_one_group_that_stand_apart_come_together():
    found = taken("Group,Task\nA,1\nB,2\nA,3\n")

    assert [[item.text for item in group.items] for group in found.content.groups] == [["1", "3"], ["2"]]
    assert found.warnings == ("1 time the rows came back to a group from above: it was put together.",)


WRONG = {
    "": "The file is empty: there is no row in it.",
    "\n\n": "The file is empty: there is no row in it.",
    'a,b\n1,"2\n3,4\n': "A quotation mark that begins in the row on line 2 is never closed.",
    'a,b\n"1" 2,3\n': "The row on line 2 cannot be read: something stands behind a closing quotation mark.",
    "a\n" + "b\n" * 5001: "The table has more than 5,000 rows. Bring it in in parts.",
    "a," * 300: "The table has 301 columns. At most 200 can be taken.",
    "a,b\n" + "x" * 100_001 + ",c\n": "A cell in the row on line 2 has more than 100,000 letters.",
    "a" * 5_000_001: "The file has 5,000,001 letters. At most 5,000,000 can be taken.",
    'a,"' + "x\n" * 300_000: "A cell in the row on line 1 has more than 100,000 letters. Is a quotation mark missing?",
    '"' * 2_000_001: "A cell in the row on line 1 has more than 100,000 letters.",
    "a" + "," * 4_000_000: "columns. At most 200 can be taken.",
    "\n" * 390_000: "The file is empty",
    "\n" * 4_000_000: "The file has more than 400,000 lines. Bring it in in parts.",
    ("a" * 99_000 + "\n") * 50: "",
}


@pytest.mark.parametrize("text", WRONG, ids=lambda text: ascii(text[:20]))
def test_what_cannot_be_read_is_refused_at_once_with_a_sentence(text: str):
    begun = time.process_time()
    try:
        table = read_table(text)
    except Unreadable as refusal:
        said = refusal.sentence
    else:
        said = ""
        read_csv(table, {Column.TEXT: 0})

    assert time.process_time() - begun < 10
    assert WRONG[text] in said
    assert bool(WRONG[text]) is bool(said)


@pytest.mark.parametrize("mapping", [{}, {Column.TEXT: 2}, {Column.TEXT: -1}, {Column.TEXT: 0, Column.BODY: 9}])
def test_columns_that_are_not_there_are_refused(mapping: dict[Column, int]):
    with pytest.raises(Unreadable):
        read_csv(read_table("a,b\n1,2\n"), mapping)
