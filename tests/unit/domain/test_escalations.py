"""The six steps of an escalation: their order, their clocks, and contacts that may be wrong."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.catalogue.reader import Feature, read_catalogue
from app.domain.errors import InvalidInput, RuleViolation
from app.domain.escalations import (
    LEVELS,
    LevelState,
    StepAct,
    StepFacts,
    check_may_finish,
    check_may_pass_over,
    check_may_start,
    clock_of,
    contact_warning,
    current_level,
    states_of,
)
from app.domain.incidents import IncidentSeverity

AT = datetime(2026, 11, 3, 22, 0, tzinfo=UTC)
WAITING, STARTED, DONE, PASSED = LevelState


def states(*known: LevelState) -> dict[int, LevelState]:
    """The steps from the first on; those that are not given wait."""
    return dict(enumerate([*known, *[WAITING] * (6 - len(known))], start=1))


def test_the_steps_are_those_of_the_starting_document():
    lines = [line for line in read_catalogue().other_lines if line.feature is Feature.ESCALATION]

    assert {number: line.text for number, line in enumerate(lines, start=1)} == LEVELS


@pytest.mark.parametrize("below", [WAITING, STARTED])
def test_a_step_waits_for_all_below_it(below: LevelState):
    with pytest.raises(RuleViolation, match="First do step 2, “Review similar issues”, or pass it over"):
        check_may_start(4, states(DONE, below, DONE), whom="Asha", impact="")
    with pytest.raises(RuleViolation, match="First do step 2"):
        check_may_pass_over(4, states(DONE, below, DONE), reason="No time.")


def test_a_step_begins_when_those_below_are_done_or_passed_over():
    check_may_start(4, states(DONE, PASSED, DONE), whom="Asha", impact="")
    with pytest.raises(RuleViolation, match="was begun before: it is started"):
        check_may_start(1, states(STARTED), whom="", impact="")


def test_from_the_fourth_on_somebody_is_named_and_the_last_asks_what_it_does():
    below = (DONE,) * 5
    with pytest.raises(InvalidInput, match="who is called"):
        check_may_start(4, states(*below[:3]), whom="", impact="")
    with pytest.raises(InvalidInput, match="what it does"):
        check_may_start(6, states(*below), whom="Asha", impact="")
    check_may_start(3, states(*below[:2]), whom="", impact="")
    check_may_start(6, states(*below), whom="Asha", impact="Nobody can order.")


def test_only_what_is_under_way_is_done_and_it_is_said_what_came_of_it():
    with pytest.raises(RuleViolation, match="is waiting"):
        check_may_finish(1, states(), outcome="Nothing.", is_resolved=False)
    with pytest.raises(InvalidInput):
        check_may_finish(1, states(STARTED), outcome="", is_resolved=False)
    check_may_finish(1, states(STARTED), outcome="Nothing.", is_resolved=False)


def test_the_last_step_ends_with_a_resolution_only():
    with pytest.raises(RuleViolation, match="ends with a resolution"):
        check_may_finish(6, states(*[DONE] * 5, STARTED), outcome="Agreed.", is_resolved=False)
    check_may_finish(6, states(*[DONE] * 5, STARTED), outcome="Agreed.", is_resolved=True)


def test_a_step_is_passed_over_with_a_reason_and_only_while_it_is_open():
    with pytest.raises(InvalidInput):
        check_may_pass_over(1, states(), reason="")
    with pytest.raises(RuleViolation, match="done already"):
        check_may_pass_over(1, states(DONE), reason="No time.")
    check_may_pass_over(1, states(STARTED), reason="No time.")


def test_there_is_no_seventh_step():
    for refuse in (
        lambda: check_may_start(7, states(), whom="", impact=""),
        lambda: check_may_finish(0, states(), outcome="x", is_resolved=True),
        lambda: check_may_pass_over(7, states(), reason="x"),
    ):
        with pytest.raises(InvalidInput, match="no such step"):
            refuse()


def test_where_a_step_stands_follows_from_what_was_done_with_it():
    steps = [StepFacts(1, StepAct.DONE, AT), StepFacts(1, StepAct.STARTED, AT), StepFacts(2, StepAct.PASSED_OVER, AT)]

    assert states_of(steps) == states(DONE, PASSED)
    assert current_level(states(DONE, PASSED)) == 2
    assert current_level(states(DONE, STARTED, PASSED)) == 2
    assert current_level(states()) == 0


@pytest.mark.parametrize(
    ("severity", "minutes", "is_late"),
    [
        (IncidentSeverity.CRITICAL, 15, False),
        (IncidentSeverity.CRITICAL, 16, True),
        (IncidentSeverity.MAJOR, 60, False),
        (IncidentSeverity.MINOR, 61, True),
    ],
)
def test_an_answer_is_late_by_how_bad_it_is(severity: IncidentSeverity, minutes: int, is_late: bool):
    later = AT + timedelta(minutes=minutes)
    started = StepFacts(4, StepAct.STARTED, AT)
    answered = [started, StepFacts(4, StepAct.DONE, later)]

    assert clock_of(4, [started], severity, later).is_late is is_late
    assert clock_of(4, answered, severity, later + timedelta(days=1)).is_late is is_late
    assert clock_of(4, answered, severity, later).took == timedelta(minutes=minutes)
    assert not clock_of(3, [StepFacts(3, StepAct.STARTED, AT)], severity, later).is_late


def test_a_contact_is_doubted_when_nobody_tried_it_for_ninety_days():
    today = date(2026, 11, 3)

    assert contact_warning(is_given=False, verified_on=None, today=today) == "Nobody is given."
    assert "Nobody has ever tried" in contact_warning(is_given=True, verified_on=None, today=today)
    assert contact_warning(is_given=True, verified_on=today - timedelta(days=90), today=today) == ""
    assert "91 days ago" in contact_warning(is_given=True, verified_on=today - timedelta(days=91), today=today)
