"""Nobody alone: whoever holds the pen, a word belongs to who signs and to whom they sign for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.gates import ActiveSignoff, Decision, GateKind, Policy, RequiredSignoff, Separation, counted
from app.domain.permissions import Role
from app.domain.separation import is_alone, is_deployer_alone, must_not_be_alone

DBA, LEAD = Role.DBA, Role.TEAM_LEAD
YES, NO = Decision.APPROVE, Decision.REJECT
people = st.integers(1, 5)
signoffs = st.lists(
    st.builds(ActiveSignoff, people, st.sampled_from([DBA, LEAD]), st.just(YES), st.none() | people), max_size=5
)


@pytest.mark.parametrize(
    ("given", "is_by_one"),
    [
        ([], False),
        ([ActiveSignoff(1, DBA, YES)], True),
        ([ActiveSignoff(2, DBA, YES)], False),
        ([ActiveSignoff(2, DBA, YES, 1)], True),
        ([ActiveSignoff(1, DBA, YES), ActiveSignoff(2, LEAD, YES)], False),
        ([ActiveSignoff(1, DBA, YES), ActiveSignoff(2, LEAD, YES, 1)], True),
        ([ActiveSignoff(1, DBA, YES), ActiveSignoff(2, LEAD, NO)], True),
    ],
)
def test_one_is_alone_when_every_approval_is_by_them_or_for_them(given: list[ActiveSignoff], is_by_one: bool):
    assert is_alone({1}, given) is is_by_one


def test_who_deploys_is_not_the_only_signer_where_the_policy_says_so():
    strict = Policy(GateKind.DEPLOY, (RequiredSignoff(DBA, 1),), frozenset({Separation.DEPLOYER_NOT_ALONE}))
    own = [ActiveSignoff(1, DBA, YES)]

    assert is_deployer_alone(strict, 1, own)
    assert not is_deployer_alone(strict, 2, own)
    assert not is_deployer_alone(Policy(GateKind.DEPLOY, strict.required), 1, own)


def test_the_one_signer_of_a_deployment_must_not_have_signed_ready_alone_but_two_may():
    rule = frozenset({Separation.NOT_ALONE_READY_AND_DEPLOY})
    one, two = (RequiredSignoff(DBA, 1),), (RequiredSignoff(DBA, 1), RequiredSignoff(LEAD, 1))

    assert must_not_be_alone(Policy(GateKind.DEPLOY, one, rule))
    assert not must_not_be_alone(Policy(GateKind.DEPLOY, two, rule))
    assert not must_not_be_alone(Policy(GateKind.DEPLOY, one))


@given(signoffs)
def test_nobody_is_heard_twice_however_many_sign_for_whom(given: list[ActiveSignoff]):
    first = [one for one in given if one.person_id in counted(given)]
    heard = [person for one in _counting(first) for person in one.people]

    assert len(heard) == len(set(heard))
    assert len(counted(given)) <= len({person for one in given for person in one.people})


def _counting(given: list[ActiveSignoff]) -> list[ActiveSignoff]:
    """For each who is counted the one that counts: the first of theirs that repeats nobody before."""
    seen: set[int] = set()
    kept = []
    for one in given:
        if not seen.intersection(one.people):
            seen.update(one.people)
            kept.append(one)
    return kept
