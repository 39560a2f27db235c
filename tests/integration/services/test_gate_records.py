"""What a deploy gate needs beside its items: written by hand, never changed, and part of what is signed."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from app.database import db
from app.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted, RuleViolation
from app.domain.gate_policies import policy_body
from app.domain.gates import Decision, GateKind, GateState, Policy, RequiredSignoff
from app.domain.permissions import Role
from app.domain.signoffs import EndKind
from app.models import Checklist, Gate, GatePolicy
from app.models.base import utc_now
from app.queries.gates import list_active, list_gates
from app.queries.gates_before import NO_READY, NO_RELEASE, NOT_SHIPPED
from app.queries.standing import (
    NO_BACKUP,
    NO_PLAN,
    NOT_REHEARSED,
    REHEARSAL_FAILED,
    Standing,
    standing_of,
)
from app.services.delegations import DelegationFacts, answer_delegation, delegate
from app.services.gate_records import BackupFacts, add_backup, add_rehearsal, write_rollback_plan
from app.services.releases import ship_release
from app.services.signoffs import Wish, consume, sign, withdraw
from app.services.write_path import write_path
from tests.factories import Make
from tests.integration.services.test_signoffs import DBA, LEAD, QA, Room

PLAN = "1. Stop the workers.\n2. Run the downgrade.\n3. Count the rows."
pass_gate = write_path(consume)


@pytest.fixture
def room(make: Make) -> Room:
    return Room(make)


def deploy(room: Room, environment: str = "staging") -> Standing:
    return standing_of(room.gate(GateKind.DEPLOY, environment), utc_now())


def rehearsed(room: Room, *, has_passed: bool = True) -> int:
    return add_rehearsal(
        room.worker.origin, room.checklist_id, ran_at=utc_now() - timedelta(hours=1), minutes=9, has_passed=has_passed
    )


def backed_up(room: Room, **more: Any) -> int:
    facts = {
        "environment_key": "staging",
        "target": "grn staging",
        "taken_at": utc_now() - timedelta(hours=1),
        "size_bytes": 2_400_000,
        "checksum": "ab" * 32,
        "is_restore_tested": True,
        **more,
    }
    return add_backup(room.worker.origin, room.checklist_id, BackupFacts(**facts))


def prepared(room: Room) -> Room:
    """Everything that the deploy gate of staging needs."""
    write_rollback_plan(room.worker.origin, room.checklist_id, body=PLAN, revision=0)
    rehearsed(room)
    backed_up(room)
    room.sign_all()
    return room


def sign_deploy(room: Room, environment: str = "staging") -> int:
    standing = deploy(room, environment)
    return sign(room.origin(room.dba), standing.gate.id, Wish(DBA, Decision.APPROVE, standing.content.digest))


def test_each_missing_record_and_gate_is_a_reason(room: Room):
    assert deploy(room).verdict.reasons == (NO_PLAN, NO_BACKUP, NO_READY)
    assert deploy(room, "production").verdict.reasons == (NO_PLAN, NO_BACKUP, NO_READY, NO_RELEASE)
    write_rollback_plan(room.worker.origin, room.checklist_id, body=PLAN, revision=0)
    assert deploy(room).verdict.reasons == (NOT_REHEARSED, NO_BACKUP, NO_READY)
    rehearsed(room, has_passed=False)
    assert deploy(room).verdict.reasons == (REHEARSAL_FAILED, NO_BACKUP, NO_READY)
    rehearsed(room)
    backed_up(room)
    assert deploy(room).verdict.reasons == (NO_READY,)
    room.sign_all()
    assert deploy(room).verdict.state is GateState.OPEN


def test_a_backup_of_another_environment_is_none(room: Room):
    backed_up(room, environment_key="production")

    assert NO_BACKUP in deploy(room).verdict.reasons
    assert NO_BACKUP not in deploy(room, "production").verdict.reasons


def test_a_new_plan_has_to_be_rehearsed_anew_and_ends_signatures_over_the_old_one(room: Room):
    prepared(room)
    sign_deploy(room)
    assert deploy(room).verdict.state is GateState.SATISFIED

    write_rollback_plan(room.worker.origin, room.checklist_id, body=f"{PLAN}\n4. Tell them.", revision=1)

    assert deploy(room).verdict.reasons == (NOT_REHEARSED,)
    assert list_active([deploy(room).gate.id]) == []
    assert room.state is GateState.SATISFIED, "the ready gate does not cover the plan"
    assert [kind for kind, _ in room.ends()] == [EndKind.STALE]


def test_two_people_who_write_the_plan_do_not_lose_each_others_work(make: Make, room: Room):
    write_rollback_plan(room.worker.origin, room.checklist_id, body=PLAN, revision=0)

    with pytest.raises(Conflict) as refused:
        write_rollback_plan(make.person(Role.OPS).origin, room.checklist_id, body="Mine.", revision=0)

    assert (refused.value.theirs, refused.value.yours) == (PLAN, "Mine.")


def test_records_that_say_nothing_or_speak_of_the_future_are_refused(room: Room):
    with pytest.raises(InvalidInput):
        write_rollback_plan(room.worker.origin, room.checklist_id, body="", revision=0)
    with pytest.raises(InvalidInput, match="Write it first"):
        rehearsed(room)
    for wrong in (
        {"environment_key": "moon"},
        {"size_bytes": 0},
        {"checksum": ""},
        {"taken_at": utc_now() + timedelta(hours=1)},
    ):
        with pytest.raises(InvalidInput):
            backed_up(room, **wrong)


def test_only_a_module_in_a_release_has_such_records(room: Room):
    own = db.session.scalar(select(Checklist.id).where(Checklist.belongs_to == "release"))

    with pytest.raises(NotFound):
        write_rollback_plan(room.lead.origin, own, body=PLAN, revision=0)


def test_a_satisfied_gate_is_passed_once_and_what_was_signed_stays_as_it_was(make: Make, room: Room):
    prepared(room)
    sign_deploy(room)
    gate = deploy(room).gate

    pass_gate(room.origin(room.lead), gate.id)
    with pytest.raises(RuleViolation, match="not open"):
        pass_gate(room.origin(room.lead), gate.id)
    write_rollback_plan(room.worker.origin, room.checklist_id, body="Another.", revision=1)

    assert deploy(room).verdict.state is GateState.CONSUMED
    assert len(list_active([gate.id])) == 1
    (event,) = make.events("gate.consumed")
    assert event.actor_id == room.lead.id


def test_a_passed_gate_is_not_signed_any_more_not_even_rejected(room: Room):
    prepared(room)
    sign_deploy(room)
    standing = deploy(room)
    pass_gate(room.origin(room.lead), standing.gate.id)
    wish = Wish(DBA, Decision.REJECT, deploy(room).content.digest, reason="Too late.")

    with pytest.raises(RuleViolation, match="has been passed"):
        sign(room.origin(room.make.person(DBA)), standing.gate.id, wish)


def test_who_only_reads_writes_no_record(make: Make, room: Room):
    reader = make.person(Role.VIEWER)

    with pytest.raises(NotPermitted):
        write_rollback_plan(reader.origin, room.checklist_id, body=PLAN, revision=0)
    write_rollback_plan(room.worker.origin, room.checklist_id, body=PLAN, revision=0)
    with pytest.raises(NotPermitted):
        add_rehearsal(
            reader.origin, room.checklist_id, ran_at=utc_now() - timedelta(hours=1), minutes=9, has_passed=True
        )


def test_passing_the_gate_of_staging_leaves_that_of_production(room: Room):
    prepared(room)
    sign_deploy(room)

    pass_gate(room.origin(room.lead), deploy(room).gate.id)

    assert deploy(room, "production").verdict.state is GateState.BLOCKED


def test_a_gate_that_is_not_satisfied_is_not_passed(room: Room):
    for gate in (deploy(room).gate, room.gate()):
        with pytest.raises(RuleViolation, match="not open"):
            pass_gate(room.origin(room.lead), gate.id)


def test_nobody_alone_signs_both_that_it_is_ready_and_that_it_is_deployed(make: Make, room: Room):
    prepared(room)
    both = make.person(LEAD, DBA)
    ready = room.gate()
    db.session.add(
        GatePolicy(
            kind=GateKind.READY,
            revision=2,
            body=policy_body(Policy(GateKind.READY, (RequiredSignoff(LEAD, 1),))),
            created_at=utc_now(),
        )
    )
    db.session.flush()
    policy = db.session.scalar(select(GatePolicy.id).where(GatePolicy.revision == 2))
    db.session.execute(update(Gate).where(Gate.id == ready.id).values(policy_id=policy))
    db.session.commit()
    # The other one was given under the old policy and ends with this change.
    withdraw(room.origin(room.lead), list_active([ready.id])[0].id, reason="Signed under the old policy.")
    room.sign(both, LEAD)

    with pytest.raises(NotPermitted, match="You alone signed"):
        sign(room.origin(both), deploy(room).gate.id, Wish(DBA, Decision.APPROVE, deploy(room).content.digest))
    stand_in, now = make.person(Role.OPS), utc_now()
    lent = delegate(both.origin, DelegationFacts(stand_in.id, DBA, None, now, now + timedelta(days=1), "on leave"))
    answer_delegation(stand_in.origin, lent, is_accepted=True)
    wish = Wish(DBA, Decision.APPROVE, deploy(room).content.digest, delegation_id=lent)
    with pytest.raises(NotPermitted, match="You alone signed"):
        sign(room.origin(stand_in), deploy(room).gate.id, wish)

    sign_deploy(room)
    assert deploy(room).verdict.state is GateState.SATISFIED


def test_nobody_passes_a_gate_that_one_person_signed_alone_after_whom_another_took_their_sign_off_back(
    make: Make, room: Room
):
    both, other = make.person(DBA, QA), make.person(QA)
    asks_one = GatePolicy(
        kind=GateKind.READY,
        environment_key="",
        revision=77,
        body=policy_body(Policy(GateKind.READY, (RequiredSignoff(QA, 1),))),
        created_at=utc_now(),
    )
    db.session.add(asks_one)
    db.session.flush()
    db.session.execute(update(Gate).where(Gate.id == room.gate().id).values(policy_id=asks_one.id))
    db.session.commit()
    write_rollback_plan(room.worker.origin, room.checklist_id, body=PLAN, revision=0)
    rehearsed(room)
    backed_up(room)
    first = room.sign(other, QA)
    gate = room.gate(GateKind.DEPLOY, "staging")
    sign(room.origin(both), gate.id, Wish(DBA, Decision.APPROVE, deploy(room).content.digest))
    withdraw(room.origin(other), first, reason="Not yet.")
    again = room.sign(both, QA)

    with pytest.raises(RuleViolation, match="One person alone"):
        pass_gate(room.origin(room.worker), gate.id)
    withdraw(room.origin(both), again, reason="Somebody else has to.")
    room.sign(other, QA)
    pass_gate(room.origin(room.worker), gate.id)


def test_who_alone_signed_a_deployment_does_not_start_it(room: Room):
    prepared(room)
    sign_deploy(room)
    gate = deploy(room).gate.id

    with pytest.raises(RuleViolation, match="You alone signed it"):
        pass_gate(room.origin(room.dba), gate)

    assert pass_gate(room.origin(room.worker), gate).id == gate


def test_nothing_is_closed_before_the_release_has_shipped(room: Room):
    release = db.session.scalar(select(Checklist.id).where(Checklist.belongs_to == "release"))
    (close,) = [gate for gate in list_gates(release) if gate.kind is GateKind.CLOSE]
    assert NOT_SHIPPED in standing_of(close, utc_now()).verdict.reasons

    ship_release(room.release.lead.origin, room.release.key)

    (close,) = [gate for gate in list_gates(release) if gate.kind is GateKind.CLOSE]
    assert NOT_SHIPPED not in standing_of(close, utc_now()).verdict.reasons


def test_records_leave_events(room: Room, make: Make):
    prepared(room)

    assert [event.new_value for event in make.events("rollback_plan.written")] == ["1"]
    assert make.events("rehearsal.added")[0].new_value == "passed in 9 min, plan revision 1"
    assert make.events("backup.added")[0].new_value == "grn staging, staging, 2,400,000 bytes"
    assert len(make.events("policy.created")) == 11
