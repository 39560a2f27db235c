"""The words that tables of other tools use: as headings, and for severities, roles and what is done."""

import re
from collections.abc import Container, Mapping, Sequence
from enum import StrEnum
from typing import Any

from app.domain.checklist import BelongsTo, ItemState, Mode, Phase, Severity
from app.domain.permissions import Role
from app.domain.template_content import DueAnchor, ValueKind
from app.domain.template_files import Column

# The best guess first. Our own headings are the values of Column and need not stand here.
HEADINGS: dict[Column, tuple[str, ...]] = {
    Column.TEXT: (
        *("item", "task", "check", "checklist item", "checkpoint", "to do", "todo", "action", "action item", "step"),
        *("requirement", "question", "criterion", "criteria", "activity", "control", "test", "task name", "item name"),
        *("item text", "summary", "title", "name", "subject", "what", "description"),
    ),
    Column.GROUP: ("group title", "category", "area", "topic", "heading", "list", "list name", "group name", "bucket"),
    Column.SECTION: ("chapter", "part", "section title", "section name"),
    Column.KEY: ("id", "item id", "item key", "no", "nr", "number", "ref", "reference"),
    Column.DEPTH: ("level", "indent", "indentation", "outline level"),
    Column.GUIDANCE: ("hint", "help", "instruction", "instructions", "how", "tip", "guide"),
    Column.BODY: ("description", "details", "detail", "notes", "note", "comment", "comments", "remarks", "more"),
    Column.PHASE: ("stage", "milestone"),
    Column.SEVERITY: ("priority", "importance", "criticality", "required"),
    Column.ROLE: (
        *("role", "owner", "responsible", "assignee", "assigned to", "assigned", "who", "team", "done by"),
        *("accountable", "responsible role"),
    ),
    Column.VALUE_PROMPT: ("value", "evidence", "expected value", "measure", "measurement", "asks for"),
    Column.VALUE_UNIT: ("unit", "units"),
    Column.DUE_DAYS: ("days", "due in days", "offset"),
    Column.ORIGIN: ("source", "origin", "standard", "policy"),
    Column.ORIGIN_LINK: ("link", "url", "source link"),
    Column.STATE: ("status", "done", "completed", "complete", "checked", "is done", "finished", "ticked", "result"),
}
_DONE = {
    *("done", "x", "[x]", "✓", "✔", "☑", "✅", "yes", "y", "true", "1", "complete", "completed", "closed", "finished"),
    *("checked", "ok", "passed", "pass", "resolved", "100%", ItemState.DONE.word),
}
_NOT_DONE = {
    *("", "[ ]", "☐", "-", "no", "n", "false", "0", "open", "not done", "not started", "new", "pending", "in progress"),
    *("started", "to do", "todo", "backlog", "0%", "incomplete", "unchecked", "on hold", "n/a", "na"),
    *(state.word for state in ItemState if state is not ItemState.DONE),
    *(state.value for state in ItemState if state is not ItemState.DONE),
}

_SEVERITIES = {
    Severity.KILLER: ("critical", "blocker", "showstopper", "highest", "must", "p0", "p1"),
    Severity.REQUIRED: ("mandatory", "yes", "high", "medium", "normal", "major", "should", "p2"),
    Severity.ADVISORY: (
        "optional",
        "no",
        "low",
        "lowest",
        "minor",
        "info",
        "nice to have",
        "recommended",
        "could",
        "p3",
    ),
}
_ROLES = {
    Role.DEVELOPER: ("dev", "devs", "developers", "engineer", "engineering", "development", "programmer"),
    Role.QA: ("tester", "testers", "test", "testing", "quality", "quality assurance"),
    Role.SECURITY: ("infosec", "security team", "security officer", "ciso"),
    Role.OPS: ("operations", "operator", "devops", "sre", "sysadmin", "infrastructure", "on call"),
    Role.DBA: ("database administrator", "database", "db admin", "dbas"),
    Role.TEAM_LEAD: ("lead", "manager", "tech lead", "project manager", "product owner", "release manager"),
}


def plain(word: str) -> str:
    """A word without case, and with one space for whatever stands between its parts."""
    return re.sub(r"[\s_./:()-]+", " ", word.casefold()).strip()


def _choices(kind: type[StrEnum], others: Mapping[Any, Sequence[str]] | None = None) -> dict[str, StrEnum]:
    """The members of a kind by their words: the product's own, and others that mean them."""
    known: dict[str, StrEnum] = {}
    for one in kind:
        words = (one.value, getattr(one, "label", one.value), *(others or {}).get(one, ()))
        known |= {plain(word): one for word in words}
    return known


CHOICES: dict[Column, dict[str, StrEnum]] = {
    Column.BELONGS_TO: _choices(BelongsTo),
    Column.MODE: _choices(Mode),
    Column.PHASE: _choices(Phase),
    Column.SEVERITY: _choices(Severity, _SEVERITIES),
    Column.ROLE: _choices(Role, _ROLES),
    Column.VALUE_KIND: _choices(ValueKind),
    Column.DUE_FROM: _choices(DueAnchor),
}
# Words that need no guess.
_OWN = {**CHOICES, Column.SEVERITY: _choices(Severity), Column.ROLE: _choices(Role)}
DONE, NOT_DONE = set(map(plain, _DONE)), set(map(plain, _NOT_DONE))
# What is taken where a word is not known.
OTHERWISE: dict[Column, str] = {
    Column.BELONGS_TO: BelongsTo.MODULE,
    Column.MODE: Mode.DO_CONFIRM,
    Column.PHASE: Phase.DEVELOPMENT,
    Column.SEVERITY: Severity.REQUIRED,
    Column.ROLE: Role.DEVELOPER,
    Column.VALUE_KIND: "nothing",
    Column.DUE_FROM: DueAnchor.CHECKLIST_CREATED.label,
    Column.DUE_DAYS: "0",
    Column.DUE_WEEKDAYS: "no",
    Column.DEPTH: "0",
    Column.STATE: "not done",
}


def own_words(column: Column) -> Container[str]:
    """The words of a column that need no guess: the product's own."""
    return _OWN[column]


def suggest_mapping(header: Sequence[str]) -> dict[Column, int]:
    """Which column of a table holds what, guessed from its headings. A person looks at it before it is used."""
    free: dict[str, int] = {}
    for number, name in enumerate(header):
        free.setdefault(plain(name), number)
    found: dict[Column, int] = {}
    guesses = [(column, (plain(column.value),)) for column in Column] + list(HEADINGS.items())
    for column, names in guesses:
        known = [name for name in names if name in free]
        if known and column not in found:
            found[column] = free.pop(known[0])
    if Column.GROUP not in found and Column.SECTION in found:
        found[Column.GROUP] = found.pop(Column.SECTION)
    if Column.TEXT not in found and len(header) == 1:
        found[Column.TEXT] = 0
    return found
