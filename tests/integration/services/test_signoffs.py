"""A sign-off is a named person's decision over an exact content, and ends with what it was about."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from app.database import db, server_now
from app.domain.actors import Origin
from app.domain.checklist import ItemState
from app.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted, RuleViolation
from app.domain.gates import Decision, GateKind, GateState
from app.domain.permissions import Role
from app.domain.signoffs import EndKind, digest_of
from app.domain.waiver_kinds import WaiverKind, WaiverReason
from app.models import ChecklistItem, RoleGrant, Session, SignedContent, Signoff, SignoffEnd
from app.models.base import pretending, utc_now
from app.queries.gates import GateRow, get_gate, list_active, list_gates
from app.queries.people import actor_of
from app.queries.standing import Standing, standing_of
from app.services.evidence import reconfirm
from app.services.item_states import set_state
from app.services.items import add_comment, assign, set_value
from app.services.roles import deactivate, revoke_role
from app.services.signoffs import Wish, sign, withdraw
from app.services.waivers import request_waiver
from tests.factories import Made, MadeRelease, Make

LEAD, QA, DBA = Role.TEAM_LEAD, Role.QA, Role.DBA
COVERED, OTHERS = "pre.schema-planned", "mig.file-exists"  # of the ready and of the deploy gate


class Room:
    """A release whose module is done, and people who sign it."""

    def __init__(self, make: Make) -> None:
        self.make = make
        self.release: MadeRelease = make.release()
        self.worker = make.person(Role.DEVELOPER)
        self.lead, self.qa = make.person(LEAD, Role.VIEWER), make.person(QA)
        self.dba = make.person(DBA)
        self.checklist_id = self.release.item(COVERED).checklist_id
        items = update(ChecklistItem).where(ChecklistItem.checklist_id == self.checklist_id)
        db.session.execute(items.values(state=ItemState.DONE, changed_by_id=self.worker.id))
        db.session.commit()

    def gate(self, kind: GateKind = GateKind.READY, environment: str = "") -> GateRow:
        gates = list_gates(self.checklist_id)
        return next(one for one in gates if (one.kind, one.environment_key) == (kind, environment))

    def standing(self, at: datetime | None = None) -> Standing:
        return standing_of(self.gate(), at or server_now())

    @property
    def state(self) -> GateState:
        return self.standing().verdict.state

    def origin(self, person: Made) -> Origin:
        """A signed-in browser that gave the password just now."""
        self.make.session_token(person)
        session = db.session.scalar(
            select(Session.id).where(Session.person_id == person.id).order_by(Session.id.desc())
        )
        return Origin(replace(actor_of(person.id, means="session"), session_id=session))

    def wish(self, role: Role, decision: Decision = Decision.APPROVE, **more: Any) -> Wish:
        return Wish(role, decision, self.standing().content.digest, **more)

    def sign(self, person: Made, role: Role, decision: Decision = Decision.APPROVE, **more: Any) -> int:
        return sign(self.origin(person), self.gate().id, self.wish(role, decision, **more))

    def sign_all(self) -> None:
        self.sign(self.lead, LEAD)
        self.sign(self.qa, QA)

    def ends(self) -> list[tuple[EndKind, str]]:
        return [(one.kind, one.reason) for one in db.session.scalars(select(SignoffEnd).order_by(SignoffEnd.id))]

    def item(self, key: str = COVERED) -> ChecklistItem:
        return self.release.item(key)


@pytest.fixture
def room(make: Make) -> Room:
    return Room(make)


def test_a_checklist_has_its_gates_from_the_beginning_one_deploy_gate_for_each_environment(room: Room):
    found = {(one.kind.value, one.environment_key) for one in list_gates(room.checklist_id)}

    assert found == {("ready", ""), ("deploy", "staging"), ("deploy", "production")}
    assert room.gate(GateKind.DEPLOY, "staging").policy.roles == {DBA}
    assert room.gate(GateKind.DEPLOY, "production").policy.roles == {DBA, LEAD}


def test_two_people_in_two_roles_satisfy_the_ready_gate(room: Room):
    assert room.state is GateState.OPEN
    room.sign(room.lead, LEAD)
    assert room.state is GateState.PARTIAL
    room.sign(room.qa, QA)
    assert room.state is GateState.SATISFIED


def test_what_was_signed_is_kept_byte_for_byte_with_who_in_which_role_and_words(room: Room):
    number = room.sign(room.lead, LEAD)

    row = db.session.get(Signoff, number)
    body = db.session.get(SignedContent, row.digest).body
    assert digest_of(body) == row.digest == room.standing().content.digest
    assert b'"key":"pre.schema-planned"' in body
    assert (row.person_id, row.role, row.decision) == (room.lead.id, LEAD, Decision.APPROVE)
    assert "the module is ready for release" in row.statement
    (event,) = room.make.events("signoff.given")
    assert event.id == row.event_id
    assert event.actor_id == room.lead.id


# What changes something that the gate covers.
COVERED_CHANGES: dict[str, Callable[[Room], object]] = {
    "untick": lambda r: set_state(
        r.worker.origin, r.item().id, revision=r.item().revision, state=ItemState.TODO, reason="Not yet."
    ),
    "value": lambda r: set_value(
        r.worker.origin, r.item().id, revision=r.item().revision, value="", link="https://example.org/plan"
    ),
    "evidence": lambda r: r.make.evidence(r.worker, r.item().id),
    "note": lambda r: set_state(
        r.worker.origin, r.item().id, revision=r.item().revision, state=ItemState.DONE, reason="With the new column."
    ),
}


@pytest.mark.parametrize("change", COVERED_CHANGES)
def test_a_change_of_what_is_covered_ends_every_approval_at_once_and_names_the_cause(room: Room, change: str):
    room.sign_all()

    COVERED_CHANGES[change](room)

    assert list_active([room.gate().id]) == []
    assert [kind for kind, _ in room.ends()] == [EndKind.STALE, EndKind.STALE]
    assert all(room.item().text in reason for _, reason in room.ends())
    assert room.gate().cycle == 2
    ended = room.make.events("signoff.ended")
    assert {event.actor_id for event in ended} == {room.worker.id}
    assert {event.occurred_at for event in ended} == {room.make.events(object_id=room.item().id)[-1].occurred_at}


def test_an_unticked_item_shuts_the_gate_and_a_new_tick_needs_new_signatures(room: Room):
    room.sign_all()
    item = room.item()
    set_state(room.worker.origin, item.id, revision=item.revision, state=ItemState.TODO)
    assert room.state is GateState.BLOCKED

    set_state(room.worker.origin, item.id, revision=item.revision + 1, state=ItemState.DONE)

    assert room.state is GateState.OPEN
    assert list_active([room.gate().id]) == []


def test_what_is_not_covered_leaves_signatures_alone(room: Room):
    room.sign_all()
    other, own = room.item(OTHERS), room.item()

    set_state(room.worker.origin, other.id, revision=other.revision, state=ItemState.TODO)
    add_comment(room.worker.origin, own.id, text="Looks good.")
    assign(room.lead.origin, own.id, revision=own.revision, assignee_id=room.qa.id, due_on=date(2027, 1, 4))

    assert room.state is GateState.SATISFIED
    assert room.ends() == []


def test_a_page_that_is_older_than_a_change_signs_nothing(room: Room):
    seen = room.wish(LEAD)
    item = room.item()
    set_state(room.worker.origin, item.id, revision=item.revision, state=ItemState.TODO)
    set_state(room.worker.origin, item.id, revision=item.revision + 1, state=ItemState.DONE)

    with pytest.raises(Conflict, match="has changed since"):
        sign(room.origin(room.lead), room.gate().id, seen)

    assert db.session.scalars(select(Signoff)).all() == []
    (refused,) = room.make.events("attempt.refused")
    assert refused.actor_id == room.lead.id


def test_an_open_item_lets_nobody_approve_but_rejecting_is_possible(room: Room):
    item = room.item()
    set_state(room.worker.origin, item.id, revision=item.revision, state=ItemState.TODO)

    with pytest.raises(RuleViolation, match="is to do"):
        room.sign(room.lead, LEAD)
    with pytest.raises(InvalidInput):
        room.sign(room.lead, LEAD, Decision.REJECT)
    room.sign(room.lead, LEAD, Decision.REJECT, reason="The plan is missing.")

    assert room.state is GateState.REJECTED


def test_a_rejection_outlives_a_change_of_the_content(room: Room):
    room.sign(room.lead, LEAD, Decision.REJECT, reason="The plan is missing.")

    room.make.evidence(room.worker, room.item().id)

    assert room.state is GateState.REJECTED


def test_who_stands_behind_a_covered_item_does_not_sign_whatever_role_they_hold(make: Make, room: Room):
    both = make.person(LEAD, Role.DEVELOPER, Role.ADMINISTRATOR)
    item = room.item()
    set_state(both.origin, item.id, revision=item.revision, state=ItemState.TODO, reason="Mine.")
    set_state(both.origin, item.id, revision=item.revision + 1, state=ItemState.DONE)

    with pytest.raises(NotPermitted, match="stand behind"):
        room.sign(both, LEAD)


def test_who_added_evidence_or_asked_for_a_waiver_stands_behind_it_too(make: Make, room: Room):
    prover = make.person(LEAD, Role.DEVELOPER)
    make.evidence(prover, room.item().id)

    with pytest.raises(NotPermitted, match="stand behind"):
        room.sign(prover, LEAD)


def test_who_confirmed_evidence_stands_behind_it_and_its_content_stays_what_it_was(make: Make, room: Room):
    with pretending(utc_now() - timedelta(days=2)):
        piece = make.evidence(room.worker, room.item().id)
    looked = make.person(LEAD, Role.DEVELOPER)
    before = room.standing().content.digest

    chosen = ((piece, room.item().revision),)
    reconfirm(looked.origin, room.checklist_id, chosen, today=utc_now().date())

    assert room.standing().content.digest == before
    with pytest.raises(NotPermitted, match="stand behind"):
        room.sign(looked, LEAD)


def test_one_person_with_two_roles_signs_once(make: Make, room: Room):
    both = make.person(LEAD, QA)
    room.sign(both, LEAD)

    with pytest.raises(RuleViolation, match="counts once"):
        room.sign(both, QA)


def test_a_role_that_is_not_held_or_not_asked_signs_nothing(make: Make, room: Room):
    dba = make.person(DBA)

    for role in (LEAD, DBA):
        with pytest.raises(NotPermitted):
            room.sign(dba, role)
    with pytest.raises(NotPermitted, match="signed in"):
        sign(Origin(replace(room.origin(room.lead).actor, means="token")), room.gate().id, room.wish(LEAD))


def test_the_gate_of_a_module_that_one_may_not_see_is_not_there(make: Make, room: Room):
    stranger = make.person(LEAD, module_id=make.module().id)

    with pytest.raises(NotFound):
        sign(room.origin(stranger), room.gate().id, room.wish(LEAD))


def test_the_password_must_have_been_given_within_what_the_policy_says(room: Room):
    origin = room.origin(room.lead)
    with pretending(utc_now() + timedelta(minutes=31)), pytest.raises(RuleViolation, match="password again"):
        sign(origin, room.gate().id, room.wish(LEAD))

    sign(room.origin(room.lead), room.gate().id, room.wish(LEAD))


def test_the_same_form_sent_again_signs_once(room: Room):
    origin, wish, gate = room.origin(room.lead), room.wish(LEAD), room.gate().id

    assert sign(origin, gate, wish) == sign(origin, gate, wish)

    assert len(db.session.scalars(select(Signoff)).all()) == 1
    assert len(room.make.events("signoff.given")) == 1


def test_a_withdrawn_signoff_stays_in_the_history_and_may_be_given_again(room: Room):
    number = room.sign(room.lead, LEAD)
    with pytest.raises(InvalidInput):
        withdraw(room.origin(room.lead), number, reason="")
    with pytest.raises(NotPermitted):
        withdraw(room.origin(room.qa), number, reason="No.")

    withdraw(room.origin(room.lead), number, reason="I looked at the wrong plan.")

    assert room.state is GateState.OPEN
    assert db.session.get(Signoff, number) is not None
    room.sign(room.lead, LEAD)
    assert room.state is GateState.PARTIAL


def test_a_lead_of_the_module_may_withdraw_for_somebody(room: Room):
    number = room.sign(room.qa, QA)

    withdraw(room.origin(room.lead), number, reason="She is ill and saw the old version.")

    assert room.ends() == [(EndKind.WITHDRAWN, "She is ill and saw the old version.")]


def test_a_lost_role_and_a_closed_account_end_signatures_in_the_same_act(make: Make, room: Room):
    room.sign_all()
    boss = make.person(Role.ADMINISTRATOR)
    grant = db.session.scalar(select(RoleGrant.id).where(RoleGrant.person_id == room.lead.id))

    revoke_role(boss.origin, room.lead.id, grant)
    deactivate(boss.origin, room.qa.id)

    assert [kind for kind, _ in room.ends()] == [EndKind.ROLE_LOST, EndKind.ROLE_LOST]
    assert "Team lead was taken back" in room.ends()[0][1]
    with pytest.raises(NotPermitted):
        room.sign(room.lead, LEAD)


def test_a_lost_role_of_another_kind_ends_nothing(make: Make, room: Room):
    both = make.person(LEAD, Role.DEVELOPER)
    room.sign(both, LEAD)
    grant = db.session.scalar(
        select(RoleGrant.id).where(RoleGrant.person_id == both.id, RoleGrant.role == Role.DEVELOPER)
    )

    revoke_role(make.person(Role.ADMINISTRATOR).origin, both.id, grant)

    assert room.ends() == []


def test_after_its_time_a_signoff_no_longer_counts(room: Room):
    room.sign_all()

    assert standing_of(room.gate(), utc_now() + timedelta(days=13)).verdict.state is GateState.SATISFIED
    assert standing_of(room.gate(), utc_now() + timedelta(days=14, seconds=1)).verdict.state is GateState.OPEN


def test_an_approval_with_a_condition_counts_until_its_day_is_over(room: Room):
    with pytest.raises(InvalidInput):
        room.sign(room.lead, LEAD, on_condition="The index comes on Monday.")
    until = (utc_now() + timedelta(days=2)).date()
    room.sign(room.lead, LEAD, on_condition="The index comes on Monday.", condition_ends_on=until)

    assert room.state is GateState.PARTIAL
    assert standing_of(room.gate(), utc_now() + timedelta(days=4)).verdict.state is GateState.OPEN


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE signoffs SET role = 'qa'",
        "DELETE FROM signoffs",
        "UPDATE signoff_ends SET reason = 'x'",
        "DELETE FROM signoff_ends",
        "UPDATE signed_contents SET body = 'x'",
        "DELETE FROM signed_contents",
        "UPDATE gate_policies SET body = '{}'",
        "DELETE FROM gate_policies",
    ],
)
def test_the_database_refuses_to_change_or_remove_what_was_signed(room: Room, statement: str):
    number = room.sign(room.lead, LEAD)
    withdraw(room.origin(room.lead), number, reason="Wrong.")

    with pytest.raises(DBAPIError, match="only ever added"), db.session.begin_nested():
        db.session.connection().exec_driver_sql(statement)


def test_a_gate_and_its_signoffs_survive_a_waiver_that_is_only_asked_for_elsewhere(room: Room):
    room.sign_all()
    other = room.item(OTHERS)
    set_state(room.worker.origin, other.id, revision=other.revision, state=ItemState.TODO)

    request_waiver(
        room.worker.origin,
        other.id,
        revision=other.revision + 1,
        kind=WaiverKind.NOT_APPLICABLE,
        reason=WaiverReason.OTHER,
        explanation="No file here.",
        ends_on=None,
    )

    assert room.state is GateState.SATISFIED
    assert get_gate(room.gate().id).cycle == 1
