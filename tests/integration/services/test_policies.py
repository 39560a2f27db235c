"""What a gate asks is proposed and agreed to by name, and applies to nothing before it is adopted."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from app.database import db
from app.domain.actors import Origin
from app.domain.errors import InvalidInput, NotFound, NotPermitted, RuleViolation
from app.domain.gates import GateKind, Separation
from app.domain.permissions import Role
from app.domain.policy_changes import ProposalState, Wanted
from app.models import PolicyAgreement, RoleGrant
from app.models.base import pretending, utc_now
from app.queries.policy_preview import list_proposals_for
from app.services.policies import agree, propose, take_agreement_back, withdraw_proposal
from app.services.roles import deactivate, revoke_role
from tests.factories import Made, Make
from tests.integration.services.council import PRODUCTION, READY, RELAXED, STAGING, STRICT, Council, bring
from tests.integration.services.test_signoffs import DBA, LEAD, QA, Room


@pytest.fixture
def council(make: Make) -> Council:
    return Council(make)


def test_the_policies_that_come_with_the_product_are_in_force(council: Council):
    policies = council.policies

    assert {policies.state_of(row) for row in policies.rows.values()} == {ProposalState.IN_FORCE}
    assert policies.in_force(READY).revision == 1
    assert policies.in_force(PRODUCTION).environment_key == ""
    assert policies.in_force(STAGING).environment_key == "staging"


def test_a_proposal_is_the_next_revision_and_applies_to_nothing(council: Council):
    before = council.room.gate()

    number = council.propose()

    row = council.row(number)
    assert (row.revision, row.note, row.created_by_id) == (2, "We are too few.", council.lead.id)
    assert row.policy.separation == frozenset()
    assert council.state(number) is ProposalState.WAITING
    assert council.policies.in_force(READY).revision == 1
    assert council.room.gate() == before
    assert Room(council.make).gate().policy_id == before.policy_id
    (event,) = council.make.events("policy.proposed")
    assert (event.actor_id, event.reason) == (council.lead.id, "We are too few.")
    assert event.object_label == "revision 2 of the policy of the gate Ready"


def test_an_environment_gets_its_own_first_revision(council: Council):
    wanted = Wanted((("dba", 1),), tuple(rule.value for rule in Separation), 7, 10)

    numbers = [council.propose(wanted, PRODUCTION), council.propose(replace(wanted, lasts_days=3), PRODUCTION)]

    assert [council.row(number).revision for number in numbers] == [1, 2]
    assert council.policies.in_force(PRODUCTION).environment_key == ""


@pytest.mark.parametrize(
    ("line", "wanted", "says"),
    [
        (READY, replace(STRICT, required=()), "Somebody has to sign"),
        (READY, replace(STRICT, required=(("qa", 0),)), "1 to 9 persons"),
        (READY, replace(STRICT, required=(("qa", -1),)), "1 to 9 persons"),
        (READY, replace(STRICT, required=(("qa", 10),)), "1 to 9 persons"),
        (READY, replace(STRICT, required=(("qa", 1), ("qa", 2))), "asked once"),
        (READY, replace(STRICT, required=(("auditor", 1),)), "can sign"),
        (READY, replace(STRICT, required=(("wizard", 1),)), "can sign"),
        (READY, replace(STRICT, separation=("deployer-not-alone",)), "no such rule"),
        (READY, replace(STRICT, separation=("be-nice",)), "no such rule"),
        (READY, replace(STRICT, lasts_days=0), "1 to 366 days"),
        (READY, replace(STRICT, sign_within_minutes=1441), "1 to 1440 minutes"),
        ((GateKind.DEPLOY, "moon"), STRICT, "no such environment"),
        ((GateKind.READY, "staging"), STRICT, "no such environment"),
    ],
)
def test_nonsense_is_not_proposed(council: Council, line: tuple[GateKind, str], wanted: Wanted, says: str):
    before = len(council.policies.rows)

    with pytest.raises(InvalidInput, match=says):
        council.propose(wanted, line)

    assert len(council.policies.rows) == before


def test_what_is_asked_already_is_not_proposed_and_a_reason_is_asked(council: Council):
    with pytest.raises(RuleViolation, match="asked already"):
        council.propose(STRICT)
    with pytest.raises(InvalidInput, match="why"):
        propose(council.lead.origin, *READY, RELAXED, note="")


def test_only_leads_and_dbas_propose_also_of_one_module(council: Council):
    with pytest.raises(NotPermitted, match="DBA or Team lead"):
        council.propose(by=council.qa)

    council.propose(by=council.make.person(DBA, module_id=council.make.module().id))


def test_who_is_asked_now_agrees_by_name_with_time_and_role(council: Council):
    number = council.propose()

    agreement = db.session.get(PolicyAgreement, council.agree(number, council.lead, LEAD))

    assert (agreement.person_id, agreement.role, agreement.policy_id) == (council.lead.id, LEAD, number)
    assert agreement.name_id == council.lead.actor.name_id
    assert agreement.instead_of_id == council.policies.in_force(READY).id
    (event,) = council.make.events("policy.agreed")
    assert (event.actor_id, event.new_value) == (council.lead.id, "Team lead")


def test_only_a_role_that_is_held_and_asked_by_what_is_in_force_agrees(council: Council):
    number = council.propose(replace(STRICT, required=(("dba", 1),)))

    for person, role in ((council.dba, DBA), (council.dba, LEAD), (council.lead, QA), (council.lead, DBA)):
        with pytest.raises(NotPermitted, match="do not agree"):
            council.agree(number, person, role)
    with pytest.raises(NotPermitted, match="signed in"):
        agree(Origin(replace(council.room.origin(council.lead).actor, means="token")), number, LEAD)

    assert db.session.scalars(select(PolicyAgreement)).all() == []


def test_a_role_that_was_taken_back_since_the_request_came_agrees_to_nothing(council: Council):
    number, origin = council.propose(), council.room.origin(council.qa)
    grant = db.session.scalar(select(RoleGrant.id).where(RoleGrant.person_id == council.qa.id))
    revoke_role(council.make.person(Role.ADMINISTRATOR).origin, council.qa.id, grant)

    with pytest.raises(NotPermitted, match="do not agree"):
        agree(origin, number, QA)


def test_the_password_must_have_been_given_within_what_the_old_policy_says(council: Council):
    number = council.propose(replace(STRICT, sign_within_minutes=600))
    origin = council.room.origin(council.lead)

    with pretending(utc_now() + timedelta(minutes=31)), pytest.raises(RuleViolation, match="password again"):
        agree(origin, number, LEAD)
    with pretending(utc_now() + timedelta(minutes=29)):
        agree(origin, number, LEAD)


def test_one_person_agrees_once_whatever_hats_they_wear(council: Council):
    both = council.make.person(LEAD, QA)
    number = council.propose()
    council.agree(number, both, LEAD)

    with pytest.raises(RuleViolation, match="counts once"):
        council.agree(number, both, QA)


def test_the_same_click_sent_again_is_one_proposal_and_one_agreement(council: Council):
    origin = council.room.origin(council.lead)
    number = propose(origin, *READY, RELAXED, note="Why.")
    assert propose(origin, *READY, RELAXED, note="Why.") == number
    again = council.room.origin(council.lead)

    assert agree(again, number, LEAD) == agree(again, number, LEAD)

    assert len(council.make.events("policy.agreed")) == len(council.make.events("policy.proposed")) == 1


def test_an_agreement_is_taken_back_with_a_reason_stays_in_sight_and_may_be_given_again(council: Council):
    number = council.propose()
    council.agree(number, council.lead, LEAD)
    with pytest.raises(InvalidInput):
        take_agreement_back(council.lead.origin, number, reason="")
    with pytest.raises(RuleViolation, match="no agreement of yours"):
        take_agreement_back(council.qa.origin, number, reason="Not mine.")

    take_agreement_back(council.lead.origin, number, reason="I misread it.")

    with pytest.raises(RuleViolation, match="no agreement of yours"):
        take_agreement_back(council.lead.origin, number, reason="Twice.")
    (event,) = council.make.events("policy.agreement_ended")
    assert (event.reason, event.old_value) == ("I misread it.", "Team lead")
    council.agree(number, council.lead, LEAD)
    assert len(db.session.scalars(select(PolicyAgreement)).all()) == 2


def test_a_proposal_is_withdrawn_by_who_made_it_or_leads_everything(council: Council):
    module = council.make.module().id
    local, other = (council.make.person(DBA, module_id=module) for _ in range(2))
    first, second = council.propose(by=local), council.propose(by=local)

    with pytest.raises(NotPermitted, match="who made it"):
        withdraw_proposal(other.origin, first, reason="No.")
    with pytest.raises(NotPermitted):
        withdraw_proposal(council.qa.origin, first, reason="No.")
    with pytest.raises(InvalidInput):
        withdraw_proposal(local.origin, first, reason="")
    withdraw_proposal(local.origin, first, reason="Another way.")
    withdraw_proposal(council.lead.origin, second, reason="Not that.")

    assert council.state(first) is council.state(second) is ProposalState.WITHDRAWN
    assert [event.reason for event in council.make.events("policy.withdrawn")] == ["Another way.", "Not that."]
    with pytest.raises(RuleViolation, match="is withdrawn"):
        council.agree(first, council.lead, LEAD)
    with pytest.raises(RuleViolation, match="does not wait"):
        withdraw_proposal(local.origin, first, reason="Twice.")


def test_what_is_in_force_is_not_withdrawn_and_an_unknown_policy_is_not_there(council: Council):
    with pytest.raises(RuleViolation, match="does not wait: it is in force"):
        withdraw_proposal(council.lead.origin, council.policies.in_force(READY).id, reason="No.")
    for act in (withdraw_proposal, take_agreement_back):
        with pytest.raises(NotFound):
            act(council.lead.origin, 10**9, reason="No.")
    with pytest.raises(NotFound):
        council.agree(10**9, council.lead, LEAD)


def test_a_proposal_is_in_the_inbox_of_those_whose_agreement_it_lacks(council: Council):
    number = council.propose()

    def asked(person: Made) -> list[int]:
        return [row.id for row in list_proposals_for(person.actor)]

    assert asked(council.lead) == asked(council.qa) == [number]
    assert asked(council.dba) == asked(council.make.person(Role.AUDITOR)) == []
    council.agree(number, council.lead, LEAD)
    second = council.make.person(LEAD)
    assert asked(council.lead) == asked(second) == []
    assert asked(council.qa) == [number]
    both = council.make.person(LEAD, QA)
    take_agreement_back(council.lead.origin, number, reason="Another does.")
    council.agree(number, both, LEAD)
    assert asked(both) == []


def test_the_inbox_takes_as_many_statements_for_six_proposals_as_for_one(council: Council, statements: list[str]):
    council.propose()
    counts = []
    for _ in range(2):
        actor = council.qa.actor
        statements.clear()
        list_proposals_for(actor)
        counts.append(len(statements))
        for days in range(1, 6):
            council.propose(replace(STRICT, lasts_days=days))

    assert counts[0] == counts[1] <= 4


@pytest.mark.parametrize("verb", ["UPDATE {} SET id = id + 1000", "DELETE FROM {}"])
@pytest.mark.parametrize(
    "table", ["policy_agreements", "policy_agreement_ends", "policy_withdrawals", "policy_adoptions"]
)
def test_the_database_refuses_to_change_or_remove_what_was_agreed(council: Council, table: str, verb: str):
    number = council.propose()
    council.agree(number, council.lead, LEAD)
    take_agreement_back(council.lead.origin, number, reason="No.")
    withdraw_proposal(council.lead.origin, number, reason="No.")

    with pytest.raises(DBAPIError, match="only ever added"), db.session.begin_nested():
        db.session.connection().exec_driver_sql(verb.format(table))


def test_more_people_than_hold_a_role_cannot_be_asked_for(council: Council):
    with pytest.raises(InvalidInput, match="more people than there are: 1 as QA") as refused:
        council.propose(Wanted((("qa", 2),), ("not-behind-items",), 14, 30))

    assert set(refused.value.fields) == {"required"}


def test_one_that_so_many_held_when_it_was_proposed_is_not_adopted_when_they_have_gone(make: Make, council: Council):
    second = make.person(QA)
    number = council.agreed(Wanted((("qa", 2),), ("not-behind-items",), 14, 30))
    deactivate(make.person(Role.ADMINISTRATOR).origin, second.id)

    with pytest.raises(InvalidInput, match="more people than there are"):
        bring(council, number)
