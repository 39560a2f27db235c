"""Rows in, CSV bytes out, a part at a time. No cell becomes a formula in a spreadsheet."""

import csv
import io
import re
from collections.abc import Container, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any

from app.domain.spreadsheets import SIGNS, is_formula

BOM = "\ufeff"
# Most cells hold none of these, and then they are no formula: far quicker to see than the rule itself.
NEEDED = re.compile(rf"[{SIGNS}\t\r\n\0]")


def safe_cell(value: object) -> str:
    """A cell as text, with an apostrophe in front of what a spreadsheet would compute."""
    text = value if type(value) is str else "" if value is None else str(value)
    if text.isalnum() or not NEEDED.search(text):
        return text
    return f"'{text}" if is_formula(text) else text


def _is_plain(texts: Sequence[Any]) -> bool:
    """One look at all of a row; cell by cell only where this finds a sign, or something that is no text."""
    try:
        return not NEEDED.search("".join(texts))
    except TypeError:
        return False


Row = Sequence[object]


def csv_bytes(header: Sequence[str], parts: Iterable[Iterable[Row]], *, own: Container[str] = ()) -> Iterator[bytes]:
    """The file, part by part, with a mark by which spreadsheets know that it is UTF-8.

    `own` names the columns that hold nothing but what the product wrote itself, such as times and numbers. The others
    are text, and are looked at.
    """
    typed = [number for number, name in enumerate(header) if name not in own]
    text_of = itemgetter(*typed, typed[0])  # one more, so that it is always a tuple
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    buffer.write(BOM)
    writer.writerow(header)
    for part in parts:
        writer.writerows([row if _is_plain(text_of(row)) else map(safe_cell, row) for row in part])
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()
    if buffer.tell():
        yield buffer.getvalue().encode()
