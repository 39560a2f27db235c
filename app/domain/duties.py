"""Duties that recur: which periods there were, who did what in time, and how a duty stands now. All of it is derived.

A schedule that is changed judges only what comes after: what was due, or done, under the one before it stays as it was.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from app.domain.errors import RuleViolation
from app.domain.recurrence import Schedule, Span, spans

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class DutyState(StrEnum):
    """How a duty stands; in the order in which a list shows them."""

    LATE = "late"
    MISSED = "missed"
    NEW = "new"
    UP = "up"
    PAUSED = "paused"


class TurnKind(StrEnum):
    """What was done with a duty as a whole. Values are stored: never rename one."""

    PAUSED = "paused"
    RESUMED = "resumed"
    ARCHIVED = "archived"
    RESTORED = "restored"

    @property
    def is_rest(self) -> bool:
        """Whether nothing is asked from then on."""
        return self in {TurnKind.PAUSED, TurnKind.ARCHIVED}


class Outcome(StrEnum):
    """What became of one period."""

    ON_TIME = "on time"
    DONE_LATE = "done late"
    MISSED = "missed"
    PAUSED = "paused"
    LATE = "late"
    OPEN = "open"
    TO_COME = "to come"


@dataclass(frozen=True, slots=True)
class Revision:
    """A schedule, and since when it holds."""

    id: int
    schedule: Schedule
    since_at: datetime


@dataclass(frozen=True, slots=True)
class Record:
    """Somebody did it, in one period."""

    id: int
    revision_id: int
    on: date
    due_at: datetime
    ends_at: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Turn:
    """It was paused, resumed, archived or restored."""

    kind: TurnKind
    at: datetime


@dataclass(frozen=True, slots=True)
class Window:
    """One period with what is known of it."""

    revision_id: int
    on: date
    opens_at: datetime
    due_at: datetime
    ends_at: datetime
    record: Record | None = None
    is_excused: bool = False

    def outcome(self, at: datetime) -> Outcome:
        """What has become of it by a moment."""
        if self.record is not None:
            return Outcome.ON_TIME if self.record.recorded_at <= self.due_at else Outcome.DONE_LATE
        if self.is_excused:
            return Outcome.PAUSED
        if at >= self.ends_at:
            return Outcome.MISSED
        if at > self.due_at:
            return Outcome.LATE
        return Outcome.OPEN if at >= self.opens_at else Outcome.TO_COME


@dataclass(frozen=True, slots=True)
class DutyFacts:
    """All that a duty's state follows from: schedules and turns in their order, records that nobody has struck."""

    revisions: tuple[Revision, ...]
    records: tuple[Record, ...] = ()
    turns: tuple[Turn, ...] = ()

    @property
    def revision(self) -> Revision:
        """The schedule as it is now."""
        return self.revisions[-1]

    @property
    def is_paused(self) -> bool:
        """Whether nothing is asked for the time being, or for good."""
        return bool(self.turns) and self.turns[-1].kind.is_rest

    @property
    def is_archived(self) -> bool:
        """Whether it was taken out of all lists."""
        kinds = [turn.kind for turn in self.turns if turn.kind in {TurnKind.ARCHIVED, TurnKind.RESTORED}]
        return bool(kinds) and kinds[-1] is TurnKind.ARCHIVED

    def is_excused(self, due_at: datetime) -> bool:
        """Whether it rested when this was due. What was due before a rest began is judged all the same."""
        rests_since: datetime | None = None
        for turn in self.turns:
            if rests_since is not None and rests_since < due_at <= turn.at:
                return True
            rests_since = (rests_since or turn.at) if turn.kind.is_rest else None
        return rests_since is not None and rests_since < due_at


def windows(facts: DutyFacts, after: datetime, until: datetime) -> list[Window]:
    """The periods that are due after one moment and not after another, in their order; no two are open at once."""
    found: list[Window] = []
    done = {(one.revision_id, one.on): one for one in facts.records}
    for revision_id, span in sorted(_judged(facts, after, until), key=lambda pair: pair[1].due_at):
        record = done.get((revision_id, span.on))
        opens_at = _opens_at(span, found[-1] if found else None)
        excused = record is None and facts.is_excused(span.due_at)
        found.append(Window(revision_id, span.on, opens_at, span.due_at, span.ends_at, record, excused))
    return found


def _opens_at(span: Span, before: Window | None) -> datetime:
    """With its day, week, month, quarter or year; at once when the one before was missed, so that it can be made up."""
    if before is None:
        return span.starts_at
    is_missed = before.record is None and not before.is_excused
    return before.ends_at if is_missed else max(span.starts_at, before.ends_at)


def _judged(facts: DutyFacts, after: datetime, until: datetime) -> Iterator[tuple[int, Span]]:
    """Each period with the schedule that judges it."""
    begin = facts.revisions[0].since_at if facts.revisions else BEGINNING
    for number, revision in enumerate(facts.revisions):
        is_last = number + 1 == len(facts.revisions)
        end = until if is_last else facts.revisions[number + 1].since_at
        begin = max(begin, revision.since_at)
        for span in spans(revision.schedule, max(begin, after), min(end, until)):
            yield revision.id, span
        if is_last:
            return
        kept = [one for one in facts.records if one.revision_id == revision.id and one.due_at > max(begin, end)]
        for one in kept:
            if after < one.due_at <= until:
                yield revision.id, Span(one.on, one.due_at, one.due_at, one.ends_at)
        # What was due is over before the next schedule asks for anything; what was done ahead is not asked again.
        last = spans(revision.schedule, max(begin, end - revision.schedule.period.reach), end)[-1:]
        begin = max([begin, end, *(span.ends_at for span in last), *(one.ends_at for one in kept)])


@dataclass(frozen=True, slots=True)
class Standing:
    """How a duty stands at a moment."""

    state: DutyState
    # The period in which it can be done now, done already or not.
    current: Window | None
    # The first that is not done yet and not over.
    upcoming: Window | None
    # The last that is over.
    before: Window | None

    @property
    def can_be_done(self) -> bool:
        """Whether there is something to do now."""
        return self.current is not None and self.current.record is None


def standing_of(facts: DutyFacts, at: datetime) -> Standing:
    """How a duty stands at a moment: by the period that is open, else by the one before it."""
    reach = max(one.schedule.period.reach for one in facts.revisions)
    seen = windows(facts, at - reach, at + facts.revision.schedule.period.reach)
    asked = [one for one in seen if not one.is_excused]
    current = next((one for one in asked if one.opens_at <= at < one.ends_at), None)
    upcoming = next((one for one in asked if at < one.ends_at and one.record is None), None)
    over = [one for one in asked if one.ends_at <= at]
    before = over[-1] if over else None
    return Standing(_state(facts, current, before, at), current, upcoming, before)


def _state(facts: DutyFacts, current: Window | None, before: Window | None, at: datetime) -> DutyState:
    if facts.is_paused:
        return DutyState.PAUSED
    if current is not None and current.record is not None:
        return DutyState.UP
    if current is not None and at > current.due_at:
        return DutyState.LATE
    if before is not None and before.record is None:
        return DutyState.MISSED
    return DutyState.UP if before is not None or facts.records or len(facts.turns) else DutyState.NEW


def check_may_tick(standing: Standing, *, on: date | None) -> Window:
    """The period that is done by a tick now; RuleViolation when there is none, or another than was seen."""
    window = standing.current
    if window is None:
        why = "It is paused." if standing.state is DutyState.PAUSED else "Its next period has not begun."
        raise RuleViolation(f"There is nothing to do now. {why}")
    if on is not None and window.on != on:
        raise RuleViolation("The period that this page showed is over. It is missed, and the next one is open now.")
    return window


def check_may_turn(kind: TurnKind, facts: DutyFacts) -> None:
    """Raise RuleViolation for what the duty is already."""
    if kind is not TurnKind.RESTORED and facts.is_archived:
        raise RuleViolation("This duty is archived. Restore it first.")
    if kind is TurnKind.RESTORED and not facts.is_archived:
        raise RuleViolation("This duty is not archived.")
    if kind is TurnKind.PAUSED and facts.is_paused:
        raise RuleViolation("This duty is paused already.")
    if kind is TurnKind.RESUMED and not facts.is_paused:
        raise RuleViolation("This duty is not paused.")


def missed_between(facts: DutyFacts, after: datetime, until: datetime) -> list[Window]:
    """The periods that nobody did, and that were over after one moment and not after another."""
    reach = max(one.schedule.period.reach for one in facts.revisions)
    return [
        one
        for one in windows(facts, max(BEGINNING, after - reach), until)
        if after < one.ends_at <= until and one.outcome(until) is Outcome.MISSED
    ]


def summary(states: Sequence[DutyState]) -> tuple[str, str]:
    """The first sentence of the list: what is left to do, and the rest of it."""
    number = len(states)
    late, missed = states.count(DutyState.LATE), states.count(DutyState.MISSED)
    of = f"of {number} {'duty' if number == 1 else 'duties'}"
    if not late and not missed:
        return "No duty is late.", f"{number} {'is' if number == 1 else 'are'} looked after here."
    parts = [f"{late} {of} {'is' if late == 1 else 'are'} late"] if late else []
    if missed:
        parts.append(f"{missed} {'' if late else f'{of} '}{'was' if missed == 1 else 'were'} missed")
    return f"{', '.join(parts)}.", ""
