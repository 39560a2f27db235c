"""The metrics: what each is called, in what it is measured, and which way is better."""

from dataclasses import dataclass
from enum import StrEnum


class MetricKey(StrEnum):
    """One metric. Values stand in addresses: never rename one."""

    CREATION_TIME = "creation-time"
    TESTING_TIME = "testing-time"
    DOCUMENTATION_TIME = "documentation-time"
    REVIEW_TIME = "review-time"
    TOTAL_TIME = "total-time"
    GATE_MERGE = "gate-merge"
    GATE_READY = "gate-ready"
    GATE_DEPLOY = "gate-deploy"
    GATE_RELEASE = "gate-release"
    DOCUMENTATION = "documentation"
    TEST_COVERAGE = "test-coverage"
    CODE_QUALITY = "code-quality"
    BUGS = "bugs"
    RESPONSE_MEDIAN = "response-median"
    RESPONSE_SLOW = "response-slow"
    DEPLOY_SUCCESS = "deploy-success"
    CHANGE_FAILURE = "change-failure"
    DEPLOY_FREQUENCY = "deploy-frequency"
    ROLLBACK_FREQUENCY = "rollback-frequency"
    RECOVERY_TIME = "recovery-time"
    UPTIME = "uptime"
    SATISFACTION = "satisfaction"


class MetricGroup(StrEnum):
    """What a metric is about."""

    OPERATION = "operation"
    DEVELOPMENT = "development"
    QUALITY = "quality"

    @property
    def label(self) -> str:
        """The group as a heading."""
        return self.value.capitalize()


class Unit(StrEnum):
    """In what a value is measured."""

    PERCENT = "percent"
    PER_100 = "per 100 deployments"
    PER_WEEK = "per week"
    TIME = "time"
    NUMBER = "number"
    MILLISECONDS = "ms"
    PER_1000_LINES = "per 1,000 lines"
    OF_FIVE = "of 5"


class Better(StrEnum):
    """Which way is better."""

    HIGHER = "higher"
    LOWER = "lower"


class Source(StrEnum):
    """From what facts a metric is made."""

    DEPLOYMENTS = "deployments"
    GATES = "gates"
    PHASES = "phases"
    DOCUMENTS = "documents"
    FIGURES = "figures"


@dataclass(frozen=True, slots=True)
class MetricKind:
    """What holds of a metric whatever the numbers are."""

    title: str
    group: MetricGroup
    unit: Unit
    better: Better
    source: Source
    # What n counts: one, and several.
    counted: tuple[str, str]

    def counted_words(self, number: int) -> str:
        """So many of what it counts: “12 deployments”."""
        return f"{number} {self.counted[0] if number == 1 else self.counted[1]}"


_DEVELOPMENT, _QUALITY, _OPERATION = MetricGroup.DEVELOPMENT, MetricGroup.QUALITY, MetricGroup.OPERATION
_LISTS, _MODULES, _GATES = ("checklist", "checklists"), ("module", "modules"), ("gate", "gates")
_GOINGS, _RECOVERIES = ("deployment", "deployments"), ("recovery", "recoveries")
_PHASE = (_DEVELOPMENT, Unit.TIME, Better.LOWER, Source.PHASES, _LISTS)
_GATE = (_DEVELOPMENT, Unit.TIME, Better.LOWER, Source.GATES, _GATES)
_GOING = (Source.DEPLOYMENTS, _GOINGS)
_TYPED = (Source.FIGURES, _MODULES)

METRICS: dict[MetricKey, MetricKind] = {
    MetricKey.DEPLOY_SUCCESS: MetricKind("Deployment success rate", _OPERATION, Unit.PERCENT, Better.HIGHER, *_GOING),
    MetricKey.CHANGE_FAILURE: MetricKind("Change fail rate", _OPERATION, Unit.PERCENT, Better.LOWER, *_GOING),
    MetricKey.DEPLOY_FREQUENCY: MetricKind("Deployment frequency", _OPERATION, Unit.PER_WEEK, Better.HIGHER, *_GOING),
    MetricKey.ROLLBACK_FREQUENCY: MetricKind("Rollback frequency", _OPERATION, Unit.PER_100, Better.LOWER, *_GOING),
    MetricKey.RECOVERY_TIME: MetricKind(
        "Mean time to recovery", _OPERATION, Unit.TIME, Better.LOWER, Source.DEPLOYMENTS, _RECOVERIES
    ),
    MetricKey.UPTIME: MetricKind(
        "Uptime as known", _OPERATION, Unit.PERCENT, Better.HIGHER, Source.FIGURES, ("known day", "known days")
    ),
    MetricKey.SATISFACTION: MetricKind(
        "User satisfaction", _OPERATION, Unit.OF_FIVE, Better.HIGHER, Source.FIGURES, ("answer", "answers")
    ),
    MetricKey.GATE_MERGE: MetricKind("Lead time to the gate Merge", *_GATE),
    MetricKey.GATE_READY: MetricKind("Lead time to the gate Ready", *_GATE),
    MetricKey.GATE_DEPLOY: MetricKind("Lead time to the gate Deploy", *_GATE),
    MetricKey.GATE_RELEASE: MetricKind("Lead time to the gate Release", *_GATE),
    MetricKey.CREATION_TIME: MetricKind("Creation time", *_PHASE),
    MetricKey.TESTING_TIME: MetricKind("Testing time", *_PHASE),
    MetricKey.DOCUMENTATION_TIME: MetricKind("Documentation time", *_PHASE),
    MetricKey.REVIEW_TIME: MetricKind("Review time", *_PHASE),
    MetricKey.TOTAL_TIME: MetricKind("Total time", *_PHASE),
    MetricKey.DOCUMENTATION: MetricKind(
        "Documentation completeness", _QUALITY, Unit.PERCENT, Better.HIGHER, Source.DOCUMENTS, ("item", "items")
    ),
    MetricKey.TEST_COVERAGE: MetricKind("Test coverage", _QUALITY, Unit.PERCENT, Better.HIGHER, *_TYPED),
    MetricKey.CODE_QUALITY: MetricKind("Code quality score", _QUALITY, Unit.PER_1000_LINES, Better.LOWER, *_TYPED),
    MetricKey.BUGS: MetricKind(
        "Bug count", _QUALITY, Unit.NUMBER, Better.LOWER, Source.DEPLOYMENTS, ("incident", "incidents")
    ),
    MetricKey.RESPONSE_MEDIAN: MetricKind(
        "Response time, half are faster", _QUALITY, Unit.MILLISECONDS, Better.LOWER, *_TYPED
    ),
    MetricKey.RESPONSE_SLOW: MetricKind(
        "Response time, 95 of 100 are faster", _QUALITY, Unit.MILLISECONDS, Better.LOWER, *_TYPED
    ),
}
