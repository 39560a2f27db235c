"""Incidents: how bad one is, what its report has to say, and which boxes the record itself ticks."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.domain.errors import InvalidInput, NotYours, RuleViolation

TITLE_LIMIT, TEXT_BYTES, LINE_LIMIT, VALUE_LIMIT = 200, 60_000, 200, 200
TITLE_AT_LEAST, WORDS_AT_LEAST, STEPS_AT_LEAST = 10, 15, 2
# A browser's clock may be a little fast.
CLOCKS_DIFFER = timedelta(minutes=2)
_NUMBERING = re.compile(r"\s*(?:\d{1,3}[.):]|[-*•])\s+")


class IncidentSeverity(StrEnum):
    """How bad it is for those who use the product. Values are stored: never rename one."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"

    @property
    def label(self) -> str:
        """The severity, with what it means."""
        return SEVERITY_TITLES[self]


SEVERITY_TITLES: dict[IncidentSeverity, str] = {
    IncidentSeverity.CRITICAL: "Critical: nobody can work, or data is lost",
    IncidentSeverity.MAJOR: "Major: many are held up",
    IncidentSeverity.MINOR: "Minor: there is a way around it",
}


class RootCause(StrEnum):
    """Where the cause lay. Values are stored: never rename one."""

    SCHEMA = "schema"
    DATA = "data"
    CODE = "code"
    SETTINGS = "settings"
    INFRASTRUCTURE = "infrastructure"
    PROCESS = "process"
    OUTSIDE = "outside"

    @property
    def label(self) -> str:
        """The category in words."""
        return ROOT_CAUSE_TITLES[self]


ROOT_CAUSE_TITLES: dict[RootCause, str] = {
    RootCause.SCHEMA: "Schema or migration",
    RootCause.DATA: "Data",
    RootCause.CODE: "Code",
    RootCause.SETTINGS: "Settings",
    RootCause.INFRASTRUCTURE: "Machines and network",
    RootCause.PROCESS: "How we work",
    RootCause.OUTSIDE: "Something of others",
}


class IncidentState(StrEnum):
    """Where an incident stands."""

    OPEN = "open"
    RECOVERED = "recovered"
    RESOLVED = "resolved"
    CLOSED = "closed"

    @property
    def word(self) -> str:
        """The state in words."""
        return {"recovered": "works again", "resolved": "resolved, to be closed"}.get(self.value, self.value)


def state_of(
    *, recovered_at: datetime | None, resolved_at: datetime | None, closed_at: datetime | None
) -> IncidentState:
    """Where an incident stands, by what was said of it."""
    if closed_at is not None:
        return IncidentState.CLOSED
    if resolved_at is not None:
        return IncidentState.RESOLVED
    return IncidentState.OPEN if recovered_at is None else IncidentState.RECOVERED


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """What the record of an incident holds, as the rules look at it."""

    title: str
    description: str
    steps: str = ""
    expected: str = ""
    actual: str = ""
    error_messages: str = ""
    is_without_error: bool = False
    log: str = ""
    # How many files stand as evidence.
    files: int = 0
    has_release: bool = False
    has_environment: bool = False
    server_version: str = ""
    reported_by_id: int = 0
    root_cause: str = ""
    root_cause_category: RootCause | None = None
    root_cause_by_id: int | None = None
    resolution: str = ""
    resolved_by_id: int | None = None


@dataclass(frozen=True, slots=True)
class RecordVerdict:
    """What the record says of one box: why it is not so, or in short what proves it."""

    fault: str
    value: str = ""
    # Whose word it is: the person who ticks it; None where the record speaks for itself.
    by_id: int | None = None

    @property
    def holds(self) -> bool:
        """Whether the box is ticked by it."""
        return not self.fault


def words_in(text: str) -> int:
    """How many words there are: what holds a letter or a digit."""
    return sum(any(sign.isalnum() for sign in word) for word in text.split())


def steps_in(text: str) -> list[str]:
    """The steps of a text, one a line, without the numbers or dots that somebody put before them."""
    lines = (_NUMBERING.sub("", line, count=1).strip() for line in text.split("\n"))
    return [line for line in lines if line]


def record_verdicts(facts: RecordFacts) -> dict[str, RecordVerdict]:
    """What the record says of each box that it decides, by the key of the box."""
    return {
        "issue.description": _description(facts),
        "issue.steps": _steps(facts),
        "issue.expected-actual": _expected_actual(facts),
        "issue.error-messages": _error_messages(facts),
        "issue.attachments": _attachments(facts),
        "issue.environment": _environment(facts),
        "fix.documented": RecordVerdict("", "number, reporter, time and severity"),
        "fix.root-cause": _root_cause(facts),
        "fix.closed": _closed(facts),
    }


def _description(facts: RecordFacts) -> RecordVerdict:
    words = words_in(facts.description)
    if words < WORDS_AT_LEAST:
        return RecordVerdict(f"The description has {words} of at least {WORDS_AT_LEAST} words.")
    return RecordVerdict("", f"{words} words")


def _steps(facts: RecordFacts) -> RecordVerdict:
    steps = len(steps_in(facts.steps))
    if steps < STEPS_AT_LEAST:
        return RecordVerdict(f"The report has {steps} of at least {STEPS_AT_LEAST} steps, one a line.")
    return RecordVerdict("", f"{steps} steps")


def _expected_actual(facts: RecordFacts) -> RecordVerdict:
    if not facts.expected or not facts.actual:
        return RecordVerdict("The report does not say both what was expected and what happened.")
    if " ".join(facts.expected.casefold().split()) == " ".join(facts.actual.casefold().split()):
        return RecordVerdict("What was expected and what happened are the same.")
    return RecordVerdict("", "both are given")


def _error_messages(facts: RecordFacts) -> RecordVerdict:
    if facts.error_messages:
        lines = len(facts.error_messages.splitlines())
        return RecordVerdict("", "1 line" if lines == 1 else f"{lines} lines")
    if facts.is_without_error:
        return RecordVerdict("", "none was shown")
    return RecordVerdict("The report neither has an error message nor says that none was shown.")


def _attachments(facts: RecordFacts) -> RecordVerdict:
    held = [f"{facts.files} {'file' if facts.files == 1 else 'files'}"] if facts.files else []
    held += ["a log excerpt"] if facts.log else []
    if not held:
        return RecordVerdict("The report has neither a log excerpt nor a file.")
    return RecordVerdict("", " and ".join(held))


def _environment(facts: RecordFacts) -> RecordVerdict:
    asked = (
        ("release", facts.has_release),
        ("environment", facts.has_environment),
        ("server version", bool(facts.server_version)),
    )
    missing = [name for name, is_there in asked if not is_there]
    if missing:
        return RecordVerdict(f"The report does not say: {', '.join(missing)}.")
    return RecordVerdict("", facts.server_version)


def _root_cause(facts: RecordFacts) -> RecordVerdict:
    words = words_in(facts.root_cause)
    if words < WORDS_AT_LEAST:
        return RecordVerdict(f"The root cause has {words} of at least {WORDS_AT_LEAST} words.")
    if facts.root_cause_category is None:
        return RecordVerdict("The root cause has no category.")
    if facts.root_cause_by_id == facts.reported_by_id:
        return RecordVerdict("Only who reported it has said why: somebody else has to look at the cause, too.")
    return RecordVerdict("", facts.root_cause_category.label, facts.root_cause_by_id)


def _closed(facts: RecordFacts) -> RecordVerdict:
    if not facts.resolution:
        return RecordVerdict("Nobody has said how it was resolved.")
    return RecordVerdict("", " ".join(facts.resolution.split())[:VALUE_LIMIT], facts.resolved_by_id)


# The boxes of an incident that its record decides.
DECIDED_BY_RECORD = frozenset(record_verdicts(RecordFacts("", "")))


def check_may_report(title: str, description: str, began_at: datetime | None, *, now: datetime) -> None:
    """Raise InvalidInput unless this is enough to begin with; what else is missing stands in the checklist."""
    wrong: dict[str, str] = {}
    if len(title) < TITLE_AT_LEAST:
        wrong["title"] = f"Say in at least {TITLE_AT_LEAST} characters what is wrong."
    if not description:
        wrong["description"] = "Describe what is wrong."
    if began_at is None:
        wrong["began_at"] = "Say when it began."
    elif began_at > now + CLOCKS_DIFFER:
        wrong["began_at"] = "It cannot have begun in the future."
    if wrong:
        raise InvalidInput(**wrong)


def check_may_work(state: IncidentState) -> None:
    """Raise RuleViolation for one that is closed."""
    if state is IncidentState.CLOSED:
        raise RuleViolation("This incident is closed. Open it again first.")


def check_recovered(recovered_at: datetime | None, *, began_at: datetime, now: datetime) -> None:
    """Raise InvalidInput unless it can have worked again since then."""
    if recovered_at is None:
        raise InvalidInput(recovered_at="Say since when it works again.")
    if recovered_at > now + CLOCKS_DIFFER:
        raise InvalidInput(recovered_at="This moment has not come yet.")
    if recovered_at < began_at:
        raise InvalidInput(recovered_at="It cannot have worked again before it began.")


def check_may_resolve(*, resolution: str, recovered_at: datetime | None) -> None:
    """Raise unless it is over for those who use the product, and it is said how."""
    if recovered_at is None:
        raise RuleViolation("Say first since when it works again for its users.")
    if not resolution:
        raise InvalidInput(resolution="Say what was done, in a sentence.")


def check_may_close(state: IncidentState) -> None:
    """Raise RuleViolation unless somebody has said how it was resolved, and nobody has closed it."""
    check_may_work(state)
    if state is not IncidentState.RESOLVED:
        raise RuleViolation("Say first how it was resolved; then a team lead signs, and it can be closed.")


def check_may_reopen(state: IncidentState, *, reason: str) -> None:
    """Raise unless it is closed and it is said why it is open again."""
    if state is not IncidentState.CLOSED:
        raise RuleViolation("This incident is not closed.")
    if not reason:
        raise InvalidInput(reason="Say why it is open again.")


def check_may_tick(verdict: RecordVerdict, *, actor_id: int) -> None:
    """Raise unless the record holds what a box states; and where it is a person's word, only by that person."""
    if not verdict.holds:
        raise RuleViolation(f"The record of the incident decides this. {verdict.fault}")
    if verdict.by_id not in {None, actor_id}:
        raise NotYours("The record of the incident decides this, in the name of who wrote it.")
