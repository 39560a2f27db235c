"""Waivers: who may ask and decide, until when they hold, and where an item stands without one."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from app.domain.checklist import SETTABLE, WAIVED, ItemFacts, ItemState, check_is_asked
from app.domain.errors import InvalidInput, NotYours, RuleViolation
from app.domain.waiver_kinds import REASONS, WaiverKind, WaiverReason

# So long before its last day it is told that a waiver ends.
ANNOUNCED = timedelta(days=7)
SHORTEST_EXPLANATION = 5


class WaiverDecision(StrEnum):
    """What became of a request. Values are stored: never rename one."""

    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"
    EXPIRED = "expired"


# It was in force, now or at some time.
GRANTED = (WaiverDecision.APPROVED, WaiverDecision.ENDED, WaiverDecision.EXPIRED)


class WaiverStanding(StrEnum):
    """How a waiver stands on a day."""

    WAITING = "waiting"
    IN_FORCE = "in-force"
    EXPIRING = "expiring"
    REOPENING = "reopening"
    EXPIRED = "expired"
    ENDED = "ended"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"

    @property
    def word(self) -> str:
        """How it stands in words."""
        return STANDING_WORDS[self]


STANDING_WORDS: dict[WaiverStanding, str] = {
    WaiverStanding.WAITING: "waiting for approval",
    WaiverStanding.IN_FORCE: "in force",
    WaiverStanding.EXPIRING: "in force, expires soon",
    WaiverStanding.REOPENING: "expired, reopening",
    WaiverStanding.EXPIRED: "expired",
    WaiverStanding.ENDED: "ended early",
    WaiverStanding.REFUSED: "refused",
    WaiverStanding.WITHDRAWN: "withdrawn",
}


@dataclass(frozen=True, slots=True)
class WaiverWish:
    """What somebody asks for."""

    kind: WaiverKind
    reason: WaiverReason
    explanation: str
    ends_on: date | None = None

    @property
    def words(self) -> str:
        """The wish as it stands in the history."""
        until = f", until {self.ends_on.isoformat()}" if self.ends_on else ""
        return f"{self.kind.label}{until}: {self.reason.label}"


def utc_day(moment: datetime) -> date:
    """The day on which a moment lies, as waivers count days: in UTC."""
    return moment.astimezone(UTC).date()


def a_year_after(day: date) -> date:
    """The same day of the next year; of a 29 February the day before."""
    last = 28 if (day.month, day.day) == (2, 29) else day.day
    return day.replace(year=day.year + 1, day=last)


def is_over(ends_on: date | None, today: date) -> bool:
    """Whether the last day of a waiver has passed. On that day itself it holds until midnight UTC."""
    return ends_on is not None and ends_on < today


def is_announced(ends_on: date | None, today: date) -> bool:
    """Whether a waiver in force ends so soon that it has to be said."""
    return ends_on is not None and today <= ends_on <= today + ANNOUNCED


def standing_of(decision: WaiverDecision, ends_on: date | None, today: date) -> WaiverStanding:
    """How a waiver stands. One whose day has passed is expired, also before its item is open again."""
    if decision is WaiverDecision.PENDING:
        return WaiverStanding.WAITING
    if decision is not WaiverDecision.APPROVED:
        return WaiverStanding(decision.value)
    if is_over(ends_on, today):
        return WaiverStanding.REOPENING
    return WaiverStanding.EXPIRING if is_announced(ends_on, today) else WaiverStanding.IN_FORCE


def countdown(ends_on: date, today: date) -> str:
    """In words, how long a waiver still holds."""
    days = (ends_on - today).days
    if days < 0:
        return "expired, reopening"
    if days < 2:
        return "expires tomorrow" if days else "expires today"
    return f"expires in {days} days"


def state_after(before: ItemState) -> ItemState:
    """Where an item stands when its waiver is gone: where it stood, but never done by itself."""
    return before if before in SETTABLE - {ItemState.DONE} else ItemState.TODO


def check_may_request_waiver(
    item: ItemFacts, wish: WaiverWish, *, today: date, is_pending: bool, ends_on: date | None
) -> None:
    """Raise unless this may be asked for an item now. `ends_on` is the last day of the waiver in force, if any."""
    check_is_asked(item)
    if is_pending or item.state is ItemState.NOT_APPLICABLE_REQUESTED:
        raise RuleViolation("A waiver for this item already waits for approval.")
    if item.state in WAIVED and ends_on is None:
        raise RuleViolation(f"This item is already {item.state.word}.")
    if item.state is ItemState.DONE and wish.kind is not WaiverKind.NOT_APPLICABLE:
        raise RuleViolation("This item is done: there is nothing to waive.")
    if len(wish.explanation) < SHORTEST_EXPLANATION:
        raise RuleViolation("Say in a sentence why this item is waived.")
    wrong = _wrong_fields(wish, today)
    if wrong:
        raise InvalidInput(**wrong)


def _wrong_fields(wish: WaiverWish, today: date) -> dict[str, str]:
    wrong = {}
    if wish.reason not in REASONS[wish.kind]:
        wrong["reason_code"] = f"“{wish.reason.label}” is no reason for this kind of waiver: {wish.kind.label}."
    if wish.ends_on is None:
        if wish.kind.needs_end:
            wrong["ends_on"] = f"Say until when: this kind of waiver needs a last day: {wish.kind.label}."
    elif wish.ends_on < today:
        wrong["ends_on"] = f"Its last day has passed already: today is {today.isoformat()} in UTC."
    elif wish.ends_on > a_year_after(today):
        wrong["ends_on"] = f"A waiver holds for a year at most, until {a_year_after(today).isoformat()}."
    return wrong


def check_may_decide_waiver(*, requested_by_id: int, actor_id: int, is_pending: bool) -> None:
    """Raise RuleViolation unless this person may decide this request: never one's own, never twice."""
    if not is_pending:
        raise RuleViolation("This request has been decided already.")
    if requested_by_id == actor_id:
        raise NotYours("You asked for this waiver: somebody else has to decide it.")


def check_may_approve_waiver(ends_on: date | None, *, today: date) -> None:
    """Raise RuleViolation when the day until which it was asked for has passed while it waited."""
    if is_over(ends_on, today):
        raise RuleViolation("The day until which this was asked for has passed. Refuse it; it can be asked for again.")


def check_may_end_waiver(decision: WaiverDecision, *, reason: str) -> None:
    """Raise RuleViolation unless this waiver is in force; ending it early says why."""
    if decision is not WaiverDecision.APPROVED:
        raise RuleViolation("This waiver is not in force: there is nothing to end.")
    if not reason:
        raise InvalidInput(reason="Say why it ends early.")


def releases_in_a_row(before: list[int], waived: set[int]) -> int:
    """In how many releases directly before this one it was waived, too; `before` from the nearest back."""
    number = 0
    for release in before:
        if release not in waived:
            break
        number += 1
    return number
