"""All blockers of a release, by who has them, by phase or by age; and as a text to send."""

from dataclasses import dataclass
from datetime import UTC, datetime

from app.domain.readiness import Blocker, Counts
from app.queries.readiness import Standing

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


def as_text(release_name: str, sections: list[Section]) -> str:
    """The list as plain text."""
    lines = [f"What is in the way of {release_name}"]
    for title, blockers in sections:
        lines += ["", f"{title} ({len(blockers)})"]
        lines += [f"- {blocker.module_name}: {blocker.plain_text} ({blocker.why})" for blocker in blockers]
    return "\n".join(lines)
