"""Whatever order people sign, untick, break the glass and pass in: what is overridden is never satisfied."""

from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.domain.checklist import ItemState
from app.domain.errors import DomainError
from app.domain.gates import GateState
from app.domain.overrides import OverrideState
from app.domain.permissions import Role
from app.models.base import pretending, utc_now
from app.queries.overrides import list_overrides_of
from app.queries.standing import Standing
from app.services.item_states import set_state
from tests.factories import Make
from tests.integration.services.test_gate_records import pass_gate
from tests.integration.services.test_overrides import Broken
from tests.integration.services.test_signoffs import LEAD, QA

STEPS = ["open", "confirm", "end", "review", "lead", "qa", "untick", "tick", "pass"]
EVER = (OverrideState.IN_FORCE, OverrideState.TO_REVIEW, OverrideState.REVIEWED)


class Walked:
    """A ready gate with its people, and the words for each step."""

    def __init__(self, make: Make) -> None:
        self.room = Broken(make)
        self.words = (f"Looked at it {number} times." for number in count(1))

    def step(self, what: str) -> bool:
        """Take a step through the services; whether it was taken."""
        try:
            getattr(self, f"_{what}")()
        except DomainError:
            return False
        return True

    @property
    def number(self) -> int:
        """The newest break-glass; one that there is not, before the first."""
        return max((one.id for one in list_overrides_of([self.room.gate().id])), default=10**9)

    def standing(self) -> Standing:
        """Where the gate stands."""
        return self.room.standing()

    def states(self) -> list[OverrideState]:
        """How all break-glass of the gate stand."""
        return [one.state(utc_now()) for one in list_overrides_of([self.room.gate().id])]

    def _open(self) -> None:
        self.room.open()

    def _confirm(self) -> None:
        self.room.confirm(self.number)

    def _end(self) -> None:
        self.room.end(self.number)

    def _review(self) -> None:
        self.room.review(self.number)

    def _lead(self) -> None:
        self.room.sign(self.room.lead, LEAD)

    def _qa(self) -> None:
        self.room.sign(self.room.qa, QA)

    def _set(self, state: ItemState) -> None:
        item = self.room.item()
        set_state(self.room.worker.origin, item.id, revision=item.revision, state=state, reason=next(self.words))

    def _untick(self) -> None:
        self._set(ItemState.TODO)

    def _tick(self) -> None:
        self._set(ItemState.DONE)

    def _pass(self) -> None:
        pass_gate(self.room.origin(self.room.worker), self.room.gate().id)


@pytest.fixture
def untouched(make: Make) -> Iterator[Walked]:
    """Gates that nobody has signed yet; others hold each role, so that none is impossible."""
    for role in (LEAD, QA):
        make.person(role, Role.VIEWER)
    return (Walked(make) for _ in count())


@example(walk=["open", "confirm", "lead", "qa", "pass", "review"])
@example(walk=["untick", "open", "confirm", "tick", "lead", "qa", "end", "review"])
@given(walk=st.lists(st.sampled_from(STEPS), min_size=4, max_size=14))
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_i21_an_overridden_gate_is_never_satisfied_and_its_review_is_always_owed(
    untouched: Iterator[Walked], walk: list[str]
):
    walked = next(untouched)

    for what in walk:
        was = walked.standing().verdict
        is_taken = walked.step(what)
        standing, states = walked.standing(), walked.states()
        verdict, in_force = standing.verdict, states.count(OverrideState.IN_FORCE)

        assert in_force <= 1
        assert (verdict.state is GateState.OVERRIDDEN) is bool(in_force)
        assert not (in_force and verdict.state is GateState.SATISFIED)
        if what == "pass":
            assert is_taken is was.may_pass
        if verdict.state is GateState.CONSUMED:
            assert (standing.override is not None) is any(one.used for one in _of(walked))
        for one in _of(walked):
            assert (one.confirmed is not None) is (one.state(utc_now()) in EVER)
            people = [act.person_id for act in (one.opened, one.confirmed, one.reviewed) if act]
            assert len(set(people)) == len(people)
    with pretending(utc_now().replace(year=utc_now().year + 1)):
        assert walked.standing().verdict.state is not GateState.OVERRIDDEN


def _of(walked: Walked) -> list:
    return list_overrides_of([walked.room.gate().id])
