"""Charts as plain shapes: where each bar stands, and what is said instead of seeing it."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.metric_keys import Unit
from app.domain.metric_words import number_words, time_words, value_words
from app.domain.metrics import FEW, MetricResult, Point

# The largest value that there can be; a chart of these ends there and not at its highest bar.
TOPS = {Unit.PERCENT: 100.0, Unit.OF_FIVE: 5.0}
# So many words fit below a chart.
LABELS = 6


@dataclass(frozen=True, slots=True)
class Frame:
    """How large a chart is, and how much of it is left for words."""

    width: int
    height: int
    left: int = 0
    top: int = 0
    below: int = 0

    @property
    def floor(self) -> int:
        """Where bars stand."""
        return self.height - self.below


SMALL = Frame(220, 40, top=3)
LARGE = Frame(480, 220, left=64, top=12, below=26)


@dataclass(frozen=True, slots=True)
class Bar:
    """One part of the period. Without a value it is a mark on the floor."""

    x: float
    y: float
    width: float
    height: float
    is_known: bool
    is_few: bool
    words: str


@dataclass(frozen=True, slots=True)
class Label:
    """A word beside or below a chart."""

    x: float
    y: float
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart to be drawn."""

    frame: Frame
    bars: tuple[Bar, ...]
    beside: tuple[Label, ...]
    below: tuple[Label, ...]
    title: str
    told: str

    @property
    def has_few(self) -> bool:
        """Whether a bar rests on too few to say much."""
        return any(bar.is_few for bar in self.bars)

    @property
    def has_unknown(self) -> bool:
        """Whether there is a part of which nothing is known."""
        return not all(bar.is_known for bar in self.bars)


def chart_of(result: MetricResult, frame: Frame = LARGE) -> Chart:
    """The chart of a metric: a bar for each week or month."""
    unit, known = result.kind.unit, [p.tally.value for p in result.points if p.tally.value is not None]
    top = TOPS.get(unit) or max(known, default=0) or 1.0
    scale = _Scale(frame, unit, top, (frame.width - frame.left) / len(result.points))
    return Chart(
        frame,
        tuple(_bar(point, place, scale) for place, point in enumerate(result.points)),
        tuple(_beside(scale)) if frame.left else (),
        tuple(_below(result.points, scale)) if frame.below else (),
        f"{result.kind.title}, {result.period.words}",
        _told(result, known),
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    """What the highest bar stands for, and how far apart they are."""

    frame: Frame
    unit: Unit
    top: float
    step: float

    def height(self, value: float) -> float:
        """How high a bar is."""
        return (self.frame.floor - self.frame.top) * min(value / self.top, 1)


def _bar(point: Point, place: int, scale: _Scale) -> Bar:
    value = point.tally.value
    # What is nothing is seen, too.
    height = max(scale.height(value or 0), 2.0)
    words = "nothing to measure" if value is None else f"{value_words(scale.unit, value)}, n = {point.tally.n}"
    return Bar(
        round(scale.frame.left + (place + 0.14) * scale.step, 2),
        round(scale.frame.floor - height, 2),
        round(scale.step * 0.72, 2),
        round(height, 2),
        value is not None,
        value is not None and point.tally.n < FEW,
        f"{point.period.words}: {words}",
    )


def _beside(scale: _Scale) -> list[Label]:
    words = time_words if scale.unit is Unit.TIME else number_words
    values = (0.0, scale.top / 2, scale.top)
    frame = scale.frame
    return [Label(frame.left - 8, round(frame.floor - scale.height(value), 2), words(value)) for value in values]


def _below(points: Sequence[Point], scale: _Scale) -> list[Label]:
    every = -(-len(points) // LABELS)
    left, below = scale.frame.left, scale.frame.height - 6
    places = range(0, len(points), every)
    return [
        Label(round(left + (place + 0.5) * scale.step, 2), below, f"{points[place].period.first_on:%d %b}")
        for place in places
    ]


def _told(result: MetricResult, known: Sequence[float]) -> str:
    parts = f"{len(result.points)} {'weeks' if result.period.is_in_weeks else 'months'}"
    if not known:
        return f"{parts}, nothing to measure in any of them."
    unit = result.kind.unit
    unknown = len(result.points) - len(known)
    gaps = f"; nothing to measure in {unknown}" if unknown else ""
    return f"{parts}: from {value_words(unit, min(known))} to {value_words(unit, max(known))}{gaps}."
