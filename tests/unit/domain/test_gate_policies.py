"""A policy is kept as data and read back as the same rules, and says which of the strict ones it leaves out."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.gate_policies import policy_body, read_policy, relaxed_rules
from app.domain.gates import GateKind, Policy, RequiredSignoff, Separation
from app.domain.permissions import Role

times = st.none() | st.integers(1, 10**6).map(lambda seconds: timedelta(seconds=seconds))
policies = st.builds(
    Policy,
    st.sampled_from(GateKind),
    st.lists(st.builds(RequiredSignoff, st.sampled_from(Role), st.integers(1, 5)), max_size=4).map(tuple),
    st.frozensets(st.sampled_from(Separation)),
    times,
    times,
)


@given(policy=policies)
def test_a_policy_is_read_back_as_it_was_kept(policy: Policy):
    assert read_policy(policy.kind, policy_body(policy)) == policy


@pytest.mark.parametrize("kind", GateKind)
def test_the_strict_policy_relaxes_nothing_and_an_empty_one_each_rule_that_matters(kind: GateKind):
    assert relaxed_rules(Policy(kind, (), frozenset(Separation))) == ()

    assert len(relaxed_rules(Policy(kind, ()))) == (3 if kind is GateKind.DEPLOY else 1)


@pytest.mark.parametrize("left_out", Separation)
def test_each_rule_that_a_deploy_gate_leaves_out_is_said(left_out: Separation):
    [words] = relaxed_rules(Policy(GateKind.DEPLOY, (), frozenset(Separation) - {left_out}))

    assert "may" in words
    assert words.endswith(".")
