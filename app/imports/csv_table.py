"""Tables of items, as any spreadsheet saves them: cells first, and what they mean as a second step."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.imports.refusal import Unreadable

MAX_LETTERS = 5_000_000
MAX_ROWS = 5000
MAX_COLUMNS = 200
MAX_LINES = 400_000
MAX_CELL = 100_000
DELIMITERS = (",", ";", "\t", "|")
# Parts the cells of a table that has one column only, whatever signs its texts hold.
NOTHING = "\x1f"
# The first line of some spreadsheets' files says what parts the cells.
SAYS_DELIMITER = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
# So many letters from the beginning tell what parts the cells.
LOOKED_AT = 20_000
BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row, as many as there are headings, and the line on which it begins."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it was read: headings, rows, and what was odd."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]
    delimiter: str
    warnings: tuple[str, ...] = ()


def read_table(text: str, *, has_header: bool = True) -> Table:
    """The cells of a CSV file, whatever parts them; refused with a sentence when they cannot be read."""
    if len(text) > MAX_LETTERS:
        raise Unreadable(f"The file has {len(text):,} letters. At most {MAX_LETTERS:,} can be taken.")
    if text.count("\n") + text.count("\r") > MAX_LINES:
        raise Unreadable(f"The file has more than {MAX_LINES:,} lines. Bring it in in parts.")
    text = text.removeprefix(BOM)
    said = SAYS_DELIMITER.match(text)
    delimiter = said[1] if said and said[1] in DELIMITERS else _delimiter_of(text)
    begin = said.end() if said else 0
    rows = list(_rows(text[begin:], delimiter, 1 if said else 0))
    if not rows:
        raise Unreadable("The file is empty: there is no row in it.")
    first, *rest = rows
    if len(first.cells) > MAX_COLUMNS:
        raise Unreadable(f"The table has {len(first.cells):,} columns. At most {MAX_COLUMNS} can be taken.")
    header = tuple(name.strip() or f"Column {number}" for number, name in enumerate(first.cells, start=1))
    if not has_header:
        header, rest = tuple(f"Column {number}" for number in range(1, len(header) + 1)), rows
    width = len(header)
    fitted = tuple(Row(row.line, (*row.cells, *[""] * (width - len(row.cells)))[:width]) for row in rest)
    return Table(header, fitted, delimiter, tuple(_ragged(rest, width)))


def _rows(text: str, delimiter: str, line: int) -> Iterator[Row]:
    """Rows that hold anything. Line breaks inside quotation marks stay in their cell."""
    reader = csv.reader(_lines(text), delimiter=delimiter, strict=True)
    number = 0
    begun = line + 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                number += 1
                if number > MAX_ROWS + 1:
                    raise Unreadable(f"The table has more than {MAX_ROWS:,} rows. Bring it in in parts.")
                if max(map(len, cells)) > MAX_CELL:
                    raise Unreadable(_too_long(begun))
                yield Row(begun, tuple(cells))
            begun = line + reader.line_num + 1
    except csv.Error as error:
        raise Unreadable(_told(error, begun)) from None


def _lines(text: str) -> Iterator[str]:
    """The lines with their ends, one at a time. Only a line feed or a carriage return ends one."""
    for found in re.finditer(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text):
        yield found[0]


def _told(error: csv.Error, line: int) -> str:
    what = str(error)
    if "end of data" in what:
        return f"A quotation mark that begins in the row on line {line} is never closed."
    if "field larger" in what:
        return _too_long(line)
    if "expected after" in what:
        return f"The row on line {line} cannot be read: something stands behind a closing quotation mark."
    return f"The row on line {line} cannot be read."


def _too_long(line: int) -> str:
    return f"A cell in the row on line {line} has more than {MAX_CELL:,} letters. Is a quotation mark missing?"


def _delimiter_of(text: str) -> str:
    """What parts the cells: the sign by which the most rows at the beginning are as wide as the headings."""
    begin = text[:LOOKED_AT]
    if len(begin) < len(text):
        begin = begin[: begin.rfind("\n") + 1] or begin
    fits = {sign: _fit(begin, sign) for sign in DELIMITERS}
    best = max(fits, key=lambda sign: fits[sign])
    return best if fits[best][1] > 1 else NOTHING


def _fit(text: str, delimiter: str) -> tuple[int, int]:
    """How many rows are as wide as the first one, when that has more than one cell; and how wide."""
    try:
        widths = [len(cells) for cells in csv.reader(_lines(text), delimiter=delimiter) if any(map(str.strip, cells))]
    except csv.Error:
        return 0, 0
    return (widths.count(widths[0]), widths[0]) if widths and widths[0] > 1 else (0, 0)


def _ragged(rows: list[Row], width: int) -> Iterator[str]:
    short = [row.line for row in rows if len(row.cells) < width]
    long = [row.line for row in rows if any(cell.strip() for cell in row.cells[width:])]
    if short:
        yield f"{_many(short)} fewer cells than the headings: the missing ones count as empty."
    if long:
        yield f"{_many(long)} more cells than the headings: what stands in them was left out."


def _many(lines: list[int]) -> str:
    """“2 rows (lines 4 and 9) have”."""
    if len(lines) == 1:
        return f"1 row (line {lines[0]}) has"
    shown = ", ".join(str(line) for line in lines[:5])
    return f"{len(lines)} rows (lines {shown}{' and more' if len(lines) > 5 else ''}) have"
