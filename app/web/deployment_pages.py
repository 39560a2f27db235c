"""The pages of deployments: the clock, the hours after, and what gets in each other's way."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from flask import url_for
from flask_login import current_user

from app.database import server_now as server_now  # noqa: PLC0414 - pages of deployments take the clock from here
from app.domain.deployment_calendar import Conflict, conflicts_of, next_month, weeks_of
from app.domain.deployments import DeploymentState, Obstacle
from app.domain.windows import WindowState, clock_words
from app.queries.deployment_facts import DeploymentRow
from app.queries.deployment_windows import WindowRow
from app.queries.deployments import DeploymentLine, FreezeLine, PlannedWindow
from app.queries.people import names_of
from app.web.deployment_signs import SIGNS, WINDOW_SIGNS
from app.web.gate_pages import Reason


@dataclass(frozen=True, slots=True)
class WindowCard:
    """One group of checks after a deployment, as a page says it at a moment."""

    row: WindowRow
    state: WindowState
    at: datetime

    @property
    def sign(self) -> str:
        """The sign beside its word."""
        return WINDOW_SIGNS[self.state]

    @property
    def done(self) -> int:
        """How many of its checks are behind."""
        return self.row.total - self.row.left

    @property
    def when(self) -> str:
        """How long until it is due, or since when it should have been done."""
        due = self.row.window.due_at
        left = clock_words(due - self.at)
        return f"due in {left}" if due > self.at else f"was due {left} ago"

    @property
    def is_ahead(self) -> bool:
        """Whether there is something to do that is not missed yet."""
        return self.state in {WindowState.OPEN, WindowState.DUE_SOON, WindowState.LATE}


def cards_of(windows: Iterable[WindowRow], at: datetime) -> list[WindowCard]:
    """The windows of a deployment at a moment."""
    return [WindowCard(one, one.state(at), at) for one in windows]


def next_of(cards: Sequence[WindowCard]) -> WindowCard | None:
    """What is due next, late included."""
    return next((card for card in cards if card.is_ahead), None)


@dataclass(frozen=True, slots=True)
class ListCard:
    """A deployment in a list."""

    line: DeploymentLine
    cards: Sequence[WindowCard]

    @property
    def sign(self) -> str:
        """The sign beside its word."""
        return SIGNS[self.line.row.state_words]

    @property
    def next(self) -> WindowCard | None:
        """What is due next."""
        return next_of(self.cards)

    @property
    def missed(self) -> int:
        """How many groups of checks were missed."""
        return sum(card.state.is_missed for card in self.cards)


def list_cards(lines: Iterable[DeploymentLine], at: datetime) -> list[ListCard]:
    """Deployments as a list shows them at a moment."""
    return [ListCard(line, cards_of(line.windows, at)) for line in lines]


def headline(unfinished: Sequence[ListCard]) -> str:
    """What runs now and what is next, in a sentence."""
    running = [card.line.row for card in unfinished if card.line.state is DeploymentState.RUNNING]
    planned = [card.line.row for card in unfinished if card.line.state is DeploymentState.PLANNED]
    if len(running) == 1:
        now = f"{_short(running[0])} runs now."
    else:
        now = f"{len(running)} deployments run now." if running else "Nothing runs now."
    return f"{now} Next: {_short(planned[0])}." if planned else f"{now} Nothing is planned."


def _short(row: DeploymentRow) -> str:
    return f"{row.module_name} to {row.environment_name}"


def mended_at(obstacles: Iterable[Obstacle], reasons: Iterable[Reason]) -> list[Obstacle]:
    """Reasons against a start, those of its gate with the very page on which each is mended."""
    places = {reason.text: reason.url for reason in reasons}
    return [Obstacle(one.sentence, places.get(one.sentence, one.path)) for one in obstacles]


@dataclass(frozen=True, slots=True)
class ToldConflict:
    """One thing that gets in the way of a deployment, in words, with the page of it."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """A window on one day of the calendar."""

    planned: PlannedWindow
    conflicts: Sequence[ToldConflict]

    @property
    def row(self) -> DeploymentRow:
        """The deployment."""
        return self.planned.row

    @property
    def sign(self) -> str:
        """The sign beside its word."""
        return SIGNS[self.planned.row.state_words]


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day of the calendar, with what is meant to begin or go on then."""

    day: date
    is_of_month: bool
    is_today: bool
    entries: Sequence[CalendarEntry]
    freezes: Sequence[FreezeLine]


def span_of(first: date) -> tuple[datetime, datetime]:
    """From when to when the weeks of a month last, where the reader is."""
    weeks = weeks_of(first)
    return _midnight(weeks[0][0]), _midnight(weeks[-1][-1] + timedelta(days=1))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), current_user.zone)


def calendar_of(
    first: date, today: date, windows: Sequence[PlannedWindow], freezes: Sequence[FreezeLine]
) -> list[list[CalendarDay]]:
    """The weeks of a month with all that is planned, where the reader is."""
    told = told_conflicts(windows, freezes)
    entries = [CalendarEntry(one, told.get(one.row.id, ())) for one in windows]
    after = next_month(first)

    def day_of(day: date) -> CalendarDay:
        begins, ends = _midnight(day), _midnight(day + timedelta(days=1))
        return CalendarDay(
            *(day, first <= day < after, day == today),
            [one for one in entries if one.row.window_starts_at < ends and one.row.window_ends_at > begins],
            [one for one in freezes if one.starts_at < ends and one.ends_at > begins],
        )

    return [[day_of(day) for day in week] for week in weeks_of(first)]


def told_conflicts(
    windows: Sequence[PlannedWindow], freezes: Sequence[FreezeLine] = ()
) -> dict[int, list[ToldConflict]]:
    """What gets in the way of each deployment, in words, by its number."""
    found = conflicts_of([one.slot for one in windows], [one.span for one in freezes])
    titles = {one.row.id: one.title for one in windows}
    reasons = {one.id: one.reason for one in freezes}
    names = names_of({person for every in found.values() for one in every for person in one.people})
    return {number: [_told(one, titles, reasons, names) for one in every] for number, every in found.items()}


def _told(
    one: Conflict, titles: Mapping[int, str], reasons: Mapping[int, str], names: Mapping[int | None, str]
) -> ToldConflict:
    if one.with_id is None:
        return ToldConflict(f"Nothing is deployed then: {reasons[one.freeze_id or 0]}", url_for("freezes.index"))
    url, title = url_for("deployments.show", deployment_id=one.with_id), titles[one.with_id]
    if one.same_place:
        return ToldConflict(f"At the same time and in the same place as deployment {one.with_id}, {title}", url)
    people = " and ".join(sorted(names.get(person, "somebody") for person in one.people))
    verb = "is" if len(one.people) == 1 else "are"
    return ToldConflict(f"{people} {verb} needed for deployment {one.with_id}, {title}, at the same time", url)
