"""A template or a checklist as a workbook: one sheet to filter and print, one that says what it is."""

import io
from collections import Counter
from datetime import UTC
from importlib import import_module
from typing import Any

from app.domain.audit import moment_text
from app.domain.template_content import TemplateContent
from app.domain.template_files import ExportNote, Standings
from app.exports.table import header_of, rows_of

# No cell is computed, no text becomes a link, and a row leaves the memory as soon as the next one begins.
SETTINGS = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "constant_memory": True,
}
# What a spreadsheet takes in one cell.
CELL_LIMIT = 32_767
WIDTHS: dict[str, int] = {
    **dict.fromkeys(["text", "body"], 60),
    **dict.fromkeys(["guidance", "origin", "reason"], 40),
    **dict.fromkeys(["group", "section", "value_prompt", "origin_link", "link", "value"], 28),
    **dict.fromkeys(["key", "group_key", "changed_at_utc"], 22),
}
USUAL_WIDTH = 15


def write_xlsx(content: TemplateContent, standings: Standings | None, note: ExportNote) -> bytes:
    """The workbook. The library is loaded here: it is large, and most processes never need it."""
    file = io.BytesIO()
    book = import_module("xlsxwriter").Workbook(file, SETTINGS)
    book.set_properties({"title": note.title, "author": note.exported_by, "comments": f"{note.kind}: {note.version}"})
    _write_items(book, content, standings)
    _write_about(book, content, standings, note)
    book.close()
    return file.getvalue()


def _write_items(book: Any, content: TemplateContent, standings: Standings | None) -> None:
    sheet = book.add_worksheet("Checklist")
    header = header_of(standings)
    heading = book.add_format({"bold": True, "bottom": 1, "valign": "top"})
    cell = book.add_format({"text_wrap": True, "valign": "top"})
    for number, name in enumerate(header):
        sheet.set_column(number, number, WIDTHS.get(name, USUAL_WIDTH))
    sheet.freeze_panes(1, 0)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.autofilter(0, 0, len(content.items), len(header) - 1)
    for number, name in enumerate(header):
        sheet.write_string(0, number, name, heading)
    for line, row in enumerate(rows_of(content, standings), start=1):
        for number, value in enumerate(row):
            if isinstance(value, int):
                sheet.write_number(line, number, value, cell)
            elif value:
                sheet.write_string(line, number, value[:CELL_LIMIT], cell)


def _write_about(book: Any, content: TemplateContent, standings: Standings | None, note: ExportNote) -> None:
    sheet = book.add_worksheet("About")
    bold, wrapped = book.add_format({"bold": True, "valign": "top"}), book.add_format({"text_wrap": True})
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 80)
    facts: list[tuple[str, str | int]] = [
        (note.kind, note.title),
        ("Version", note.version),
        ("Exported at (UTC)", moment_text(note.exported_at.astimezone(UTC))),
        ("Exported by", note.exported_by),
        ("Groups", len(content.groups)),
        ("Items", len(content.items)),
    ]
    if standings is not None:
        counts = Counter(standing.state.word for standing in standings.values())
        facts += [(word.capitalize(), number) for word, number in counts.items()]
    for line, (name, value) in enumerate(facts):
        sheet.write_string(line, 0, name, bold)
        if isinstance(value, int):
            sheet.write_number(line, 1, value)
        else:
            sheet.write_string(line, 1, value, wrapped)
