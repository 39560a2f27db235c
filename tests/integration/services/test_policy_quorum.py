"""Who has to agree before a gate gets another policy (I14), and gates that nobody could ever open (I13)."""

from dataclasses import replace

import pytest
from sqlalchemy import insert, select, update

from app.database import db
from app.domain.errors import NotPermitted, RuleViolation
from app.domain.gates import GateKind, GateState
from app.domain.permissions import Role
from app.domain.policy_changes import ASKS_NOBODY, ProposalState
from app.models import ChecklistItem, Gate, GatePolicy, Module, RoleGrant
from app.models.base import utc_now
from app.queries.gates import list_gates
from app.services.policies import take_agreement_back
from app.services.policy_adoption import adopt
from app.services.roles import deactivate, revoke_role
from app.services.signoffs import consume
from app.services.write_path import write_path
from tests.factories import Made, Make
from tests.integration.services.council import READY, STRICT, Council, bring, choice_of, preview
from tests.integration.services.test_signoffs import LEAD, QA, Room

pass_gate = write_path(consume)


@pytest.fixture
def council(make: Make) -> Council:
    return Council(make)


def test_without_the_quorum_of_the_old_policy_nothing_is_adopted(council: Council):
    number = council.propose()
    council.agree(number, council.lead, LEAD)
    council.agree(number, council.make.person(LEAD), LEAD)

    for is_for_new in (False, True):
        with pytest.raises(RuleViolation, match="1 agreement of QA missing"):
            bring(council, number, is_for_new=is_for_new)

    assert council.room.gate().policy_revision == 1
    assert council.state(number) is ProposalState.WAITING


def test_who_ticked_what_does_not_matter_for_agreeing(council: Council):
    behind = council.make.person(LEAD, Role.DEVELOPER)
    items = update(ChecklistItem).where(ChecklistItem.checklist_id == council.room.checklist_id)
    db.session.execute(items.values(changed_by_id=behind.id))
    db.session.commit()
    number = council.propose()
    council.agree(number, behind, LEAD)
    council.agree(number, council.qa, QA)

    assert bring(council, number).gates == 1


def test_an_agreement_that_was_taken_back_or_whose_role_or_account_is_gone_does_not_count(council: Council):
    boss, number = council.make.person(Role.ADMINISTRATOR), council.agreed()
    take_agreement_back(council.lead.origin, number, reason="No.")
    with pytest.raises(RuleViolation, match="1 agreement of Team lead missing"):
        bring(council, number)
    council.agree(number, council.lead, LEAD)
    grant = db.session.scalar(select(RoleGrant.id).where(RoleGrant.person_id == council.qa.id))
    revoke_role(boss.origin, council.qa.id, grant)
    with pytest.raises(RuleViolation, match="1 agreement of QA missing"):
        bring(council, number)
    second = council.make.person(QA)
    council.agree(number, second, QA)
    deactivate(boss.origin, second.id)

    with pytest.raises(RuleViolation, match="1 agreement of QA missing"):
        bring(council, number)


def test_an_agreement_of_one_module_counts_for_its_gates_alone(council: Council, make: Make):
    module = db.session.scalar(select(Module.id).where(Module.key == council.room.release.modules[0]))
    other, number = Room(make), council.propose()
    council.agree(number, make.person(QA, module_id=module), QA)
    council.agree(number, council.lead, LEAD)

    with pytest.raises(RuleViolation, match="New gates cannot get it yet"):
        bring(council, number, is_for_new=True)
    done = adopt(council.lead.origin, number, choice_of(number, council.lead, [council.room, other]))

    assert done.gates == 1
    assert (council.room.gate().policy_revision, other.gate().policy_revision) == (2, 1)


def test_a_lead_of_one_module_adopts_for_it_and_not_for_new_gates_or_others(council: Council, make: Make):
    module = db.session.scalar(select(Module.id).where(Module.key == council.room.release.modules[0]))
    other, number, local = Room(make), council.agreed(), make.person(LEAD, module_id=module)

    with pytest.raises(NotPermitted, match="a role for everything"):
        bring(council, number, local, is_for_new=True)
    with pytest.raises(NotPermitted):
        bring(council, number, council.qa)
    bring(council, number, local)

    assert (council.room.gate().policy_revision, other.gate().policy_revision) == (2, 1)


def test_a_module_that_one_does_not_look_after_is_not_changed(council: Council, make: Make):
    elsewhere, number = make.person(LEAD, Role.DEVELOPER, module_id=make.module().id), council.agreed()
    reader = db.session.merge(RoleGrant(person_id=elsewhere.id, role=Role.VIEWER))
    db.session.add(reader)
    db.session.commit()

    with pytest.raises(RuleViolation, match="needs the role DBA or Team lead"):
        bring(council, number, elsewhere)

    assert council.room.gate().policy_revision == 1


def test_what_was_agreed_when_another_policy_was_in_force_has_to_be_agreed_anew(council: Council):
    first, second = council.agreed(), council.agreed(replace(STRICT, lasts_days=3))
    bring(council, first, is_for_new=True)

    with pytest.raises(RuleViolation, match="1 agreement of QA missing"):
        bring(council, second)
    council.agree(second, council.lead, LEAD)
    council.agree(second, council.qa, QA)

    assert bring(council, second, is_for_new=True).gates == 1


def test_there_is_no_way_back_to_an_older_revision_but_proposing_it_anew(council: Council):
    first, second = council.agreed(), council.propose(replace(STRICT, lasts_days=3))
    council.agree(second, council.lead, LEAD)
    council.agree(second, council.qa, QA)
    bring(council, second, is_for_new=True)

    assert council.state(first) is ProposalState.PASSED_OVER
    for number in (first, council.policies.revisions(READY)[-1].id):
        with pytest.raises(RuleViolation, match="propose it anew"):
            bring(council, number)
        with pytest.raises(RuleViolation, match="propose it anew"):
            council.agree(number, council.lead, LEAD)

    assert bring(council, council.agreed(STRICT), is_for_new=True).gates == 1


def test_gates_that_did_not_come_along_follow_later_with_what_was_agreed_then(council: Council):
    number = council.agreed()
    adopt(council.lead.origin, number, choice_of(number, council.lead, is_for_new=True))

    assert bring(council, number).gates == 1
    with pytest.raises(RuleViolation, match="None of these gates"):
        bring(council, number)
    with pytest.raises(RuleViolation, match="have it already"):
        bring(council, number, is_for_new=True)


def put_policy(revision: int, body: str, by: Made) -> int:
    """A policy as nobody can propose it, put there beside the product."""
    values = {"kind": GateKind.READY, "environment_key": "", "revision": revision, "body": body, "note": ""}
    row = db.session.execute(insert(GatePolicy).values(**values, created_by_id=by.id, created_at=utc_now()))
    db.session.commit()
    return row.inserted_primary_key[0]


NOBODY = '{"required": [], "separation": [], "lasts_s": null, "sign_within_s": null}'
NO_PERSON = '{"required": [{"role": "qa", "quorum": 0}], "separation": [], "lasts_s": null, "sign_within_s": null}'


@pytest.mark.parametrize("body", [NOBODY, NO_PERSON])
def test_i13_a_gate_whose_policy_asks_nobody_cannot_be_opened_and_nobodys_agreement_changes_that(
    council: Council, body: str
):
    empty, number = put_policy(2, body, council.lead), council.agreed()
    assert council.row(number).revision == 3
    db.session.execute(update(Gate).where(Gate.id == council.room.gate().id).values(policy_id=empty))
    db.session.commit()

    with pytest.raises(RuleViolation, match=ASKS_NOBODY):
        bring(council, number)

    assert council.room.state is GateState.UNSATISFIABLE
    with pytest.raises(RuleViolation, match="is not open"):
        pass_gate(council.room.origin(council.room.worker), council.room.gate().id)


@pytest.mark.parametrize("body", [NOBODY, NO_PERSON])
def test_i13_a_proposal_that_asks_nobody_is_never_adopted(council: Council, body: str):
    empty = put_policy(2, body, council.lead)
    council.agree(empty, council.lead, LEAD)
    council.agree(empty, council.qa, QA)

    with pytest.raises(RuleViolation, match="asks nobody"):
        bring(council, empty, is_for_new=True)

    assert council.room.gate().policy_revision == 1


def test_i13_a_policy_that_the_living_holders_cannot_meet_is_shown_to_shut_the_gate_and_does(council: Council):
    guard = council.make.person(Role.SECURITY, Role.VIEWER)  # and one who has the role for another module alone
    number = council.agreed(replace(STRICT, required=(("security", 2),)))

    (shown,) = [one for one in preview(number).gates if one.gate.id == council.room.gate().id]
    assert "There are too few people who may sign it." in shown.faults
    bring(council, number)

    assert council.room.state is GateState.UNSATISFIABLE
    with pytest.raises(RuleViolation, match="cannot be approved"):
        council.room.sign(guard, Role.SECURITY)


def test_i13_when_the_last_holder_of_an_asked_role_is_gone_the_gate_shuts_and_its_policy_cannot_be_changed(
    council: Council, make: Make
):
    number = council.agreed()
    deactivate(make.person(Role.ADMINISTRATOR).origin, council.qa.id)

    assert council.room.state is GateState.UNSATISFIABLE
    with pytest.raises(RuleViolation, match="Too few people hold"):
        bring(council, number)


def test_i14_what_a_gate_asks_is_the_policy_that_was_adopted_for_it_however_many_are_proposed(council: Council):
    numbers = [council.propose(replace(STRICT, lasts_days=days)) for days in (1, 2, 3)]

    assert {one.gate.policy_revision for one in preview(numbers[2]).gates} == {1}
    assert {gate.policy_revision for gate in list_gates(Room(council.make).checklist_id)} == {1}
