"""All metrics for a period, out of facts."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from statistics import fmean, median

from app.domain.figures import FigureKind
from app.domain.metric_facts import DocumentFact, FigureFact, GateFact, OperationFacts, PhaseFact
from app.domain.metric_keys import METRICS, MetricKey, Source, Unit
from app.domain.metric_samples import (
    GATES,
    LINKED,
    OPERATIONS,
    PHASES,
    Operations,
    document_samples,
    figure_samples,
    gate_samples,
    phase_samples,
)
from app.domain.metric_words import time_words
from app.domain.metrics import MetricResult, Sample, newest_of_each, result_of
from app.domain.periods import Period

TYPED_FOR_MODULES = frozenset(
    {MetricKey.TEST_COVERAGE, MetricKey.CODE_QUALITY, MetricKey.RESPONSE_MEDIAN, MetricKey.RESPONSE_SLOW}
)


@dataclass(frozen=True, slots=True)
class Facts:
    """All that was read for a period and the one before, of the modules that are looked at."""

    operations: OperationFacts = field(default_factory=OperationFacts)
    gates: tuple[GateFact, ...] = ()
    phases: tuple[PhaseFact, ...] = ()
    documents: tuple[DocumentFact, ...] = ()
    figures: tuple[FigureFact, ...] = ()
    # How many modules are looked at.
    modules: int = 0


def measure(key: MetricKey, facts: Facts, period: Period, now: datetime) -> MetricResult:
    """One metric for a period."""
    samples = list(_samples(key, facts, period, now))
    here = [one for one in samples if period.holds(one.at)]
    return result_of(key, samples, period, more=_more(key, here, facts, period))


def _samples(key: MetricKey, facts: Facts, period: Period, now: datetime) -> Iterable[Sample]:
    if key in OPERATIONS:
        return OPERATIONS[key](Operations(facts.operations, now))
    if key in GATES:
        return gate_samples(facts.gates, GATES[key])
    if key in PHASES:
        return phase_samples(facts.phases, PHASES[key])
    if METRICS[key].source is Source.FIGURES:
        span = Period(period.before.first_on, period.last_on)
        return figure_samples(facts.figures, FigureKind(key.value), span)
    return document_samples(facts.documents)


def _more(key: MetricKey, here: Sequence[Sample], facts: Facts, period: Period) -> list[str]:
    """What else is said beside the number."""
    if key is MetricKey.RECOVERY_TIME:
        return _of_recoveries(here)
    if key is MetricKey.BUGS:
        counts = Counter(one.part for one in here)
        return [", ".join(f"{number} {words.replace(', ', ' and ')}" for words, number in sorted(counts.items()))] * (
            bool(counts)
        )
    if key is MetricKey.UPTIME:
        unknown = period.days * facts.modules - len(here)
        return [f"{unknown} of {period.days * facts.modules} days of modules are unknown."] if here else []
    if key in TYPED_FOR_MODULES:
        known = len(newest_of_each(here))
        return [f"Typed for {known} of {facts.modules} modules."] if known else []
    if key is MetricKey.ROLLBACK_FREQUENCY:
        backs = sum(one.value == 1 for one in here)
        return [f"{backs} {'rollback' if backs == 1 else 'rollbacks'}."] if here else []
    return _of_times(here) if METRICS[key].unit is Unit.TIME else []


def _of_times(here: Sequence[Sample]) -> list[str]:
    times = sorted(one.value for one in here if one.value is not None)
    if not times:
        return []
    most = times[ceil(0.9 * len(times)) - 1]
    return [f"Mean {time_words(fmean(times))}; 9 of 10 within {time_words(most)}."]


def _of_recoveries(here: Sequence[Sample]) -> list[str]:
    times = [one.value for one in here if one.value is not None]
    linked = [one.value for one in here if one.value is not None and one.part == LINKED]
    said = [f"Median {time_words(median(times))}."] if times else []
    if linked:
        said.append(f"{len(linked)} of them linked to a deployment: mean {time_words(fmean(linked))}.")
    return said
