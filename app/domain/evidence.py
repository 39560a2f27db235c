"""Evidence: what may be added to an item, until when it counts, and who may say that it is still true."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from app.domain.checklist import LINK_RULE, ItemFacts, ItemState, Severity, is_link
from app.domain.errors import InvalidInput, NoRoom, NotFound, RuleViolation

NAME_LIMIT = 200
UNITS = (("kB", 10**3), ("MB", 10**6), ("GB", 10**9), ("TB", 10**12))
# A browser's clock may be a little fast; what was measured a minute from now was measured now.
CLOCKS_DIFFER = timedelta(minutes=2)


class EvidenceKind(StrEnum):
    """What a piece of evidence is. Values are stored: never rename one."""

    LINK = "link"
    FILE = "file"
    NOTE = "note"


class FileKind(StrEnum):
    """What a file is, by its content. Values are stored: never rename one."""

    PNG = "png"
    JPEG = "jpeg"
    GIF = "gif"
    WEBP = "webp"
    PDF = "pdf"
    TEXT = "text"

    @property
    def label(self) -> str:
        """The kind in words."""
        return {FileKind.WEBP: "WebP", FileKind.TEXT: "text"}.get(self, self.value.upper())


# The ends of a name that go with a content. What is no picture, no PDF and no plain text is not taken.
ENDINGS: dict[str, FileKind] = {
    "png": FileKind.PNG,
    "jpg": FileKind.JPEG,
    "jpeg": FileKind.JPEG,
    "gif": FileKind.GIF,
    "webp": FileKind.WEBP,
    "pdf": FileKind.PDF,
    **dict.fromkeys(("txt", "log", "csv", "json", "md", "sql"), FileKind.TEXT),
}
TAKEN = "pictures (png, jpg, gif, webp), pdf, and plain text (txt, log, csv, json, md, sql)"


@dataclass(frozen=True, slots=True)
class EvidenceFacts:
    """What somebody says about a piece of evidence: when it was measured, until when it counts, and a note."""

    measured_at: datetime | None = None
    expires_on: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much evidence there may be: pieces of one item, bytes of one release."""

    per_item: int
    release_bytes: int


def kind_of_name(name: str) -> FileKind:
    """The kind of file that a name promises; InvalidInput for a name that cannot be kept or promises nothing."""
    if not name:
        raise InvalidInput(file="Choose a file.")
    if not name.isprintable() or len(name) > NAME_LIMIT:
        raise InvalidInput(file=f"The file's name has signs that cannot be shown, or more than {NAME_LIMIT} of them.")
    if "/" in name or "\\" in name:
        raise InvalidInput(file="The file's name has a path in it. Send it under its own name.")
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if ending not in ENDINGS:
        raise InvalidInput(file=f"“{name}” is no kind of file that is taken: {TAKEN}.")
    return ENDINGS[ending]


def size_words(size: int) -> str:
    """A number of bytes as one says it, never more than it is."""
    if size < 1000:
        return f"{size} bytes"
    unit, factor = next(((unit, factor) for unit, factor in UNITS if size < 1000 * factor), UNITS[-1])
    whole, tenths = divmod(size * 10 // factor, 10)
    return f"{whole}.{tenths} {unit}" if tenths else f"{whole} {unit}"


def is_expired(expires_on: date | None, today: date) -> bool:
    """Whether the last day on which it counted is over."""
    return expires_on is not None and expires_on < today


def check_may_add(facts: EvidenceFacts, *, link: str, has_file: bool, now: datetime, today: date) -> EvidenceKind:
    """The kind of what is added; InvalidInput unless it is one thing, said of a time that can be."""
    wrong: dict[str, str] = {}
    if not link and not has_file and not facts.note:
        wrong["note"] = "Give a link, a file or a note."
    if link and has_file:
        wrong["link"] = "Give a link or a file, not both: add one after the other."
    elif link and not is_link(link):
        wrong["link"] = LINK_RULE
    if facts.measured_at is not None and facts.measured_at > now + CLOCKS_DIFFER:
        wrong["measured_at"] = "It cannot have been measured in the future."
    if is_expired(facts.expires_on, today):
        wrong["expires_on"] = "The day on which it expires is over already."
    if wrong:
        raise InvalidInput(**wrong)
    return EvidenceKind.FILE if has_file else EvidenceKind.LINK if link else EvidenceKind.NOTE


def check_room(*, pieces: int, used: int, size: int, limits: Limits) -> None:
    """Raise NoRoom when an item has as much evidence as it may have, or its release would have too much."""
    if pieces >= limits.per_item:
        raise NoRoom(f"This item has {pieces} pieces of evidence, and no item may have more.")
    if size and used + size > limits.release_bytes:
        raise NoRoom(
            f"The files of this release would be larger than the {size_words(limits.release_bytes)} that there is room"
            " for. Give a link instead, or ask whoever runs Countersign for more."
        )


def check_may_withdraw(*, is_withdrawn: bool, reason: str) -> None:
    """Raise RuleViolation for what is withdrawn already; InvalidInput unless it is said why."""
    if is_withdrawn:
        raise RuleViolation("This evidence was withdrawn before.")
    if not reason:
        raise InvalidInput(reason="Say why it no longer counts.")


@dataclass(frozen=True, slots=True)
class Standing:
    """One piece of evidence, reduced to what the rules look at."""

    item_id: int
    is_withdrawn: bool
    expires_on: date | None


def check_may_reconfirm(items: Sequence[ItemFacts], chosen: Sequence[Standing], *, today: date) -> None:
    """Raise unless all of this may be called still true in one act: done items, evidence that still counts."""
    if not chosen:
        raise InvalidInput(evidence_ids="Choose at least one piece of evidence.")
    for item in items:
        if item.state is not ItemState.DONE:
            raise RuleViolation(f"“{item.text}” is not done: there is nothing to confirm again.")
        if item.severity is Severity.KILLER and len(items) > 1:
            raise RuleViolation(f"“{item.text}” is dangerous to skip: open it and confirm it alone.")
    if any(piece.is_withdrawn for piece in chosen):
        raise NotFound("Some of this evidence was withdrawn. Reload the page and look again.")
    if any(is_expired(piece.expires_on, today) for piece in chosen):
        raise RuleViolation("Some of this evidence has expired: measure again and add what you found.")
