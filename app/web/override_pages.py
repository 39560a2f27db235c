"""The pages of break-glass: where each stands for one person, and the rows of the register's export."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from app.database import server_now as server_now  # noqa: PLC0414 - pages take the clock from here
from app.domain.actors import Actor
from app.domain.addresses import override_path
from app.domain.audit import moment_text
from app.domain.gates import GateState
from app.domain.overrides import OverrideState, ReviewOutcome, time_words
from app.domain.permissions import Permission
from app.queries.override_rows import OverrideRow
from app.queries.overrides import Obstacle, PassedOver, list_obstacles, list_tellings
from app.queries.standing import Standing

SIGNS = {
    OverrideState.WAITING: "waiting",
    OverrideState.IN_FORCE: "overridden",
    OverrideState.TO_REVIEW: "blocked",
    OverrideState.REVIEWED: "done",
    OverrideState.CALLED_OFF: "none",
    OverrideState.LAPSED: "none",
}
# What still asks something of somebody, or lets something on.
LIVE = {OverrideState.WAITING, OverrideState.IN_FORCE, OverrideState.TO_REVIEW}


@dataclass(frozen=True, slots=True)
class OverrideCard:
    """One break-glass as it stands now, and what somebody may do about it."""

    row: OverrideRow
    state: OverrideState
    url: str
    sign: str
    word: str
    # How long it still waits or lets the gate on; empty when it is over.
    left: str
    may_confirm: bool
    may_end: bool
    may_review: bool
    is_own: bool

    @property
    def is_live(self) -> bool:
        """Whether it is not settled yet."""
        return self.state in LIVE


def card_of(row: OverrideRow, actor: Actor, now: datetime) -> OverrideCard:
    """A break-glass as this person sees it; the rules are asked again when a button is pressed."""
    state = row.state(now)
    may = actor.may_for(Permission.GATE_OVERRIDE, row.module_id)
    is_opener = actor.id == row.opened.person_id
    is_one_of_two = is_opener or bool(row.confirmed and row.confirmed.person_id == actor.id)
    is_bad = row.outcome is ReviewOutcome.NOT_ACCEPTABLE
    return OverrideCard(
        row,
        state,
        override_path(row.id),
        "failed" if is_bad else SIGNS[state],
        f"reviewed: {row.outcome.word}" if row.outcome else state.word,
        _left(row, state, now),
        may_confirm=may and not is_opener and state is OverrideState.WAITING,
        may_end=may and state in {OverrideState.WAITING, OverrideState.IN_FORCE},
        may_review=may and not is_one_of_two and state is OverrideState.TO_REVIEW,
        is_own=is_one_of_two,
    )


def cards_of(rows: Sequence[OverrideRow], actor: Actor, now: datetime) -> list[OverrideCard]:
    """Several of them."""
    return [card_of(row, actor, now) for row in rows]


def _left(row: OverrideRow, state: OverrideState, now: datetime) -> str:
    until = (
        row.lapses_at if state is OverrideState.WAITING else row.ends_at if state is OverrideState.IN_FORCE else None
    )
    return time_words(ceil((until - now).total_seconds() / 60)) if until else ""


def may_break_the_glass(standing: Standing, known: Sequence[OverrideRow], actor: Actor, now: datetime) -> bool:
    """Whether somebody is offered to open one: at a gate that is not open, and where none is under way."""
    is_shut = standing.verdict.state not in {GateState.SATISFIED, GateState.OVERRIDDEN, GateState.CONSUMED}
    is_under_way = any(row.state(now) in {OverrideState.WAITING, OverrideState.IN_FORCE} for row in known)
    return is_shut and not is_under_way and actor.may_for(Permission.GATE_OVERRIDE, standing.gate.module_id)


HEADER = (
    *("override_id", "standing", "gate", "environment", "place", "incident", "reason", "minutes"),
    *("opened_by", "opened_as", "opened_at_utc", "confirmed_by", "confirmed_as", "confirmed_at_utc", "ends_at_utc"),
    *("ended", "ended_by", "ended_at_utc", "ended_reason", "passed_by", "passed_at_utc"),
    *("reviewed_by", "reviewed_as", "reviewed_at_utc", "outcome", "review", "in_the_way", "told"),
)
# No person's text is in these.
OWN = {
    *("override_id", "standing", "gate", "minutes", "opened_as", "opened_at_utc", "confirmed_as", "confirmed_at_utc"),
    *("ends_at_utc", "ended", "ended_at_utc", "passed_at_utc", "reviewed_as", "reviewed_at_utc", "outcome"),
}


def csv_rows(rows: Sequence[OverrideRow], now: datetime) -> list[tuple[object, ...]]:
    """The register as rows of the export."""
    ids = [row.id for row in rows]
    obstacles, tellings = list_obstacles(ids), list_tellings(ids)
    return [_cells(row, now, obstacles.get(row.id, []), tellings.get(row.id, [])) for row in rows]


def _cells(
    row: OverrideRow, now: datetime, obstacles: Sequence[Obstacle], told: Sequence[PassedOver]
) -> tuple[object, ...]:
    opened, confirmed, ended, used, reviewed = row.opened, row.confirmed, row.ended, row.used, row.reviewed
    return (
        *(row.id, row.state(now).word, row.kind.label, row.environment_key, row.place),
        *(row.incident, row.reason, row.minutes),
        *(opened.name, opened.role.label if opened.role else "", moment_text(opened.at)),
        *((confirmed.name, confirmed.role.label if confirmed.role else "") if confirmed else ("", "")),
        moment_text(confirmed.at) if confirmed else "",
        moment_text(row.ends_at) if row.ends_at else "",
        row.ended_how.word if row.ended_how else "",
        *((ended.name, moment_text(ended.at)) if ended else ("", "")),
        row.ended_reason,
        *((used.name, moment_text(used.at)) if used else ("", "")),
        *((reviewed.name, reviewed.role.label if reviewed.role else "") if reviewed else ("", "")),
        moment_text(reviewed.at) if reviewed else "",
        row.outcome.word if row.outcome else "",
        row.review,
        " ".join(one.text for one in obstacles),
        ", ".join(f"{one.name} ({one.role.label})" for one in told),
    )
