"""Whatever order people tick, prove, sign, take back, lose a role, plan and pass in: gate and sign-offs agree."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.database import db
from app.domain.checklist import ItemState
from app.domain.errors import DomainError
from app.domain.gates import Decision, GateKind, GateState
from app.domain.permissions import Role
from app.models import RoleGrant
from app.models.base import utc_now
from app.queries.gates import GateRow, list_active
from app.queries.standing import Standing, get_plan, standing_of
from app.services.gate_records import write_rollback_plan
from app.services.item_states import set_state
from app.services.roles import grant_role, revoke_role
from app.services.signoffs import Wish, sign, withdraw
from tests.factories import Made, Make
from tests.integration.services.test_gate_records import backed_up, pass_gate, rehearsed
from tests.integration.services.test_signoffs import COVERED, DBA, LEAD, OTHERS, QA, Room

READY, DEPLOY = "ready", "deploy"
# Who signs what, and as what. Of two leads one is enough.
SIGNERS = {"lead": (READY, LEAD), "other": (READY, LEAD), "qa": (READY, QA), "dba": (DEPLOY, DBA)}
ASKED = {READY: (LEAD, QA), DEPLOY: (DBA,)}
ITEM_OF = {READY: COVERED, DEPLOY: OTHERS}
gates, people = st.sampled_from([READY, READY, DEPLOY]), st.sampled_from(sorted(SIGNERS))
steps = st.one_of(
    st.tuples(st.sampled_from(["tick", "untick", "prove", "consume"]), gates),
    st.tuples(st.sampled_from(["sign", "sign", "sign", "reject", "withdraw", "revoke", "grant"]), people),
    st.tuples(st.just("plan")),
)


@dataclass
class Expected:
    """What a reader of the documents would say about the two gates."""

    done: dict[str, bool] = field(default_factory=lambda: {READY: True, DEPLOY: True})
    signed: dict[str, dict[str, Decision]] = field(default_factory=lambda: {READY: {}, DEPLOY: {}})
    passed: set[str] = field(default_factory=set)
    roleless: set[str] = field(default_factory=set)

    def step(self, what: str, *more: str) -> bool:
        """Take a step, or say that it is refused."""
        return getattr(self, f"_{what}")(*more)

    def missing(self, gate: str) -> list[Role]:
        """The roles that nobody has approved in."""
        given = {SIGNERS[who][1] for who, said in self.signed[gate].items() if said is Decision.APPROVE}
        return [role for role in ASKED[gate] if role not in given]

    def state(self, gate: str) -> GateState:
        """Where a gate stands."""
        if gate in self.passed:
            return GateState.CONSUMED
        if Decision.REJECT in self.signed[gate].values():
            return GateState.REJECTED
        if not self.done[gate] or (gate == DEPLOY and self.state(READY) not in OPENED):
            return GateState.BLOCKED
        if not self.missing(gate):
            return GateState.SATISFIED
        return GateState.PARTIAL if self.signed[gate] else GateState.OPEN

    def change(self, gate: str) -> bool:
        """What the gate covers is something else now: approvals end, rejections stay."""
        if gate not in self.passed:
            self.signed[gate] = {who: said for who, said in self.signed[gate].items() if said is Decision.REJECT}
        return True

    def _tick(self, gate: str) -> bool:
        self.done[gate] = True
        return self.change(gate)

    def _untick(self, gate: str) -> bool:
        self.done[gate] = False
        return self.change(gate)

    def _prove(self, gate: str) -> bool:
        return self.change(gate)

    def _plan(self) -> bool:
        return self.change(DEPLOY)

    def _sign(self, who: str) -> bool:
        gate, role = SIGNERS[who]
        may = self.state(gate) in {GateState.OPEN, GateState.PARTIAL} and role in self.missing(gate)
        if who in self.roleless or who in self.signed[gate] or not may:
            return False
        self.signed[gate][who] = Decision.APPROVE
        return True

    def _reject(self, who: str) -> bool:
        gate, _ = SIGNERS[who]
        if who in self.roleless or who in self.signed[gate] or gate in self.passed:
            return False
        self.signed[gate][who] = Decision.REJECT
        return True

    def _withdraw(self, who: str) -> bool:
        gate, _ = SIGNERS[who]
        if gate in self.passed or who not in self.signed[gate]:
            return False
        del self.signed[gate][who]
        return True

    def _revoke(self, who: str) -> bool:
        if who in self.roleless:
            return False
        self.roleless.add(who)
        if (gate := SIGNERS[who][0]) not in self.passed:
            self.signed[gate].pop(who, None)
        return True

    def _grant(self, who: str) -> bool:
        if who not in self.roleless:
            return False
        self.roleless.remove(who)
        return True

    def _consume(self, gate: str) -> bool:
        if self.state(gate) is not GateState.SATISFIED:
            return False
        self.passed.add(gate)
        return True


OPENED = {GateState.SATISFIED, GateState.CONSUMED}


class Real:
    """The same gates in the database, worked by people."""

    def __init__(self, make: Make, boss: Made) -> None:
        self.room = Room(make)
        self.boss = boss
        self.people = {"lead": self.room.lead, "other": make.person(LEAD, Role.VIEWER)}
        self.people |= {"qa": self.room.qa, "dba": self.room.dba}
        self.words = (f"Looked at {number} times." for number in count(1))
        backed_up(self.room)
        self._plan()

    def gate(self, gate: str) -> GateRow:
        """The ready gate, or that of staging."""
        return self.room.gate(GateKind(gate), "" if gate == READY else "staging")

    def standing(self, gate: str) -> Standing:
        """Where it stands."""
        return standing_of(self.gate(gate), utc_now())

    def step(self, what: str, *more: str) -> bool:
        """Take a step through the services; whether it was taken."""
        try:
            getattr(self, f"_{what}")(*more)
        except DomainError:
            return False
        return True

    def _set(self, gate: str, state: ItemState) -> None:
        item = self.room.item(ITEM_OF[gate])
        set_state(self.room.worker.origin, item.id, revision=item.revision, state=state, reason=next(self.words))

    def _tick(self, gate: str) -> None:
        self._set(gate, ItemState.DONE)

    def _untick(self, gate: str) -> None:
        self._set(gate, ItemState.TODO)

    def _prove(self, gate: str) -> None:
        self.room.make.evidence(self.room.worker, self.room.item(ITEM_OF[gate]).id)

    def _plan(self) -> None:
        number = self.room.checklist_id
        before = get_plan(number)
        revision = before.revision if before else 0
        write_rollback_plan(self.room.worker.origin, number, body=f"Go back, {revision}.", revision=revision)
        rehearsed(self.room)

    def _sign(self, who: str, decision: Decision = Decision.APPROVE, reason: str = "") -> None:
        gate, role = SIGNERS[who]
        standing = self.standing(gate)
        wish = Wish(role, decision, standing.content.digest, reason=reason)
        sign(self.room.origin(self.people[who]), standing.gate.id, wish)

    def _reject(self, who: str) -> None:
        self._sign(who, Decision.REJECT, "Not like this.")

    def _withdraw(self, who: str) -> None:
        active, person = list_active([self.gate(SIGNERS[who][0]).id]), self.people[who]
        own = next((one.id for one in active if one.person_id == person.id), 10**9)
        withdraw(self.room.origin(person), own, reason="I looked at the wrong plan.")

    def _revoke(self, who: str) -> None:
        person, role = self.people[who], SIGNERS[who][1]
        held = select(RoleGrant.id).where(
            RoleGrant.person_id == person.id, RoleGrant.role == role, RoleGrant.revoked_at.is_(None)
        )
        revoke_role(self.boss.origin, person.id, db.session.scalar(held) or 10**9)

    def _grant(self, who: str) -> None:
        grant_role(self.boss.origin, self.people[who].id, SIGNERS[who][1], None)

    def _consume(self, gate: str) -> None:
        pass_gate(self.room.origin(self.room.worker), self.gate(gate).id)


@pytest.fixture
def untouched(make: Make) -> Iterator[Real]:
    """Checklists that nobody has signed yet, one for each walk; others hold each role, so that none is impossible."""
    boss = make.person(Role.ADMINISTRATOR)
    for role in (LEAD, QA, DBA):
        make.person(role)
    return (Real(make, boss) for _ in count())


SIGNED = [("sign", "lead"), ("sign", "qa"), ("sign", "dba")]
BOTH_PASSED = [*SIGNED, ("consume", DEPLOY), ("consume", READY)]


@example(walk=[*SIGNED, ("untick", READY), ("consume", DEPLOY), ("tick", READY), *SIGNED, ("consume", DEPLOY)])
@example(walk=[*BOTH_PASSED, ("plan",), ("untick", READY), ("withdraw", "dba"), ("revoke", "dba"), ("revoke", "lead")])
@example(walk=[*SIGNED, ("reject", "other"), ("prove", READY), ("consume", READY), ("withdraw", "other")])
@given(walk=st.lists(steps, min_size=4, max_size=16))
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_a_gate_and_its_signoffs_always_agree(untouched: Iterator[Real], walk: list[tuple[str, ...]]):
    real, expected = next(untouched), Expected()

    for what, *more in walk:
        assert real.step(what, *more) is expected.step(what, *more), (what, *more)
        for gate in (READY, DEPLOY):
            standing = real.standing(gate)
            active = list_active([standing.gate.id])
            names = {real.people[who].id: said for who, said in expected.signed[gate].items()}
            assert {one.person_id: one.decision for one in active} == names
            assert standing.verdict.state is expected.state(gate)
            if gate not in expected.passed:
                over = {one.digest for one in active if one.decision is Decision.APPROVE}
                assert over <= {standing.content.digest}
