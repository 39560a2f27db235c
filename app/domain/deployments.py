"""Deployments: where one stands, what keeps one from starting, and how one ends, in words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from app.domain.errors import RuleViolation

NOT_THERE = "The module is not in this release any more, or one of them is archived."
NO_STEPS = "It has no steps."
DECIDER_GONE = "Whoever says go or no-go has no account any more."


class Outcome(StrEnum):
    """How a deployment ended. Values are stored: never rename one."""

    SUCCEEDED = "succeeded"
    DEGRADED = "degraded"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"

    @property
    def label(self) -> str:
        """The outcome in words."""
        return OUTCOME_TITLES[self]

    @property
    def has_arrived(self) -> bool:
        """Whether what was deployed is there now."""
        return self in {Outcome.SUCCEEDED, Outcome.DEGRADED}


OUTCOME_TITLES: dict[Outcome, str] = {
    Outcome.SUCCEEDED: "succeeded",
    Outcome.DEGRADED: "degraded",
    Outcome.FAILED: "failed",
    Outcome.ROLLED_BACK: "rolled back",
}


class DeploymentState(StrEnum):
    """Where a deployment stands."""

    PLANNED = "planned"
    CANCELLED = "cancelled"
    RUNNING = "running"
    ENDED = "ended"


def deployment_state(
    *, cancelled_at: datetime | None, started_at: datetime | None, finished_at: datetime | None
) -> DeploymentState:
    """Where a deployment stands, by what happened to it."""
    if cancelled_at is not None:
        return DeploymentState.CANCELLED
    if finished_at is not None:
        return DeploymentState.ENDED
    return DeploymentState.PLANNED if started_at is None else DeploymentState.RUNNING


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One reason why a deployment does not start, and the page where it is mended."""

    sentence: str
    path: str = ""


class NotStartable(RuleViolation):
    """A deployment that may not start now, with every reason."""

    def __init__(self, obstacles: Sequence[Obstacle]) -> None:
        super().__init__(f"It does not start. {' '.join(one.sentence for one in obstacles)}")
        self.obstacles = tuple(obstacles)


@dataclass(frozen=True, slots=True)
class StartFacts:
    """What the rules look at before a deployment starts, beside its gate."""

    window_starts_at: datetime
    window_ends_at: datetime
    zone: str
    steps: int
    is_decider_here: bool
    # Each freeze in force: why, and until when.
    freezes: Sequence[tuple[str, datetime]] = ()
    # Another deployment of the module that runs there.
    running_id: int | None = None
    # A rollback of the module that runs there.
    rollback_id: int | None = None
    # Whether the module is still in the release, and neither is archived.
    is_member: bool = True
    # The environment before, by its name, and how the newest deployment there that has ended did; None: none has.
    before: str | None = None
    ended_before: Outcome | None = None


def start_obstacles(facts: StartFacts, at: datetime, *, is_overridden: bool) -> Iterable[tuple[str, str]]:
    """Every reason against a start beside those of the gate: the kind of reason, and its sentence.

    Break-glass at the gate lets it pass a freeze, and go before the environment before.
    """
    yield from _of_the_plan(facts, at)
    if facts.running_id is not None:
        yield "running", f"Deployment {facts.running_id} of this module runs there now."
    if facts.rollback_id is not None:
        yield "rollback", f"Rollback {facts.rollback_id} of this module runs there now."
    if is_overridden:
        return
    for reason, ends_at in facts.freezes:
        yield "freeze", f"Nothing is deployed there until {local_moment(ends_at, facts.zone)}: {reason}"
    if facts.before is not None and (facts.ended_before is None or not facts.ended_before.has_arrived):
        told = "has not been deployed" if facts.ended_before is None else f"{facts.ended_before.label} last"
        yield "order", f"It goes to {facts.before} first, where it {told}."


def _of_the_plan(facts: StartFacts, at: datetime) -> Iterable[tuple[str, str]]:
    if not facts.window_starts_at <= at < facts.window_ends_at:
        from_to = local_span(facts.window_starts_at, facts.window_ends_at, facts.zone)
        yield "window", f"Its window is {from_to}: change it to start now."
    if not facts.is_member:
        yield "plan", NOT_THERE
    if not facts.steps:
        yield "plan", NO_STEPS
    if not facts.is_decider_here:
        yield "plan", DECIDER_GONE


def local_span(starts_at: datetime, ends_at: datetime, zone: str) -> str:
    """Two moments as the team's clock shows them, the day once where it is one: “2026-11-23 22:00 to 23:00 CET”."""
    starts, ends = starts_at.astimezone(ZoneInfo(zone)), ends_at.astimezone(ZoneInfo(zone))
    if (starts.date(), starts.tzname()) == (ends.date(), ends.tzname()):
        return f"{starts:%Y-%m-%d %H:%M} to {ends:%H:%M %Z}"
    return f"{local_moment(starts_at, zone)} to {local_moment(ends_at, zone)}"


def local_moment(at: datetime, zone: str) -> str:
    """A moment as the team's clock shows it: “2026-11-23 22:00 CET”."""
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M %Z}"
