"""What can be typed as a figure, and what is refused with a sentence."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from app.domain.errors import InvalidInput
from app.domain.figures import RANGES, FigureFacts, FigureKind, check_figure, plain_number, read_value

TODAY = date(2026, 11, 23)
COVERAGE = FigureFacts(FigureKind.TEST_COVERAGE, Decimal("87.5"), TODAY, "nightly build")
UPTIME = replace(COVERAGE, kind=FigureKind.UPTIME, starts_on=date(2026, 11, 1))
SAID = replace(COVERAGE, kind=FigureKind.SATISFACTION, value=Decimal(4), answers=12)


@pytest.mark.parametrize("facts", [COVERAGE, UPTIME, SAID, replace(COVERAGE, link="https://ci.example.org/1")])
def test_a_figure_that_can_be_is_taken(facts: FigureFacts):
    check_figure(facts, today=TODAY)


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        (replace(COVERAGE, value=Decimal("100.1")), "value"),
        (replace(COVERAGE, value=Decimal("-0.1")), "value"),
        (replace(SAID, value=Decimal("0.9")), "value"),
        (replace(SAID, value=Decimal("5.1")), "value"),
        (replace(COVERAGE, measured_on=date(2026, 11, 24)), "measured_on"),
        (replace(COVERAGE, source=""), "source"),
        (replace(COVERAGE, link="javascript:alert(1)"), "link"),
        (replace(SAID, answers=None), "answers"),
        (replace(SAID, answers=0), "answers"),
        (replace(UPTIME, starts_on=None), "starts_on"),
        (replace(UPTIME, starts_on=date(2026, 11, 24)), "starts_on"),
        (replace(UPTIME, starts_on=date(2025, 11, 22)), "starts_on"),
    ],
)
def test_a_figure_that_cannot_be_is_refused_at_its_field(facts: FigureFacts, field: str):
    with pytest.raises(InvalidInput) as refused:
        check_figure(facts, today=TODAY)

    assert set(refused.value.fields) == {field}


def test_every_kind_has_a_range():
    assert set(RANGES) == set(FigureKind)


@pytest.mark.parametrize(("typed", "kept"), [("87,5", "87.5"), (" 100.00 ", "100"), ("0", "0"), ("1e2", "100")])
def test_a_number_is_read_as_people_type_it(typed: str, kept: str):
    assert plain_number(read_value(typed)) == kept


@pytest.mark.parametrize("typed", ["", "many", "NaN", "Infinity", "1.23456", "1e400", "99999999999999"])
def test_what_is_no_number_is_refused(typed: str):
    with pytest.raises(InvalidInput):
        read_value(typed)
