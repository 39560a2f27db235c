"""A release is compared with an earlier one by key and module, with the number that each count is of."""

from datetime import UTC, datetime, timedelta
from typing import Any

from app.domain.checklist import ItemState
from app.domain.gate_times import opened_at
from app.domain.gates import ActiveSignoff, Decision, GateKind, Policy, RequiredSignoff
from app.domain.metric_facts import GateFact
from app.domain.permissions import Role
from app.domain.release_comparison import THE_RELEASE, ComparedItem, GateTimes, Side, compare_releases

AT = datetime(2026, 9, 1, tzinfo=UTC)
DONE, TODO, OUT = ItemState.DONE, ItemState.TODO, ItemState.RULED_OUT
POLICY = Policy(GateKind.READY, (RequiredSignoff(Role.TEAM_LEAD, 1), RequiredSignoff(Role.QA, 1)))


def side(modules: str, *items: tuple[str, str, ItemState], gates: tuple[GateFact, ...] = ()) -> Side:
    found = [ComparedItem(n, module, module, key, key, state, "/") for n, (module, key, state) in enumerate(items)]
    return Side({key: key for key in modules}, tuple(found), gates)


def gate(kind: GateKind = GateKind.READY, days: int | None = None, environment: str = "") -> GateFact:
    opened = None if days is None else AT + timedelta(days=days)
    return GateFact(1, kind, environment, 1, "a", "A", "r", AT, opened)


def keys(items: tuple[Any, ...]) -> list[str]:
    return [one.key for one in items]


def test_what_was_done_and_is_open_again_is_told_of_all_that_was_done():
    now = side("a", ("a", "x", TODO), ("a", "y", DONE), ("a", "z", TODO), ("a", "w", ItemState.OVERRIDDEN))
    then = side("a", ("a", "x", DONE), ("a", "y", DONE), ("a", "z", TODO), ("a", "w", DONE))

    found = compare_releases(now, then)

    assert [(one.key, before.state) for one, before in found.open_again] == [("x", DONE)]
    assert (found.done_then, found.modules_in_both) == (3, 1)


def test_what_a_rule_takes_away_is_not_asked():
    now = side("a", ("a", "x", OUT), ("a", "y", TODO))
    then = side("a", ("a", "x", DONE), ("a", "y", OUT))

    found = compare_releases(now, then)

    assert (keys(found.new_items), keys(found.gone_items), found.open_again) == (["y"], ["x"], ())


def test_a_module_of_one_release_alone_is_told_once_and_not_item_by_item():
    now = side("ab", ("a", "x", TODO), ("b", "x", TODO), (THE_RELEASE, "notes", TODO))
    then = side("ac", ("a", "x", TODO), ("c", "x", DONE), (THE_RELEASE, "notes", DONE))

    found = compare_releases(now, then)

    assert (found.new_modules, found.gone_modules) == ((("b", "b"),), (("c", "c"),))
    assert (found.new_items, found.gone_items) == ((), ())
    assert [one.key for one, _ in found.open_again] == ["notes"]


def test_gates_are_compared_kind_by_kind_with_how_many_opened_of_how_many():
    deploy = gate(GateKind.DEPLOY, 9, "staging")
    found = compare_releases(
        side("a", gates=(gate(), deploy)), side("a", gates=(gate(days=1), gate(days=3), gate(days=8), gate()))
    )

    ready, staging = found.gates
    assert (ready.title, staging.title) == ("Ready", "Deploy to staging")
    assert (ready.then, ready.now) == (GateTimes(timedelta(days=3), 3, 4), GateTimes(None, 0, 1))
    assert (staging.then, staging.now) == (GateTimes(None, 0, 0), GateTimes(timedelta(days=9), 1, 1))


def given(*said: tuple[int, int, Role, Decision]) -> list[tuple[datetime, ActiveSignoff]]:
    return [
        (AT + timedelta(hours=hours), ActiveSignoff(person, role, decision)) for hours, person, role, decision in said
    ]


def test_a_gate_opened_with_the_last_sign_off_that_it_needs():
    lead, qa = (3, 1, Role.TEAM_LEAD, Decision.APPROVE), (1, 2, Role.QA, Decision.APPROVE)
    second = (5, 4, Role.QA, Decision.APPROVE)

    assert opened_at(None, POLICY, given(lead, qa, second)) == AT + timedelta(hours=3)
    assert opened_at(AT, POLICY, given(lead)) == AT


def test_a_gate_is_shut_that_lacks_one_is_rejected_or_asks_nobody():
    lead, qa = (3, 1, Role.TEAM_LEAD, Decision.APPROVE), (1, 2, Role.QA, Decision.APPROVE)

    assert opened_at(None, POLICY, given(qa, (2, 2, Role.TEAM_LEAD, Decision.APPROVE))) is None
    assert opened_at(None, POLICY, given(lead, qa, (4, 5, Role.QA, Decision.REJECT))) is None
    assert opened_at(None, Policy(GateKind.READY, ()), given(lead)) is None
