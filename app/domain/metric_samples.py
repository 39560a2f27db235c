"""From facts to the samples of each metric: what counts, as what, and when."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, time, timedelta

from app.domain.addresses import gate_path, occasion_path
from app.domain.checklist import BelongsTo, Phase
from app.domain.deployments import Outcome
from app.domain.figures import FigureKind
from app.domain.gates import GateKind
from app.domain.metric_facts import (
    DeploymentFact,
    DocumentFact,
    FigureFact,
    GateFact,
    IncidentFact,
    OperationFacts,
    PhaseFact,
    RollbackFact,
)
from app.domain.metric_keys import METRICS, MetricKey
from app.domain.metric_words import time_words, value_words
from app.domain.metrics import Flag, Row, Sample
from app.domain.periods import DAY, Period
from app.domain.rollbacks import RollbackOutcome

# So long after its start a deployment may still turn out to have failed.
SETTLED_AFTER = timedelta(days=7)
FAILED = frozenset({Outcome.FAILED, Outcome.ROLLED_BACK})
LINKED = "linked to a deployment"

GATES: dict[MetricKey, GateKind] = {
    MetricKey.GATE_MERGE: GateKind.MERGE,
    MetricKey.GATE_READY: GateKind.READY,
    MetricKey.GATE_DEPLOY: GateKind.DEPLOY,
    MetricKey.GATE_RELEASE: GateKind.RELEASE,
}
PHASES: dict[MetricKey, Phase | None] = {
    MetricKey.CREATION_TIME: Phase.DEVELOPMENT,
    MetricKey.TESTING_TIME: Phase.TESTING,
    MetricKey.DOCUMENTATION_TIME: Phase.DOCUMENTATION,
    MetricKey.REVIEW_TIME: Phase.SECURITY,
    MetricKey.TOTAL_TIME: None,
}


class Operations:
    """Samples of what went to environments, with what followed each deployment."""

    def __init__(self, facts: OperationFacts, now: datetime) -> None:
        self.facts = facts
        self.now = now
        self.followed: dict[int, list[datetime]] = defaultdict(list)
        for rollback in facts.rollbacks:
            self.followed[rollback.deployment_id].append(rollback.started_at)
        for incident in facts.incidents:
            if incident.deployment_id is not None:
                self.followed[incident.deployment_id].append(incident.began_at)

    def successes(self) -> Iterator[Sample]:
        """1 for what went well, 0 for what did not."""
        return (self._judged(one, FAILED, "went well", "did not go well", 1) for one in self.facts.deployments)

    def failures(self) -> Iterator[Sample]:
        """1 for what failed on its way to the last environment; degraded is failed."""
        bad = FAILED | {Outcome.DEGRADED}
        return (
            self._judged(one, bad, "did not fail", "failed", 0) for one in self.facts.deployments if one.is_to_the_last
        )

    def _judged(self, one: DeploymentFact, bad: frozenset[Outcome], well: str, ill: str, good: float) -> Sample:
        settled_at = one.started_at + SETTLED_AFTER
        if one.outcome is None:
            row = _row_of_deployment(one, "still running: not counted")
            return Sample(one.started_at, None, row, flag=Flag.RUNNING, module_id=one.module_id)
        has_followed = any(one.started_at <= at <= settled_at for at in self.followed[one.id])
        is_bad = one.outcome in bad or has_followed
        is_provisional = not is_bad and settled_at > self.now
        words = f"{ill if is_bad else well}, {'provisional' if is_provisional else one.outcome.label}"
        return Sample(
            one.started_at,
            1 - good if is_bad else good,
            _row_of_deployment(one, words),
            flag=Flag.PROVISIONAL if is_provisional else None,
            module_id=one.module_id,
        )

    def goings(self) -> Iterator[Sample]:
        """What went to the last environment, whether it is over or not."""
        return (
            Sample(one.started_at, 1, _row_of_deployment(one, "began"), module_id=one.module_id)
            for one in self.facts.deployments
            if one.is_to_the_last
        )

    def rollbacks(self) -> Iterator[Sample]:
        """1 for a rollback, 0 for a deployment."""
        for one in self.facts.deployments:
            yield Sample(one.started_at, 0, _row_of_deployment(one, "a deployment"), module_id=one.module_id)
        for back in self.facts.rollbacks:
            yield Sample(back.started_at, 1, _row_of_rollback(back, "a rollback"), module_id=back.module_id)

    def recoveries(self) -> Iterator[Sample]:
        """How long each incident, and each rollback without one, kept people from their work."""
        linked = {one.deployment_id for one in self.facts.incidents}
        told = {one.rollback_id for one in self.facts.incidents}
        yield from (_recovery(one) for one in self.facts.incidents)
        for back in self.facts.rollbacks:
            if back.id not in told and back.deployment_id not in linked:
                yield _recovery_by_rollback(back)

    def bugs(self) -> Iterator[Sample]:
        """Each incident, with how bad it is and whether it is closed."""
        for one in self.facts.incidents:
            state = "closed" if one.closed_at else "works again" if one.recovered_at else "open"
            words = f"{one.severity.value}, {state}"
            yield Sample(one.began_at, 1, _row_of_incident(one, words), module_id=one.module_id, part=words)


def _recovery(one: IncidentFact) -> Sample:
    part = LINKED if one.deployment_id or one.rollback_id else ""
    if one.recovered_at is None:
        row = _row_of_incident(one, "not over")
        return Sample(one.began_at, None, row, flag=Flag.NOT_OVER, module_id=one.module_id, part=part)
    seconds = max((one.recovered_at - one.began_at).total_seconds(), 0)
    return Sample(one.began_at, seconds, _row_of_incident(one, time_words(seconds)), module_id=one.module_id, part=part)


def _recovery_by_rollback(back: RollbackFact) -> Sample:
    if back.outcome is RollbackOutcome.COMPLETED and back.finished_at is not None:
        seconds = (back.finished_at - back.deployed_at).total_seconds()
        row = _row_of_rollback(back, time_words(seconds))
        return Sample(back.deployed_at, seconds, row, module_id=back.module_id, part=LINKED)
    flag = Flag.NOT_OVER if back.outcome is None else Flag.ABORTED
    row = _row_of_rollback(back, flag.value)
    return Sample(back.deployed_at, None, row, flag=flag, module_id=back.module_id, part=LINKED)


def _row_of_deployment(one: DeploymentFact, words: str) -> Row:
    label = f"{one.module_name} in {one.release_name} to {one.environment_name}"
    path = occasion_path(BelongsTo.DEPLOYMENT, one.id)
    return Row(one.started_at, "deployment", one.id, label, one.module_name, path, words)


def _row_of_rollback(back: RollbackFact, words: str) -> Row:
    label = f"{back.module_name} in {back.environment_name}"
    path = occasion_path(BelongsTo.ROLLBACK, back.id)
    return Row(back.started_at, "rollback", back.id, label, back.module_name, path, words)


def _row_of_incident(one: IncidentFact, words: str) -> Row:
    path = occasion_path(BelongsTo.INCIDENT, one.id)
    return Row(one.began_at, "incident", one.id, one.title, one.module_name, path, words)


def gate_samples(facts: Iterable[GateFact], kind: GateKind) -> Iterator[Sample]:
    """How long each gate of a kind took to open; those that are shut do not count."""
    for one in facts:
        if one.kind is not kind or one.opened_at is None:
            continue
        seconds = (one.opened_at - one.created_at).total_seconds()
        place = f" to {one.environment_key}" if one.environment_key else ""
        label = f"{kind.label}{place}, {one.module_name or 'the release'} in {one.release_name}"
        row = Row(one.opened_at, "gate", one.id, label, one.module_name, gate_path(one.id), time_words(seconds))
        yield Sample(one.opened_at, seconds, row, module_id=one.module_id)


def phase_samples(facts: Iterable[PhaseFact], phase: Phase | None) -> Iterator[Sample]:
    """How long each checklist took for a phase, or for all."""
    for one in facts:
        if one.phase is not phase:
            continue
        seconds = None if one.first_at is None else max((one.last_at - one.first_at).total_seconds(), 0)
        words = Flag.NOTHING_DONE.value if seconds is None else time_words(seconds)
        label = f"{one.module_name} in {one.release_name}"
        row = Row(one.last_at, "checklist", one.checklist_id, label, one.module_name, one.path, words)
        flag = Flag.NOTHING_DONE if seconds is None else None
        yield Sample(one.last_at, seconds, row, flag=flag, module_id=one.module_id)


def document_samples(facts: Iterable[DocumentFact]) -> Iterator[Sample]:
    """The share of each checklist's documentation that is done, weighted with its items."""
    for one in facts:
        if one.applicable:
            words = f"{one.done} of {one.applicable} done"
            label = f"{one.module_name} in {one.release_name}"
            row = Row(one.shipped_at, "checklist", one.checklist_id, label, one.module_name, one.path, words)
            share = 100 * one.done / one.applicable
            yield Sample(one.shipped_at, share, row, weight=one.applicable, module_id=one.module_id)


def figure_samples(facts: Iterable[FigureFact], kind: FigureKind, span: Period) -> Iterator[Sample]:
    """What was typed; a record of several days counts for each of them that lies in the span."""
    for one in facts:
        if one.kind is not kind:
            continue
        words = value_words(METRICS[kind.metric].unit, one.value)
        days = f"{one.starts_on} to {one.measured_on}" if one.starts_on else f"{one.measured_on}"
        at = datetime.combine(one.measured_on, time(), UTC)
        row = Row(at, "figure", one.id, f"{kind.label}, {days}", one.module_name, one.path, words)
        if one.starts_on is None:
            yield Sample(at, one.value, row, weight=one.answers or 1, module_id=one.module_id)
            continue
        day = max(one.starts_on, span.first_on)
        while day <= min(one.measured_on, span.last_on):
            yield Sample(datetime.combine(day, time(), UTC), one.value, row, module_id=one.module_id)
            day += DAY


OPERATIONS: dict[MetricKey, Callable[[Operations], Iterator[Sample]]] = {
    MetricKey.DEPLOY_SUCCESS: Operations.successes,
    MetricKey.CHANGE_FAILURE: Operations.failures,
    MetricKey.DEPLOY_FREQUENCY: Operations.goings,
    MetricKey.ROLLBACK_FREQUENCY: Operations.rollbacks,
    MetricKey.RECOVERY_TIME: Operations.recoveries,
    MetricKey.BUGS: Operations.bugs,
}
