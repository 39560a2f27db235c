"""Workbooks: what a spreadsheet reads out of them is what was put in, and nothing is computed."""

import io
import re
import sys
from datetime import UTC, datetime
from subprocess import run
from xml.etree import ElementTree as Xml
from zipfile import ZipFile

from hypothesis import given, settings

from app.domain.checklist import ItemState
from app.domain.template_content import GroupContent, ItemContent, TemplateContent
from app.domain.template_files import ExportNote, ItemStanding
from app.exports.table import header_of, rows_of
from app.exports.xlsx_file import write_xlsx
from tests.contents import ODD, contents

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
NOTE = ExportNote(
    "Checklist", "Orders, 2026.11", "Migrations, version 3", datetime(2026, 11, 22, 8, 30, tzinfo=UTC), "Ann"
)


def sheet_of(file: bytes, number: int) -> Xml.Element:
    with ZipFile(io.BytesIO(file)) as packed:
        return Xml.fromstring(packed.read(f"xl/worksheets/sheet{number}.xml"))  # noqa: S314 (made right here)


def rows_in(sheet: Xml.Element) -> list[dict[str, str]]:
    """The cells of each row by their column letters, as a spreadsheet shows them."""
    return [
        {
            re.sub(r"\d", "", cell.attrib["r"]): shown
            for cell in row.iter(f"{MAIN}c")
            if (shown := "".join(part.text or "" for part in cell.iter() if part.tag in {f"{MAIN}t", f"{MAIN}v"}))
        }
        for row in sheet.iter(f"{MAIN}row")
    ]


def decoded(shown: str) -> str:
    """A cell with the escapes of the format undone, as a spreadsheet does it."""
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), shown)


def one_of(*texts: str) -> TemplateContent:
    items = tuple(ItemContent(f"k{number}", text) for number, text in enumerate(texts))
    return TemplateContent("T", groups=(GroupContent("g", "G", items=items),))


def column(sheet: Xml.Element, letter: str) -> list[str]:
    return [decoded(row.get(letter, "")) for row in rows_in(sheet)[1:]]


def test_odd_texts_are_shown_as_they_were_written_and_never_computed():
    texts = [text for text in ODD if text.strip()] + [
        '=HYPERLINK("https://example.org")',
        "https://example.org/",
        "{=1}",
    ]

    sheet = sheet_of(write_xlsx(one_of(*texts), None, NOTE), 1)

    assert column(sheet, "G") == texts
    assert list(sheet.iter(f"{MAIN}f")) == []
    assert list(sheet.iter(f"{MAIN}hyperlinks")) == []
    assert {cell.attrib.get("t") for cell in sheet.iter(f"{MAIN}c")} <= {"inlineStr", "n", None}


@settings(deadline=None, max_examples=50)
@given(contents())
def test_every_row_holds_the_cells_of_the_table(content: TemplateContent):
    sheet = sheet_of(write_xlsx(content, None, NOTE), 1)

    expected = [["" if cell is None else str(cell) for cell in row] for row in rows_of(content, None)]
    letters = [chr(ord("A") + number) for number in range(len(header_of(None)))]
    found = [[decoded(row.get(letter, "")) for letter in letters] for row in rows_in(sheet)]
    assert found[0] == list(header_of(None))
    assert found[1:] == expected


def test_the_headings_stay_in_sight_and_filter_all_rows():
    sheet = sheet_of(write_xlsx(one_of("A", "B"), {}, NOTE), 1)

    assert [pane.attrib["state"] for pane in sheet.iter(f"{MAIN}pane")] == ["frozen"]
    assert [filtered.attrib["ref"] for filtered in sheet.iter(f"{MAIN}autoFilter")] == ["A1:AF3"]
    assert len(header_of({})) == 32


def test_the_second_sheet_says_what_it_is_and_counts_it():
    standings = {"k0": ItemStanding(ItemState.DONE, changed_by="=Ann"), "k1": ItemStanding(ItemState.TODO)}

    about = rows_in(sheet_of(write_xlsx(one_of("A", "B"), standings, NOTE), 2))

    assert {row["A"]: row["B"] for row in about} == {
        "Checklist": "Orders, 2026.11",
        "Version": "Migrations, version 3",
        "Exported at (UTC)": "2026-11-22T08:30:00.000000Z",
        "Exported by": "Ann",
        "Groups": "1",
        "Items": "2",
        "Done": "1",
        "To do": "1",
    }


def test_a_template_without_items_is_a_sheet_with_its_headings():
    sheet = sheet_of(write_xlsx(TemplateContent("T"), None, NOTE), 1)

    assert [list(row.values()) for row in rows_in(sheet)] == [list(header_of(None))]


def test_a_process_that_writes_no_file_loads_no_library_for_it():
    code = "import sys, app, app.exports.formats; print({'xlsxwriter', 'yaml'} & set(sys.modules))"

    said = run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert said.stdout.strip() == "set()"
