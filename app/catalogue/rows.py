"""Lines of a CSV file that know their place, so that a refusal can name file, line and column."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources.abc import Traversable
from typing import NoReturn, TypeVar

Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a file."""

    file: str
    line: int
    cells: dict[str, str]

    def refuse(self, column: str, reason: str) -> NoReturn:
        """Raise ValueError about one cell."""
        raise ValueError(f"{self.file}, line {self.line}, column {column}: {reason}")

    def text(self, column: str, *, limit: int | None = None) -> str:
        """The cell, which must not be empty."""
        if not self.cells[column]:
            self.refuse(column, "empty")
        return self.optional_text(column, limit=limit)

    def optional_text(self, column: str, *, limit: int | None = None) -> str:
        """The cell, empty or not, without stray blanks and not longer than it may be."""
        cell = self.cells[column]
        if cell != cell.strip():
            self.refuse(column, "blanks at the start or the end")
        if limit is not None and len(cell) > limit:
            self.refuse(column, f"{len(cell)} characters, at most {limit} allowed")
        return cell

    def one_of(self, column: str, allowed: Sequence[str]) -> str:
        """The cell, which must be one of these words."""
        cell = self.cells[column]
        if cell not in allowed:
            self.refuse(column, f"“{cell}” is none of: {', '.join(allowed)}")
        return cell

    def choice(self, column: str, choices: type[Choice]) -> Choice:
        """The cell as a member of a closed set."""
        return choices(self.one_of(column, [member.value for member in choices]))

    def equal(self, column: str, expected: str, *, because: str) -> None:
        """Refuse the cell unless it repeats what stands elsewhere."""
        if self.cells[column] != expected:
            self.refuse(column, f"“{self.cells[column]}”, but {because} says “{expected}”")


def read_rows(
    folder: Traversable, file: str, columns: Sequence[str], *, unique: str, numbered: bool = False
) -> list[Row]:
    """The lines of a file that has exactly these columns and never the same cell twice in the unique one."""
    rows = _parse(file, folder.joinpath(file).read_text(encoding="utf-8"), columns)
    _check_unique(rows, unique)
    if numbered:
        for number, row in enumerate(rows, start=1):
            row.equal("position", str(number), because="the order of the lines")
    return rows


def _parse(file: str, text: str, columns: Sequence[str]) -> list[Row]:
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        lines = [(reader.line_num, cells) for cells in reader]
    except csv.Error as error:
        raise ValueError(f"{file}, line {reader.line_num}, column unknown: {error}") from error
    _check_header(file, lines[0][1] if lines else [], columns)
    return [_row(file, line, columns, cells) for line, cells in lines[1:]]


def _check_header(file: str, header: list[str], columns: Sequence[str]) -> None:
    if header != list(columns):
        wrong = [name for name in columns if name not in header] or [name for name in header if name not in columns]
        raise ValueError(f"{file}, line 1, column {', '.join(wrong) or 'order'}: expected {', '.join(columns)}")


def _row(file: str, line: int, columns: Sequence[str], cells: list[str]) -> Row:
    if len(cells) != len(columns):
        last = columns[max(0, min(len(cells), len(columns)) - 1)]
        raise ValueError(f"{file}, line {line}, column {last}: {len(cells)} cells, expected {len(columns)}")
    return Row(file=file, line=line, cells=dict(zip(columns, cells, strict=True)))


def _check_unique(rows: list[Row], column: str) -> None:
    first_line: dict[str, int] = {}
    for row in rows:
        cell = row.text(column)
        if cell in first_line:
            row.refuse(column, f"“{cell}” stands on line {first_line[cell]} already")
        first_line[cell] = row.line
