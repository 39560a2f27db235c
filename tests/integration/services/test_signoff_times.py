"""What passes by itself ends what was signed: the day of a waiver, and the time that a sign-off counts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo

import pytest
import time_machine
from sqlalchemy import select, update

from app.database import db, server_now
from app.domain.actors import Origin
from app.domain.checklist import ItemState, Severity
from app.domain.errors import RuleViolation
from app.domain.gates import Decision, GateKind, GateState
from app.domain.signoffs import EndKind
from app.domain.waiver_kinds import REASONS, WaiverKind
from app.models import ChecklistItem, Session, Signoff, SignoffEnd, Waiver
from app.models.base import pretending, utc_now
from app.queries.expired_gates import list_gates_with_expired
from app.queries.gates import list_active
from app.queries.gates_before import NO_READY
from app.queries.people import actor_of
from app.queries.standing import standing_of
from app.services.sessions import Browser, sign_in
from app.services.signoffs import sign, withdraw
from app.services.waivers import decide_waiver, request_waiver
from app.worker.jobs import expire_signoffs
from tests.factories import Make
from tests.integration.services.test_gate_records import pass_gate
from tests.integration.services.test_signoffs import LEAD, QA, Room

IN_A_WEEK = datetime.now(UTC) + timedelta(days=7)


@pytest.fixture
def room(make: Make) -> Room:
    return Room(make)


def lapse(room: Room) -> None:
    """A piece of advice that is covered, overridden until tomorrow."""
    item = room.item()
    advice = update(ChecklistItem).where(ChecklistItem.id == item.id)
    db.session.execute(advice.values(state=ItemState.TODO, severity=Severity.ADVISORY))
    db.session.commit()
    request_waiver(
        room.worker.origin,
        item.id,
        revision=item.revision,
        kind=WaiverKind.OVERRIDE,
        reason=REASONS[WaiverKind.OVERRIDE][0],
        explanation="the check is wrong here",
        ends_on=utc_now().date() + timedelta(days=1),
    )
    decide_waiver(room.dba.origin, db.session.scalars(select(Waiver.id)).one(), approve=True)


def test_what_was_signed_over_a_waiver_does_not_count_once_its_day_is_over_though_nobody_has_ended_it(room: Room):
    lapse(room)
    room.sign_all()
    assert room.state is GateState.SATISFIED

    with pretending(IN_A_WEEK):
        assert room.state is GateState.OPEN
        assert room.standing().signoffs == []


def test_a_module_is_not_ready_for_its_deployment_on_the_strength_of_a_waiver_whose_day_is_over(room: Room):
    lapse(room)
    room.sign_all()
    gate = room.gate(GateKind.DEPLOY, "staging")
    assert NO_READY not in standing_of(gate, server_now()).verdict.reasons

    with pretending(IN_A_WEEK):
        assert NO_READY in standing_of(gate, server_now()).verdict.reasons
        room.sign_all()
        assert NO_READY not in standing_of(gate, server_now()).verdict.reasons


def test_who_signs_what_is_there_then_counts_and_the_older_ones_end_with_it(room: Room):
    lapse(room)
    room.sign_all()

    with pretending(IN_A_WEEK):
        room.sign(room.lead, LEAD)
        assert room.state is GateState.PARTIAL
        room.sign(room.qa, QA)
        assert room.state is GateState.SATISFIED

    assert [kind for kind, _ in room.ends()] == [EndKind.STALE, EndKind.STALE]
    assert len(list_active([room.gate().id])) == 2


@pytest.mark.parametrize("wrong_by", [timedelta(minutes=10), -timedelta(minutes=10)], ids=["ahead", "behind"])
def test_a_machine_whose_clock_is_wrong_signs_and_ends_by_the_clock_of_the_database(room: Room, wrong_by: timedelta):
    origin, before = room.origin(room.lead), server_now()
    with time_machine.travel(utc_now() + wrong_by):
        number = sign(origin, room.gate().id, room.wish(LEAD))
        assert [one.person_id for one in room.standing(server_now()).signoffs] == [room.lead.id]
        withdraw(room.lead.origin, number, reason="By mistake.")
    after = server_now()

    signed = db.session.scalars(select(Signoff)).one()
    ended = db.session.scalars(select(SignoffEnd)).one()
    assert before <= signed.signed_at <= ended.ended_at <= after


def test_what_was_signed_at_a_moment_that_has_not_come_does_not_count_before(room: Room):
    soon = utc_now() + timedelta(minutes=2)
    with pretending(soon):
        room.sign_all()

    assert room.state is GateState.OPEN
    with pytest.raises(RuleViolation, match="is not open"):
        pass_gate(room.origin(room.worker), room.gate().id)
    with pretending(soon):
        assert room.state is GateState.SATISFIED


FORTNIGHT = timedelta(days=14, minutes=1)


def test_the_worker_ends_what_no_longer_counts_by_time_and_says_until_when_it_did(room: Room):
    room.sign_all()
    with pretending(utc_now() + timedelta(days=13)):
        expire_signoffs()
    assert room.ends() == []

    with pretending(utc_now() + FORTNIGHT):
        expire_signoffs()
        expire_signoffs()
        room.sign(room.lead, LEAD)
        assert room.state is GateState.PARTIAL

    assert [kind for kind, _ in room.ends()] == [EndKind.EXPIRED, EndKind.EXPIRED]
    signed = db.session.scalars(select(Signoff).order_by(Signoff.id)).first()
    assert room.ends()[0][1] == f"It counted until {signed.signed_at + timedelta(days=14):%Y-%m-%d %H:%M} UTC."
    ended = room.make.events("signoff.ended")
    assert [(one.actor_id, one.actor_role, one.fact) for one in ended] == [(None, "system", "expired")] * 2


def test_the_worker_ends_an_approval_whose_condition_was_to_be_met_by_now(room: Room):
    until = utc_now().date() + timedelta(days=2)
    room.sign(room.lead, LEAD, on_condition="The index comes on Monday.", condition_ends_on=until)
    room.sign(room.qa, QA)
    last_moment = datetime(until.year, until.month, until.day, 23, 59, 59, tzinfo=UTC)

    with pretending(last_moment):
        expire_signoffs()
        assert room.ends() == []
    with pretending(last_moment + timedelta(seconds=1)):
        expire_signoffs()

    assert [one.person_id for one in list_active([room.gate().id])] == [room.qa.id]


def test_what_was_signed_under_a_gate_that_is_passed_is_never_ended_by_time(room: Room):
    room.sign_all()
    pass_gate(room.origin(room.worker), room.gate().id)

    with pretending(utc_now() + FORTNIGHT):
        expire_signoffs()

    assert room.ends() == []
    assert len(list_active([room.gate().id])) == 2


def test_the_worker_asks_the_same_however_much_is_signed_while_nothing_is_due(
    make: Make, room: Room, statements: list[str]
):
    asked = set()
    for one in (room, Room(make), Room(make)):
        one.sign_all()
        statements.clear()

        expire_signoffs()

        asked.add(len(statements))
    assert asked == {3}  # the clock of the database, the policies, the gates


def test_the_gates_that_are_due_are_read_a_part_at_a_time(make: Make, room: Room):
    gates = []
    for one in (room, Room(make)):
        one.sign_all()
        gates.append(one.gate().id)
    then = utc_now() + FORTNIGHT

    first = list_gates_with_expired(then, after=0, most=1)

    assert first == gates[:1]
    assert list_gates_with_expired(then, after=first[-1], most=9) == gates[1:]


def set_clock(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    """Let the clock of the product's machine be wrong by so much; that of the database stays right."""

    class Wrong(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # a plain moment, as it is used
            return datetime.now(tz) + by

    monkeypatch.setattr("app.models.base.datetime", Wrong)


def give_password(session: Session, *, minutes_ago: int) -> None:
    """Let the password have been given so long before it was."""
    earlier = session.authenticated_at - timedelta(minutes=minutes_ago)
    db.session.execute(update(Session).where(Session.id == session.id).values(authenticated_at=earlier))
    db.session.commit()


@pytest.mark.parametrize("minutes", [-10, 10])
def test_how_long_ago_a_password_was_given_is_measured_by_the_clock_of_the_database(
    make: Make, room: Room, monkeypatch: pytest.MonkeyPatch, minutes: int
):
    password = "carried " + "over " * 4
    person = make.person(LEAD, password=password)
    browser = Browser("127.0.0.1", "test")
    set_clock(monkeypatch, timedelta(minutes=minutes))
    started, _ = sign_in(person.email, password, browser=browser, request_id="test", hours=12)
    session = db.session.get_one(Session, started.session_id)
    assert abs(session.authenticated_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert abs(session.created_at - datetime.now(UTC)) > timedelta(minutes=9)

    origin = Origin(replace(actor_of(person.id, means="session"), session_id=session.id))
    give_password(session, minutes_ago=29)
    set_clock(monkeypatch, timedelta(minutes=-minutes))
    number = sign(origin, room.gate().id, room.wish(LEAD))
    withdraw(origin := replace(origin, key=b"2" * 16), number, reason="I looked at the wrong plan.")

    give_password(session, minutes_ago=31)
    with pytest.raises(RuleViolation, match="password again"):
        sign(replace(origin, key=b"3" * 16), room.gate().id, room.wish(LEAD))


def test_time_answers_no_rejection(room: Room):
    number = room.sign(room.qa, QA, Decision.REJECT, reason="The rehearsal took two hours.")

    in_a_month = datetime.now(UTC) + timedelta(days=30)
    with pretending(in_a_month):
        assert room.state is GateState.REJECTED
        expire_signoffs()
        assert room.state is GateState.REJECTED
        assert list_gates_with_expired(in_a_month, after=0, most=9) == []
        withdraw(room.origin(room.lead), number, reason="It was rehearsed again.")
        assert room.state is GateState.OPEN
