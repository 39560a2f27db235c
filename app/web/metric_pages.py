"""The pages of metrics: what is asked for in the address, and the rows of an export."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from app.database import server_now as server_now  # noqa: PLC0414 - pages take the clock from here
from app.domain.audit import moment_text
from app.domain.metric_book import measure
from app.domain.metric_keys import METRICS, MetricGroup, MetricKey, Source
from app.domain.metrics import MetricResult
from app.domain.periods import Period
from app.queries.metrics import Scope, read_facts
from app.web.charts import SMALL, Chart, chart_of


@dataclass(frozen=True, slots=True)
class Asked:
    """For when and for which modules, and the words of the address that say so."""

    period: Period
    scope: Scope
    now: datetime
    query: dict[str, str]


@dataclass(frozen=True, slots=True)
class Tile:
    """A metric on the page of all."""

    result: MetricResult
    chart: Chart


def all_results(asked: Asked) -> list[MetricResult]:
    """Every metric, in the order of the page."""
    facts = read_facts(asked.scope, asked.period)
    return [measure(key, facts, asked.period, asked.now) for key in METRICS]


def one_result(asked: Asked, key: MetricKey) -> MetricResult:
    """One metric; only what it is made of is read."""
    sources: list[Source] = [METRICS[key].source]
    return measure(key, read_facts(asked.scope, asked.period, sources), asked.period, asked.now)


def tiles_of(results: list[MetricResult]) -> list[tuple[MetricGroup, list[Tile]]]:
    """The metrics, group by group; those without a value stand last, where they leave no holes."""
    ordered = sorted(results, key=lambda one: one.tally.value is None)
    return [
        (group, [Tile(one, chart_of(one, SMALL)) for one in ordered if one.kind.group is group])
        for group in MetricGroup
    ]


HEADER = (
    *("metric", "from", "to", "at_utc", "kind", "number", "what", "module", "counts_as", "value", "weight", "flag"),
    "address",
)
# No person's text is in these.
OWN = {"metric", "from", "to", "at_utc", "kind", "number", "value", "weight", "flag", "address"}


def csv_rows(result: MetricResult) -> Iterator[tuple[object, ...]]:
    """The rows behind a metric. A time is in seconds; a row of several days has its days as its weight."""
    weights: dict[tuple[str, int], float] = {}
    first = {}
    for sample in result.samples:
        key = (sample.row.kind, sample.row.number)
        weights[key] = weights.get(key, 0) + sample.weight
        first[key] = sample
    for row in result.rows:
        key = (row.kind, row.number)
        sample = first[key]
        yield (
            *(result.key.value, result.period.first_on, result.period.last_on, moment_text(row.at)),
            *(row.kind, row.number, row.label, row.module_name, row.counts_as),
            *(sample.value, weights[key], sample.flag.value if sample.flag else "", row.path),
        )
