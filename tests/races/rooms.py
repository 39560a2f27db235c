"""Acts at one gate, ready to be done at one moment, and whether gate, sign-offs and history agree afterwards."""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import select, update

from app.database import db
from app.domain.checklist import ItemState
from app.domain.errors import DomainError
from app.domain.gate_policies import policy_body
from app.domain.gates import Decision, GateKind, GateState, Policy, RequiredSignoff
from app.domain.permissions import Role
from app.models import AuditEvent, Gate, GatePolicy, RoleGrant, Signoff, SignoffEnd
from app.models.base import utc_now
from app.queries.gates import list_active
from app.queries.standing import Standing, standing_of
from app.services.item_states import set_state
from app.services.roles import revoke_role
from app.services.signoffs import consume, sign, withdraw
from app.services.write_path import write_path
from tests.factories import Made, Make
from tests.integration.services.test_signoffs import LEAD, QA, Room
from tests.races.running import ROUNDS, history_of

Act = Callable[[], Any]
pass_gate = write_path(consume)


def rounds(make: Make, most: int = ROUNDS) -> Iterator[Room]:
    """A gate that nobody has signed for each round."""
    return (Room(make) for _ in range(most))


def signing(room: Room, person: Made, role: Role, decision: Decision = Decision.APPROVE, **more: Any) -> Act:
    """A form that was opened now, ready to be sent."""
    origin, gate, wish = room.origin(person), room.gate().id, room.wish(role, decision, **more)
    return lambda: sign(origin, gate, wish)


def unticking(room: Room) -> Act:
    item, origin = room.item(), room.worker.origin
    number, revision = item.id, item.revision
    return lambda: set_state(origin, number, revision=revision, state=ItemState.TODO)


def withdrawing(room: Room, person: Made) -> Act:
    origin, gate = room.origin(person), room.gate().id
    own = next(one.id for one in list_active([gate]) if one.person_id == person.id)
    return lambda: withdraw(origin, own, reason="I looked at the wrong plan.")


def revoking(make: Make, person: Made) -> Act:
    boss = make.person(Role.ADMINISTRATOR).origin
    grant = db.session.scalars(
        select(RoleGrant.id).where(RoleGrant.person_id == person.id, RoleGrant.role == LEAD)
    ).one()
    return lambda: revoke_role(boss, person.id, grant)


def passing(room: Room) -> Act:
    origin, gate = room.origin(room.worker), room.gate().id
    return lambda: pass_gate(origin, gate)


def ask(room: Room, *required: RequiredSignoff, **rules: Any) -> None:
    """Let the ready gate of a room, which nobody has signed, ask other people; no other gate takes this policy."""
    policy = GatePolicy(
        kind=GateKind.READY,
        environment_key=f"of gate {room.gate().id}",
        revision=1,
        body=policy_body(Policy(GateKind.READY, required, **rules)),
        created_at=utc_now(),
    )
    db.session.add(policy)
    db.session.flush()
    db.session.execute(update(Gate).where(Gate.id == room.gate().id).values(policy_id=policy.id))
    db.session.commit()


def ready(room: Room) -> Standing:
    """The ready gate as everybody sees it now."""
    db.session.rollback()
    return standing_of(room.gate(), utc_now())


def explained(room: Room) -> list[AuditEvent]:
    """The events of the ready gate; each sign-off and each end has one, in the order in which they happened."""
    gate = room.gate()
    events = [one for one in history_of(gate.stream_id) if (one.object_kind, one.object_id) == ("gate", gate.id)]
    given = list(db.session.scalars(select(Signoff.event_id).where(Signoff.gate_id == gate.id).order_by(Signoff.id)))
    ends = select(SignoffEnd).join(Signoff, Signoff.id == SignoffEnd.signoff_id).where(Signoff.gate_id == gate.id)
    ended = [one.kind.value for one in db.session.scalars(ends.order_by(SignoffEnd.id))]
    assert [one.id for one in events if one.action == "signoff.given"] == given
    assert [one.fact for one in events if one.action == "signoff.ended"] == ended
    return events


def happened(room: Room) -> list[str]:
    """What happened at the ready gate, in its order."""
    return [event.action for event in explained(room)]


def check_agrees(room: Room) -> Standing:
    """What counts was signed over what is there; nothing counts over an open item; nothing was passed with less."""
    standing = ready(room)
    active = list_active([standing.gate.id])
    explained(room)
    if standing.gate.consumed_at is None:
        approvals = [one for one in active if one.decision is Decision.APPROVE]
        assert {one.digest for one in approvals} <= {standing.content.digest}
        if any(one.facts.is_in_the_way for one in standing.covered):
            assert approvals == []
    else:
        assert {one.role for one in active} == {LEAD, QA}
        assert standing.verdict.state is GateState.CONSUMED
    return standing


def kinds(outcomes: list[Any]) -> set[type]:
    """The refusals that were met."""
    return {type(one) for one in outcomes if isinstance(one, DomainError)}
