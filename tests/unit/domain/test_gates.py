"""Where a gate stands follows from its policy, its items, the sign-offs and who is there to give them."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.checklist import ItemState, Severity
from app.domain.gates import (
    ActiveSignoff,
    CoveredItem,
    Decision,
    GateKind,
    GateState,
    Policy,
    RequiredSignoff,
    Separation,
    Verdict,
    can_be_met,
    judge,
)
from app.domain.permissions import Role

LEAD, QA, DBA = Role.TEAM_LEAD, Role.QA, Role.DBA
ANNA, BEN, CLEO = 1, 2, 3
READY = Policy(
    GateKind.READY,
    (RequiredSignoff(LEAD, 1), RequiredSignoff(QA, 1)),
    frozenset({Separation.NOT_BEHIND_ITEMS}),
)
HOLDERS = {LEAD: {ANNA}, QA: {BEN}}
DONE = CoveredItem("a", "Back up", ItemState.DONE, Severity.KILLER, frozenset({CLEO}))
OPEN = CoveredItem("b", "Tell them", ItemState.TODO, Severity.REQUIRED)


def approved(person: int, role: Role) -> ActiveSignoff:
    return ActiveSignoff(person, role, Decision.APPROVE)


def standing(
    *items: CoveredItem, signoffs: tuple[ActiveSignoff, ...] = (), policy: Policy = READY, **more: object
) -> Verdict:
    return judge(policy, items, signoffs, more.pop("holders", HOLDERS), **more)


def test_a_gate_opens_with_its_items_and_is_satisfied_by_each_role():
    assert standing(DONE, OPEN).state is GateState.BLOCKED
    assert standing(DONE).state is GateState.OPEN
    assert standing(DONE, signoffs=(approved(ANNA, LEAD),)).state is GateState.PARTIAL
    assert standing(DONE, signoffs=(approved(ANNA, LEAD), approved(BEN, QA))).state is GateState.SATISFIED


def test_every_reason_is_told():
    found = standing(DONE, OPEN, lacking=("There is no rollback plan.",))

    assert found.reasons == ("“Tell them” is to do.", "There is no rollback plan.")
    assert standing(DONE).reasons == ("1 sign-off of Team lead missing.", "1 sign-off of QA missing.")


def test_advice_that_is_open_is_in_nobodys_way_but_failed_advice_is():
    advice = CoveredItem("c", "Measure", ItemState.TODO, Severity.ADVISORY)
    failed = CoveredItem("c", "Measure", ItemState.FAILED, Severity.ADVISORY)

    assert standing(DONE, advice).state is GateState.OPEN
    assert standing(DONE, failed).state is GateState.BLOCKED


@pytest.mark.parametrize(
    ("policy", "items", "holders", "reason"),
    [
        (READY, (), HOLDERS, "covers no item"),
        (Policy(GateKind.READY, ()), (DONE,), HOLDERS, "asks nobody"),
        (Policy(GateKind.READY, (RequiredSignoff(LEAD, 0),)), (DONE,), HOLDERS, "no person of a role"),
        (Policy(GateKind.READY, (RequiredSignoff(LEAD, -1),)), (DONE,), HOLDERS, "no person of a role"),
        (READY, (DONE,), {LEAD: {ANNA}, QA: set()}, "too few people"),
        (READY, (DONE,), {LEAD: {ANNA}, QA: {ANNA}}, "too few people"),
        (READY, (DONE,), {LEAD: {ANNA}, QA: {CLEO}}, "too few people"),
    ],
)
def test_what_nobody_could_ever_satisfy_is_never_open(
    policy: Policy, items: tuple[CoveredItem, ...], holders: dict[Role, set[int]], reason: str
):
    found = judge(policy, items, (approved(ANNA, LEAD), approved(BEN, DBA)), holders)

    assert found.state is GateState.UNSATISFIABLE
    assert reason in " ".join(found.reasons)
    assert not found.may_approve


def test_without_the_rule_who_stands_behind_an_item_may_sign_it():
    relaxed = Policy(GateKind.READY, READY.required)

    assert standing(DONE, holders={LEAD: {ANNA}, QA: {CLEO}}, policy=relaxed).state is GateState.OPEN


def test_one_person_counts_once_whatever_hats_they_wear():
    found = standing(DONE, signoffs=(approved(ANNA, LEAD), approved(ANNA, QA)), holders={LEAD: {ANNA}, QA: {ANNA, BEN}})

    assert found.state is GateState.PARTIAL
    assert found.missing == (RequiredSignoff(QA, 1),)


def test_who_has_signed_as_one_is_not_counted_on_as_another():
    """Anna could be QA, but she is the lead already, and Ben is nothing else."""
    found = standing(DONE, signoffs=(approved(ANNA, LEAD),), holders={LEAD: {ANNA, BEN}, QA: {ANNA}})

    assert found.state is GateState.UNSATISFIABLE


def test_a_rejection_stops_it_though_all_have_approved():
    no = ActiveSignoff(CLEO, DBA, Decision.REJECT)

    assert standing(DONE, signoffs=(approved(ANNA, LEAD), approved(BEN, QA), no)).state is GateState.REJECTED


def by_trying(seats: list[Role], holders: dict[Role, set[int]]) -> bool:
    people = sorted(set().union(*holders.values()))
    return any(
        all(person in holders.get(seat, ()) for seat, person in zip(seats, chosen, strict=True))
        for chosen in permutations(people, len(seats))
    )


@given(
    st.lists(
        st.tuples(st.sampled_from([LEAD, QA, DBA]), st.integers(1, 2)), max_size=3, unique_by=lambda pair: pair[0]
    ),
    st.fixed_dictionaries({role: st.sets(st.integers(1, 5), max_size=4) for role in (LEAD, QA, DBA)}),
)
def test_whether_there_are_enough_people_is_found_as_by_trying_everybody(
    asked: list[tuple[Role, int]], holders: dict[Role, set[int]]
):
    required = [RequiredSignoff(role, number) for role, number in asked]
    seats = [one.role for one in required for _ in range(one.quorum)]

    assert can_be_met(required, holders) is by_trying(seats, holders)


@given(
    items=st.lists(
        st.builds(
            CoveredItem,
            st.just("k"),
            st.just("Text"),
            st.sampled_from(ItemState),
            st.sampled_from(Severity),
            st.frozensets(st.integers(1, 4), max_size=2),
        ),
        max_size=3,
    ),
    signoffs=st.lists(
        st.builds(ActiveSignoff, st.integers(1, 4), st.sampled_from([LEAD, QA]), st.sampled_from(Decision)), max_size=4
    ),
)
def test_a_satisfied_gate_has_no_open_item_no_veto_and_as_many_different_people_as_it_asks(
    items: list[CoveredItem], signoffs: list[ActiveSignoff]
):
    found = judge(READY, items, signoffs, {LEAD: {1, 2}, QA: {3, 4}})

    if found.state is GateState.SATISFIED:
        assert items
        assert not any(item.is_in_the_way for item in items)
        assert all(one.decision is Decision.APPROVE for one in signoffs)
        assert len({one.person_id for one in signoffs}) >= 2
        assert {one.role for one in signoffs} == {LEAD, QA}
    if found.state is not GateState.SATISFIED:
        assert found.reasons
