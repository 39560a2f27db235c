"""Taking quote signs and list indentation away from the front of lines, tabs counted as Markdown counts them."""

import re
from dataclasses import dataclass

TAB = 4
_MARKER = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])")


@dataclass(frozen=True, slots=True)
class View:
    """Lines as they look inside of a quote or an item: from number `start` on, each with the column it begins in."""

    start: int
    lines: tuple[tuple[str, int], ...]

    def text(self, number: int) -> str:
        """One line; white space alone counts as nothing."""
        text = self.lines[number - self.start][0]
        return text if text.strip() else ""

    def of_quote(self, start: int, end: int) -> "View":
        """The inside of a quote."""
        return View(start, tuple(_unquoted(*self.lines[number - self.start]) for number in range(start, end)))

    def of_item(self, start: int, end: int) -> "View":
        """The inside of a list's item: its marker and as much indentation are gone."""
        first, column = self.lines[start - self.start]
        found = _MARKER.match(first)
        marker = found.end() if found else 0
        inside = _width(first[:marker], column)
        gap = first[marker : len(first) - len(first[marker:].lstrip(" \t"))]
        space = _width(gap, column + inside)
        is_code_or_nothing = space > TAB or not first[marker:].strip()
        width = inside + (1 if is_code_or_nothing else space)
        rest = (strip_columns(*self.lines[number - self.start], width) for number in range(start + 1, end))
        begin = strip_columns(f"{first[marker:]}", column + inside, width - inside)
        return View(start, (begin, *rest))


def whole(lines: list[str]) -> View:
    """A document as it is."""
    return View(0, tuple((line, 0) for line in lines))


def strip_columns(text: str, column: int, width: int) -> tuple[str, int]:
    """A line without up to so many columns of white space. A tab that is cut leaves the rest of it as spaces."""
    taken = at = 0
    while taken < width and at < len(text) and text[at] in " \t":
        taken += TAB - (column + taken) % TAB if text[at] == "\t" else 1
        at += 1
    left = max(0, taken - width)
    return " " * left + text[at:], column + taken - left


def _width(text: str, column: int) -> int:
    at = column
    for sign in text:
        at += TAB - at % TAB if sign == "\t" else 1
    return at - column


def _unquoted(text: str, column: int) -> tuple[str, int]:
    rest, at = strip_columns(text, column, 3)
    if not rest.startswith(">"):
        return text, column  # a lazy line: it belongs to the quote without saying so
    return strip_columns(rest[1:], at + 1, 1)
