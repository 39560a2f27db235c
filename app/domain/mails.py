"""Mail: what one says, whose morning it is, and how long it is tried."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from hashlib import sha256
from zoneinfo import ZoneInfo

MORNING = time(7)
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=3)
SUBJECT_LIMIT = 200
# A list in a mail is no page: what is over is counted, and stands behind the link.
LINES_AT_MOST = 20
# They join letters in some scripts and say nothing by themselves.
_JOINERS = "\u200c\u200d"


class MailKind(StrEnum):
    """What a mail is. Values are stored: never rename one."""

    DIGEST = "digest"
    ESCALATION = "escalation"
    NOTICE = "notice"
    TEST = "test"

    @property
    def label(self) -> str:
        """The kind as a list names it."""
        return self.value.capitalize()


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of a list, with the address of the page that it is about, without its host."""

    text: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with its entries; all of them also stand behind an address."""

    title: str
    lines: tuple[Line, ...]
    path: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be said, to whomever. Nobody gets two with one key."""

    kind: MailKind
    key: str
    subject: str
    parts: tuple[str | Line | Section, ...]

    def key_for(self, person_id: int) -> str:
        """The key of the one copy that this person gets."""
        return f"{self.kind.value}:{self.key}:{person_id}"

    @property
    def subject_line(self) -> str:
        """The subject as it may stand in a header."""
        line = one_line(self.subject)
        return line if len(line) <= SUBJECT_LIMIT else f"{line[: SUBJECT_LIMIT - 1]}…"

    def body(self, base_url: str) -> str:
        """The text, with whole addresses."""
        return "\n\n".join(_part(part, base_url) for part in self.parts) + "\n"


def _part(part: str | Line | Section, base_url: str) -> str:
    if isinstance(part, str):
        return one_line(part)
    if isinstance(part, Line):
        return _line(part, base_url)
    shown = [f"- {_line(line, base_url, indent='  ')}" for line in part.lines[:LINES_AT_MOST]]
    over = len(part.lines) - LINES_AT_MOST
    if over > 0:
        shown.append(f"- and {over} more: {base_url}{part.path}")
    return "\n".join([f"{one_line(part.title)} ({len(part.lines)})", *shown])


def _line(line: Line, base_url: str, *, indent: str = "") -> str:
    return one_line(line.text) + (f"\n{indent}{base_url}{line.path}" if line.path else "")


def one_line(text: str) -> str:
    """A text as one line that no header and no reader takes for more: no line ends, nothing that cannot be seen."""
    seen = "".join(sign if sign.isprintable() or sign in _JOINERS else " " for sign in text)
    return " ".join(seen.split())


def message_id(key: str, created_at: datetime, domain: str) -> str:
    """The name of a message: the same however often it is sent, so that a second copy can be told."""
    return f"<{sha256(f'{key} {created_at.isoformat()}'.encode()).hexdigest()[:32]}@{domain}>"


def wait_after(attempts: int) -> timedelta:
    """How long after so many tries the next one is due: a minute, doubled each time, an hour at most."""
    return min(LONGEST_WAIT, FIRST_WAIT * (1 << min(attempts - 1, 10)))


def digest_day(at: datetime, zone: str, made_on: date | None) -> date | None:
    """The day for which somebody's digest is due now: from seven in their morning on, once; None: not now."""
    local = at.astimezone(ZoneInfo(zone))
    if local.time() < MORNING or (made_on is not None and made_on >= local.date()):
        return None
    return local.date()


def day_in(at: datetime, zone: str) -> date:
    """The day that it is somewhere."""
    return at.astimezone(ZoneInfo(zone)).date()


def counted(sections: Iterable[Section]) -> str:
    """What a digest is about, in its subject: “2 to sign again, 1 late”."""
    return ", ".join(f"{len(one.lines)} {one.title.lower()}" for one in sections)
