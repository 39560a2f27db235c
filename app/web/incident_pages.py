"""The pages of incidents: how each stands for one person, its escalation, and the rows of the export."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from app.database import server_now as server_now  # noqa: PLC0414 - pages take the clock from here
from app.domain.actors import Actor
from app.domain.addresses import occasion_path
from app.domain.audit import moment_text
from app.domain.checklist import BelongsTo
from app.domain.errors import DomainError
from app.domain.escalations import (
    CALLED_FIRST,
    FIRST_TO_CALL,
    LEVELS,
    LevelClock,
    LevelState,
    StepAct,
    check_may_pass_over,
    check_may_start,
    clock_of,
    contact_warning,
    states_of,
)
from app.domain.incidents import IncidentSeverity, IncidentState
from app.domain.lengths import length_words
from app.domain.permissions import Permission
from app.queries.escalation import Callee, StepRow, list_callees
from app.queries.incidents import IncidentRow, OpenNumbers
from app.web.rows import today

SEVERITY_SIGNS = {
    IncidentSeverity.CRITICAL: "failed",
    IncidentSeverity.MAJOR: "waiting",
    IncidentSeverity.MINOR: "open",
}
STATE_SIGNS = {
    IncidentState.OPEN: "failed",
    IncidentState.RECOVERED: "started",
    IncidentState.RESOLVED: "waiting",
    IncidentState.CLOSED: "done",
}
LEVEL_SIGNS = {
    LevelState.WAITING: "open",
    LevelState.STARTED: "started",
    LevelState.DONE: "done",
    LevelState.PASSED_OVER: "none",
}


@dataclass(frozen=True, slots=True)
class IncidentCard:
    """One incident as it stands now."""

    row: IncidentRow
    url: str
    severity_sign: str
    state_sign: str
    state_word: str
    # How long it lasted for its users, or lasts.
    lasted: str

    @property
    def is_open(self) -> bool:
        """Whether something is left to do."""
        return self.row.closed_at is None


def card_of(row: IncidentRow, now: datetime) -> IncidentCard:
    """An incident as a page shows it."""
    length = length_words((row.recovered_at or now) - row.began_at)
    return IncidentCard(
        row,
        occasion_path(BelongsTo.INCIDENT, row.id),
        SEVERITY_SIGNS[row.severity],
        STATE_SIGNS[row.state],
        row.state.word,
        f"lasted {length}" if row.recovered_at else f"for {length}",
    )


def cards_of(rows: Iterable[IncidentRow], now: datetime) -> list[IncidentCard]:
    """Several of them."""
    return [card_of(row, now) for row in rows]


def sentence_of(numbers: OpenNumbers, now: datetime) -> tuple[str, str]:
    """How many are open and since when the oldest is: the strong beginning, and the rest."""
    if not numbers.open or numbers.oldest_at is None:
        return "No incident is open.", ""
    oldest = length_words(now - numbers.oldest_at)
    if numbers.open == 1:
        return "1 incident is open,", f"for {oldest}."
    return f"{numbers.open} incidents are open,", f"the oldest for {oldest}."


@dataclass(frozen=True, slots=True)
class LevelView:
    """One step of the escalation as a page shows it."""

    number: int
    title: str
    clock: LevelClock
    sign: str
    started: StepRow | None
    ended: StepRow | None
    # Since when it waits for an answer, or how long the answer took.
    timer: str
    callee: Callee | None
    warning: str
    mail_to: str
    may_start: bool
    may_finish: bool
    may_pass_over: bool

    @property
    def calls(self) -> bool:
        """Whether somebody is called by it."""
        return self.number >= FIRST_TO_CALL


def levels_of(row: IncidentRow, steps: Sequence[StepRow], actor: Actor, now: datetime) -> list[LevelView]:
    """The six steps, with what this person may do with each; the rules are asked again when a button is pressed."""
    facts = [step.facts for step in steps]
    states = states_of(facts)
    callees = list_callees(row.module_id)
    may_work = row.closed_at is None and actor.may_for(Permission.INCIDENT_WORK, row.module_id)
    found = []
    for number, title in LEVELS.items():
        clock = clock_of(number, facts, row.severity, now)
        own = {step.act: step for step in steps if step.level == number}
        callee = callees.get(CALLED_FIRST.get(number, ""))
        found.append(
            LevelView(
                *(number, title, clock, LEVEL_SIGNS[clock.state], own.get(StepAct.STARTED)),
                own.get(StepAct.DONE) or own.get(StepAct.PASSED_OVER),
                timer=_timer(clock, now),
                callee=callee,
                warning=_warning(number, callee),
                mail_to=mail_to(row, callee) if number >= FIRST_TO_CALL else "",
                may_start=may_work and _is_allowed(check_may_start, number, states, whom="x", impact="x"),
                may_finish=may_work and clock.state is LevelState.STARTED,
                may_pass_over=may_work and _is_allowed(check_may_pass_over, number, states, reason="x"),
            )
        )
    return found


def _is_allowed(rule: Any, *facts: Any, **more: Any) -> bool:
    try:
        rule(*facts, **more)
    except DomainError:
        return False
    return True


def _timer(clock: LevelClock, now: datetime) -> str:
    if clock.took is not None:
        return f"answered after {_minutes(clock.took)}" if clock.state is LevelState.DONE else ""
    return f"since {_minutes(now - clock.started_at)}" if clock.started_at else ""


def _minutes(length: timedelta) -> str:
    """To the minute within the first hours, where each counts."""
    minutes = int(length.total_seconds() // 60)
    if minutes >= 24 * 60:
        return length_words(length)
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours else f"{rest} min"


def _warning(number: int, callee: Callee | None) -> str:
    if number < FIRST_TO_CALL or (callee is not None and callee.key == "lead"):
        return ""
    return contact_warning(
        is_given=callee is not None, verified_on=callee.verified_on if callee else None, today=today()
    )


def mail_to(row: IncidentRow, callee: Callee | None) -> str:
    """An address that opens a mail with what is known already in it; empty without an address to send it to."""
    if callee is None or not callee.email:
        return ""
    subject = f"{row.severity.value.capitalize()} incident {row.id}: {row.title}"
    body = f"{row.module_name}, since {row.began_at:%Y-%m-%d %H:%M} UTC.\n\n{row.description[:600]}\n"
    return f"mailto:{quote(callee.email)}?{urlencode({'subject': subject, 'body': body}, quote_via=quote)}"


def told_of(masked: int) -> str:
    """What is said of places that were masked, behind what else is said; empty for none."""
    if not masked:
        return ""
    places = "1 place that looks like a secret was" if masked == 1 else f"{masked} places that look like secrets were"
    return f" {places} masked before anything was stored."


HEADER = (
    *("incident_id", "state", "severity", "title", "module", "release", "environment", "began_at_utc"),
    *("recovered_at_utc", "reported_at_utc", "reported_by", "owner", "resolved_at_utc", "closed_at_utc", "closed_by"),
    *("root_cause_category", "root_cause", "resolution", "deployment_id", "rollback_id"),
)
# No person's text is in these.
OWN = {
    *("incident_id", "state", "severity", "began_at_utc", "recovered_at_utc", "reported_at_utc", "resolved_at_utc"),
    *("closed_at_utc", "root_cause_category", "deployment_id", "rollback_id"),
}


def csv_rows(rows: Iterable[IncidentRow]) -> list[tuple[object, ...]]:
    """Incidents as rows of the export."""
    return [_cells(row) for row in rows]


def _cells(row: IncidentRow) -> tuple[object, ...]:
    return (
        *(row.id, row.state.value, row.severity.value, row.title, row.module_name, row.release_name or ""),
        *(row.environment_name or "", moment_text(row.began_at), _moment(row.recovered_at)),
        *(moment_text(row.reported_at), row.reported_by_name, row.owner_name or "", _moment(row.resolved_at)),
        *(_moment(row.closed_at), row.closed_by_name or ""),
        row.root_cause_category.label if row.root_cause_category else "",
        *(row.root_cause, row.resolution, row.deployment_id or "", row.rollback_id or ""),
    )


def _moment(at: datetime | None) -> str:
    return moment_text(at) if at else ""
