"""The verdict over items: how many are done, whether that is enough, and what is first in the way."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app.domain.checklist import OPEN, WAIVED, ItemState, Phase, Severity
from app.domain.inline_text import plain_words
from app.domain.permissions import Permission, roles_with

_RANK = {
    ItemState.FAILED: 0,
    ItemState.BLOCKED: 1,
    ItemState.NOT_APPLICABLE_REQUESTED: 2,
    ItemState.DOING: 3,
    ItemState.TODO: 3,
}
# The roles that may decide a waiver, as a sentence names somebody: “a DBA or team lead”.
DECIDERS = "a " + " or ".join(
    role.label if role.label.isupper() else role.label.lower() for role in roles_with(Permission.WAIVER_DECIDE)
)
# Applicable, not done, and not in the way.
_ALL_THE_SAME = WAIVED - {ItemState.NOT_APPLICABLE}
_SEVERITY_RANK = {Severity.KILLER: 0, Severity.REQUIRED: 1, Severity.ADVISORY: 2}


@dataclass(frozen=True, slots=True)
class Counts:
    """How many items stand where, without the removed. Waiting ones are applicable and open until approved.

    Overridden and deferred ones are applicable and neither done nor open: each is told wherever numbers are.
    """

    total: int = 0
    done: int = 0
    not_applicable: int = 0
    waiting: int = 0
    failed: int = 0
    blocked: int = 0
    blocking: int = 0
    overridden: int = 0
    deferred: int = 0
    waived_killers: int = 0

    @property
    def applicable(self) -> int:
        """Items that are neither approved as not applicable nor so by a rule."""
        return self.total - self.not_applicable

    @property
    def open(self) -> int:
        """Applicable items that are not done, and that nobody waived."""
        return self.applicable - self.done - self.waived

    @property
    def waived(self) -> int:
        """Applicable items that are not done, and with which we go on all the same."""
        return self.overridden + self.deferred

    @property
    def advice(self) -> int:
        """Open items that are in nobody's way."""
        return self.open - self.blocking

    @property
    def is_ready(self) -> bool:
        """Nothing that must be done is left. No item at all is not ready: unknown is not passed."""
        return self.total > 0 and self.blocking == 0

    @property
    def with_waived(self) -> str:
        """What “ready” and “complete” are never said without: “with 2 overridden, 1 deferred, 1 of them a killer”."""
        pairs = ((self.overridden, "overridden"), (self.deferred, "deferred"))
        words = [f"{number} {word}" for number, word in pairs if number]
        killers = self.waived_killers
        if killers and killers == self.waived:
            words.append("a killer" if killers == 1 else "all of them killers")
        elif killers:
            words.append(f"{killers} of them {'a killer' if killers == 1 else 'killers'}")
        return f"with {', '.join(words)}" if words else ""

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.total + other.total,
            self.done + other.done,
            self.not_applicable + other.not_applicable,
            self.waiting + other.waiting,
            self.failed + other.failed,
            self.blocked + other.blocked,
            self.blocking + other.blocking,
            self.overridden + other.overridden,
            self.deferred + other.deferred,
            self.waived_killers + other.waived_killers,
        )


def count(tallies: Iterable[tuple[ItemState, Severity, int]]) -> Counts:
    """Add up how many items of each state and severity there are."""
    states = dict.fromkeys(ItemState, 0)
    blocking = killers = 0
    for state, severity, number in tallies:
        states[state] += number
        blocking += number if is_blocking(state, severity) else 0
        killers += number if severity is Severity.KILLER and state in _ALL_THE_SAME else 0
    return Counts(
        total=sum(states.values()) - states[ItemState.REMOVED],
        done=states[ItemState.DONE],
        not_applicable=states[ItemState.NOT_APPLICABLE] + states[ItemState.RULED_OUT],
        waiting=states[ItemState.NOT_APPLICABLE_REQUESTED],
        failed=states[ItemState.FAILED],
        blocked=states[ItemState.BLOCKED],
        blocking=blocking,
        overridden=states[ItemState.OVERRIDDEN],
        deferred=states[ItemState.DEFERRED],
        waived_killers=killers,
    )


def is_blocking(state: ItemState, severity: Severity) -> bool:
    """Whether an item stands in the way: open and more than advice, or failed whatever it is."""
    return state in OPEN and (severity is not Severity.ADVISORY or state is ItemState.FAILED)


def urgency(state: ItemState, severity: Severity, position: int) -> tuple[int, int, int]:
    """The order of blockers: failed, blocked, waiting, the rest; killers first; then as in the checklist."""
    return _RANK[state], _SEVERITY_RANK[severity], position


def why(state: ItemState, severity: Severity, reason: str) -> str:
    """In words, why an item stands in the way."""
    if state is ItemState.TODO:
        words = "not done"
    elif state is ItemState.DOING:
        words = "not finished"
    else:
        words = state.word
    if severity is Severity.KILLER:
        words += ", killer"
    return f"{words}: {reason}" if reason else words


@dataclass(frozen=True, slots=True)
class Blocker:
    """One item in the way, with who has it and since when."""

    item_id: int
    text: str
    url: str
    module_key: str
    module_name: str
    group_title: str
    phase: Phase
    severity: Severity
    state: ItemState
    reason: str
    owner_id: int | None
    owner_name: str | None
    since: datetime

    @property
    def plain_text(self) -> str:
        """The text where nothing can be set as code."""
        return plain_words(self.text)

    @property
    def why(self) -> str:
        """Why it is in the way."""
        return why(self.state, self.severity, self.reason)

    @property
    def holder(self) -> str | None:
        """Who has to act next: of what waits for approval, whoever may decide it and not whoever has it."""
        return DECIDERS if self.state is ItemState.NOT_APPLICABLE_REQUESTED else self.owner_name

    @property
    def phase_title(self) -> str:
        """The phase in words."""
        return self.phase.label


def cell_kind(counts: Counts) -> str:
    """The one word that a cell of the matrix is drawn by. The worst thing in it decides."""
    if counts.total == 0:
        return "none"
    if counts.failed:
        return "failed"
    if counts.blocked:
        return "blocked"
    if counts.waiting:
        return "waiting"
    if counts.open == 0:
        return "overridden" if counts.overridden else "deferred" if counts.deferred else "done"
    return "started" if counts.done else "open"


def cell_word(counts: Counts) -> str:
    """What a cell says beside its numbers."""
    kind = cell_kind(counts)
    if kind in {"failed", "blocked", "waiting", "overridden", "deferred"}:
        return f"{getattr(counts, kind)} {kind}"
    return {"none": "none", "done": "done", "started": "started", "open": "not started"}[kind]
