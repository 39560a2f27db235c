"""Signing, unticking, taking back, passing and losing a role at one moment: gate and sign-offs always agree."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.database import db
from app.domain.checklist import ItemState
from app.domain.errors import Busy, Conflict, DomainError, NotPermitted, RuleViolation
from app.domain.gates import GateState
from app.domain.permissions import Role
from app.models import AuditEvent, RoleGrant, Signoff, SignoffEnd
from app.models.base import pretending, utc_now
from app.queries.gates import GateRow, list_active
from app.queries.standing import Standing, standing_of
from app.services.item_states import set_state
from app.services.roles import revoke_role
from app.services.signoffs import consume, sign, withdraw
from app.services.write_path import write_path
from app.worker.jobs import expire_signoffs
from tests.factories import Made, Make
from tests.integration.services.test_signoffs import LEAD, QA, Room
from tests.races.running import history_of, race

ROUNDS = 12
Act = Callable[[], Any]
pass_gate = write_path(consume)


@pytest.fixture
def rooms(make: Make) -> list[Room]:
    return [Room(make) for _ in range(ROUNDS)]


def signing(room: Room, person: Made, role: Role) -> Act:
    """A form that was opened now, ready to be sent."""
    origin, gate, wish = room.origin(person), room.gate().id, room.wish(role)
    return lambda: sign(origin, gate, wish)


def unticking(room: Room) -> Act:
    item, origin = room.item(), room.worker.origin
    number, revision = item.id, item.revision
    return lambda: set_state(origin, number, revision=revision, state=ItemState.TODO)


def withdrawing(room: Room, person: Made) -> Act:
    origin, gate = room.origin(person), room.gate().id
    own = next(one.id for one in list_active([gate]) if one.person_id == person.id)
    return lambda: withdraw(origin, own, reason="I looked at the wrong plan.")


def revoking(make: Make, person: Made) -> Act:
    boss = make.person(Role.ADMINISTRATOR).origin
    grant = db.session.scalars(
        select(RoleGrant.id).where(RoleGrant.person_id == person.id, RoleGrant.role == LEAD)
    ).one()
    return lambda: revoke_role(boss, person.id, grant)


def passing(room: Room) -> Act:
    origin, gate = room.origin(room.worker), room.gate().id
    return lambda: pass_gate(origin, gate)


def ready(room: Room) -> Standing:
    """The ready gate as everybody sees it now."""
    db.session.rollback()
    return standing_of(room.gate(), utc_now())


def explained(room: Room) -> list[AuditEvent]:
    """The events of the ready gate; each sign-off and each end has one, in the order in which they happened."""
    gate = room.gate()
    events = [one for one in history_of(gate.stream_id) if (one.object_kind, one.object_id) == ("gate", gate.id)]
    given = list(db.session.scalars(select(Signoff.event_id).where(Signoff.gate_id == gate.id).order_by(Signoff.id)))
    ends = select(SignoffEnd).join(Signoff, Signoff.id == SignoffEnd.signoff_id).where(Signoff.gate_id == gate.id)
    ended = [one.kind.value for one in db.session.scalars(ends.order_by(SignoffEnd.id))]
    assert [one.id for one in events if one.action == "signoff.given"] == given
    assert [one.fact for one in events if one.action == "signoff.ended"] == ended
    return events


def check_agrees(room: Room) -> Standing:
    """What counts was signed over what is there; nothing counts over an open item; nothing was passed with less."""
    standing = ready(room)
    active = list_active([standing.gate.id])
    explained(room)
    if standing.gate.consumed_at is None:
        assert {one.digest for one in active} <= {standing.content.digest}
        assert standing.gate.cycle == 1 or not active
        if any(one.facts.is_in_the_way for one in standing.covered):
            assert active == []
    else:
        assert {one.role for one in active} == {LEAD, QA}
        assert standing.verdict.state is GateState.CONSUMED
    return standing


def kinds(outcomes: list[Any]) -> set[type]:
    """The refusals that were met."""
    return {type(one) for one in outcomes if isinstance(one, DomainError)}


def test_who_signs_while_an_item_is_unticked_is_refused_or_their_signoff_ends_with_it(app: Flask, rooms: list[Room]):
    for room in rooms:
        signed, _ = race(app, [signing(room, room.lead, LEAD), unticking(room)])

        standing = check_agrees(room)
        assert standing.verdict.state is GateState.BLOCKED
        assert list_active([standing.gate.id]) == []
        events = [event.action for event in explained(room)]
        if isinstance(signed, int):
            assert events == ["signoff.given", "signoff.ended"]
        else:
            assert isinstance(signed, Conflict | Busy)
            assert events == []


def test_two_people_sign_while_an_item_is_unticked(app: Flask, rooms: list[Room]):
    for room in rooms:
        outcomes = race(app, [signing(room, room.lead, LEAD), signing(room, room.qa, QA), unticking(room)])

        assert kinds(outcomes) <= {Conflict, Busy}
        standing = check_agrees(room)
        assert standing.verdict.state is GateState.BLOCKED
        given = sum(isinstance(one, int) for one in outcomes)
        assert [event.action for event in explained(room)] == ["signoff.given"] * given + ["signoff.ended"] * given


def test_two_people_who_sign_at_once_both_count(app: Flask, rooms: list[Room]):
    for room in rooms:
        outcomes = race(app, [signing(room, room.lead, LEAD), signing(room, room.qa, QA)])

        assert kinds(outcomes) <= {Busy}
        assert check_agrees(room).verdict.state is GateState.SATISFIED


def test_one_form_sent_ten_times_at_once_is_one_signoff_with_one_answer(app: Flask, rooms: list[Room]):
    for room in rooms[:4]:
        answers = race(app, [signing(room, room.lead, LEAD)] * 10)

        given = [answer for answer in answers if not isinstance(answer, Busy)]
        assert given
        assert given == [ready(room).signoffs[0].id] * len(given)
        assert [event.action for event in explained(room)] == ["signoff.given"]


def test_two_tabs_of_one_person_are_one_signoff(app: Flask, make: Make, rooms: list[Room]):
    for room in rooms:
        both = make.person(LEAD, QA)

        outcomes = race(app, [signing(room, both, LEAD), signing(room, both, QA)])

        assert kinds(outcomes) <= {RuleViolation, Busy}
        assert sum(isinstance(one, int) for one in outcomes) == 1
        assert check_agrees(room).verdict.state is GateState.PARTIAL


def test_who_signs_while_losing_the_role_has_no_signoff_that_counts(app: Flask, make: Make, rooms: list[Room]):
    for room in rooms:
        signed, _ = race(app, [signing(room, room.lead, LEAD), revoking(make, room.lead)])

        assert isinstance(signed, int | NotPermitted | Busy)
        assert list_active([check_agrees(room).gate.id]) == []
        ended = [event.fact for event in explained(room) if event.action == "signoff.ended"]
        assert ended == ["role_lost"] * isinstance(signed, int)


def test_a_gate_is_passed_once_however_many_start(app: Flask, rooms: list[Room]):
    for room in rooms:
        room.sign_all()

        outcomes = race(app, [passing(room) for _ in range(4)])

        assert kinds(outcomes) <= {RuleViolation, Busy}
        assert sum(isinstance(one, GateRow) for one in outcomes) == 1
        assert check_agrees(room).verdict.state is GateState.CONSUMED
        assert [event.action for event in explained(room)].count("gate.consumed") == 1


def of_one_gate(room: Room, make: Make) -> dict[str, Act]:
    """What may come between a signed gate and whoever passes it."""
    return {
        "withdraw": withdrawing(room, room.lead),
        "untick": unticking(room),
        "revoke": revoking(make, room.lead),
    }


@pytest.mark.parametrize("other", ["withdraw", "untick", "revoke"])
def test_a_gate_is_passed_with_all_its_signoffs_or_not_at_all(app: Flask, make: Make, rooms: list[Room], other: str):
    for room in rooms:
        room.sign_all()

        passed, came = race(app, [passing(room), of_one_gate(room, make)[other]])

        assert isinstance(passed, GateRow | RuleViolation | Busy)
        standing = check_agrees(room)
        assert (standing.gate.consumed_at is not None) is isinstance(passed, GateRow)
        if other == "withdraw":  # one of them comes second, and is refused
            assert isinstance(came, RuleViolation | Busy) is isinstance(passed, GateRow)
        if isinstance(passed, GateRow):
            assert len(standing.signoffs) == 2
            assert [event.action for event in explained(room)][-1] == "gate.consumed"


def test_workers_that_run_at_once_end_each_signoff_once(app: Flask, rooms: list[Room]):
    for room in rooms[:4]:
        room.sign_all()
    later = utc_now() + timedelta(days=15)

    def work() -> None:
        with pretending(later):
            expire_signoffs()

    race(app, [work] * 3)

    for room in rooms[:4]:
        assert list_active([room.gate().id]) == []
        ended = [one for one in explained(room) if one.action == "signoff.ended"]
        assert [(one.actor_id, one.fact) for one in ended] == [(None, "expired")] * 2
