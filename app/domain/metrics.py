"""What a metric makes of its samples: a value for any period, or a reason why there is none."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from statistics import fmean, median

from app.domain.metric_keys import METRICS, Better, MetricKey, MetricKind
from app.domain.metric_words import EMPTY, value_words
from app.domain.periods import Period

# What rests on fewer says little.
FEW = 5
SAYS_LITTLE = f"Fewer than {FEW}: this says little."


class Flag(StrEnum):
    """What has to be said about a sample."""

    PROVISIONAL = "provisional"
    RUNNING = "still running"
    NOT_OVER = "not over"
    ABORTED = "aborted"
    NOTHING_DONE = "nothing ticked"


# One and several. Those without a value are not in the number.
FLAG_SENTENCES: dict[Flag, tuple[str, str]] = {
    Flag.PROVISIONAL: ("1 is provisional: its 7 days are not over.", "{} are provisional: their 7 days are not over."),
    Flag.RUNNING: ("1 is still running and not counted.", "{} are still running and not counted."),
    Flag.NOT_OVER: ("1 is not over, and counted apart.", "{} are not over, and counted apart."),
    Flag.ABORTED: ("1 rollback was aborted: no recovery.", "{} rollbacks were aborted: no recovery."),
    Flag.NOTHING_DONE: ("1 was finished without a tick.", "{} were finished without a tick."),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row behind a number: what it is, where it is found, and how it counts."""

    at: datetime
    kind: str
    number: int
    label: str
    module_name: str
    path: str
    counts_as: str


@dataclass(frozen=True, slots=True)
class Sample:
    """One thing that counts: when, how much, and the row behind it. Without a value it is told, and not counted."""

    at: datetime
    value: float | None
    row: Row
    weight: float = 1
    flag: Flag | None = None
    module_id: int | None = None
    # Something that is said beside the number: how bad an incident is, whether a deployment was the cause.
    part: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """A value, and of how many it was made."""

    value: float | None
    n: int


Measure = Callable[[Sequence[Sample], Period], Tally]


def _numbers(samples: Iterable[Sample]) -> list[float]:
    return [one.value for one in samples if one.value is not None]


def _share(samples: Sequence[Sample], _period: Period) -> Tally:
    numbers = _numbers(samples)
    return Tally(100 * fmean(numbers) if numbers else None, len(numbers))


def _mean(samples: Sequence[Sample], _period: Period) -> Tally:
    numbers = _numbers(samples)
    return Tally(fmean(numbers) if numbers else None, len(numbers))


def _median(samples: Sequence[Sample], _period: Period) -> Tally:
    numbers = _numbers(samples)
    return Tally(median(numbers) if numbers else None, len(numbers))


def _number(samples: Sequence[Sample], _period: Period) -> Tally:
    numbers = _numbers(samples)
    return Tally(float(len(numbers)) if numbers else None, len(numbers))


def _per_week(samples: Sequence[Sample], period: Period) -> Tally:
    numbers = _numbers(samples)
    return Tally(len(numbers) * 7 / period.days if numbers else None, len(numbers))


def _per_hundred(samples: Sequence[Sample], _period: Period) -> Tally:
    """What counts 1 for a hundred of what counts 0; n is the number of these."""
    numbers = _numbers(samples)
    below = numbers.count(0)
    return Tally(100 * sum(numbers) / below if below else None, below)


def _weighted(samples: Sequence[Sample], _period: Period) -> Tally:
    weight = sum(one.weight for one in samples if one.value is not None)
    total = sum(one.value * one.weight for one in samples if one.value is not None)
    return Tally(total / weight if weight else None, int(weight))


def newest_of_each(samples: Iterable[Sample]) -> list[Sample]:
    """Of each module the newest."""
    newest = {one.module_id: one for one in sorted(samples, key=lambda one: (one.at, one.row.number))}
    return list(newest.values())


def _mean_of_newest(samples: Sequence[Sample], period: Period) -> Tally:
    return _mean(newest_of_each(samples), period)


def _median_of_newest(samples: Sequence[Sample], period: Period) -> Tally:
    return _median(newest_of_each(samples), period)


MEASURES: dict[MetricKey, Measure] = {
    **dict.fromkeys(MetricKey, _median),
    MetricKey.DEPLOY_SUCCESS: _share,
    MetricKey.CHANGE_FAILURE: _share,
    MetricKey.DEPLOY_FREQUENCY: _per_week,
    MetricKey.ROLLBACK_FREQUENCY: _per_hundred,
    MetricKey.RECOVERY_TIME: _mean,
    MetricKey.UPTIME: _weighted,
    MetricKey.SATISFACTION: _weighted,
    MetricKey.DOCUMENTATION: _weighted,
    MetricKey.TEST_COVERAGE: _mean_of_newest,
    MetricKey.CODE_QUALITY: _mean_of_newest,
    MetricKey.BUGS: _number,
    MetricKey.RESPONSE_MEDIAN: _median_of_newest,
    MetricKey.RESPONSE_SLOW: _median_of_newest,
}


class Trend(StrEnum):
    """How a value stands to that of the period before."""

    BETTER = "better"
    WORSE = "worse"
    SAME = "the same"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Point:
    """One part of the period, for the chart."""

    period: Period
    tally: Tally


@dataclass(frozen=True, slots=True)
class MetricResult:
    """A metric for a period, and all that is said with it."""

    key: MetricKey
    period: Period
    tally: Tally
    before: Tally
    points: tuple[Point, ...]
    notes: tuple[str, ...]
    samples: tuple[Sample, ...]

    @property
    def kind(self) -> MetricKind:
        """What holds of the metric whatever the numbers are."""
        return METRICS[self.key]

    @property
    def value(self) -> str:
        """The value in words; empty where there is none."""
        return "" if self.tally.value is None else value_words(self.kind.unit, self.tally.value)

    @property
    def why_empty(self) -> str:
        """Why there is no value; empty where there is one."""
        return EMPTY[self.key] if self.tally.value is None else ""

    @property
    def counted(self) -> str:
        """Of how many it was made."""
        return self.kind.counted_words(self.tally.n)

    @property
    def is_few(self) -> bool:
        """Whether there is a value that says little."""
        return self.tally.value is not None and self.tally.n < FEW

    @property
    def trend(self) -> Trend:
        """How it stands to the period before, as it is shown: what differs behind the shown digits is the same."""
        now, before = self.tally.value, self.before.value
        if now is None or before is None:
            return Trend.UNKNOWN
        if self.value == value_words(self.kind.unit, before):
            return Trend.SAME
        return Trend.BETTER if (now > before) is (self.kind.better is Better.HIGHER) else Trend.WORSE

    @property
    def is_comparable(self) -> bool:
        """Whether there is enough in both periods to say that it got better or worse."""
        return self.trend is not Trend.UNKNOWN and min(self.tally.n, self.before.n) >= FEW

    @property
    def verdict(self) -> Trend:
        """The trend as far as it can be said: of few nothing is said."""
        return self.trend if self.is_comparable else Trend.UNKNOWN

    @property
    def trend_words(self) -> str:
        """The trend as a sentence."""
        days = f"in the {self.period.days} days before"
        if self.before.value is None:
            return f"Nothing to compare with {days}."
        was = f"{value_words(self.kind.unit, self.before.value)} {days} (n\u00a0=\u00a0{self.before.n})."
        if self.tally.value is None:
            return f"It was {was}"
        if not self.is_comparable:
            return f"It was {was} Too few to compare."
        return f"{self.trend.value.capitalize()}: it was {was}"

    @property
    def rows(self) -> list[Row]:
        """The rows behind the number, the newest first, each once."""
        found = {(one.row.kind, one.row.number): one.row for one in self.samples}
        return sorted(found.values(), key=lambda row: (row.at, row.number), reverse=True)


def result_of(key: MetricKey, samples: Iterable[Sample], period: Period, *, more: Sequence[str] = ()) -> MetricResult:
    """A metric for a period, out of the samples of that period and of the one before. `more`: what else is to say."""
    known, measure = list(samples), MEASURES[key]

    def within(part: Period) -> list[Sample]:
        return [one for one in known if part.holds(one.at)]

    here = within(period)
    return MetricResult(
        key,
        period,
        measure(here, period),
        measure(within(period.before), period.before),
        tuple(Point(part, measure(within(part), part)) for part in period.parts()),
        (*flag_notes(here), *more),
        tuple(here),
    )


def flag_notes(samples: Iterable[Sample]) -> list[str]:
    """What is said of samples that do not count, or not for good."""
    counts: Mapping[Flag, int] = Counter(one.flag for one in samples if one.flag is not None)
    return [FLAG_SENTENCES[flag][counts[flag] > 1].format(counts[flag]) for flag in Flag if flag in counts]


def headline_of(results: Iterable[MetricResult]) -> tuple[list[MetricResult], list[MetricResult], list[MetricResult]]:
    """What got better, what got worse and what stayed the same, of what there is enough of in both periods."""
    found = [one for one in results if one.is_comparable]
    better, worse, same = (
        [one for one in found if one.trend is trend] for trend in (Trend.BETTER, Trend.WORSE, Trend.SAME)
    )
    return better, worse, same
