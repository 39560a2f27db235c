"""What a template says, free of tables and files: what importers make, exporters write and drafts hold."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from hashlib import sha256

from app.domain.applicability import parse_rule
from app.domain.canonical import canonical
from app.domain.checklist import BelongsTo, Mode, Phase, Severity, is_link
from app.domain.errors import InvalidInput
from app.domain.permissions import Role

TEXT_LIMIT = 500
TITLE_LIMIT = 120
BODY_LIMIT = 20_000
# What a column of text holds on a server; letters beyond the plain ones take up to four bytes.
BODY_BYTES = 65_000
GROUP_KEY_LIMIT, ITEM_KEY_LIMIT = 60, 80
DEPTH_LIMIT = 9
DUE_LIMIT = 3650
# Where a line was kept that stands before all groups. No key looks like this.
IN_DESCRIPTION = "(description)"
KEY = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")


class ValueKind(StrEnum):
    """What a person gives beside a tick."""

    TEXT = "text"
    NUMBER = "number"
    LINK = "link"
    FILE = "file"


class DueAnchor(StrEnum):
    """The event from which a due date is counted."""

    CHECKLIST_CREATED = "checklist_created"
    RELEASE_PLANNED = "release_planned"

    @property
    def label(self) -> str:
        """The event in words."""
        return {
            DueAnchor.CHECKLIST_CREATED: "the day the checklist was made",
            DueAnchor.RELEASE_PLANNED: "the planned day of the release",
        }[self]


@dataclass(frozen=True, slots=True)
class DueRule:
    """When an item is due: so many days after an event, before it when negative; on request only on weekdays."""

    anchor: DueAnchor
    days: int = 0
    weekdays_only: bool = False


@dataclass(frozen=True, slots=True)
class ItemContent:
    """One box. `body` is Markdown below it; `fact` is shared by items that are twins; `depth` is how deep it nests."""

    key: str
    text: str
    depth: int = 0
    body: str = ""
    guidance: str = ""
    phase: Phase = Phase.DEVELOPMENT
    gate: str = ""
    severity: Severity = Severity.REQUIRED
    natural_role: Role = Role.DEVELOPER
    value_prompt: str = ""
    value_kind: ValueKind | None = None
    value_unit: str = ""
    due: DueRule | None = None
    origin: str = ""
    origin_link: str = ""
    applies_when: str = ""
    fact: str = ""


@dataclass(frozen=True, slots=True)
class GroupContent:
    """The boxes of one pause point. `body` is Markdown between its heading and its boxes."""

    key: str
    title: str
    section: str = ""
    belongs_to: BelongsTo = BelongsTo.MODULE
    mode: Mode = Mode.DO_CONFIRM
    body: str = ""
    applies_when: str = ""
    items: tuple[ItemContent, ...] = ()


@dataclass(frozen=True, slots=True)
class TemplateContent:
    """All that a template version says. `description` is Markdown that stands before the first group."""

    name: str
    description: str = ""
    groups: tuple[GroupContent, ...] = ()

    @property
    def items(self) -> tuple[ItemContent, ...]:
        """All boxes, in order."""
        return tuple(item for group in self.groups for item in group.items)


class OtherKind(StrEnum):
    """What a line of a document is when it is not a box."""

    BULLET = "bullet"
    STEP = "step"
    PARAGRAPH = "paragraph"
    CODE = "code"
    TABLE = "table"
    QUOTE = "quote"
    HTML = "html"
    FRONT_MATTER = "front matter"


@dataclass(frozen=True, slots=True)
class OtherLine:
    """A line that is not a box, and where it is kept: a group's or item's key, IN_DESCRIPTION, or nowhere ("")."""

    line: int
    kind: OtherKind
    text: str
    kept_in: str = ""


@dataclass(frozen=True, slots=True)
class Repeat:
    """One text that stands at several boxes. Whether it is the same fact, only a person can say."""

    text: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """What was understood of a document: a template, the boxes that were ticked, the rest, and what to look at."""

    content: TemplateContent
    done_keys: frozenset[str] = frozenset()
    other: tuple[OtherLine, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def repeats(self) -> tuple[Repeat, ...]:
        """Texts that stand at more than one box, compared without case and spaces."""
        found: dict[str, list[ItemContent]] = {}
        for item in self.content.items:
            found.setdefault(" ".join(item.text.casefold().split()), []).append(item)
        return tuple(Repeat(same[0].text, tuple(item.key for item in same)) for same in found.values() if len(same) > 1)


class Keys:
    """Hands out stable keys that are unlike all before: from the words of a text, with a number where they repeat."""

    def __init__(self, limit: int, taken: Iterable[str] = ()) -> None:
        self._limit = limit
        self._taken = set(taken)
        self._tried: dict[str, int] = {}

    def make(self, text: str, otherwise: str = "item") -> str:
        """A key for this text."""
        base = slug(text, self._limit) or otherwise
        key, number = base, self._tried.get(base, 2)
        while key in self._taken:
            tail = f"-{number}"
            key, number = f"{base[: self._limit - len(tail)].rstrip('._-')}{tail}", number + 1
        self._tried[base] = number
        self._taken.add(key)
        return key


def slug(text: str, limit: int) -> str:
    """The words of a text as a key: small letters, digits, single hyphens; empty when it has none."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:limit].rstrip("-")


def find_faults(content: TemplateContent) -> list[str]:
    """Why this cannot be published, each in a sentence; empty when it can."""
    faults = [] if content.name.strip() else ["The template has no name."]
    if is_too_long(content.description):
        faults.append(f"The description has more than {BODY_LIMIT:,} letters.")
    if not content.items:
        faults.append("The template has no items: a checklist needs at least one box.")
    faults += _repeated("group", [group.key for group in content.groups])
    faults += _repeated("item", [item.key for item in content.items])
    for group in content.groups:
        faults += faults_of_group(group)
        for item in group.items:
            faults += faults_of_item(item)
    return faults


def content_digest(content: TemplateContent) -> bytes:
    """The digest of everything that a template says."""
    return sha256(canonical(asdict(content))).digest()


def _repeated(what: str, keys: list[str]) -> list[str]:
    return [f"Two {what}s have the key “{key}”." for key, times in sorted(Counter(keys).items()) if times > 1]


def is_too_long(body: str) -> bool:
    """Whether a text is longer than what is kept."""
    return len(body) > BODY_LIMIT or len(body.encode()) > BODY_BYTES


def faults_of_group(group: GroupContent) -> Iterator[str]:
    """What is wrong with one group, each in a sentence; its items are not looked at."""
    name = f"The group “{group.title or group.key}”"
    if not group.title.strip() or len(group.title) > TITLE_LIMIT or len(group.section) > TITLE_LIMIT:
        yield f"{name} needs a title and a section of at most {TITLE_LIMIT} letters."
    if not KEY.fullmatch(group.key) or len(group.key) > GROUP_KEY_LIMIT:
        yield f"{name} has no usable key: small letters, digits and single hyphens, at most {GROUP_KEY_LIMIT}."
    if is_too_long(group.body):
        yield f"{name} has more than {BODY_LIMIT:,} letters of text."
    yield from _of_rule(name, group.applies_when)


def faults_of_item(item: ItemContent) -> Iterator[str]:
    """What is wrong with one item, each in a sentence."""
    name = f"The item “{item.text[:60] or item.key}”"
    if not item.text.strip() or len(item.text) > TEXT_LIMIT:
        yield f"{name} needs a text of at most {TEXT_LIMIT} letters."
    if not KEY.fullmatch(item.key) or len(item.key) > ITEM_KEY_LIMIT:
        yield f"{name} has no usable key: small letters, digits, single dots and hyphens, at most {ITEM_KEY_LIMIT}."
    if is_too_long(item.body):
        yield f"{name} has more than {BODY_LIMIT:,} letters of text below it."
    if not 0 <= item.depth <= DEPTH_LIMIT:
        yield f"{name} is nested deeper than {DEPTH_LIMIT} levels."
    if item.value_kind and not item.value_prompt:
        yield f"{name} expects a value, but does not say which."
    if item.origin_link and not is_link(item.origin_link):
        yield f"{name} has an origin link that is no whole address beginning with https://."
    if item.due and abs(item.due.days) > DUE_LIMIT:
        yield f"{name} is due more than {DUE_LIMIT} days away."
    yield from _of_rule(name, item.applies_when)


def _of_rule(name: str, text: str) -> Iterator[str]:
    try:
        parse_rule(text)
    except InvalidInput as refusal:
        yield f"{name} has a rule that cannot be read. {refusal.sentence}"
