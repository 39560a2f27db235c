"""Long lists in parts: a page shows some hundred rows of a list, and leads to the others.

Parts go by number and not by the row that one begins with: rows leave a list while somebody works on it, and whoever
comes back to a part must find one there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Generic, TypeVar

from flask import request

from app.web.forms import optional_number

# What a browser shows and filters without a pause: rows with forms, lines without any.
ROWS, LINES = 300, 500

H = TypeVar("H")
T = TypeVar("T")
# The number of a heading and a row below it; None for a heading that has no rows.
PlacedRow = tuple[int, Any]


@dataclass(frozen=True, slots=True)
class PartLink:
    """One part of a list: the numbers of its rows, and its address."""

    words: str
    address: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """The rows that a page shows, and the ways to the others; `links` is empty where these are all."""

    rows: Sequence[T]
    total: int
    size: int
    links: tuple[PartLink, ...]

    @property
    def here(self) -> int:
        """Which of the links is this part, counted from 0."""
        return next((number for number, link in enumerate(self.links) if link.is_here), 0)

    @property
    def address(self) -> str:
        """The address of this very part; empty where there is only one."""
        return self.links[self.here].address if self.links else ""

    def address_of(self, place: int) -> str:
        """The address of the part with the row at a place of the whole list; empty where it is this one."""
        link = self.links[place // self.size] if self.links else None
        return "" if link is None or link.is_here else link.address

    @property
    def before(self) -> PartLink | None:
        """The part before it."""
        return self.links[self.here - 1] if self.links and self.here else None

    @property
    def after(self) -> PartLink | None:
        """The part after it."""
        return self.links[self.here + 1] if self.here + 1 < len(self.links) else None


def part_of(
    rows: Sequence[T],
    here: str,
    *,
    at_once: int = ROWS,
    is_wanted: Callable[[T], bool] | None = None,
    name: str = "part",
) -> Part[T]:
    """The part that the address of a request asks for by `name`, or the one with the wanted row.

    `here` is the address of the list. A part that is not there any more is the last one.
    """
    last = max(0, len(rows) - 1) // at_once
    chosen = min(max(1, optional_number(request.args.get(name)) or 1) - 1, last)
    if is_wanted is not None:
        chosen = next((place // at_once for place, row in enumerate(rows) if is_wanted(row)), chosen)
    between = "&" if "?" in here else "?"
    links = tuple(
        PartLink(
            f"{number * at_once + 1} to {min(len(rows), (number + 1) * at_once)}",
            f"{here}{between}{name}={number + 1}",
            number == chosen,
        )
        for number in range(last + 1)
    )
    begin = chosen * at_once
    return Part(rows[begin : begin + at_once], len(rows), at_once, links if last else ())


def part_of_sections(
    sections: Sequence[tuple[H, Sequence[T]]],
    here: str,
    *,
    at_once: int = LINES,
    name: str = "part",
) -> tuple[list[tuple[H, list[T]]], Part[PlacedRow]]:
    """The same for rows under headings: a heading stands in every part that has rows of it.

    A heading without any rows counts as a row.
    """
    nothing: list[Any] = [None]
    flat: list[PlacedRow] = [(number, row) for number, (_, rows) in enumerate(sections) for row in rows or nothing]
    part = part_of(flat, here, at_once=at_once, name=name)
    found = [
        (sections[number][0], [row for _, row in pairs if row is not None])
        for number, pairs in groupby(part.rows, key=lambda pair: pair[0])
    ]
    return found, part
