"""Figures that people of the made-up company typed: from builds, from the monitor, and what users said."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from app.demo import cast
from app.domain.figures import FigureFacts, FigureKind
from app.models.base import pretending
from app.services.figures import strike_figure, type_figure

if TYPE_CHECKING:
    from app.demo.story import Company

# Kind, where from, the value at first, and what a fortnight changes.
COURSES = (
    (FigureKind.TEST_COVERAGE, "Report of the nightly build", 61.0, 3.5),
    (FigureKind.CODE_QUALITY, "Report of the linters", 14.0, -1.2),
    (FigureKind.RESPONSE_MEDIAN, "Dashboard of the gateway", 82.0, -2.5),
    (FigureKind.RESPONSE_SLOW, "Dashboard of the gateway", 410.0, 14.0),
)
# How many days ago each was typed.
FORTNIGHTS = (54, 40, 26, 12)
MODULES = 6


def measure(company: "Company") -> None:
    """Every fortnight the first modules are measured; uptime and what users say once a month."""
    for number, (key, *_) in enumerate(cast.MODULES[:MODULES]):
        for place, days_ago in enumerate(FORTNIGHTS):
            for kind, source, first, step in COURSES:
                wobble = company.dice.uniform(-1, 1) * abs(step)
                value = Decimal(str(round(first + number * step / 2 + place * step + wobble, 1)))
                _type(company, key, days_ago, FigureFacts(kind, value, company.today, source))
        _type_months(company, key, number)
    _strike_one(company)


def _type_months(company: "Company", key: str, number: int) -> None:
    for days_ago, up in ((31, "99.82"), (1, "99.95")):
        starts_on = company.today - timedelta(days=days_ago + 21)
        facts = FigureFacts(
            FigureKind.UPTIME,
            Decimal(up) - Decimal(number) / 5,
            company.today,
            "The monitor of the shop floor",
            starts_on=starts_on,
        )
        _type(company, key, days_ago, facts)
        answers = 6 + company.dice.randrange(9)
        said = FigureFacts(
            FigureKind.SATISFACTION, Decimal("3.6"), company.today, "Round of questions in the hall", answers=answers
        )
        _type(company, key, days_ago, said)


def _type(company: "Company", key: str, days_ago: int, facts: FigureFacts) -> int:
    day = company.today - timedelta(days=days_ago)
    with pretending(company.moment(days_ago)):
        typist = company.origin(cast.DEVELOPERS[days_ago % 4])
        return type_figure(typist, key, replace(facts, measured_on=day), today=day)


def _strike_one(company: "Company") -> None:
    """One was read off the wrong line."""
    facts = FigureFacts(FigureKind.TEST_COVERAGE, Decimal("99.9"), company.today, "Report of the nightly build")
    number = _type(company, cast.MODULES[0][0], 2, facts)
    with pretending(company.moment(1)):
        reason = "Read off the line of the test files themselves."
        strike_figure(company.origin(cast.DEVELOPERS[0]), number, reason=reason)
