"""Signing for somebody else: both names stand there, it holds for its time only, and it opens no side door."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from app.database import db, server_now
from app.domain.checklist import ItemState
from app.domain.errors import InvalidInput, NotFound, NotPermitted, RuleViolation
from app.domain.gates import GateState
from app.domain.permissions import Role
from app.domain.signoffs import EndKind
from app.models import Delegation, DelegationAnswer, Module, RoleGrant, Signoff
from app.models.base import pretending, utc_now
from app.queries.delegations import get_delegation, list_delegated_to
from app.queries.gates import list_active
from app.services.delegations import DelegationFacts, answer_delegation, delegate, end_delegation
from app.services.item_states import set_state
from app.services.roles import deactivate, revoke_role
from app.services.signoffs import sign, withdraw
from tests.factories import Made, Make
from tests.integration.services.test_signoffs import DBA, LEAD, QA, Room

DAY = timedelta(days=1)


@pytest.fixture
def room(make: Make) -> Room:
    return Room(make)


@pytest.fixture
def stand_in(make: Make) -> Made:
    """Somebody who signs in another role, and holds none that the ready gate asks."""
    return make.person(Role.OPS)


def asked(room: Room, principal: Made, somebody: Made, role: Role = LEAD, **facts: Any) -> int:
    now = server_now()
    said = {"starts_at": now - timedelta(minutes=1), "ends_at": now + DAY, "module_id": None, "reason": "on leave"}
    return delegate(principal.origin, DelegationFacts(somebody.id, role, **(said | facts)))


def lent(room: Room, principal: Made, somebody: Made, role: Role = LEAD, **facts: Any) -> int:
    number = asked(room, principal, somebody, role, **facts)
    answer_delegation(somebody.origin, number, is_accepted=True)
    return number


def sign_for(room: Room, somebody: Made, number: int, role: Role = LEAD, **more: Any) -> int:
    return sign(room.origin(somebody), room.gate().id, room.wish(role, delegation_id=number, **more))


def grant_of(person: Made, role: Role) -> int:
    return db.session.scalars(
        select(RoleGrant.id).where(RoleGrant.person_id == person.id, RoleGrant.role == role)
    ).one()


def test_who_was_asked_and_has_accepted_signs_in_the_place_of_who_asked_and_both_names_are_kept(
    room: Room, stand_in: Made
):
    number = sign_for(room, stand_in, lent(room, room.lead, stand_in))

    row = db.session.get(Signoff, number)
    assert (row.person_id, row.role, row.grant_id) == (stand_in.id, LEAD, grant_of(room.lead, LEAD))
    assert (row.name_id, row.principal_name_id) == (stand_in.actor.name_id, room.lead.actor.name_id)
    [counting] = room.standing().signoffs
    assert counting.principal_id == room.lead.id
    assert room.state is GateState.PARTIAL
    [event] = room.make.events("signoff.given")
    assert event.new_value == f"approve as Team lead for person {room.lead.id}"


def test_before_it_is_accepted_nothing_is_signed_by_it_nor_after_it_was_declined(room: Room, stand_in: Made):
    number = asked(room, room.lead, stand_in)
    with pytest.raises(NotPermitted, match="do not sign for this person"):
        sign_for(room, stand_in, number)

    answer_delegation(stand_in.origin, number, is_accepted=False, reason="I am away too.")
    [event] = room.make.events("delegation.given")
    assert (event.actor_id, event.object_label, event.reason) == (room.lead.id, f"person {stand_in.id}", "on leave")

    with pytest.raises(NotPermitted, match="do not sign for this person"):
        sign_for(room, stand_in, number)
    assert [one.reason for one in room.make.events("delegation.answered")] == ["I am away too."]


@pytest.mark.parametrize(
    ("then", "is_in_force"),
    [(-timedelta(seconds=1), False), (timedelta(0), True), (DAY - timedelta(seconds=1), True), (DAY, False)],
)
def test_it_holds_from_its_first_moment_until_its_last_and_no_longer(
    room: Room, stand_in: Made, then: timedelta, is_in_force: bool
):
    starts_at = (server_now() + timedelta(hours=1)).replace(microsecond=0)
    number = lent(room, room.lead, stand_in, starts_at=starts_at, ends_at=starts_at + DAY)

    with pretending(starts_at + then):
        assert [one.id for one in list_delegated_to(stand_in.id, server_now())] == ([number] if is_in_force else [])
        if is_in_force:
            assert sign_for(room, stand_in, number)
        else:
            with pytest.raises(NotPermitted):
                sign_for(room, stand_in, number)


def test_a_machine_whose_clock_is_wrong_does_not_open_the_window(room: Room, stand_in: Made):
    number = lent(room, room.lead, stand_in, starts_at=server_now() + timedelta(minutes=5))
    origin, wish = room.origin(stand_in), room.wish(LEAD, delegation_id=number)

    with time_machine.travel(utc_now() + timedelta(minutes=10)), pytest.raises(NotPermitted):
        sign(origin, room.gate().id, wish)


def test_a_role_that_was_lent_is_not_lent_on(room: Room, stand_in: Made, make: Make):
    lent(room, room.lead, stand_in)
    third = make.person(DBA)

    with pytest.raises(NotPermitted, match="do not hold the role Team lead"):
        asked(room, stand_in, third)
    number = lent(room, stand_in, third, Role.OPS)
    with pytest.raises(NotPermitted):
        sign_for(room, third, number)


def test_who_signs_for_somebody_has_had_their_own_word_and_so_has_the_other(room: Room, make: Make):
    both = make.person(QA)
    number = lent(room, room.lead, both)
    sign_for(room, both, number)

    with pytest.raises(RuleViolation, match="signed this already"):
        room.sign(both, QA)
    with pytest.raises(RuleViolation, match="signed this already"):
        room.sign(room.lead, LEAD)
    assert room.state is GateState.PARTIAL
    room.sign(room.qa, QA)
    assert room.state is GateState.SATISFIED


def test_for_who_has_signed_already_nobody_signs_again(room: Room, make: Make):
    both = make.person(QA)
    number = lent(room, room.lead, both)
    room.sign(room.lead, LEAD)

    with pytest.raises(RuleViolation, match="signed this already"):
        sign_for(room, both, number)
    room.sign(both, QA)
    assert room.state is GateState.SATISFIED


def test_who_stands_behind_an_item_does_not_sign_through_somebody_else_nor_for_them(room: Room, stand_in: Made):
    item = room.item()
    number = lent(room, room.lead, stand_in)
    for person in (room.lead, stand_in):
        for then in (ItemState.TODO, ItemState.DONE):
            set_state(person.origin, item.id, revision=room.item().revision, state=then, reason="I looked.")
        with pytest.raises(NotPermitted, match="stand behind"):
            sign_for(room, stand_in, number)


def test_a_grant_for_one_module_is_lent_for_that_module_and_not_for_another(room: Room, make: Make):
    here = db.session.scalars(select(Module.id).where(Module.key == room.release.modules[0])).one()
    local, stand_in, elsewhere = make.person(LEAD, module_id=here), make.person(Role.OPS), make.module().id

    with pytest.raises(NotPermitted):
        asked(room, local, stand_in)
    with pytest.raises(NotPermitted):
        asked(room, local, stand_in, module_id=elsewhere)
    assert sign_for(room, stand_in, lent(room, local, stand_in, module_id=here))

    other = make.person(Role.OPS)
    with pytest.raises(NotPermitted):
        sign_for(room, other, lent(room, room.lead, other, module_id=elsewhere))


def test_losing_the_role_ends_what_was_signed_for_one_and_so_does_closing_either_account(
    room: Room, stand_in: Made, make: Make
):
    admin = make.person(Role.ADMINISTRATOR)
    number = lent(room, room.lead, stand_in)
    sign_for(room, stand_in, number)
    revoke_role(admin.origin, room.lead.id, grant_of(room.lead, LEAD))

    assert [kind for kind, _ in room.ends()] == [EndKind.ROLE_LOST]
    with pytest.raises(NotPermitted, match="not signed as Team lead"):
        sign_for(room, stand_in, number)

    second = make.person(LEAD)
    sign_for(room, stand_in, lent(room, second, stand_in))
    deactivate(admin.origin, stand_in.id)
    assert [kind for kind, _ in room.ends()] == [EndKind.ROLE_LOST] * 2
    assert list_active([room.gate().id]) == []


def test_losing_another_role_leaves_what_was_signed_for_somebody_alone(room: Room, stand_in: Made, make: Make):
    sign_for(room, stand_in, lent(room, room.lead, stand_in))

    revoke_role(make.person(Role.ADMINISTRATOR).origin, stand_in.id, grant_of(stand_in, Role.OPS))

    assert room.ends() == []


def test_ending_it_leaves_what_was_signed_and_lets_nothing_more_be_signed(room: Room, stand_in: Made):
    number = lent(room, room.lead, stand_in)
    signed = sign_for(room, stand_in, number)
    with pytest.raises(InvalidInput):
        end_delegation(room.lead.origin, number, reason="")

    end_delegation(room.lead.origin, number, reason="I am back.")

    assert room.state is GateState.PARTIAL
    withdraw(room.lead.origin, signed, reason="I see it differently.")  # it counts as theirs
    with pytest.raises(NotPermitted):
        sign_for(room, stand_in, number)
    with pytest.raises(RuleViolation, match="ended already"):
        end_delegation(stand_in.origin, number, reason="Twice.")


def test_only_the_two_answer_and_end_it_and_for_others_it_is_not_there(room: Room, stand_in: Made, make: Make):
    number = asked(room, room.lead, stand_in)

    with pytest.raises(NotPermitted, match="Who was asked"):
        answer_delegation(room.lead.origin, number, is_accepted=True)
    with pytest.raises(NotFound):
        answer_delegation(room.qa.origin, number, is_accepted=True)
    with pytest.raises(NotFound):
        end_delegation(room.qa.origin, number, reason="Why not.")
    answer_delegation(stand_in.origin, number, is_accepted=True)
    with pytest.raises(RuleViolation, match="answered"):
        answer_delegation(stand_in.origin, number, is_accepted=False)
    assert get_delegation(number).answers == {"accepted"}


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "backwards": ({"ends_at": -DAY}, "before it begins"),
    "too long": ({"ends_at": 91 * DAY}, "longer than 90 days"),
    "over": ({"starts_at": -2 * DAY, "ends_at": -DAY}, "has passed"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_time_that_makes_no_sense_is_refused_with_a_sentence(room: Room, stand_in: Made, wrong: str):
    offsets, words = WRONG[wrong]
    now = server_now()

    with pytest.raises(InvalidInput) as refused:
        asked(room, room.lead, stand_in, **{name: now + by for name, by in offsets.items()})

    assert words in str(refused.value.fields["ends_at"])


def test_one_asks_somebody_else_who_can_sign_there_and_each_thing_once(room: Room, stand_in: Made, make: Make):
    for somebody in (room.lead, make.person(Role.AUDITOR), make.person(Role.VIEWER)):
        with pytest.raises(InvalidInput):
            asked(room, room.lead, somebody)
    asked(room, room.lead, stand_in)
    with pytest.raises(RuleViolation, match="already"):
        asked(room, room.lead, stand_in)


@pytest.mark.parametrize("table", [Delegation, DelegationAnswer])
@pytest.mark.parametrize("verb", ["UPDATE {} SET id = id + 100", "DELETE FROM {}"])
def test_the_database_refuses_to_change_or_remove_what_was_asked_and_said(
    room: Room, stand_in: Made, table: Any, verb: str
):
    lent(room, room.lead, stand_in)

    with pytest.raises(DBAPIError, match="only ever added"):
        db.session.execute(db.text(verb.format(table.__tablename__)))
    db.session.rollback()
