"""What may be proposed, whose agreement is missing, and where a revision stands."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InvalidInput
from app.domain.gate_policies import policy_body, read_policy
from app.domain.gates import GateKind, Policy, RequiredSignoff, Separation
from app.domain.permissions import GRANTS, Permission, Role
from app.domain.policy_changes import (
    ASKS_NOBODY,
    MOST_DAYS,
    MOST_MINUTES,
    MOST_PERSONS,
    SIGNERS,
    TOO_FEW_LIVE,
    ProposalState,
    Wanted,
    asks_nobody,
    is_same,
    obstacles_to_change,
    policy_wanted,
    rules_for,
    state_of_revision,
    still_to_agree,
)
from app.domain.policy_words import differences, line_title

LEAD, QA, DBA = Role.TEAM_LEAD, Role.QA, Role.DBA
OLD = Policy(GateKind.READY, (RequiredSignoff(LEAD, 1), RequiredSignoff(QA, 2)))


@st.composite
def typed(draw: st.DrawFn) -> tuple[GateKind, Wanted]:
    """A kind of gate with a policy that makes sense for it."""
    kind = draw(st.sampled_from(GateKind))
    roles = draw(st.lists(st.sampled_from(SIGNERS), min_size=1, unique=True))
    return kind, Wanted(
        tuple((role.value, draw(st.integers(1, MOST_PERSONS))) for role in roles),
        tuple(draw(st.lists(st.sampled_from([rule.value for rule in rules_for(kind)]), unique=True))),
        draw(st.none() | st.integers(1, MOST_DAYS)),
        draw(st.none() | st.integers(1, MOST_MINUTES)),
    )


@given(typed())
def test_whatever_makes_sense_is_taken_and_read_back_as_it_was_typed(given_one: tuple[GateKind, Wanted]):
    kind, wanted = given_one

    policy = policy_wanted(kind, wanted)

    assert read_policy(kind, policy_body(policy)) == policy
    assert {(one.role.value, one.quorum) for one in policy.required} == set(wanted.required)
    assert {rule.value for rule in policy.separation} == set(wanted.separation)
    assert policy.lasts == (timedelta(days=wanted.lasts_days) if wanted.lasts_days else None)
    assert not asks_nobody(policy)


@given(typed(), st.randoms(use_true_random=False))
def test_the_order_in_which_roles_are_named_makes_no_other_policy(given_one: tuple[GateKind, Wanted], random):
    kind, wanted = given_one
    turned = list(wanted.required)
    random.shuffle(turned)

    one, other = policy_wanted(kind, wanted), policy_wanted(kind, replace(wanted, required=tuple(turned)))

    assert policy_body(one) == policy_body(other)
    assert is_same(one, Policy(kind, tuple(reversed(one.required)), one.separation, one.lasts, one.sign_within))


@given(typed(), typed())
def test_two_policies_of_one_gate_are_different_exactly_when_a_sentence_says_how(
    one: tuple[GateKind, Wanted], other: tuple[GateKind, Wanted]
):
    kind = GateKind.DEPLOY
    old, new = policy_wanted(kind, one[1]), policy_wanted(kind, other[1])

    assert (differences(old, new) == []) is is_same(old, new)


@given(typed(), st.data())
def test_no_nonsense_is_taken_wherever_it_stands(given_one: tuple[GateKind, Wanted], data: st.DataObject):
    kind, wanted = given_one
    outside = st.integers(max_value=0) | st.integers(min_value=10**5)
    role = wanted.required[0][0]
    wrong = data.draw(
        st.sampled_from(
            [
                replace(wanted, required=()),
                replace(wanted, required=((role, data.draw(outside)), *wanted.required[1:])),
                replace(wanted, required=(*wanted.required, (role, 1))),
                replace(wanted, required=(("auditor", 1),)),
                replace(wanted, separation=("be-nice",)),
                replace(wanted, lasts_days=data.draw(outside)),
                replace(wanted, sign_within_minutes=data.draw(outside)),
            ]
        )
    )

    with pytest.raises(InvalidInput):
        policy_wanted(kind, wrong)


def test_only_roles_that_can_sign_are_asked():
    assert set(SIGNERS) == {role for role in Role if Permission.GATE_SIGN in GRANTS[role]}
    assert not {Role.VIEWER, Role.AUDITOR, Role.ADMINISTRATOR} & set(SIGNERS)


def test_the_rules_about_deploying_are_for_deploy_gates_alone():
    assert set(rules_for(GateKind.DEPLOY)) == set(Separation)
    assert {rules_for(kind) for kind in GateKind if kind is not GateKind.DEPLOY} == {(Separation.NOT_BEHIND_ITEMS,)}


def test_each_person_counts_once_in_their_role_while_they_hold_it():
    holders = {LEAD: {1, 2}, QA: {2, 3, 4}}

    assert still_to_agree(OLD, {}, holders) == OLD.required
    assert still_to_agree(OLD, {2: LEAD, 3: QA}, holders) == (RequiredSignoff(QA, 1),)
    assert still_to_agree(OLD, {1: LEAD, 3: QA, 4: QA}, holders) == ()
    assert still_to_agree(OLD, {1: LEAD, 3: QA, 9: QA}, holders) == (RequiredSignoff(QA, 1),)
    assert still_to_agree(OLD, {3: LEAD, 4: DBA}, holders) == OLD.required


def test_what_is_missing_is_said_and_when_nobody_could_give_it():
    enough, too_few = {LEAD: {1}, QA: {2, 3}}, {LEAD: {1}, QA: {1, 3}}

    assert obstacles_to_change(OLD, {1: LEAD, 2: QA, 3: QA}, enough) == ()
    assert obstacles_to_change(OLD, {1: LEAD}, enough) == ("2 agreements of QA missing.",)
    assert obstacles_to_change(OLD, {1: LEAD, 3: QA}, too_few) == ("1 agreement of QA missing.", TOO_FEW_LIVE)


@pytest.mark.parametrize(
    "required", [(), (RequiredSignoff(QA, 0),), (RequiredSignoff(LEAD, 1), RequiredSignoff(QA, -1))]
)
def test_a_policy_that_asks_nobody_is_never_left_by_nobodys_agreement(required: tuple[RequiredSignoff, ...]):
    old = replace(OLD, required=required)

    assert asks_nobody(old)
    assert obstacles_to_change(old, {1: LEAD, 2: QA}, {LEAD: {1}, QA: {2}}) == (ASKS_NOBODY,)


@pytest.mark.parametrize(
    ("facts", "stands"),
    [
        ({}, ProposalState.WAITING),
        ({"in_force": 1}, ProposalState.WAITING),
        ({"in_force": 3}, ProposalState.PASSED_OVER),
        ({"in_force": 3, "is_adopted": True}, ProposalState.REPLACED),
        ({"in_force": 2, "is_adopted": True, "is_in_force": True}, ProposalState.IN_FORCE),
        ({"in_force": 1, "is_withdrawn": True}, ProposalState.WITHDRAWN),
    ],
)
def test_where_a_revision_stands_follows_from_what_became_of_it(facts: dict[str, object], stands: ProposalState):
    known = {"is_adopted": False, "is_withdrawn": False, "in_force": None, "is_in_force": False}

    assert state_of_revision(revision=2, **(known | facts)) is stands
    assert stands.is_open is (stands in {ProposalState.WAITING, ProposalState.IN_FORCE})
    assert stands.word


def test_what_is_different_is_said_sentence_by_sentence():
    strict = Policy(GateKind.READY, OLD.required, frozenset({Separation.NOT_BEHIND_ITEMS}), timedelta(days=14), None)
    asked = (RequiredSignoff(QA, 1), RequiredSignoff(DBA, 2))
    other = Policy(GateKind.READY, asked, sign_within=timedelta(minutes=5))
    back = differences(other, strict)

    assert differences(strict, other) == [
        "1 of QA instead of 2.",
        "2 of DBA are asked, nobody before.",
        "Team lead is no longer asked.",
        "Relaxed: Who ticked, proved or waived a covered item may sign.",
        "A sign-off lasts until something changes, before: 14 days.",
        "Who signs has typed the password within 5 minutes, before: no limit.",
    ]
    assert "No longer relaxed: Who ticked, proved or waived something that it covers does not sign it." in back
    assert "Who signs has typed the password at any time of the session, before: 5 minutes." in back


def test_a_policy_says_which_gate_it_is_for():
    assert line_title(GateKind.READY, "") == "Ready"
    assert line_title(GateKind.DEPLOY, "production") == "Deploy to production"
    assert line_title(GateKind.DEPLOY, "") == "Deploy to every environment without a policy of its own"
