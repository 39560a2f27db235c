"""The order of a rollback, its clock, its codes, and the commands of its plan."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from app.domain.checklist import OPEN, ItemState
from app.domain.errors import InvalidInput, RuleViolation
from app.domain.rollback_plans import RUN_KEY, commands_of
from app.domain.rollbacks import (
    ABSENCE,
    CODE_SIGNS,
    Claim,
    RollbackOutcome,
    Span,
    StepOutcome,
    check_claims,
    check_in_turn,
    check_may_finish,
    check_runs,
    code_of,
    current_of,
    earlier_of,
    is_absence,
    last_done_of,
    newest_of,
    number_steps,
    outcome_between,
    read_code,
    time_taken_words,
    worked,
)

AT = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # the night on which the clocks go back
TODO, DONE, OVERRIDDEN = ItemState.TODO, ItemState.DONE, ItemState.OVERRIDDEN


def steps_of(*states: ItemState):
    return number_steps((number, f"Step {number}", state) for number, state in enumerate(states, start=1))


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def test_the_current_step_is_the_first_open_one_and_what_is_not_asked_does_not_count():
    steps = steps_of(DONE, ItemState.RULED_OUT, OVERRIDDEN, ItemState.FAILED, TODO)

    assert [step.number for step in steps] == [1, 2, 3, 4]
    assert current_of(steps).item_id == 4
    assert newest_of(steps).item_id == 3
    assert last_done_of(steps).item_id == 1
    assert current_of(steps_of(DONE)) is None
    assert newest_of(steps_of(TODO)) is None
    assert last_done_of(steps_of(OVERRIDDEN, TODO)) is None


def test_only_the_current_step_and_the_one_before_it_may_change():
    steps = steps_of(DONE, DONE, TODO, TODO)

    check_in_turn(steps, 2)
    check_in_turn(steps, 3)
    with pytest.raises(RuleViolation, match="It is not the turn of step 4, “Step 4”: the current one is step 3"):
        check_in_turn(steps, 4)
    with pytest.raises(RuleViolation, match="Only the newest step is taken back"):
        check_in_turn(steps, 1)
    with pytest.raises(RuleViolation, match="not asked in this rollback"):
        check_in_turn(steps_of(ItemState.REMOVED, TODO), 1)


class Running(RuleBasedStateMachine):
    """Whatever people press: what is done or skipped stands in one row from the first step on."""

    def __init__(self) -> None:
        super().__init__()
        self.states = [TODO] * 6

    def steps(self):
        return steps_of(*self.states)

    @rule(place=st.integers(0, 5), new=st.sampled_from([TODO, ItemState.DOING, ItemState.FAILED, DONE, OVERRIDDEN]))
    def press(self, place, new):
        try:
            check_in_turn(self.steps(), place + 1)
        except RuleViolation:
            return
        self.states[place] = new

    @precondition(lambda self: current_of(self.steps()) is None)
    @rule()
    def finish(self):
        check_may_finish(self.steps())

    @invariant()
    def there_is_no_gap(self):
        open_ones = [state in OPEN for state in self.states]
        assert open_ones == sorted(open_ones)


TestRunning = Running.TestCase


def test_nothing_is_finished_while_a_step_is_open():
    with pytest.raises(RuleViolation, match="step 2, “Step 2” is open"):
        check_may_finish(steps_of(DONE, ItemState.FAILED))
    check_may_finish(steps_of(DONE, OVERRIDDEN))


def test_a_pause_and_an_end_stop_the_steps():
    with pytest.raises(RuleViolation, match="paused"):
        check_runs(None, is_paused=True)
    with pytest.raises(RuleViolation, match="is over: it was aborted"):
        check_runs(RollbackOutcome.ABORTED, is_paused=False)
    check_runs(None, is_paused=False)


@pytest.mark.parametrize(
    ("old", "new", "outcome"),
    [
        (TODO, DONE, StepOutcome.DONE),
        (TODO, OVERRIDDEN, StepOutcome.SKIPPED),
        (OVERRIDDEN, DONE, StepOutcome.DONE),
        (DONE, TODO, StepOutcome.REOPENED),
        (DONE, ItemState.FAILED, StepOutcome.REOPENED),
        (TODO, ItemState.BLOCKED, None),
    ],
)
def test_what_became_of_a_step_follows_from_its_states(old, new, outcome):
    assert outcome_between(old, new) is outcome


def test_the_clock_leaves_pauses_out_even_where_they_reach_beyond():
    pauses = [
        Span(AT - minutes(5), AT + minutes(2)),
        Span(AT + minutes(10), AT + minutes(15)),
        Span(AT + minutes(25), None),
    ]

    assert worked(AT, AT + minutes(30), pauses) == minutes(30 - 2 - 5 - 5)
    assert worked(AT, AT + minutes(12), pauses) == minutes(8)
    assert worked(AT + minutes(30), AT + minutes(40), pauses) == timedelta()
    assert worked(AT, AT - minutes(1), []) == timedelta()


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=4))
def test_the_time_worked_is_never_negative_and_never_more_than_passed(pairs):
    edges = sorted(edge for pair in pairs for edge in pair)
    pauses = [Span(AT + minutes(a), AT + minutes(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]

    assert timedelta() <= worked(AT, AT + minutes(60), pauses) <= minutes(60)


def test_ten_minutes_without_a_step_are_an_absence():
    assert is_absence(AT, AT + ABSENCE)
    assert not is_absence(AT, AT + ABSENCE - timedelta(seconds=1))


def test_earlier_runs_are_told_by_their_middle_and_their_number():
    assert earlier_of([]) is None
    found = earlier_of([minutes(9), minutes(1), minutes(2)])
    assert (found.count, found.median) == (3, minutes(2))
    assert [time_taken_words(minutes(number)) for number in (0.9, 1, 59, 61)] == [
        "under a minute",
        "1 min",
        "59 min",
        "1 h 01 min",
    ]


def test_a_code_fits_one_step_of_one_rollback_alone():
    codes = {code_of("secret", deployment, turn, key) for deployment in (1, 2) for turn in (1, 2) for key in ("a", "b")}

    assert len(codes) == 8
    assert all(len(code) == 4 and set(code) <= set(CODE_SIGNS) for code in codes)
    assert code_of("secret", 1, 1, "a") == code_of("secret", 1, 1, "a") != code_of("other", 1, 1, "a")
    assert not set(CODE_SIGNS) & set("01IO")
    assert read_code(" ab-1i ") == "ABLL"


def claim(number: int, code: str = "", at: datetime | None = None, by: str = "") -> Claim:
    return Claim(number, code, at, by)


def test_what_stands_on_paper_is_refused_with_all_that_is_wrong():
    codes = ["AAAA", "BBBB", "CCCC", "DDDD"]
    claims = [
        claim(1, "AAAX", AT, "RK"),
        claim(2, "bbbb", AT, ""),
        claim(3, "CCCC", AT - minutes(5), "RK"),
        claim(4, "DDDD", AT + minutes(1), "RK"),
    ]

    with pytest.raises(InvalidInput) as refusal:
        check_claims(claims, codes, first=7, now=AT)

    assert [told.partition(".")[0] for told in refusal.value.fields.values()] == [
        "Step 7: This is not its code",
        "Step 8: Say when it was done on paper, and by whom",
        "Step 9: By these times it was done before the step above it",
        "Step 10: This moment has not come yet",
    ]


def test_paper_is_taken_over_without_gaps():
    codes = ["AAAA", "BBBB"]
    check_claims([claim(1, "aaaa", AT, "RK"), claim(2)], codes, first=1, now=AT)
    with pytest.raises(InvalidInput, match="step 2 comes after it"):
        check_claims([claim(1), claim(2, "BBBB", AT, "RK")], codes, first=1, now=AT)
    with pytest.raises(InvalidInput, match="at least one step"):
        check_claims([claim(1), claim(2)], codes, first=1, now=AT)


STEPS = (("a", "Stop application"), ("n1", "Notify users"), (RUN_KEY, "Run rollback migration"), ("n2", "Notify users"))


def test_commands_stand_at_the_step_whose_heading_they_are_under_and_else_at_the_migration():
    plan = "\n".join(
        [
            *("Words.", "```sh", "first", "```", "## 1. *Stop application*", "### on both", "    systemctl stop"),
            *("## Notify users", "```", "before", "```", "## Something else", "```", "second", "```"),
            *("## notify users:", "```", "after", "```", "```", "and again", "```"),
        ]
    )

    found = commands_of(plan, STEPS)

    assert found == {"a": "systemctl stop", "n1": "before", RUN_KEY: "first\nsecond", "n2": "after\nand again"}
    assert commands_of("no code here", STEPS) == {}


@given(st.text(alphabet="#`~\n abStop aplicton1.", max_size=200))
def test_no_plan_breaks_the_reading_of_its_commands(plan):
    assert set(commands_of(plan, STEPS)) <= {key for key, _ in STEPS}
