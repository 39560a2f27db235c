"""The words of a checklist: what belongs to what, what state an item is in, and how states follow each other."""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from app.domain.errors import InvalidInput, RuleViolation

UNDO_WINDOW = timedelta(seconds=10)
# A request that left the browser inside the window may arrive a little later.
UNDO_GRACE = timedelta(seconds=3)


class BelongsTo(StrEnum):
    """The thing a checklist is applied to."""

    MODULE = "module"
    RELEASE = "release"
    CHANGE = "change"
    DEPLOYMENT = "deployment"
    ROLLBACK = "rollback"
    INCIDENT = "incident"
    TARGET = "target"


class Severity(StrEnum):
    """How dangerous it is to skip an item."""

    KILLER = "killer"
    REQUIRED = "required"
    ADVISORY = "advisory"


class Mode(StrEnum):
    """How a group is worked through."""

    DO_CONFIRM = "do-confirm"
    READ_DO = "read-do"

    @property
    def label(self) -> str:
        """The mode in words."""
        if self is Mode.READ_DO:
            return "Read a step, do it, tick it"
        return "Do the work, then confirm"


class Phase(StrEnum):
    """When in the life of a release an item is due."""

    PRE_DEVELOPMENT = "pre-development"
    DEVELOPMENT = "development"
    TESTING = "testing"
    SECURITY = "security"
    DOCUMENTATION = "documentation"
    PRE_DEPLOYMENT = "pre-deployment"
    RELEASE = "release"
    FIRST_HOUR = "post-deployment-first-hour"
    FIRST_DAY = "post-deployment-first-day"
    FIRST_WEEK = "post-deployment-first-week"
    ONGOING = "post-deployment-ongoing"
    ROLLBACK_BEFORE = "rollback-before"
    ROLLBACK_DURING = "rollback-during"
    ROLLBACK_AFTER = "rollback-after"
    SUPPORT = "support"

    @property
    def label(self) -> str:
        """The phase as a column heading."""
        return PHASE_TITLES[self]


PHASE_TITLES: dict[Phase, str] = {
    Phase.PRE_DEVELOPMENT: "Plan",
    Phase.DEVELOPMENT: "Build",
    Phase.TESTING: "Tests",
    Phase.SECURITY: "Security",
    Phase.DOCUMENTATION: "Docs",
    Phase.PRE_DEPLOYMENT: "Pre-deploy",
    Phase.RELEASE: "Release",
    Phase.FIRST_HOUR: "First hour",
    Phase.FIRST_DAY: "First day",
    Phase.FIRST_WEEK: "First week",
    Phase.ONGOING: "Ongoing",
    Phase.ROLLBACK_BEFORE: "Before rollback",
    Phase.ROLLBACK_DURING: "Rollback",
    Phase.ROLLBACK_AFTER: "After rollback",
    Phase.SUPPORT: "Support",
}

# The columns of the release matrix: the phases that a module in a release goes through.
MATRIX_PHASES = (
    Phase.PRE_DEVELOPMENT,
    Phase.DEVELOPMENT,
    Phase.TESTING,
    Phase.SECURITY,
    Phase.DOCUMENTATION,
    Phase.PRE_DEPLOYMENT,
)


class ItemState(StrEnum):
    """Where an item stands. Values are stored: never rename one."""

    TODO = "todo"
    DOING = "doing"
    DONE = "done"
    FAILED = "failed"
    BLOCKED = "blocked"
    NOT_APPLICABLE_REQUESTED = "not_applicable_requested"  # any waiver that waits: the name is from when there was one
    NOT_APPLICABLE = "not_applicable"
    OVERRIDDEN = "overridden"
    DEFERRED = "deferred"
    RULED_OUT = "ruled_out"
    REMOVED = "removed"

    @property
    def word(self) -> str:
        """The state in words."""
        return STATE_WORDS[self]


STATE_WORDS: dict[ItemState, str] = {
    ItemState.TODO: "to do",
    ItemState.DOING: "doing",
    ItemState.DONE: "done",
    ItemState.FAILED: "failed",
    ItemState.BLOCKED: "blocked",
    ItemState.NOT_APPLICABLE_REQUESTED: "waiting for approval",
    ItemState.NOT_APPLICABLE: "not applicable",
    ItemState.OVERRIDDEN: "overridden",
    ItemState.DEFERRED: "deferred",
    ItemState.RULED_OUT: "not applicable by rule",
    ItemState.REMOVED: "no longer asked",
}

# States that a person sets by hand; the others come and go with a waiver, a rule or an adopted version.
SETTABLE = frozenset({ItemState.TODO, ItemState.DOING, ItemState.DONE, ItemState.FAILED, ItemState.BLOCKED})
# Nobody has done it, and somebody approved that it is not in the way.
WAIVED = frozenset({ItemState.NOT_APPLICABLE, ItemState.OVERRIDDEN, ItemState.DEFERRED})
# What a rule or an adopted version took away. It is shown, and nobody works on it.
TAKEN_AWAY = frozenset({ItemState.RULED_OUT, ItemState.REMOVED})
OPEN = frozenset(ItemState) - WAIVED - TAKEN_AWAY - {ItemState.DONE}


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """One item, reduced to what the rules look at."""

    text: str
    state: ItemState
    severity: Severity
    changed_by_id: int | None


def check_may_set_state(item: ItemFacts, new: ItemState, *, actor_id: int, reason: str) -> None:
    """Raise RuleViolation unless this item may go to the new state now."""
    check_is_asked(item)
    if new not in SETTABLE:
        raise RuleViolation("This state is reached by a waiver: ask for one and have it approved.")
    if item.state is ItemState.NOT_APPLICABLE_REQUESTED:
        raise RuleViolation("A waiver for this item waits for approval. Withdraw or decide it first.")
    if new is ItemState.BLOCKED and not reason:
        raise RuleViolation("Say what blocks it.")
    if item.state is ItemState.NOT_APPLICABLE and not reason:
        raise RuleViolation("It was approved as not applicable. Say why it applies after all.")
    if item.state in WAIVED and new is not ItemState.DONE and not reason:
        raise RuleViolation(f"It was approved as {item.state.word}. Say why it is open again.")
    if untick_needs_reason(item, actor_id=actor_id) and new is not ItemState.DONE and not reason:
        raise RuleViolation("Somebody else ticked this. Say why it is not done.")


def check_is_asked(item: ItemFacts) -> None:
    """Raise RuleViolation when the item was taken away: there is nothing to work on."""
    if item.state is ItemState.RULED_OUT:
        raise RuleViolation(
            "By the answers of its module this item does not apply. Change the answers if they are wrong."
        )
    if item.state is ItemState.REMOVED:
        raise RuleViolation("The adopted version of the template no longer asks this.")


def untick_needs_reason(item: ItemFacts, *, actor_id: int) -> bool:
    """Whether taking the tick away asks for a sentence: when another person put it there."""
    return item.state is ItemState.DONE and item.changed_by_id != actor_id


def check_may_bulk(item: ItemFacts, new: ItemState, *, reason: str) -> None:
    """Raise RuleViolation unless this item may be changed together with others."""
    if item.severity is Severity.KILLER:
        raise RuleViolation(f"“{item.text}” is dangerous to skip: open it and decide it alone.")
    if new not in {ItemState.TODO, ItemState.DOING, ItemState.DONE}:
        raise RuleViolation("Several items at once can be set to done, doing or to do only.")
    if not reason:
        raise RuleViolation("Say in one sentence what holds for all of them.")


LINK_RULE = "Give a whole address without spaces, beginning with https://."


def is_link(text: str) -> bool:
    """Whether a text is a whole address of the web: a scheme, a host, and nothing that no address holds."""
    try:
        parts = urlsplit(text)
    except ValueError:  # a bracket that begins an IPv6 address and does not end it
        return False
    is_clean = text.isprintable() and not any(character in text for character in ' <>"\\')
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and is_clean


NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?", re.ASCII)
FILE_RULE = "This item asks for a file: attach it under “Add evidence”."


def check_may_keep(*, value_kind: str, value: str = "", link: str = "") -> None:
    """Raise InvalidInput unless a link is one, and a value what the item asks for: a link, a number, a file."""
    wrong = {"link": LINK_RULE} if link and not is_link(link) else {}
    if value and (fault := _fault_of_value(value_kind, value)):
        wrong["value"] = fault
    if wrong:
        raise InvalidInput(**wrong)


def _fault_of_value(value_kind: str, value: str) -> str:
    if value_kind == "link":
        return "" if is_link(value) else LINK_RULE
    if value_kind == "file":
        return FILE_RULE
    return fault_of_number(value) if value_kind == "number" else ""


def fault_of_number(text: str) -> str:
    """Why a text is no number, in a sentence; empty when it is one. A point or a comma begins the decimals."""
    if NUMBER.fullmatch(text):
        return ""
    plain = "".join(text.split())
    if plain != text and NUMBER.fullmatch(plain):
        return f"Write the number without spaces: {plain}."
    return "Give a number alone, such as 12, -3 or 0.5: digits, at most one point or comma, no unit."
