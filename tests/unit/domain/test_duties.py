"""How a duty stands at every minute, what a changed schedule leaves alone, and what a rest excuses."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.duties import (
    DutyFacts,
    DutyState,
    Outcome,
    Record,
    Revision,
    Turn,
    TurnKind,
    Window,
    check_may_tick,
    check_may_turn,
    missed_between,
    standing_of,
    summary,
    windows,
)
from app.domain.errors import RuleViolation
from app.domain.recurrence import Period, Schedule

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
MONTHLY = Schedule(Period.MONTHLY, time(17), BERLIN, day=10, grace_days=5)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def duty(schedule: Schedule, since: str = "2025-12-20") -> DutyFacts:
    return DutyFacts((Revision(1, schedule, moment(since)),))


def done(facts: DutyFacts, at: str | datetime) -> DutyFacts:
    """The same duty, ticked at a moment."""
    when = moment(at) if isinstance(at, str) else at
    window = check_may_tick(standing_of(facts, when), on=None)
    assert window.record is None
    record = Record(len(facts.records) + 1, window.revision_id, window.on, window.due_at, window.ends_at, when)
    return replace(facts, records=(*facts.records, record))


def turned(facts: DutyFacts, kind: TurnKind, at: str) -> DutyFacts:
    return replace(facts, turns=(*facts.turns, Turn(kind, moment(at))))


def changed(facts: DutyFacts, schedule: Schedule, at: str) -> DutyFacts:
    revision = Revision(len(facts.revisions) + 1, schedule, moment(at))
    return replace(facts, revisions=(*facts.revisions, revision))


def told(found: list[Window], at: str) -> list[tuple[str, str]]:
    return [(f"{one.due_at:%m-%d %H:%M}", one.outcome(moment(at)).value) for one in found]


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK])
@pytest.mark.parametrize("first", [date(2026, 1, 1), date(2026, 10, 1)])
def test_over_a_quarter_with_changes_of_clocks_a_duty_turns_late_and_missed_at_the_right_minute(zone, first):
    """Both zones change their clocks in both quarters; the moments are worked out here day by day."""
    facts = duty(Schedule(Period.DAILY, time(2, 30), zone, grace_hours=6), f"{first - DAY}T18:00")
    for number in range(90):
        local = datetime.combine(first + number * DAY, time(2, 30), ZoneInfo(zone))
        due = local.astimezone(UTC)

        states = [standing_of(facts, due + when).state for when in (-MINUTE, MINUTE - MINUTE, MINUTE)]
        over = due + timedelta(hours=6)

        before = DutyState.MISSED if number else DutyState.NEW
        assert states == [before, before, DutyState.LATE], local
        assert standing_of(facts, over - MINUTE).state is DutyState.LATE
        assert standing_of(facts, over).state is DutyState.MISSED
    missed = missed_between(facts, facts.revision.since_at, over)
    assert [one.on for one in missed] == [first + number * DAY for number in range(90)]


def test_a_monthly_duty_that_nobody_ticks_is_late_then_missed_and_a_tick_clears_it():
    facts = duty(MONTHLY)

    def state(at: str) -> DutyState:
        return standing_of(facts, moment(at)).state

    assert state("2026-01-10 16:00") is DutyState.NEW
    assert state("2026-01-10 16:01") is DutyState.LATE
    assert state("2026-01-15 15:59") is DutyState.LATE
    assert state("2026-01-15 16:00") is DutyState.MISSED
    facts = done(facts, "2026-01-16 08:00")
    assert state("2026-01-16 08:00") is DutyState.UP
    # The missed one stays missed for ever; the tick was February's.
    found = windows(facts, moment("2025-12-20"), moment("2026-03-01"))
    assert told(found, "2026-06-01") == [("01-10 16:00", "missed"), ("02-10 16:00", "on time")]
    assert state("2026-03-10 15:59") is DutyState.UP
    assert state("2026-03-10 17:00") is DutyState.LATE


def test_what_is_done_in_time_is_not_done_again_before_its_next_period_begins():
    facts = done(duty(MONTHLY), "2026-01-09 08:00")

    assert not standing_of(facts, moment("2026-01-09 08:01")).can_be_done
    with pytest.raises(RuleViolation, match="has not begun"):
        check_may_tick(standing_of(facts, moment("2026-01-31 22:59")), on=None)
    assert check_may_tick(standing_of(facts, moment("2026-01-31 23:00")), on=None).on == date(2026, 2, 10)


def test_a_form_from_a_period_that_is_over_does_nothing():
    standing = standing_of(duty(MONTHLY), moment("2026-01-16"))

    with pytest.raises(RuleViolation, match="is over"):
        check_may_tick(standing, on=date(2026, 1, 10))


def test_done_in_time_is_told_from_done_late_to_the_microsecond():
    due, tick = moment("2026-01-10 16:00"), timedelta(microseconds=1)
    facts = duty(MONTHLY)

    in_time = windows(done(facts, due), due - DAY, due)[0]
    late = windows(done(facts, due + tick), due - DAY, due)[0]
    assert [one.outcome(due) for one in (in_time, late)] == [Outcome.ON_TIME, Outcome.DONE_LATE]


def test_a_changed_schedule_leaves_what_was_due_before_as_it_was():
    facts = duty(MONTHLY)
    later = changed(facts, replace(MONTHLY, day=12, grace_days=20), "2026-01-12 12:00")

    # On the 12th January's is late, under five days of grace; the next one is February's.
    found = windows(later, moment("2025-12-20"), moment("2026-03-01"))
    assert told(found, "2026-01-12 13:00") == [("01-10 16:00", "late"), ("02-12 16:00", "to come")]
    assert told(found, "2026-01-15 16:00") == [("01-10 16:00", "missed"), ("02-12 16:00", "open")]


def test_a_changed_schedule_asks_at_once_for_what_was_not_due_yet():
    yearly = Schedule(Period.ANNUALLY, day=31, month=12)

    later = changed(duty(yearly, "2026-01-02"), replace(yearly, month=3), "2026-01-20")

    assert standing_of(later, moment("2026-01-21")).upcoming.due_at == moment("2026-03-31 17:00")


def test_what_was_done_ahead_is_not_asked_again_by_another_schedule():
    weekly = Schedule(Period.WEEKLY, weekday=4)
    facts = done(duty(weekly, "2026-05-01 18:00"), "2026-05-05 09:00")

    later = changed(facts, replace(weekly, weekday=3), "2026-05-06")

    found = windows(later, moment("2026-05-01 18:00"), moment("2026-05-16"))
    assert told(found, "2026-05-16 17:00") == [("05-08 17:00", "on time"), ("05-14 17:00", "missed")]


def test_what_is_due_while_it_rests_is_excused_and_what_was_late_before_is_not():
    daily = duty(Schedule(Period.DAILY, time(17), grace_hours=6), "2026-05-03 18:00")
    facts = turned(turned(daily, TurnKind.PAUSED, "2026-05-04 18:00"), TurnKind.RESUMED, "2026-05-07 09:00")

    found = windows(facts, moment("2026-05-03 18:00"), moment("2026-05-07 18:00"))

    assert [outcome for _, outcome in told(found, "2026-05-08 00:00")] == ["missed", "paused", "paused", "missed"]
    assert standing_of(turned(daily, TurnKind.PAUSED, "2026-05-04 18:00"), moment("2026-05-04 19:00")).can_be_done
    # What is due when it is paused is still asked; what is due when it is resumed is not.
    at_once = turned(turned(daily, TurnKind.PAUSED, "2026-05-04 17:00"), TurnKind.RESUMED, "2026-05-05 17:00")
    both = windows(at_once, moment("2026-05-04 12:00"), moment("2026-05-05 18:00"))
    assert [outcome for _, outcome in told(both, "2026-05-06 00:00")] == ["missed", "paused"]
    resting = turned(daily, TurnKind.PAUSED, "2026-05-04 09:00")
    with pytest.raises(RuleViolation, match="paused"):
        check_may_tick(standing_of(resting, moment("2026-05-04 19:00")), on=None)


@pytest.mark.parametrize(
    ("turns", "allowed"),
    [
        ((), {TurnKind.PAUSED, TurnKind.ARCHIVED}),
        ((TurnKind.PAUSED,), {TurnKind.RESUMED, TurnKind.ARCHIVED}),
        ((TurnKind.ARCHIVED,), {TurnKind.RESTORED}),
        ((TurnKind.PAUSED, TurnKind.ARCHIVED, TurnKind.RESTORED), {TurnKind.PAUSED, TurnKind.ARCHIVED}),
    ],
)
def test_a_duty_is_turned_only_to_what_it_is_not(turns: tuple[TurnKind, ...], allowed: set[TurnKind]):
    facts = duty(MONTHLY)
    for kind in turns:
        facts = turned(facts, kind, "2026-01-05")

    def is_allowed(kind: TurnKind) -> bool:
        try:
            check_may_turn(kind, facts)
        except RuleViolation:
            return False
        return True

    assert {kind for kind in TurnKind if is_allowed(kind)} == allowed


schedules = st.sampled_from(
    [
        Schedule(Period.DAILY, time(17), BERLIN, grace_hours=8),
        Schedule(Period.DAILY, time(2, 30), NEW_YORK, weekdays_only=True, grace_hours=20),
        Schedule(Period.WEEKLY, time(9), BERLIN, weekday=6, weekdays_only=True, grace_days=5, grace_hours=20),
        Schedule(Period.MONTHLY, time(23, 59), "Asia/Kolkata", day=31, weekdays_only=True, grace_days=21),
    ]
)
hours = st.integers(1, 24 * 120).map(lambda number: timedelta(hours=number))
BEGIN = moment("2026-02-20 10:00")


@given(st.lists(st.tuples(hours, schedules), max_size=3), schedules, st.lists(hours, max_size=12), hours)
def test_no_two_periods_are_open_at_once_and_the_past_stays_as_it_was(changes, first, ticks, cut):
    """Whatever is changed or done later, all that was over by then has become of it what had."""
    facts = DutyFacts((Revision(1, first, BEGIN),))
    acts = sorted(
        [(when, schedule) for when, schedule in changes] + [(when, None) for when in ticks], key=lambda a: a[0]
    )
    known: dict[tuple[int, date], Outcome] = {}
    for after, schedule in acts:
        at = BEGIN + after
        if schedule is not None:
            facts = DutyFacts((*facts.revisions, Revision(len(facts.revisions) + 1, schedule, at)), facts.records)
        elif standing_of(facts, at).can_be_done:
            facts = done(facts, at)
        seen = windows(facts, BEGIN, at)
        assert all(
            known[one.revision_id, one.on] is one.outcome(at) for one in seen if (one.revision_id, one.on) in known
        )
        known |= {(one.revision_id, one.on): one.outcome(at) for one in seen if one.ends_at <= at}
        assert set(known) <= {(one.revision_id, one.on) for one in seen}
    found = windows(facts, BEGIN, BEGIN + timedelta(days=200))
    for before, after in pairwise(found):
        assert before.ends_at <= after.opens_at <= after.due_at
    assert (
        windows(facts, BEGIN + cut, BEGIN + timedelta(days=200))[1:]
        == [one for one in found if one.due_at > BEGIN + cut][1:]
    )


@pytest.mark.parametrize(
    ("states", "sentence"),
    [
        ([DutyState.LATE] * 2 + [DutyState.MISSED] + [DutyState.UP] * 12, "2 of 15 duties are late, 1 was missed."),
        ([DutyState.MISSED] * 2, "2 of 2 duties were missed."),
        ([DutyState.LATE], "1 of 1 duty is late."),
        ([DutyState.UP, DutyState.NEW], "No duty is late."),
    ],
)
def test_the_first_sentence_says_what_is_left(states: list[DutyState], sentence: str):
    assert summary(states)[0] == sentence
