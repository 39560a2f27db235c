"""Break-glass: passing a gate that is not open, by two people, for a short time, and reviewed by a third."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from app.domain.errors import InvalidInput, NotYours, RuleViolation
from app.domain.gates import GateState, Verdict

SHORTEST, LONGEST, USUAL = timedelta(minutes=15), timedelta(hours=24), timedelta(hours=2)
# What nobody has confirmed by then is forgotten: who confirms late would confirm what was true before.
CONFIRM_WITHIN = timedelta(minutes=30)
# Opening, confirming and reviewing ask for a password that was typed within this time.
PROVE_WITHIN = timedelta(minutes=10)
TEXT_LIMIT, INCIDENT_LIMIT = 1000, 200
SHORTEST_REASON = 10


class OverrideEnd(StrEnum):
    """What ended one before it was used. Values are stored: never rename one."""

    CALLED_OFF = "called_off"
    LAPSED = "lapsed"
    ENDED_EARLY = "ended_early"
    EXPIRED = "expired"

    @property
    def word(self) -> str:
        """As the history says it."""
        return self.value.replace("_", " ")


class ReviewOutcome(StrEnum):
    """What a third person says of it afterwards. Values are stored: never rename one."""

    ACCEPTABLE = "acceptable"
    NOT_ACCEPTABLE = "not_acceptable"

    @property
    def word(self) -> str:
        """In words."""
        return self.value.replace("_", " ")


class OverrideState(StrEnum):
    """Where a break-glass stands. It follows from times and rows; nothing keeps it."""

    WAITING = "waiting"
    IN_FORCE = "in-force"
    TO_REVIEW = "to-review"
    REVIEWED = "reviewed"
    CALLED_OFF = "called-off"
    LAPSED = "lapsed"

    @property
    def word(self) -> str:
        """The state in words."""
        return STATE_WORDS[self]


STATE_WORDS: dict[OverrideState, str] = {
    OverrideState.WAITING: "waits for a second person",
    OverrideState.IN_FORCE: "in force",
    OverrideState.TO_REVIEW: "to be reviewed",
    OverrideState.REVIEWED: "reviewed",
    OverrideState.CALLED_OFF: "called off",
    OverrideState.LAPSED: "not confirmed in time",
}


@dataclass(frozen=True, slots=True)
class OverrideFacts:
    """One break-glass, reduced to what the rules look at."""

    opened_by_id: int
    lapses_at: datetime
    confirmed_by_id: int | None = None
    ends_at: datetime | None = None
    ended: OverrideEnd | None = None
    is_used: bool = False
    is_reviewed: bool = False

    def state(self, at: datetime) -> OverrideState:
        """Where it stands at a moment. A gate is let on by it only while it is in force."""
        if self.is_reviewed:
            return OverrideState.REVIEWED
        if self.ends_at is not None:
            is_over = self.is_used or self.ended is not None or at >= self.ends_at
            return OverrideState.TO_REVIEW if is_over else OverrideState.IN_FORCE
        if self.ended is OverrideEnd.CALLED_OFF:
            return OverrideState.CALLED_OFF
        return OverrideState.LAPSED if self.ended or at >= self.lapses_at else OverrideState.WAITING

    @property
    def is_owed(self) -> bool:
        """Whether a review is owed: from the confirmation on, used or not."""
        return self.ends_at is not None and not self.is_reviewed


@dataclass(frozen=True, slots=True)
class OverrideWish:
    """What is typed to open one."""

    reason: str
    incident: str
    minutes: int = int(USUAL.total_seconds() // 60)


def check_may_open(wish: OverrideWish, *, is_consumed: bool, is_under_way: bool) -> None:
    """Raise unless a gate may be overridden for this reason: once at a time, never after it was passed."""
    if is_consumed:
        raise RuleViolation("This gate has been passed: there is nothing to break.")
    if is_under_way:
        raise RuleViolation("A break-glass of this gate is under way already. Confirm it, or call it off first.")
    wrong = {}
    if len(wish.reason) < SHORTEST_REASON:
        wrong["reason"] = "Say in a sentence why this cannot wait."
    if not wish.incident:
        wrong["incident"] = "Name the incident, for example by its number or address."
    if not SHORTEST <= timedelta(minutes=wish.minutes) <= LONGEST:
        wrong["minutes"] = "Choose between 15 minutes and 24 hours."
    if wrong:
        raise InvalidInput(**wrong)


def check_may_confirm(facts: OverrideFacts, *, actor_id: int, at: datetime, is_consumed: bool) -> None:
    """Raise unless this person may confirm it now: never the one who opened it, never too late, never twice."""
    if facts.opened_by_id == actor_id:
        raise NotYours("You opened this break-glass: a second person has to confirm it.")
    state = facts.state(at)
    if state is OverrideState.LAPSED:
        raise RuleViolation("Nobody confirmed it in time. Open it again if it is still needed.")
    if state is not OverrideState.WAITING:
        raise RuleViolation(f"It waits for nobody any more: it is {state.word}.")
    if is_consumed:
        raise RuleViolation("This gate has been passed: there is nothing to break.")


def check_may_end(facts: OverrideFacts, *, at: datetime, reason: str) -> OverrideEnd:
    """How it is ended now: called off before it was confirmed, ended early after; raise where nothing is to end."""
    state = facts.state(at)
    if state not in {OverrideState.WAITING, OverrideState.IN_FORCE}:
        raise RuleViolation("It is over already: there is nothing to end.")
    if not reason:
        raise InvalidInput(reason="Say why it is no longer needed.")
    return OverrideEnd.CALLED_OFF if state is OverrideState.WAITING else OverrideEnd.ENDED_EARLY


def end_by_time(facts: OverrideFacts, at: datetime) -> OverrideEnd | None:
    """How time has ended it, where nobody else has and no row says so yet."""
    if facts.ended is not None or facts.is_used:
        return None
    if facts.ends_at is None:
        return OverrideEnd.LAPSED if at >= facts.lapses_at else None
    return OverrideEnd.EXPIRED if at >= facts.ends_at else None


def check_may_review(facts: OverrideFacts, *, actor_id: int, at: datetime, text: str) -> None:
    """Raise unless this person may review it now: a third one, after it is over, once."""
    if actor_id in {facts.opened_by_id, facts.confirmed_by_id}:
        raise NotYours("You opened or confirmed this break-glass: a third person has to review it.")
    state = facts.state(at)
    if state is OverrideState.REVIEWED:
        raise RuleViolation("It has been reviewed already.")
    if state is OverrideState.IN_FORCE:
        raise RuleViolation("It is still in force. Review what happened when it is over, or end it first.")
    if state is not OverrideState.TO_REVIEW:
        raise RuleViolation("It was never confirmed: there is nothing to review.")
    if len(text) < SHORTEST_REASON:
        raise InvalidInput(text="Say in a sentence what you found.")


def overridden(verdict: Verdict, *, is_held: bool = False) -> Verdict:
    """The verdict of a gate while a break-glass is in force: overridden, never satisfied, whatever has been signed.

    `is_held`: an earlier one of the module still has to be reviewed. The two people who skipped everything else do not
    skip the third one by breaking the glass again.
    """
    if verdict.state is GateState.CONSUMED:
        return verdict
    return replace(verdict, state=GateState.OVERRIDDEN, beneath=verdict.by_itself, is_held=is_held)


def debt_sentence(number: int) -> str:
    """Why the next deployment of a module does not start."""
    return f"Break-glass {number} has to be reviewed by a third person before this module is deployed again."


def debt_number(sentence: str) -> int | None:
    """Of which break-glass a sentence says that it has to be reviewed; None where it says something else."""
    number = sentence.removeprefix("Break-glass ").partition(" ")[0]
    return int(number) if number.isdecimal() and sentence == debt_sentence(int(number)) else None


def time_words(minutes: int) -> str:
    """A length in words."""
    hours, rest = divmod(minutes, 60)
    words = [f"{hours} h"] if hours else []
    return " ".join([*words, f"{rest} min"] if rest or not hours else words)
