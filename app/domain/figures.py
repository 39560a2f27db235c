"""Figures that people type: what each is, in what it is measured, and what can be typed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from app.domain.checklist import LINK_RULE, is_link
from app.domain.errors import InvalidInput
from app.domain.metric_keys import METRICS, MetricKey, Unit

SOURCE_LIMIT, LINK_LIMIT, REASON_LIMIT = 300, 500, 1000
# A record of days is one row; longer ones would hide what is not known.
LONGEST_RECORD = 366
PLACES = Decimal("0.0001")
LARGEST = Decimal(10_000_000)
MOST_ANSWERS = 1_000_000


class FigureKind(StrEnum):
    """What is typed. Values are stored: never rename one."""

    TEST_COVERAGE = "test-coverage"
    CODE_QUALITY = "code-quality"
    RESPONSE_MEDIAN = "response-median"
    RESPONSE_SLOW = "response-slow"
    UPTIME = "uptime"
    SATISFACTION = "satisfaction"

    @property
    def metric(self) -> MetricKey:
        """The metric that is made of it."""
        return MetricKey(self.value)

    @property
    def label(self) -> str:
        """What it is called."""
        return METRICS[self.metric].title

    @property
    def unit(self) -> Unit:
        """In what it is measured."""
        return METRICS[self.metric].unit

    @property
    def has_days(self) -> bool:
        """Whether it is about several days and not about one."""
        return self is FigureKind.UPTIME

    @property
    def has_answers(self) -> bool:
        """Whether it is the mean of what so many people said."""
        return self is FigureKind.SATISFACTION


# The least and the most that can be measured.
RANGES: dict[FigureKind, tuple[Decimal, Decimal]] = {
    **dict.fromkeys(FigureKind, (Decimal(0), LARGEST)),
    FigureKind.TEST_COVERAGE: (Decimal(0), Decimal(100)),
    FigureKind.UPTIME: (Decimal(0), Decimal(100)),
    FigureKind.SATISFACTION: (Decimal(1), Decimal(5)),
}


@dataclass(frozen=True, slots=True)
class FigureFacts:
    """A figure as somebody types it."""

    kind: FigureKind
    value: Decimal
    measured_on: date
    source: str
    # The first of several days, of which `measured_on` is the last.
    starts_on: date | None = None
    answers: int | None = None
    release_key: str = ""
    link: str = ""


def read_value(text: str) -> Decimal:
    """A number as people type it; a comma may stand for the point."""
    try:
        value = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        raise InvalidInput(value="Write a number, for example 87.5.") from None
    if not value.is_finite() or abs(value) > LARGEST:
        raise InvalidInput(value="Write a number, for example 87.5.")
    if value != value.quantize(PLACES):
        raise InvalidInput(value="Four digits behind the point are kept: leave the others out.")
    return value.quantize(PLACES).normalize() + 0


def plain_number(value: Decimal) -> str:
    """A number without zeros at its end, and never with an exponent."""
    return format(value.normalize() + 0, "f")


def check_figure(facts: FigureFacts, *, today: date) -> None:
    """Raise InvalidInput unless this can have been measured; all that is wrong at once."""
    wrong = dict(_faults(facts, today))
    if wrong:
        raise InvalidInput(**wrong)


def _faults(facts: FigureFacts, today: date) -> Iterable[tuple[str, str]]:
    least, most = RANGES[facts.kind]
    if not least <= facts.value <= most:
        yield "value", f"It lies between {plain_number(least)} and {plain_number(most)}."
    if facts.measured_on > today:
        yield "measured_on", "This day has not come yet."
    if not facts.source:
        yield "source", "Say where the number comes from, so that somebody can look."
    if facts.link and not is_link(facts.link):
        yield "link", LINK_RULE
    if facts.kind.has_answers and not 0 < (facts.answers or 0) <= MOST_ANSWERS:
        yield "answers", "Say how many people answered."
    if facts.kind.has_days:
        yield from _faults_of_days(facts)


def _faults_of_days(facts: FigureFacts) -> Iterable[tuple[str, str]]:
    if facts.starts_on is None:
        yield "starts_on", "Say with which day the record begins."
    elif facts.starts_on > facts.measured_on:
        yield "starts_on", "It begins after it ends."
    elif (facts.measured_on - facts.starts_on).days >= LONGEST_RECORD:
        yield "starts_on", f"One record holds at most {LONGEST_RECORD} days."
