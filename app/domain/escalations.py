"""The six steps of an escalation: their order, their clocks, and whom each calls."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from app.domain.errors import InvalidInput, RuleViolation
from app.domain.incidents import IncidentSeverity
from app.domain.modules import ContactKind

# As the starting document names them, the first to the last.
LEVELS: dict[int, str] = {
    1: "Check documentation",
    2: "Review similar issues",
    3: "Check application logs",
    4: "Contact development team",
    5: "Escalate to senior developer",
    6: "Escalate to architect",
}
FIRST_TO_CALL, LAST = 4, 6
DOCUMENTATION, SIMILAR, LOGS = 1, 2, 3
OUTCOME_LIMIT, WHOM_LIMIT = 10_000, 200
# A contact that nobody has tried for so long may be wrong.
VERIFIED_FOR = timedelta(days=90)
ANSWER_WITHIN = {IncidentSeverity.CRITICAL: timedelta(minutes=15)}
ANSWER_WITHIN_ELSE = timedelta(minutes=60)
# Whom a step calls first: a kind of contact, or the lead of the module.
THE_LEAD = "lead"
SOMEBODY_ELSE = "other"
CALLED_FIRST: dict[int, str] = {4: ContactKind.DEVELOPMENT.value, 5: THE_LEAD, 6: ContactKind.ON_CALL.value}


class StepAct(StrEnum):
    """What somebody did with a step. Values are stored: never rename one."""

    STARTED = "started"
    DONE = "done"
    PASSED_OVER = "passed_over"


class ToldHow(StrEnum):
    """How somebody was told. Values are stored: never rename one."""

    MAIL = "mail"
    BY_HAND = "by_hand"

    @property
    def word(self) -> str:
        """In words."""
        return "by mail" if self is ToldHow.MAIL else "to be called or written to by hand"


class LevelState(StrEnum):
    """Where a step stands."""

    WAITING = "waiting"
    STARTED = "started"
    DONE = "done"
    PASSED_OVER = "passed_over"

    @property
    def word(self) -> str:
        """In words."""
        return self.value.replace("_", " ")


@dataclass(frozen=True, slots=True)
class StepFacts:
    """One act, reduced to what the rules look at."""

    level: int
    act: StepAct
    at: datetime


@dataclass(frozen=True, slots=True)
class LevelClock:
    """When a step was begun and ended, and whether an answer took too long."""

    state: LevelState
    started_at: datetime | None
    ended_at: datetime | None
    is_late: bool

    @property
    def took(self) -> timedelta | None:
        """From its beginning to its end."""
        return self.ended_at - self.started_at if self.started_at and self.ended_at else None


def clock_of(level: int, steps: Iterable[StepFacts], severity: IncidentSeverity, now: datetime) -> LevelClock:
    """Where one step stands by what was done with it."""
    own = {one.act: one.at for one in steps if one.level == level}
    started = own.get(StepAct.STARTED)
    ended = own.get(StepAct.DONE) or own.get(StepAct.PASSED_OVER)
    state = LevelState.STARTED if started else LevelState.WAITING
    if ended:
        state = LevelState.DONE if StepAct.DONE in own else LevelState.PASSED_OVER
    waits = (ended or now) - started if started else timedelta()
    is_late = level >= FIRST_TO_CALL and waits > ANSWER_WITHIN.get(severity, ANSWER_WITHIN_ELSE)
    return LevelClock(state, started, ended, is_late)


def states_of(steps: Iterable[StepFacts]) -> dict[int, LevelState]:
    """Where all steps stand."""
    found = dict.fromkeys(LEVELS, LevelState.WAITING)
    ends = {StepAct.DONE: LevelState.DONE, StepAct.PASSED_OVER: LevelState.PASSED_OVER}
    for one in sorted(steps, key=lambda step: step.act is not StepAct.STARTED):
        found[one.level] = ends.get(one.act, LevelState.STARTED)
    return found


def current_level(states: Mapping[int, LevelState]) -> int:
    """The step that is under way, or the last one that anything was done with; 0 when nothing was."""
    under_way = [level for level, state in states.items() if state is LevelState.STARTED]
    return max(under_way or [level for level, state in states.items() if state is not LevelState.WAITING], default=0)


def check_may_start(level: int, states: Mapping[int, LevelState], *, whom: str, impact: str) -> None:
    """Raise unless each step below is done or passed over, and whoever is to be called is named."""
    _check_known(level)
    if states[level] is not LevelState.WAITING:
        raise RuleViolation(f"Step {level} was begun before: it is {states[level].word}.")
    _check_below(level, states)
    if level >= FIRST_TO_CALL and not whom:
        raise InvalidInput(whom="Say who is called: this module has no such contact.")
    if level == LAST and not impact:
        raise InvalidInput(impact="Say what it does to those who use the product: the architect asks first.")


def check_may_finish(level: int, states: Mapping[int, LevelState], *, outcome: str, is_resolved: bool) -> None:
    """Raise unless the step was begun, and it is said what came of it. The last one ends with a resolution."""
    _check_known(level)
    if states[level] is not LevelState.STARTED:
        raise RuleViolation(f"Step {level} is {states[level].word}: only what is under way can be done.")
    if level == LAST and not is_resolved:
        raise RuleViolation("The last step ends with a resolution: say first how the incident was resolved.")
    if not outcome:
        raise InvalidInput(outcome="Say what came of it, in a sentence.")


def check_may_pass_over(level: int, states: Mapping[int, LevelState], *, reason: str) -> None:
    """Raise unless the step is open, each below it is behind, and it is said why it is left out."""
    _check_known(level)
    if states[level] not in {LevelState.WAITING, LevelState.STARTED}:
        raise RuleViolation(f"Step {level} is {states[level].word} already.")
    _check_below(level, states)
    if not reason:
        raise InvalidInput(outcome="Say why this step is passed over.")


def _check_known(level: int) -> None:
    if level not in LEVELS:
        raise InvalidInput(level="There is no such step.")


def _check_below(level: int, states: Mapping[int, LevelState]) -> None:
    open_ones = [one for one in range(1, level) if states[one] in {LevelState.WAITING, LevelState.STARTED}]
    if open_ones:
        below = open_ones[0]
        raise RuleViolation(f"First do step {below}, “{LEVELS[below]}”, or pass it over with a reason.")


def contact_warning(*, is_given: bool, verified_on: date | None, today: date) -> str:
    """What is doubtful about a contact, in a sentence; empty when nothing is."""
    if not is_given:
        return "Nobody is given."
    if verified_on is None:
        return "Nobody has ever tried whether it is right."
    days = (today - verified_on).days
    return f"Last tried {days} days ago." if today - verified_on > VERIFIED_FOR else ""
