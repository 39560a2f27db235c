"""I14: a gate gets another policy only by explicit adoption, and its sign-offs end with the old one in the same act."""

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from app.database import db
from app.domain.errors import Conflict, InvalidInput, NotPermitted, RuleViolation
from app.domain.gates import Decision, GateKind, GateState
from app.domain.permissions import Role
from app.domain.policy_changes import ProposalState, Wanted
from app.domain.signoffs import EndKind
from app.models import ChecklistItem, Gate, RoleGrant, SignedContent, Signoff, Stream
from app.models.base import utc_now
from app.queries.gates import list_active
from app.queries.releases import get_release
from app.queries.signed import list_given
from app.queries.signoff_sheet import read_sheet
from app.queries.standing import standing_of
from app.services.policies import take_agreement_back, withdraw_proposal
from app.services.policy_adoption import Adopted, Choice, adopt
from app.services.roles import deactivate
from app.services.signoffs import consume
from app.services.write_path import write_path
from tests.factories import Make
from tests.integration.services.council import (
    PRODUCTION,
    READY,
    RELAXED,
    STAGING,
    STRICT,
    Council,
    bring,
    choice_of,
    preview,
)
from tests.integration.services.test_signoffs import DBA, LEAD, Room

pass_gate = write_path(consume)
BEHIND = "Who ticked, proved or waived a covered item may sign."


@pytest.fixture
def council(make: Make) -> Council:
    return Council(make)


def test_adopting_brings_the_gates_of_the_chosen_releases_and_no_others(council: Council):
    other, number = Room(council.make), council.agreed()

    done = bring(council, number)

    assert done == Adopted(1, 0, is_for_new=False)
    assert council.room.gate().policy_id == number
    assert other.gate().policy.separation
    assert council.room.gate(GateKind.DEPLOY, "staging").policy.separation
    assert Room(council.make).gate().policy_id == other.gate().policy_id
    (event,) = council.make.events("gate.policy_changed")
    assert (event.object_id, event.actor_id, event.reason) == (council.room.gate().id, council.lead.id, "As agreed.")


def test_new_gates_get_it_only_when_that_was_decided_too(council: Council):
    number, before = council.agreed(), council.policies.in_force(READY)

    adopt(council.lead.origin, number, choice_of(number, council.lead, is_for_new=True))

    assert council.room.gate().policy_id == before.id
    assert Room(council.make).gate().policy_id == number
    assert council.state(number) is ProposalState.IN_FORCE
    assert council.state(before.id) is ProposalState.REPLACED
    (event,) = council.make.events("policy.adopted")
    assert (event.object_id, event.old_value, event.actor_id) == (number, "revision 1", council.lead.id)


def test_a_policy_of_one_environment_is_for_its_new_gates_alone(council: Council):
    wanted = Wanted((("dba", 1),), (), 7, 10)
    number = council.propose(wanted, PRODUCTION)
    council.agree(number, council.lead, LEAD)
    council.agree(number, council.dba, DBA)
    assert Room(council.make).gate(*PRODUCTION).policy_environment_key == ""

    adopt(council.lead.origin, number, choice_of(number, council.lead, is_for_new=True))

    room = Room(council.make)
    assert room.gate(*PRODUCTION).policy_id == number
    assert room.gate(*STAGING).policy_environment_key == "staging"
    assert council.room.gate(*PRODUCTION).policy_id != number


def test_the_signoffs_of_a_gate_end_stale_with_its_old_policy_in_the_same_act_with_the_cause(council: Council):
    number = council.agreed()
    council.room.sign_all()

    assert bring(council, number).signoffs == 2

    assert list_active([council.room.gate().id]) == []
    assert [kind for kind, _ in council.room.ends()] == [EndKind.STALE] * 2
    assert council.room.ends()[0][1] == (
        "brought the gate Ready to revision 2 of its policy: 1 QA, 1 Team lead, before: revision 1: 1 Team lead, 1 QA"
    )
    assert council.room.gate().cycle == 2
    assert council.room.state is GateState.OPEN
    ended, (cause,) = council.make.events("signoff.ended"), council.make.events("gate.policy_changed")
    assert {event.occurred_at for event in ended} == {cause.occurred_at}
    council.room.sign(council.lead, LEAD)


def test_the_policy_of_an_environment_ends_what_was_signed_under_that_of_all_although_both_are_a_first_revision(
    council: Council,
):
    gate = council.room.gate(*PRODUCTION)
    number = council.propose(Wanted((("dba", 1),), (), 7, 10), PRODUCTION)
    council.agree(number, council.lead, LEAD)
    council.agree(number, council.dba, DBA)
    before = standing_of(gate, utc_now()).content

    bring(council, number)

    after = standing_of(council.room.gate(*PRODUCTION), utc_now()).content
    assert (before.policy, after.policy) == ("deploy production 1", "deploy production 1 own")
    assert before.digest != after.digest


def test_each_gate_of_one_checklist_is_told_its_own_cause(council: Council):
    """Both deploy gates of a module change at once; what ends a sign-off of one names that one."""
    place = council.room.gate(*PRODUCTION)
    db.session.execute(update(Gate).where(Gate.id == council.room.gate(*STAGING).id).values(policy_id=place.policy_id))
    db.session.commit()
    number = council.propose(Wanted((("dba", 1), ("team_lead", 1)), (), 5, 10), (GateKind.DEPLOY, ""))
    council.agree(number, council.lead, LEAD)
    council.agree(number, council.dba, DBA)
    _signed_by_the_dba(council, *STAGING)
    _signed_by_the_dba(council, *PRODUCTION)

    assert bring(council, number).gates == 2

    assert sorted(reason.partition(" to ")[0] for _, reason in council.room.ends()) == [
        "brought the gate Deploy production",
        "brought the gate Deploy staging",
    ]


def _signed_by_the_dba(council: Council, kind: GateKind, environment: str) -> None:
    """A deploy gate as it is when the DBA has signed it; what else it lacks is no matter here."""
    gate = council.room.gate(kind, environment)
    content = standing_of(gate, utc_now()).content
    db.session.add(SignedContent(digest=content.digest, body=content.body))
    db.session.add(
        Signoff(
            gate_id=gate.id,
            cycle=1,
            person_id=council.dba.id,
            place=1,
            role=DBA,
            decision=Decision.APPROVE,
            statement="Yes.",
            policy_id=gate.policy_id,
            stream_version=1,
            grant_id=db.session.scalar(select(RoleGrant.id).where(RoleGrant.person_id == council.dba.id)),
            name_id=council.dba.actor.name_id,
            digest=content.digest,
            authenticated_at=utc_now(),
            signed_at=utc_now(),
            event_id=bytes(16),
        )
    )
    db.session.execute(update(Stream).where(Stream.id == gate.stream_id).values(is_signed=True))
    db.session.commit()


def test_a_rejection_outlives_another_policy(council: Council):
    number = council.agreed(council.strict(3))
    council.room.sign(council.lead, LEAD, Decision.REJECT, reason="The plan is missing.")

    assert bring(council, number).signoffs == 0

    assert council.room.state is GateState.REJECTED
    (given,) = list_given(council.room.gate())
    assert given.counts_until is None, "only who gave it, or a lead, takes it back"


def test_a_passed_gate_keeps_its_policy_and_its_signoffs_for_ever(council: Council):
    number = council.agreed()
    council.room.sign_all()
    pass_gate(council.room.origin(council.room.worker), council.room.gate().id)

    with pytest.raises(RuleViolation, match="None of these gates"):
        bring(council, number)
    bring(council, number, is_for_new=True)

    gate = council.room.gate()
    assert gate.policy_revision == 1
    assert len(list_active([gate.id])) == 2


@pytest.mark.parametrize("between", ["signed", "agreed", "passed", "unable"])
def test_what_changed_since_the_page_was_opened_adopts_nothing(council: Council, between: str):
    room, number = council.room, council.agreed(replace(RELAXED, required=(("security", 1),)))
    guard = council.make.person(Role.SECURITY)
    if between == "passed":
        room.sign_all()
    choice = choice_of(number, council.lead, [room])
    if between == "signed":
        room.sign(council.lead, LEAD)
    elif between == "agreed":
        take_agreement_back(council.qa.origin, number, reason="No.")
    elif between == "passed":
        pass_gate(room.origin(room.worker), room.gate().id)
    else:
        deactivate(council.make.person(Role.ADMINISTRATOR).origin, guard.id)
    revision = room.gate().policy_revision

    with pytest.raises(Conflict, match="has changed since"):
        adopt(council.lead.origin, number, choice)

    assert room.gate().policy_revision == revision == 1
    assert council.make.events("gate.policy_changed") == []


def test_a_change_of_what_new_gates_have_adopts_nothing_for_them(council: Council):
    first, second = council.agreed(), council.agreed(replace(STRICT, lasts_days=3))
    choice = choice_of(second, council.lead, is_for_new=True)
    bring(council, first, is_for_new=True)

    with pytest.raises(Conflict):
        adopt(council.lead.origin, second, choice)


def test_a_withdrawn_proposal_is_not_adopted(council: Council):
    number = council.agreed()
    choice = choice_of(number, council.lead, [council.room], is_for_new=True)
    withdraw_proposal(council.lead.origin, number, reason="Another way.")

    with pytest.raises(RuleViolation, match="withdrawn"):
        adopt(council.lead.origin, number, choice)


def test_choosing_nothing_is_said(council: Council):
    with pytest.raises(InvalidInput, match="Choose at least one release"):
        adopt(council.lead.origin, council.agreed(), Choice((), False, ()))


def test_the_same_form_sent_again_adopts_once(council: Council):
    number, origin = council.agreed(), council.lead.origin
    choice = choice_of(number, council.lead, [council.room], is_for_new=True)

    assert adopt(origin, number, choice) == adopt(origin, number, choice)

    assert len(council.make.events("policy.adopted")) == len(council.make.events("gate.policy_changed")) == 1


def test_a_rule_that_was_relaxed_knowingly_holds_for_the_gate_and_is_printed_on_the_sheet(council: Council):
    number = council.agreed()
    item = council.room.item()
    db.session.execute(update(ChecklistItem).where(ChecklistItem.id == item.id).values(changed_by_id=council.lead.id))
    db.session.commit()
    with pytest.raises(NotPermitted, match="stand behind"):
        council.room.sign(council.lead, LEAD)

    bring(council, number)

    council.room.sign(council.lead, LEAD)
    release = get_release(council.room.release.key, council.lead.actor)
    (gate,) = [one for one in read_sheet(release, council.lead.actor, utc_now()) if one.kind is GateKind.READY]
    assert gate.relaxed == gate.signoffs[0].relaxed == (BEHIND,)


def test_the_preview_takes_as_many_statements_for_six_modules_as_for_one(council: Council, statements: list[str]):
    number, counts = council.agreed(), []
    for modules in (1, 6):
        council.make.release(modules=modules)
        statements.clear()
        assert len(preview(number).gates) > modules
        counts.append(len(statements))

    assert counts[0] == counts[1]
