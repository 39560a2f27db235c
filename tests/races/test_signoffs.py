"""Signing, passing and running out at one moment: gate and sign-offs always agree. The nasty cases stand beside."""

from datetime import timedelta

from flask import Flask

from app.domain.errors import Busy
from app.domain.gates import GateState
from app.models.base import pretending, utc_now
from app.queries.gates import list_active
from app.worker.jobs import expire_signoffs
from tests.factories import Make
from tests.integration.services.test_signoffs import LEAD, QA
from tests.races.rooms import check_agrees, explained, kinds, rounds, signing
from tests.races.running import race


def test_two_people_who_sign_at_once_both_count(app: Flask, make: Make):
    for room in rounds(make):
        outcomes = race(app, [signing(room, room.lead, LEAD), signing(room, room.qa, QA)])

        assert kinds(outcomes) <= {Busy}
        assert check_agrees(room).verdict.state is GateState.SATISFIED


def test_workers_that_run_at_once_end_each_signoff_once(app: Flask, make: Make):
    rooms = list(rounds(make))
    for room in rooms:
        room.sign_all()
    later = utc_now() + timedelta(days=15)

    def work() -> None:
        with pretending(later):
            expire_signoffs()

    race(app, [work] * 3)

    for room in rooms:
        assert list_active([room.gate().id]) == []
        ended = [one for one in explained(room) if one.action == "signoff.ended"]
        assert [(one.actor_id, one.fact) for one in ended] == [(None, "expired")] * 2
