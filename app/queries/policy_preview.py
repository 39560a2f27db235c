"""What adopting a policy would do, gate by gate, and what stands against it."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select

from app.database import db
from app.domain.actors import Actor
from app.domain.gates import Decision, Policy, RequiredSignoff, faults_of
from app.domain.permissions import Permission, Role
from app.domain.policy_changes import asks_nobody, mark_of, obstacles_to_change, still_to_agree
from app.models import Gate, GatePolicy, PersonName, Signoff
from app.models.base import table_of
from app.queries.gates import GateRow, SignoffRow, list_active, list_holders, policy_name
from app.queries.policies import AgreementRow, Policies, PolicyRow, agreed_roles, list_agreements, read_policies
from app.queries.standing import standings_of
from app.queries.waiting import list_live_gates

_gates, _policies = table_of(Gate).c, table_of(GatePolicy).c


@dataclass(frozen=True, slots=True)
class OldPolicy:
    """A policy that would be left, and the module for which its roles are asked; None: roles held for everything."""

    policy: Policy
    id: int = 0
    module_id: int | None = None


@dataclass(frozen=True, slots=True)
class GateChange:
    """What would become of one gate."""

    gate: GateRow
    # Why it stays as it is; empty when the people whom its policy asks have agreed.
    obstacles: tuple[str, ...]
    missing: tuple[RequiredSignoff, ...]
    # The sign-offs that would end.
    ending: tuple[SignoffRow, ...]
    # Why nobody could open it then.
    faults: tuple[str, ...]

    def mark_for(self, actor: Actor) -> str:
        """By which a later look of the same person knows that it is another."""
        ids = [one.id for one in self.ending]
        return mark_of(self.gate.policy_id, self.obstacles, ids, self.faults, self.may_be_made_by(actor))

    def may_be_made_by(self, actor: Actor) -> bool:
        """Whether it would be made when this person adopts."""
        return not self.obstacles and actor.may_for(Permission.POLICY_PROPOSE, self.gate.module_id)


@dataclass(frozen=True, slots=True)
class NewChange:
    """What would become of gates that are made from now on."""

    in_force: PolicyRow
    obstacles: tuple[str, ...]
    missing: tuple[RequiredSignoff, ...]

    @property
    def mark(self) -> str:
        """By which a later look knows that it is another."""
        return mark_of(self.in_force.id, self.obstacles)


@dataclass(frozen=True, slots=True)
class Preview:
    """All that adopting a policy would do."""

    row: PolicyRow
    gates: tuple[GateChange, ...]
    for_new: NewChange | None


def list_gates_to_change(rows: Sequence[PolicyRow]) -> list[GateRow]:
    """The gates of live releases that could get one of some policies: not consumed, and not at a later revision."""
    if not rows:
        return []
    return list_live_gates(or_(*(_could_get(row) for row in rows)))


def _could_get(row: PolicyRow) -> ColumnElement[bool]:
    """A policy of an environment is for its gates; one for all is for the gates that have one for all."""
    earlier = and_(_policies.environment_key == row.environment_key, _policies.revision < row.revision)
    if row.environment_key:
        place = _gates.environment_key == row.environment_key
        return and_(_gates.kind == row.kind, place, or_(_policies.environment_key == "", earlier))
    return and_(_gates.kind == row.kind, earlier)


def is_for(row: PolicyRow, gate: GateRow) -> bool:
    """Whether a gate that could get some policy could get this one."""
    is_earlier = gate.policy_environment_key == row.environment_key and gate.policy_revision < row.revision
    if gate.kind is not row.kind:
        return False
    if row.environment_key:
        return gate.environment_key == row.environment_key and (is_earlier or not gate.policy_environment_key)
    return is_earlier


def preview_of(row: PolicyRow, policies: Policies, agreements: Sequence[AgreementRow], at: datetime) -> Preview:
    """What adopting a policy would do now; as many statements for many gates as for one."""
    found = list_gates_to_change([row])
    agreed = agreed_roles(agreements, row.id, policies)
    holders = list_holders(found) if found else {}
    ending: dict[int, list[SignoffRow]] = defaultdict(list)
    for one in list_active([gate.id for gate in found]) if found else ():
        if one.decision is Decision.APPROVE:
            ending[one.gate_id].append(one)
    then = [with_policy(gate, row) for gate in found]
    faults = _faults(then, at)
    changes = [
        GateChange(
            gate,
            obstacles_to_change(gate.policy, agreed, holders[gate.id]),
            still_to_agree(gate.policy, agreed, holders[gate.id]),
            tuple(ending[gate.id]),
            faults[gate.id],
        )
        for gate in found
    ]
    return Preview(row, tuple(changes), _new_change(row, policies, agreed))


def _faults(then: Sequence[GateRow], at: datetime) -> dict[int, tuple[str, ...]]:
    """Why nobody could open gates as they would be then, whatever else is in their way today."""
    standings, holders = standings_of(then, at), list_holders(then) if then else {}
    return {
        number: tuple(
            faults_of(
                one.gate.policy,
                [covered.facts for covered in one.covered],
                [signoff.facts for signoff in one.signoffs],
                holders[number],
            )
        )
        for number, one in standings.items()
    }


def _new_change(row: PolicyRow, policies: Policies, agreed: Mapping[int, Role]) -> NewChange | None:
    now = policies.in_force(row.line)
    if now is None or now.id == row.id:
        return None
    asking = OldPolicy(now.policy)
    holders = list_holders([asking])[asking.id]
    return NewChange(now, obstacles_to_change(now.policy, agreed, holders), still_to_agree(now.policy, agreed, holders))


def with_policy(gate: GateRow, row: PolicyRow) -> GateRow:
    """A gate as it would be with a policy."""
    is_own = bool(row.environment_key) and row.created_by_id is not None
    return replace(
        gate,
        policy_id=row.id,
        policy_revision=row.revision,
        policy_environment_key=row.environment_key,
        policy_name=policy_name(gate.kind, gate.environment_key, row.revision, is_own=is_own),
        policy=row.policy,
    )


def old_policies(row: PolicyRow, policies: Policies, gates: Sequence[GateRow]) -> list[tuple[int | None, Policy]]:
    """The policies that would be left, each with the module of the gate that has it; None: for everything."""
    now = policies.in_force(row.line)
    of_new = [(None, now.policy)] if now is not None and now.id != row.id else []
    found = [*of_new, *((gate.module_id, gate.policy) for gate in gates if is_for(row, gate))]
    return [(module, policy) for module, policy in found if not asks_nobody(policy)]


def roles_to_agree_in(actor: Actor, old: Sequence[tuple[int | None, Policy]]) -> frozenset[Role]:
    """The roles in which somebody may agree: held where a policy that would be left asks them."""
    return frozenset(
        grant.role
        for module, policy in old
        for grant in actor.grants
        if grant.role in policy.roles and grant.module_id in (None, module)
    )


def list_signer_names(signoff_ids: Collection[int]) -> dict[int, str | None]:
    """The names of signers as they were then, by sign-off; None where one was erased."""
    signoffs, names = table_of(Signoff).c, table_of(PersonName).c
    rows = db.session.execute(
        select(signoffs.id, names.name)
        .join(table_of(PersonName), names.id == signoffs.name_id)
        .where(signoffs.id.in_(list(signoff_ids)))
    )
    return {row.id: row.name for row in rows}


def list_proposals_for(actor: Actor) -> list[PolicyRow]:
    """The proposals that wait for an agreement which this person could give; as many statements for many as for one."""
    policies = read_policies()
    waiting = policies.waiting()
    if not waiting:
        return []
    agreements, gates = list_agreements([row.id for row in waiting]), list_gates_to_change(waiting)
    asking: list[tuple[PolicyRow, OldPolicy]] = []
    for row in waiting:
        asking += [
            (row, OldPolicy(one[1], len(asking) + n, one[0]))
            for n, one in enumerate(old_policies(row, policies, gates))
        ]
    holders = list_holders([old for _, old in asking])
    agreed = {row.id: agreed_roles(agreements, row.id, policies) for row in waiting}
    wanted = {
        row.id
        for row, old in asking
        if actor.id not in agreed[row.id]
        and roles_to_agree_in(actor, [(old.module_id, old.policy)])
        & {one.role for one in still_to_agree(old.policy, agreed[row.id], holders[old.id])}
    }
    return [row for row in waiting if row.id in wanted]
