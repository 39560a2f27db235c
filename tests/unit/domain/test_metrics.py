"""A metric is a value with its count, or a reason why there is none; never 0 % or 100 % over nothing."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.checklist import Phase
from app.domain.deployments import Outcome
from app.domain.figures import FigureKind
from app.domain.gates import GateKind
from app.domain.incidents import IncidentSeverity
from app.domain.metric_book import Facts, measure
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
from app.domain.metric_keys import METRICS, MetricKey, Unit
from app.domain.metric_words import DEFINITIONS, EMPTY, value_words
from app.domain.metrics import MetricResult, Trend, headline_of
from app.domain.periods import Period
from app.domain.rollbacks import RollbackOutcome

PERIOD = Period(date(2026, 9, 1), date(2026, 9, 30))
BEGIN = PERIOD.begins_at
NOW = PERIOD.ends_at
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


def going(
    number: int, at: datetime, outcome: Outcome | None = Outcome.SUCCEEDED, *, last: bool = True
) -> DeploymentFact:
    ended = None if outcome is None else at + HOUR
    return DeploymentFact(number, 1, "Orders", "2026.09", "production", last, at, ended, outcome)


def back(number: int, deployed_at: datetime, *, of: int = 1, after: timedelta = HOUR, **more: Any) -> RollbackFact:
    at = deployed_at + after
    ended = {"finished_at": at + HOUR, "outcome": RollbackOutcome.COMPLETED} | more
    return RollbackFact(number, of, deployed_at, 1, "Orders", "production", at, **ended)


def incident(number: int, at: datetime, took: timedelta | None = HOUR, **links: int | None) -> IncidentFact:
    facts = {"closed_at": None, "deployment_id": None, "rollback_id": None} | links
    recovered = None if took is None else at + took
    return IncidentFact(number, 1, "Orders", "Slow", IncidentSeverity.MAJOR, at, recovered, **facts)


def figure(number: int, kind: FigureKind, value: float, day: int, *, module: int = 1, **more: Any) -> FigureFact:
    facts = {"starts_on": None, "answers": None} | more
    return FigureFact(number, kind, module, f"M{module}", value, date(2026, 9, day), path="/f/", **facts)


def of(key: MetricKey, *, now: datetime = NOW, period: Period = PERIOD, modules: int = 2, **facts: Any) -> MetricResult:
    operations = OperationFacts(
        *(tuple(facts.pop(name, ())) for name in ("deployments", "rollbacks", "incidents")),
    )
    return measure(key, Facts(operations, modules=modules, **facts), period, now)


@pytest.mark.parametrize("key", list(MetricKey))
def test_over_nothing_there_is_a_reason_and_no_value(key: MetricKey):
    result = of(key)

    assert (result.tally.value, result.tally.n, result.value) == (None, 0, "")
    assert result.why_empty == EMPTY[key]
    assert result.trend is Trend.UNKNOWN
    assert [point.tally.value for point in result.points] == [None] * len(PERIOD.parts())
    assert not result.is_few


def test_every_metric_is_named_defined_and_has_a_reason_for_being_empty():
    assert set(METRICS) == set(DEFINITIONS) == set(EMPTY) == set(MetricKey)


def test_a_deployment_went_well_that_nothing_followed_within_seven_days():
    at = BEGIN + DAY
    deployments = [going(number, at) for number in range(1, 6)]
    deployments += [going(6, at, Outcome.FAILED), going(7, at, Outcome.ROLLED_BACK), going(8, at, Outcome.DEGRADED)]
    incidents = [
        incident(1, at + 7 * DAY, deployment_id=2),
        incident(2, at + 7 * DAY + MINUTE, deployment_id=3),
        incident(3, at - MINUTE, deployment_id=4),
        incident(4, at + DAY),
    ]

    result = of(MetricKey.DEPLOY_SUCCESS, deployments=deployments, rollbacks=[back(1, at, of=1)], incidents=incidents)

    assert (result.tally.value, result.tally.n) == (50.0, 8)
    well = {row.number for row in result.rows if row.counts_as.startswith("went well")}
    assert well == {3, 4, 5, 8}


def test_what_still_runs_is_not_counted_and_what_is_young_is_provisional():
    deployments = [going(1, NOW - 8 * DAY), going(2, NOW - 6 * DAY), going(3, NOW - HOUR, None)]

    result = of(MetricKey.DEPLOY_SUCCESS, deployments=deployments)

    assert (result.value, result.tally.n) == ("100 %", 2)
    assert result.notes == (
        "1 is provisional: its 7 days are not over.",
        "1 is still running and not counted.",
    )
    assert result.is_few


def test_a_change_failed_that_degraded_the_last_environment():
    deployments = [going(1, BEGIN, Outcome.DEGRADED), going(2, BEGIN), going(3, BEGIN, Outcome.FAILED, last=False)]

    assert of(MetricKey.CHANGE_FAILURE, deployments=deployments).tally.value == 50
    frequency = of(MetricKey.DEPLOY_FREQUENCY, deployments=deployments)
    assert (frequency.tally.n, frequency.value) == (2, "0.5 per week")


def test_rollbacks_are_counted_for_a_hundred_deployments():
    deployments = [going(number, BEGIN + DAY) for number in range(1, 9)]

    result = of(MetricKey.ROLLBACK_FREQUENCY, deployments=deployments, rollbacks=[back(1, BEGIN + DAY)])

    assert (result.value, result.counted) == ("12.5 per 100 deployments", "8 deployments")
    assert of(MetricKey.ROLLBACK_FREQUENCY, rollbacks=[back(1, BEGIN - 40 * DAY, after=40 * DAY)]).value == ""


def test_recovery_is_counted_once_for_an_incident_and_its_rollback():
    at = BEGIN + DAY
    incidents = [incident(1, at, 4 * HOUR, deployment_id=1), incident(2, at, None), incident(3, at, HOUR)]
    rollbacks = [
        back(1, at, of=1),
        back(2, at, of=2, after=30 * MINUTE),
        back(3, at, of=3, outcome=RollbackOutcome.ABORTED),
        back(4, at, of=4, outcome=None, finished_at=None),
    ]

    result = of(MetricKey.RECOVERY_TIME, incidents=incidents, rollbacks=rollbacks)

    assert (result.tally.n, result.value) == (3, "2.2 h")
    assert result.tally.value == pytest.approx((4 + 1 + 1.5) / 3 * 3600)
    assert result.notes == (
        "2 are not over, and counted apart.",
        "1 rollback was aborted: no recovery.",
        "Median 1.5 h.",
        "2 of them linked to a deployment: mean 2.8 h.",
    )


def test_a_rollback_that_an_incident_names_is_not_counted_again():
    facts = {"incidents": [incident(1, BEGIN, HOUR, rollback_id=7)], "rollbacks": [back(7, BEGIN, of=1)]}

    assert of(MetricKey.RECOVERY_TIME, **facts).tally.n == 1


def test_a_day_that_nobody_recorded_is_unknown_and_never_up():
    records = (
        figure(1, FigureKind.UPTIME, 100, 9, starts_on=date(2026, 8, 25)),
        figure(2, FigureKind.UPTIME, 40, 10, starts_on=date(2026, 9, 10)),
    )

    result = of(MetricKey.UPTIME, figures=records)

    assert (result.value, result.counted) == ("94 %", "10 known days")
    assert result.notes == ("50 of 60 days of modules are unknown.",)
    assert result.before == type(result.before)(100.0, 7)
    assert len(result.rows) == 2


def test_the_newest_figure_of_each_module_counts_once():
    records = (
        figure(1, FigureKind.TEST_COVERAGE, 10, 1),
        figure(2, FigureKind.TEST_COVERAGE, 80, 5),
        figure(3, FigureKind.TEST_COVERAGE, 60, 3, module=2),
    )

    result = of(MetricKey.TEST_COVERAGE, figures=records, modules=5)

    assert (result.value, result.tally.n, result.notes) == ("70 %", 2, ("Typed for 2 of 5 modules.",))


def test_what_users_say_is_weighted_with_their_number():
    records = (
        figure(1, FigureKind.SATISFACTION, 5, 1, answers=3),
        figure(2, FigureKind.SATISFACTION, 2, 2, answers=1),
    )

    result = of(MetricKey.SATISFACTION, figures=records)

    assert (result.value, result.counted) == ("4.2 of 5", "4 answers")


def test_times_of_gates_and_phases_are_told_by_their_median_and_the_nine_of_ten():
    gates = [
        GateFact(n, GateKind.READY, "", 1, "orders", "Orders", "r", BEGIN, None if n == 9 else BEGIN + n * DAY)
        for n in (1, 2, 6, 9)
    ]
    phases = [
        PhaseFact(1, Phase.TESTING, 1, "Orders", "r", "/", BEGIN, BEGIN + DAY),
        PhaseFact(2, Phase.TESTING, 1, "Orders", "r", "/", None, BEGIN + DAY),
        PhaseFact(3, None, 1, "Orders", "r", "/", BEGIN, BEGIN + 5 * DAY),
    ]

    ready = of(MetricKey.GATE_READY, gates=tuple(gates))
    testing = of(MetricKey.TESTING_TIME, phases=tuple(phases))

    assert (ready.value, ready.tally.n, ready.notes) == ("2 days", 3, ("Mean 3 days; 9 of 10 within 6 days.",))
    assert of(MetricKey.GATE_DEPLOY, gates=tuple(gates)).value == ""
    assert (testing.value, testing.tally.n, testing.notes[0]) == ("24 h", 1, "1 was finished without a tick.")
    assert of(MetricKey.TOTAL_TIME, phases=tuple(phases)).value == "5 days"


def test_documentation_is_weighted_with_its_items_and_one_without_any_says_nothing():
    documents = (
        DocumentFact(1, 1, "Orders", "r", "/", BEGIN, 20, 20),
        DocumentFact(2, 1, "Stock", "r", "/", BEGIN, 5, 0),
        DocumentFact(3, 1, "Bins", "r", "/", BEGIN, 0, 0),
    )

    result = of(MetricKey.DOCUMENTATION, documents=documents)

    assert (result.value, result.tally.n, len(result.rows)) == ("80 %", 25, 2)


def test_bugs_are_counted_by_severity_and_state():
    closed = incident(1, BEGIN, closed_at=BEGIN + DAY)

    result = of(MetricKey.BUGS, incidents=[closed, incident(2, BEGIN), incident(3, BEGIN, None)])

    assert (result.value, result.notes) == ("3", ("1 major and closed, 1 major and open, 1 major and works again",))


def test_better_and_worse_are_said_of_what_rests_on_enough_in_both_periods():
    before = PERIOD.before.begins_at
    earlier = [going(number, before, Outcome.FAILED) for number in range(5)]
    later = [going(number, BEGIN) for number in range(10, 15)]

    result = of(MetricKey.DEPLOY_SUCCESS, deployments=[*earlier, *later])
    few = of(MetricKey.DEPLOY_SUCCESS, deployments=[*earlier[:4], *later])
    lower = of(MetricKey.CHANGE_FAILURE, deployments=[*earlier, *later])

    assert (result.trend, result.trend_words) == (
        Trend.BETTER,
        "Better: it was 0 % in the 30 days before (n\u00a0=\u00a05).",
    )
    assert lower.trend is Trend.BETTER
    assert headline_of([result, few, of(MetricKey.UPTIME)]) == ([result], [], [])
    assert (few.trend, few.verdict) == (Trend.BETTER, Trend.UNKNOWN)
    assert few.trend_words.endswith("Too few to compare.")


def test_the_parts_hold_what_the_whole_holds():
    deployments = [going(number, BEGIN + number * DAY) for number in range(30)]

    result = of(MetricKey.DEPLOY_SUCCESS, deployments=deployments)

    assert sum(point.tally.n for point in result.points) == result.tally.n == 30


@given(st.floats(0, 100))
@example(99.97)
@example(0.03)
def test_a_share_that_is_not_all_or_nothing_is_never_shown_as_all_or_nothing(share: float):
    words = value_words(Unit.PERCENT, share)

    assert (words == "100 %") is (share == 100)
    assert (words == "0 %") is (share == 0)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 min"), (90, "1.5 min"), (3600, "1 h"), (172_799, "48 h"), (216_000, "2.5 days")]
)
def test_a_time_is_told_in_a_fitting_unit(seconds: int, words: str):
    assert value_words(Unit.TIME, seconds) == words
