"""I8 to I13: who signs, who does not, and that there is no way round."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.database import db
from app.domain.checklist import ItemState
from app.domain.errors import DomainError, NotPermitted, RuleViolation
from app.domain.gates import Decision, GateKind, GateState, RequiredSignoff, Separation
from app.domain.permissions import Role
from app.domain.signoffs import EndKind
from app.domain.waiver_kinds import WaiverKind
from app.models import ChecklistItem, Person, RoleGrant, Signoff
from app.models.base import utc_now
from app.queries.gates import list_active
from app.queries.releases import get_release
from app.queries.signoff_sheet import read_sheet
from app.services.gate_records import write_rollback_plan
from app.services.item_states import set_state
from app.services.roles import deactivate, revoke_role
from app.services.signoffs import Wish, sign
from tests.factories import Made, Make
from tests.integration.services.test_delegations import lent, sign_for
from tests.integration.services.test_gate_records import (
    PLAN,
    backed_up,
    deploy,
    pass_gate,
    prepared,
    rehearsed,
    sign_deploy,
)
from tests.integration.services.test_signoffs import COVERED, DBA, LEAD, QA, Room
from tests.races.rooms import ask
from tests.web.waiving import grant

Browsers = Callable[[Made], FlaskClient]


@pytest.fixture
def room(make: Make) -> Room:
    return Room(make)


def grants_of(person: Made) -> list[int]:
    return list(db.session.scalars(select(RoleGrant.id).where(RoleGrant.person_id == person.id)))


def test_i08_a_person_counts_once_in_a_gate_whatever_roles_and_delegations_they_hold(make: Make, room: Room):
    ask(room, RequiredSignoff(LEAD, 2), RequiredSignoff(QA, 1))
    many = make.person(LEAD, QA, Role.ADMINISTRATOR)
    by = {role: lent(room, make.person(role), many, role) for role in (LEAD, QA)}
    room.sign(many, LEAD)

    for role in (LEAD, QA):
        with pytest.raises(RuleViolation, match="counts once"):
            room.sign(many, role)
        with pytest.raises(RuleViolation, match="counts once"):
            sign_for(room, many, by[role], role)
    with pytest.raises(RuleViolation, match="counts once"):  # nor does somebody else give a second word of theirs
        sign_for(room, room.qa, lent(room, many, room.qa))

    assert [one.role for one in room.standing().verdict.missing] == [LEAD, QA]
    assert [one.quorum for one in room.standing().verdict.missing] == [1, 1]


def tick(room: Room, person: Made) -> None:
    for then in (ItemState.TODO, ItemState.DONE):
        item = room.item()
        set_state(person.origin, item.id, revision=item.revision, state=then, reason="I looked.")


def waive(room: Room, asker: Made, decider: Made) -> None:
    opened = room.item()
    set_state(room.worker.origin, opened.id, revision=opened.revision, state=ItemState.TODO)
    grant(asker, decider, room.release, COVERED, WaiverKind.OVERRIDE)


BEHIND: dict[str, Callable[[Room, Made], object]] = {
    "ticked": tick,
    "proved": lambda room, person: room.make.evidence(person, room.item().id),
    "asked for a waiver": lambda room, person: waive(room, person, room.dba),
    "approved a waiver": lambda room, person: waive(room, room.worker, person),
}


@pytest.mark.parametrize("deed", BEHIND)
def test_i09_who_ticked_proved_or_waived_something_covered_does_not_sign_that_gate(make: Make, room: Room, deed: str):
    person = make.person(LEAD, Role.DEVELOPER)
    BEHIND[deed](room, person)

    with pytest.raises(NotPermitted, match="stand behind"):
        room.sign(person, LEAD)

    room.sign(room.lead, LEAD)
    assert room.state is GateState.PARTIAL


def test_i09_where_the_policy_relaxes_that_it_is_possible_and_printed_on_the_sheet(make: Make, room: Room):
    person = make.person(LEAD, Role.DEVELOPER)
    tick(room, person)
    ask(room, RequiredSignoff(LEAD, 1))

    room.sign(person, LEAD)

    assert room.state is GateState.SATISFIED
    sheet = read_sheet(get_release(room.release.key, person.actor), person.actor, utc_now())
    [gate] = [one for one in sheet if one.signoffs]
    assert gate.relaxed == ("Who ticked, proved or waived a covered item may sign.",)
    assert gate.signoffs[0].relaxed == gate.relaxed


def test_i09_nobody_alone_signs_both_that_it_is_ready_and_that_it_is_deployed(make: Make, room: Room):
    ask(room, RequiredSignoff(LEAD, 1), separation=frozenset({Separation.NOT_BEHIND_ITEMS}))
    both = make.person(LEAD, DBA)
    write_rollback_plan(room.worker.origin, room.checklist_id, body=PLAN, revision=0)
    rehearsed(room)
    backed_up(room)
    room.sign(both, LEAD)
    wish = Wish(DBA, Decision.APPROVE, deploy(room).content.digest)

    with pytest.raises(NotPermitted, match="You alone signed that it is ready"):
        sign(room.origin(both), deploy(room).gate.id, wish)

    sign(room.origin(room.dba), deploy(room).gate.id, wish)
    assert deploy(room).verdict.state is GateState.SATISFIED


def test_i09_who_deploys_is_not_the_only_one_who_signed(room: Room):
    prepared(room)
    sign_deploy(room)

    with pytest.raises(RuleViolation, match="You alone signed it"):
        pass_gate(room.origin(room.dba), deploy(room).gate.id)

    assert deploy(room).verdict.state is GateState.SATISFIED


def test_i10_who_holds_every_role_there_is_gets_round_none_of_it(make: Make, room: Room):
    almighty = make.person(*Role)
    tick(room, almighty)
    with pytest.raises(NotPermitted, match="stand behind"):
        room.sign(almighty, LEAD)

    another = make.person(*Role)
    room.sign(another, LEAD)
    for role in Role:
        with pytest.raises(DomainError):
            room.sign(another, role)
    with pytest.raises(RuleViolation, match="is not open"):
        pass_gate(room.origin(another), room.gate().id)

    assert [one.person_id for one in list_active([room.gate().id])] == [another.id]
    assert room.state is GateState.PARTIAL


def test_i11_a_role_that_was_taken_back_signs_nothing_even_from_a_session_of_before(make: Make, room: Room):
    session, wish = room.origin(room.lead), room.wish(LEAD)
    assert [one.role for one in session.actor.grants if one.role is LEAD]
    boss = make.person(Role.ADMINISTRATOR)
    revoke_role(boss.origin, room.lead.id, grants_of(room.lead)[0])

    with pytest.raises(NotPermitted, match="is not signed as Team lead by you"):
        sign(session, room.gate().id, wish)

    assert db.session.scalars(select(Signoff.id)).all() == []


@pytest.mark.parametrize("loss", ["role", "account"])
def test_i12_a_lost_role_or_a_closed_account_ends_what_was_signed_at_open_gates_and_nothing_at_passed_ones(
    make: Make, room: Room, loss: str
):
    boss, another = make.person(Role.ADMINISTRATOR), Room(make)
    another.lead = room.lead
    for one in (room, another):
        one.sign_all()
    pass_gate(another.worker.origin, another.gate().id)
    before = [one.id for one in list_active([another.gate().id])]

    if loss == "role":
        revoke_role(boss.origin, room.lead.id, grants_of(room.lead)[0])
    else:
        deactivate(boss.origin, room.lead.id)

    assert [one.person_id for one in list_active([room.gate().id])] == [room.qa.id]
    assert [kind for kind, _ in room.ends()] == [EndKind.ROLE_LOST]
    assert [one.id for one in list_active([another.gate().id])] == before
    assert another.state is GateState.CONSUMED


def cover_nothing(room: Room) -> None:
    covered = update(ChecklistItem).where(
        ChecklistItem.checklist_id == room.checklist_id, ChecklistItem.gate == GateKind.READY
    )
    db.session.execute(covered.values(state=ItemState.REMOVED))
    db.session.commit()


def leave_one_lead(room: Room) -> None:
    ask(room, RequiredSignoff(LEAD, 2))
    others = update(Person).where(Person.id != room.lead.id)
    db.session.execute(others.values(deactivated_at=utc_now()))
    db.session.commit()


UNSATISFIABLE: dict[str, tuple[Callable[[Room], None], str]] = {
    "covers nothing": (cover_nothing, "It covers no item."),
    "asks nobody": (ask, "Its policy asks nobody."),
    "a quorum of none": (lambda room: ask(room, RequiredSignoff(LEAD, 0)), "asks for no person of a role"),
    "a quorum below none": (lambda room: ask(room, RequiredSignoff(LEAD, -1)), "asks for no person of a role"),
    "too few people": (leave_one_lead, "There are too few people who may sign it."),
}


@pytest.mark.parametrize("fault", UNSATISFIABLE)
def test_i13_a_gate_that_nobody_could_satisfy_is_never_open_and_never_passed(room: Room, fault: str):
    spoil, words = UNSATISFIABLE[fault]
    origin = room.origin(room.worker)
    spoil(room)

    assert room.state is GateState.UNSATISFIABLE
    assert words in " ".join(room.standing().verdict.reasons)
    with pytest.raises(RuleViolation, match="is not open"):
        pass_gate(origin, room.gate().id)
    with pytest.raises((RuleViolation, NotPermitted)):
        sign(room.origin(room.lead), room.gate().id, room.wish(LEAD))
    assert room.gate().consumed_at is None
