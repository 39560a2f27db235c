"""Opening, confirming, passing, losing a role and reviewing at one moment: two people, one use, one review."""

from collections.abc import Callable
from copy import copy
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app.database import db
from app.domain.checklist import ItemState
from app.domain.errors import Busy, Conflict, DomainError, NotPermitted, RuleViolation
from app.domain.gates import GateState
from app.domain.overrides import OverrideState, ReviewOutcome, debt_sentence
from app.domain.permissions import Role
from app.models import ChecklistItem, OverrideConfirmation, OverrideReview, OverrideUse, RoleGrant
from app.models.base import utc_now
from app.queries.gates import GateRow
from app.queries.obstacles import seen_at
from app.queries.overrides import list_overrides_of
from app.queries.standing import standing_of
from app.services.overrides import confirm_override, open_override, review_override
from app.services.roles import revoke_role
from tests.factories import Made, Make
from tests.integration.services.test_gate_records import pass_gate, prepared, sign_deploy
from tests.integration.services.test_overrides import FOUND, WISH, Broken, untouched
from tests.races.running import ROUNDS, elsewhere, history_of, just_before, race

Act = Callable[[], Any]


@pytest.fixture
def rooms(make: Make) -> list[Broken]:
    return [Broken(make) for _ in range(ROUNDS)]


def opening(room: Broken, person: Made) -> Act:
    origin, gate = room.origin(person), room.gate().id
    return lambda: open_override(origin, gate, WISH)


def confirming(room: Broken, number: int, person: Made, gate: GateRow | None = None) -> Act:
    origin = room.origin(person)
    seen = seen_at(standing_of(gate or room.gate(), utc_now()))
    return lambda: confirm_override(origin, number, seen=seen)


def reviewing(room: Broken, number: int, person: Made) -> Act:
    origin = room.origin(person)
    return lambda: review_override(origin, number, outcome=ReviewOutcome.ACCEPTABLE, text=FOUND)


def passing(room: Broken, gate: GateRow) -> Act:
    origin = room.origin(room.worker)
    return lambda: pass_gate(origin, gate.id)


def revoking(make: Make, person: Made) -> Act:
    boss = make.person(Role.ADMINISTRATOR).origin
    grant = db.session.scalars(select(RoleGrant.id).where(RoleGrant.person_id == person.id)).one()
    return lambda: revoke_role(boss, person.id, grant)


def kinds(outcomes: list[Any]) -> set[type]:
    """The refusals that were met."""
    return {type(one) for one in outcomes if isinstance(one, DomainError)}


def count(table: Any, number: int) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count(table.id)).where(table.override_id == number)) or 0


def actions(room: Broken) -> list[str]:
    """What the history of the checklist says of break-glass, in its order; its chain is proved on the way."""
    events = history_of(room.gate().stream_id)
    return [str(one.action.value) for one in events if one.action.startswith(("override.", "gate.consumed"))]


def test_two_who_open_at_once_open_one(app: Flask, rooms: list[Broken]):
    for room in rooms:
        outcomes = race(app, [opening(room, room.opener), opening(room, room.reviewer)])

        assert kinds(outcomes) <= {RuleViolation, Busy}
        assert sum(isinstance(one, int) for one in outcomes) == 1
        assert len(list_overrides_of([room.gate().id])) == 1
        assert actions(room) == ["override.opened"]


def test_two_who_confirm_at_once_confirm_once(app: Flask, rooms: list[Broken]):
    for room in rooms:
        number = room.open()

        outcomes = race(app, [confirming(room, number, one) for one in (room.confirmer, room.reviewer)])

        assert kinds(outcomes) <= {RuleViolation, Conflict, Busy}
        assert outcomes.count(True) == 1
        assert count(OverrideConfirmation, number) == 1
        assert actions(room).count("override.confirmed") == 1
        assert room.at(room.gate()).verdict.state is GateState.OVERRIDDEN


def test_i21_the_opener_never_becomes_the_second_person_however_many_confirm(app: Flask, rooms: list[Broken]):
    for room in rooms:
        number = room.open()

        mine, theirs = race(app, [confirming(room, number, one) for one in (room.opener, room.confirmer)])

        assert isinstance(mine, NotPermitted | Busy)
        assert theirs is True or isinstance(theirs, Busy)
        assert room.row(number).confirmed is None or room.row(number).confirmed.person_id == room.confirmer.id


def test_a_gate_is_passed_by_a_confirmed_break_glass_or_not_at_all(app: Flask, rooms: list[Broken]):
    for room in rooms:
        gate = untouched(room)
        number = room.open(gate)

        confirmed, passed = race(app, [confirming(room, number, room.confirmer, gate), passing(room, gate)])

        assert confirmed is True or isinstance(confirmed, Busy)
        assert isinstance(passed, GateRow | RuleViolation | Busy)
        assert count(OverrideUse, number) == isinstance(passed, GateRow)
        if isinstance(passed, GateRow):
            found = [one for one in actions(room) if one in {"override.confirmed", "gate.consumed"}]
            assert found == ["override.confirmed", "gate.consumed"]
            assert room.at(gate).verdict.state is GateState.CONSUMED


def test_a_signed_gate_that_is_passed_while_it_is_overridden_says_truly_by_which(app: Flask, rooms: list[Broken]):
    for room in rooms:
        prepared(room)
        sign_deploy(room)
        gate = untouched(room)
        number = room.open(gate)

        confirmed, passed = race(app, [confirming(room, number, room.confirmer, gate), passing(room, gate)])

        assert isinstance(passed, GateRow | Busy)
        if isinstance(passed, GateRow):
            # Either it was passed by its sign-offs, and nothing was left to confirm; or by break-glass.
            assert (count(OverrideUse, number) == 1) is (confirmed is True)
            assert confirmed is True or isinstance(confirmed, RuleViolation | Conflict | Busy)


def tried(act: Act) -> Act:
    """What an act gives, or the refusal that it met."""

    def run() -> Any:
        try:
            return act()
        except DomainError as refusal:
            return refusal

    return run


@pytest.mark.parametrize("who", ["opener", "confirmer"])
def test_a_role_is_not_taken_back_in_the_middle_of_a_confirmation(app: Flask, make: Make, who: str):
    room = Broken(make)
    number = room.open()
    confirm, revoke = confirming(room, number, room.confirmer), revoking(make, getattr(room, who))

    met: list[Any] = []
    # The role has been looked up, and counts until the row is there.
    with just_before("INSERT INTO override_confirmations", lambda _c: met.append(elsewhere(app, tried(revoke)))):
        confirm()

    assert [type(one) for one in met] == [Busy]
    assert room.row(number).confirmed is not None


def test_i21_a_confirmation_waits_for_a_deployment_that_has_begun_also_of_another_release(app: Flask, make: Make):
    room = Broken(make)
    other = of_next_release(room)
    number = room.open()
    confirm, pass_other = confirming(room, number, room.confirmer), passing(room, untouched(other))

    met: list[Any] = []
    # It has looked at what is owed, and nothing may come in between until it is done.
    with just_before("UPDATE gates", lambda _connection: met.append(elsewhere(app, tried(confirm)))):
        pass_other()

    assert [type(one) for one in met] == [Busy]
    assert confirm() is True, "it can be confirmed afterwards"


def test_i21_a_deployment_that_begins_after_the_confirmation_is_held_back(app: Flask, make: Make):
    room = Broken(make)
    other = of_next_release(room)
    number = room.open()

    confirmed, passed = race(app, [confirming(room, number, room.confirmer), passing(room, untouched(other))])

    assert confirmed is True
    assert isinstance(passed, GateRow | RuleViolation)
    if isinstance(passed, RuleViolation):
        assert debt_sentence(number) in str(passed)


def of_next_release(room: Broken) -> Broken:
    """The same module in another release, done and signed."""
    other = copy(room)
    other.checklist_id = room.next_release().checklist_id
    items = update(ChecklistItem).where(ChecklistItem.checklist_id == other.checklist_id)
    db.session.execute(items.values(state=ItemState.DONE, changed_by_id=room.worker.id))
    db.session.commit()
    prepared(other)
    sign_deploy(other)
    return other


def test_two_who_review_at_once_review_once(app: Flask, make: Make, rooms: list[Broken]):
    for room in rooms:
        number = room.breaks()
        room.end(number)
        other = make.person(Role.DBA)

        outcomes = race(app, [reviewing(room, number, one) for one in (room.reviewer, other)])

        assert kinds(outcomes) <= {RuleViolation, Busy}
        assert outcomes.count(True) == 1
        assert count(OverrideReview, number) == 1
        assert room.row(number).state(utc_now()) is OverrideState.REVIEWED


def test_who_confirms_while_losing_the_role_has_held_it_when_it_counted(app: Flask, make: Make, rooms: list[Broken]):
    for room in rooms:
        number = room.open()

        confirmed, _ = race(app, [confirming(room, number, room.confirmer), revoking(make, room.confirmer)])

        assert confirmed is True or isinstance(confirmed, NotPermitted | Busy)
        assert (room.row(number).confirmed is not None) is (confirmed is True)
        held = db.session.scalars(select(RoleGrant).where(RoleGrant.person_id == room.confirmer.id)).one()
        if confirmed is True:
            # Both take the person's stream: of the two versions the confirmation came first.
            assert held.revoked_at is not None
            assert room.at(room.gate()).verdict.state is GateState.OVERRIDDEN


def test_one_form_sent_ten_times_at_once_confirms_once(app: Flask, rooms: list[Broken]):
    for room in rooms[:4]:
        number = room.open()

        answers = race(app, [confirming(room, number, room.confirmer)] * 10)

        assert {one for one in answers if not isinstance(one, Busy)} == {True}
        assert count(OverrideConfirmation, number) == 1
