"""All blockers of a release, by who has them, by phase or by age; and as a text to send."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any

from app.domain.readiness import Blocker, Counts
from app.queries.readiness import Standing
from app.web.parts import Part, part_of_sections

GROUPINGS = {"owner": "By owner", "phase": "By phase", "age": "By age"}
AGES = ((1, "Today"), (3, "Up to three days"), (7, "Up to a week"), (10_000, "Longer than a week"))

Section = tuple[str, list[Blocker]]


def grouped(blockers: list[Blocker], by: str) -> list[Section]:
    """Blockers under headings; inside each, the most urgent first."""
    sections: dict[str, list[Blocker]] = {}
    if by == "age":
        blockers = sorted(blockers, key=lambda blocker: blocker.since)
    for blocker in blockers:
        sections.setdefault(_heading(blocker, by), []).append(blocker)
    if by == "owner":
        # Nobody's work comes first: it is the one that stays undone.
        return sorted(sections.items(), key=lambda section: (section[0] != "Unassigned", section[0].casefold()))
    return list(sections.items())


def _heading(blocker: Blocker, by: str) -> str:
    if by == "owner":
        holder = blocker.holder or "Unassigned"
        return holder[0].upper() + holder[1:]
    if by == "phase":
        return blocker.phase_title
    days = (datetime.now(UTC) - blocker.since).days
    return next(words for limit, words in AGES if days < limit)


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands over blockers: how many there are of them in all, and where on the pages they begin."""

    number: int
    title: str
    total: int


@dataclass(frozen=True, slots=True)
class BlockerPage:
    """The blockers that one page shows, under their headings, and the ways to all headings."""

    sections: list[tuple[Heading, list[Blocker]]]
    part: Part[Any]
    jumps: list[tuple[Heading, str]]


def page_of(sections: list[Section], here: str) -> BlockerPage:
    """The part of all blockers that the address asks for; `here` is the address of the list."""
    headings = [Heading(number, title, len(found)) for number, (title, found) in enumerate(sections, start=1)]
    shown, part = part_of_sections(list(zip(headings, (found for _, found in sections), strict=True)), here)
    begins = accumulate((heading.total for heading in headings[:-1]), initial=0) if headings else ()
    jumps = [
        (heading, f"{part.address_of(place)}#part-{heading.number}")
        for heading, place in zip(headings, begins, strict=True)
    ]
    return BlockerPage(shown, part, jumps)


@dataclass(frozen=True, slots=True)
class Reckoning:
    """What the number of blockers is made of, and what is open besides."""

    in_modules: int
    in_release: int
    advice: int


def reckon(standings: list[Standing]) -> Reckoning:
    """Blockers of the modules and of the release itself, and the advice that both still have."""
    total = sum((standing.counts for standing in standings), Counts())
    own = sum(standing.counts.blocking for standing in standings if standing.module_id is None)
    return Reckoning(total.blocking - own, own, total.advice)


def as_text(release_name: str, page: BlockerPage) -> str:
    """The list as plain text, as far as the page shows it."""
    lines = [f"What is in the way of {release_name}"]
    for heading, blockers in page.sections:
        lines += ["", f"{heading.title} ({heading.total})"]
        lines += [f"- {blocker.module_name}: {blocker.plain_text} ({blocker.why})" for blocker in blockers]
    return "\n".join(lines)
