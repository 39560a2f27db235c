"""Incidents with real commits: two who begin one step, closing against opening again, and words that are found."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import select

from app.database import db
from app.domain.errors import Busy, DomainError, RuleViolation
from app.domain.gates import GateState
from app.domain.permissions import Role
from app.models import EscalationStep
from app.queries.escalation import list_similar
from app.queries.incidents import IncidentFilter, list_incidents
from app.services.escalation import start_step
from app.services.incident_ends import close_incident, reopen_incident
from tests.factories import Made, Make
from tests.integration.services.test_incident_ends import Trouble
from tests.races.running import ROUNDS, history_of, race

Act = Callable[[], Any]


def kinds(outcomes: list[Any]) -> set[type]:
    """The refusals that were met."""
    return {type(one) for one in outcomes if isinstance(one, DomainError)}


def starting(trouble: Trouble, person: Made) -> Act:
    origin, number = person.origin, trouble.number
    return lambda: start_step(origin, number, 1)


def closing(trouble: Trouble, person: Made) -> Act:
    origin, number = person.origin, trouble.number
    return lambda: close_incident(origin, number)


def opening_again(trouble: Trouble, person: Made) -> Act:
    origin, number = person.origin, trouble.number
    return lambda: reopen_incident(origin, number, reason="It is back.")


def test_two_who_begin_a_step_at_once_begin_it_once(app: Flask, make: Make):
    for _ in range(ROUNDS):
        trouble = Trouble(make)

        outcomes = race(app, [starting(trouble, one) for one in (trouble.worker, trouble.lead)])

        db.session.rollback()
        own = EscalationStep.incident_id == trouble.number
        steps = db.session.scalars(select(EscalationStep.act).where(own)).all()
        assert steps == ["started"]
        assert kinds(outcomes) <= {RuleViolation, Busy}
        assert sum(isinstance(one, int) for one in outcomes) == 1


def test_closing_and_opening_again_at_once_leave_gate_and_incident_agreed(app: Flask, make: Make):
    for _ in range(ROUNDS):
        trouble = Trouble(make)
        trouble.work()
        trouble.sign()
        acts = [closing(trouble, trouble.worker), closing(trouble, trouble.reporter)]

        outcomes = race(app, [*acts, opening_again(trouble, trouble.lead)])

        db.session.rollback()
        row, state = trouble.row, trouble.standing().verdict.state
        assert kinds(outcomes) <= {RuleViolation, Busy}
        assert outcomes[:2].count(True) == 1
        assert (row.closed_at is not None) is (state is GateState.CONSUMED)
        assert row.turn == (2 if outcomes[2] is True else 1)
        told = [event.action.value for event in history_of(row.stream_id) if event.action.startswith("gate.")]
        assert told == ["gate.consumed", *(["gate.renewed"] if outcomes[2] is True else [])]


def test_earlier_ones_are_found_by_their_words_in_the_modules_that_one_sees(app: Flask, make: Make):
    module, elsewhere = make.module(), make.module()
    texts = {"title": "Transfers stop with a deadlock", "description": "Booking a transfer waits for the lock."}
    hidden = make.incident(elsewhere.key, **texts)
    alike = make.incident(module.key, **texts)
    make.incident(
        module.key, title="Labels are printed twice", description="Each label comes out of the printer twice."
    )
    trouble = Trouble(make, title="A deadlock when booking", error_messages="ERROR 1213 Deadlock found when transfer")
    insider = make.person(Role.DEVELOPER, module_id=module.id)
    everybody = make.lead()

    found = [one.id for one in list_similar(trouble.row, insider.actor)]
    most_alike = [one.id for one in list_similar(trouble.row, everybody.actor)][:2]
    hostile = list_incidents(IncidentFilter(text='+deadlock -"*(<transfer>~ @2'), insider.actor).rows
    by_part = list_incidents(IncidentFilter(text="bels are p"), insider.actor).rows

    assert found == [alike]
    assert set(most_alike) == {alike, hidden}
    assert [row.id for row in hostile] == [alike]
    assert [row.title for row in by_part] == ["Labels are printed twice"]
