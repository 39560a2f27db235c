"""One table under way: its cells as texts, words and numbers, with everything odd counted instead of refused."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from app.domain.spreadsheets import without_guard
from app.domain.template_content import OtherKind, OtherLine
from app.domain.template_files import FIELD_LIMITS, Column
from app.imports.csv_table import Row, Table
from app.imports.csv_words import CHOICES, DONE, NOT_DONE, OTHERWISE, own_words, plain

E = TypeVar("E", bound=StrEnum)
YES = {"yes", "y", "true", "x", "1"}
NO = {"", "no", "n", "false", "0"}
# More odd words than these are not listed one by one.
LISTED = 20
LONGEST_NUMBER = 9


@dataclass(slots=True)
class Reading:
    """A table, what each of its columns means, and what was odd."""

    table: Table
    mapping: Mapping[Column, int]
    unknown: Counter[tuple[Column, str]] = field(default_factory=Counter)
    guessed: Counter[tuple[Column, str]] = field(default_factory=Counter)
    cut: Counter[Column] = field(default_factory=Counter)
    other: list[OtherLine] = field(default_factory=list)

    def cell(self, row: Row, column: Column) -> str:
        """A cell as it was written, without our own guard; empty when no column holds it."""
        number = self.mapping.get(column)
        return "" if number is None else without_guard(row.cells[number])

    def line(self, row: Row, column: Column) -> str:
        """A cell as one short text. What does not fit is cut, counted, and kept whole among the other lines."""
        text = self.cell(row, column).strip()
        longest = FIELD_LIMITS["title" if column is Column.GROUP else column.value]
        if len(text) <= longest:
            return text
        self.cut[column] += 1
        self.other.append(OtherLine(row.line, OtherKind.TABLE, text))
        return f"{text[: longest - 1]}…"

    def maybe(self, row: Row, column: Column, kind: type[E]) -> E | None:
        """A word out of a list, or nothing. An unknown word is counted, and so is one that had to be guessed."""
        word = self.cell(row, column).strip()
        if not word:
            return None
        found = CHOICES[column].get(plain(word))
        if found is None:
            self.unknown[column, word[:60]] += 1
            return None
        if plain(word) not in own_words(column):
            self.guessed[column, word[:60]] += 1
        return kind(found)

    def number(self, row: Row, column: Column, lowest: int, highest: int) -> int:
        """A whole number; 0 where there is none, and counted where there is something else."""
        text = self.cell(row, column).strip()
        try:
            number = int(text or "0") if len(text) <= LONGEST_NUMBER else highest + 1
        except ValueError:
            number = highest + 1
        if lowest <= number <= highest:
            return number
        self.unknown[column, text[:60]] += 1
        return 0

    def flag(self, row: Row, column: Column, yes: set[str], no: set[str]) -> bool:
        """Whether a cell says yes. What says neither is counted and means no."""
        word = plain(self.cell(row, column))
        if word not in yes | no:
            self.unknown[column, self.cell(row, column).strip()[:60]] += 1
        return word in yes

    def is_done(self, row: Row) -> bool:
        """Whether the row says that it is done."""
        return self.flag(row, Column.STATE, DONE, NOT_DONE)

    def is_yes(self, row: Row, column: Column) -> bool:
        """Whether a cell says yes."""
        return self.flag(row, column, YES, NO)

    def warnings(self) -> Iterator[str]:
        """What was odd, a sentence each."""
        yield from self.table.warnings
        odd = [self._unknown(*one) for one in self.unknown.items()] + [
            self._guess(*one) for one in self.guessed.items()
        ]
        yield from odd[:LISTED]
        if len(odd) > LISTED:
            yield f"And {len(odd) - LISTED} more words were not known or had to be guessed."
        for column, number in self.cut.items():
            yield f"{times(number, 'cell')} of “{self._heading(column)}” did not fit and {was(number)} cut."
        for number, heading in enumerate(self.table.header):
            filled = sum(bool(row.cells[number].strip()) for row in self.table.rows)
            if filled and number not in self.mapping.values():
                yield f"The column “{heading[:60]}” was not taken: it holds something in {times(filled, 'row')}."

    def _unknown(self, what: tuple[Column, str], number: int) -> str:
        column, word = what
        return (
            f"“{word}” in the column “{self._heading(column)}” is not known ({times(number, 'row')}): "
            f"“{OTHERWISE[column]}” was taken."
        )

    def _guess(self, what: tuple[Column, str], number: int) -> str:
        column, word = what
        meant = CHOICES[column][plain(word)]
        return f"“{word}” in the column “{self._heading(column)}” was read as “{meant}” ({times(number, 'row')})."

    def _heading(self, column: Column) -> str:
        return self.table.header[self.mapping[column]][:60]


def times(number: int, what: str) -> str:
    """“1 row”, “3 rows”."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def was(number: int) -> str:
    """“was” or “were”."""
    return "was" if number == 1 else "were"
