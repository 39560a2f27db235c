"""Several at one duty at one moment: one record, one event, and the others are told who was faster."""

from datetime import timedelta

from flask import Flask

from app.domain.actors import SYSTEM, Origin
from app.domain.errors import RuleViolation
from app.domain.permissions import Role
from app.models.base import pretending
from app.queries.duties import list_duties
from app.services.duties import Place, add_starting_duties
from app.services.duty_records import strike_record, tell_missed, tick_duty
from tests.duties import MONTHLY, add, moment, told
from tests.factories import Make
from tests.races.running import ROUNDS, race

TICKERS = 4


def test_of_several_who_tick_one_period_one_makes_the_record(app: Flask, make: Make):
    lead, people = make.lead(), [make.person(Role.OPS, name=f"Ops {number}") for number in range(TICKERS)]
    for number in range(ROUNDS):
        duty = add(lead, MONTHLY)
        at = moment("2026-01-09 09:00") + timedelta(minutes=number)

        def do(who=None, duty=duty, at=at) -> int:
            with pretending(at):
                return tick_duty(who.origin, duty, on=None)

        results = race(app, [lambda who=who, do=do: do(who) for who in people])

        [record] = [one for one in results if isinstance(one, int)]
        [body] = [one for one in told(make, "duty.ticked") if one["object"]["id"] == duty]
        winner = people[results.index(record)]
        assert body["actor"]["id"] == winner.id
        refused = [one for one in results if isinstance(one, RuleViolation)]
        assert len(refused) == TICKERS - 1
        assert all(winner.name in one.sentence for one in refused)


def test_workers_that_look_at_one_moment_tell_of_each_missed_period_once(app: Flask, make: Make):
    lead = make.lead()
    for _ in range(ROUNDS):
        duty = add(lead, MONTHLY)

        def tell(duty=duty) -> int:
            with pretending(moment("2026-04-01 09:00")):
                return tell_missed(Origin(SYSTEM), duty)

        assert sorted(race(app, [tell] * TICKERS)) == [0, 0, 0, 3]
        bodies = [one for one in told(make, "duty.missed") if one["object"]["id"] == duty]
        assert [one["after"]["on"] for one in bodies] == ["2026-01-10", "2026-02-10", "2026-03-10"]


def test_a_tick_and_a_strike_at_one_moment_leave_a_state_that_the_history_tells(app: Flask, make: Make):
    lead, ops = make.lead(), make.person(Role.OPS)
    for _ in range(ROUNDS):
        duty = add(lead, MONTHLY)
        with pretending(moment("2026-01-09 09:00")):
            record = tick_duty(ops.origin, duty, on=None)

        def again(duty=duty) -> int:
            with pretending(moment("2026-01-09 10:00")):
                return tick_duty(ops.origin, duty, on=None)

        def strike(duty=duty, record=record) -> bool:
            with pretending(moment("2026-01-09 10:00")):
                return strike_record(lead.origin, duty, record, reason="Wrong.")

        ticked, struck = race(app, [again, strike])

        assert struck is True
        [row] = [one for one in list_duties(lead.actor, moment("2026-01-09 11:00")) if one.id == duty]
        assert row.standing.can_be_done is isinstance(ticked, RuleViolation)


def test_two_who_add_the_fifteen_at_one_moment_add_fifteen(app: Flask, make: Make):
    lead = make.lead()
    place = Place(make.module(lead=lead).id)

    added = race(app, [lambda: add_starting_duties(lead.origin, place, time_zone="UTC")] * 3)

    assert sorted(added) == [0, 0, 15]
