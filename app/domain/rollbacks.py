"""Rollbacks: one step at a time, in order, with its time; and how one ends."""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from statistics import median

from app.domain.checklist import OPEN, TAKEN_AWAY, ItemState
from app.domain.errors import InvalidInput, RuleViolation

# Who was away for so long does the last step again before going on.
ABSENCE = timedelta(minutes=10)
REASON_LIMIT = 1000
STATE_LIMIT = 4000
# No two signs of it are mistaken for each other in handwriting: neither 0 and O nor 1 and I.
CODE_SIGNS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
CODE_LENGTH = 4
_AS_READ = str.maketrans({"1": "L", "I": "L", " ": "", "-": ""})


class RollbackOutcome(StrEnum):
    """How a rollback ended. Values are stored: never rename one."""

    COMPLETED = "completed"
    ABORTED = "aborted"

    @property
    def label(self) -> str:
        """The outcome in words."""
        return self.value


class StepOutcome(StrEnum):
    """What became of a step. Values are stored: never rename one."""

    DONE = "done"
    SKIPPED = "skipped"
    REOPENED = "reopened"  # taken back: it is the current one again
    REPEATED = "repeated"  # done once more after an absence; nothing moves

    @property
    def label(self) -> str:
        """The outcome in words."""
        return self.value


# What moves the run on or back; the next step begins with it.
MOVES = frozenset({StepOutcome.DONE, StepOutcome.SKIPPED, StepOutcome.REOPENED})


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a run, reduced to what its order looks at. `number` counts those that are asked, from 1."""

    number: int
    item_id: int
    text: str
    state: ItemState

    @property
    def is_open(self) -> bool:
        """Whether it is still to be done."""
        return self.state in OPEN

    @property
    def words(self) -> str:
        """The step as a sentence names it."""
        return f"step {self.number}, “{self.text}”"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time that may not have ended yet."""

    began_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Earlier:
    """How long a step took in the earlier runs of the same module: how many there were, and the middle one."""

    count: int
    median: timedelta


def rollback_label(number: int, module: str, release: str, environment: str) -> str:
    """What a rollback is called in the history."""
    return f"rollback {number} of {module} in {release}, {environment}"


def number_steps(items: Iterable[tuple[int, str, ItemState]]) -> list[Step]:
    """The steps of a run in order, without those that are no longer asked."""
    asked = [item for item in items if item[2] not in TAKEN_AWAY]
    return [Step(number, *item) for number, item in enumerate(asked, start=1)]


def current_of(steps: Sequence[Step]) -> Step | None:
    """The one step that may be done now: the first that is open."""
    return next((step for step in steps if step.is_open), None)


def newest_of(steps: Sequence[Step]) -> Step | None:
    """The last step before the current one: the only one that may be taken back."""
    current = current_of(steps)
    before = [step for step in steps if current is None or step.number < current.number]
    return before[-1] if before else None


def last_done_of(steps: Sequence[Step]) -> Step | None:
    """The last step before the current one that was really done, and not skipped: what is repeated after an absence."""
    current = current_of(steps)
    done = [
        step for step in steps if step.state is ItemState.DONE and (current is None or step.number < current.number)
    ]
    return done[-1] if done else None


def check_runs(outcome: RollbackOutcome | None, *, is_paused: bool) -> None:
    """Raise RuleViolation unless steps may be taken: it is neither over nor paused."""
    check_not_over(outcome)
    if is_paused:
        raise RuleViolation("This rollback is paused. Resume it, then go on.")


def check_not_over(outcome: RollbackOutcome | None) -> None:
    """Raise RuleViolation when the rollback has ended."""
    if outcome is not None:
        raise RuleViolation(f"This rollback is over: it was {outcome.label}. Its steps stay as they are.")


def check_in_turn(steps: Sequence[Step], item_id: int) -> None:
    """Raise RuleViolation unless this step is the current one, or the one just before it."""
    current, newest = current_of(steps), newest_of(steps)
    if item_id in {step.item_id for step in (current, newest) if step}:
        return
    asked = next((step for step in steps if step.item_id == item_id), None)
    if asked is None:
        raise RuleViolation("This step is not asked in this rollback.")
    if asked.is_open and current:
        raise RuleViolation(f"It is not the turn of {asked.words}: the current one is {current.words}.")
    newer = newest.words if newest else "none"
    raise RuleViolation(f"Only the newest step is taken back. That is {newer}; then those before it, one by one.")


def outcome_between(old: ItemState, new: ItemState) -> StepOutcome | None:
    """What became of a step whose state changed; None when it is open before and after."""
    if new in OPEN:
        return None if old in OPEN else StepOutcome.REOPENED
    return StepOutcome.DONE if new is ItemState.DONE else StepOutcome.SKIPPED


def check_may_finish(steps: Sequence[Step]) -> None:
    """Raise RuleViolation while a step is open."""
    current = current_of(steps)
    if current:
        raise RuleViolation(f"It is not complete: {current.words} is open. Do it, or skip it with a reason.")


def worked(began_at: datetime, ended_at: datetime, pauses: Iterable[Span]) -> timedelta:
    """The time between two moments, without the pauses in it. A pause that nobody ended lasts."""
    rested = timedelta()
    for pause in pauses:
        begin, end = max(pause.began_at, began_at), min(pause.ended_at or ended_at, ended_at)
        rested += max(end - begin, timedelta())
    return max(ended_at - began_at - rested, timedelta())


def is_absence(last_at: datetime, now: datetime) -> bool:
    """Whether nothing was done for so long that whoever comes back should repeat the last step."""
    return now - last_at >= ABSENCE


def earlier_of(times: Sequence[timedelta]) -> Earlier | None:
    """The middle of some times, with how many there were; None for none: no number without what it stands on."""
    if not times:
        return None
    return Earlier(len(times), timedelta(seconds=median(time.total_seconds() for time in times)))


def time_taken_words(taken: timedelta) -> str:
    """How long something took, in words: whole minutes, and what is shorter as that."""
    minutes = int(taken.total_seconds() // 60)
    if minutes < 1:
        return "under a minute"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest:02} min" if hours else f"{minutes} min"


def code_of(secret: str, deployment_id: int, turn: int, key: str) -> str:
    """The short code of a step on paper. Another deployment, and its next rollback, have others."""
    told = f"rollback step\n{deployment_id}\n{turn}\n{key}"
    digest = hmac.new(secret.encode(), told.encode(), sha256).digest()
    return "".join(CODE_SIGNS[byte % len(CODE_SIGNS)] for byte in digest[:CODE_LENGTH])


def read_code(text: str) -> str:
    """A code as it was typed: small letters, spaces and dashes do not matter, nor does 1 or I for L."""
    return text.upper().translate(_AS_READ)


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody reads off the paper: a step, by its code, when it was done, by whom, and its value."""

    item_id: int
    code: str
    done_at: datetime | None
    done_by: str
    value: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed for the step."""
        return not (self.code or self.done_at or self.done_by or self.value)


def check_claims(claims: Sequence[Claim], codes: Sequence[str], *, first: int, now: datetime) -> None:
    """Raise InvalidInput with all that is wrong in what was read off the paper.

    `claims` and `codes` are of the open steps in order; `first` is the number of the first of them.
    """
    wrong: dict[str, str] = {}
    is_over, last_at = False, None
    for place, (claim, code) in enumerate(zip(claims, codes, strict=True)):
        if claim.is_empty:
            is_over = True
            continue
        fault = f"A step before it is missing: step {first + place} comes after it." if is_over else ""
        fault = fault or _fault_of(claim, code, last_at, now)
        if fault:
            wrong[f"steps-{place}"] = f"Step {first + place}: {fault}"
        last_at = claim.done_at or last_at
    if wrong:
        raise InvalidInput(**wrong)
    if all(claim.is_empty for claim in claims):
        raise InvalidInput(steps="Type the code of at least one step, as it is printed on the sheet.")


def _fault_of(claim: Claim, code: str, last_at: datetime | None, now: datetime) -> str:
    if not hmac.compare_digest(read_code(claim.code).encode(), code.encode()):
        return "This is not its code. Look at the sheet: it has to be the sheet of this very rollback."
    if claim.done_at is None or not claim.done_by:
        return "Say when it was done on paper, and by whom."
    if claim.done_at > now:
        return "This moment has not come yet."
    if last_at and claim.done_at < last_at:
        return "By these times it was done before the step above it."
    return ""
