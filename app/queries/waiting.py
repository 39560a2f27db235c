"""Reads of gates over many checklists: which wait for a person, and how all of a release or a checklist stand."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, or_, select

from app.database import db
from app.domain.actors import Actor
from app.domain.addresses import OCCASIONS
from app.domain.checklist import BelongsTo
from app.domain.gates import GateKind, Separation, missing_signoffs
from app.domain.permissions import Role
from app.domain.signoffs import EndKind
from app.models import Checklist, Deployment, Gate, Release, ReleaseModule, Signoff, SignoffEnd
from app.models.base import table_of
from app.queries.checklists import HEAD, ChecklistHead, head_of
from app.queries.covered import Covered
from app.queries.delegations import DelegationRow, list_delegated_to
from app.queries.deployment_windows import GONE
from app.queries.gates import GateRow, list_gates, list_gates_where
from app.queries.standing import Standing, standings_of


@dataclass(frozen=True, slots=True)
class WaitingGate:
    """A gate that waits for a role which somebody holds."""

    standing: Standing
    checklist: ChecklistHead
    seats: Sequence["SeatChoice"]
    # Why the earlier sign-off of theirs ended; None where there was none, or where they took it back.
    stale: str | None

    @property
    def gate(self) -> GateRow:
        """The gate itself."""
        return self.standing.gate


@dataclass(frozen=True, slots=True)
class SeatChoice:
    """A role in which somebody may sign: their own, or that of somebody who asked them to."""

    role: Role
    by: DelegationRow | None = None

    @property
    def value(self) -> str:
        """As a form sends it: the role, and by which delegation."""
        return f"{self.role.value}:{self.by.id}" if self.by else self.role.value

    @property
    def label(self) -> str:
        """In words."""
        return f"{self.role.label} for {self.by.principal_name}" if self.by else self.role.label


_gates, _lists = table_of(Gate).c, table_of(Checklist).c
_releases, _members = table_of(Release).c, table_of(ReleaseModule).c
_all_deployments = table_of(Deployment).c
# What was taken back, or never arrived, is not looked after.
_is_gone = exists().where(
    *(_lists.belongs_to == BelongsTo.DEPLOYMENT, _all_deployments.id == _lists.subject_id),
    _all_deployments.outcome.in_(GONE),
)
# What is planned has to be signed, also where the release has shipped meanwhile.
_is_planned = exists().where(
    *(_all_deployments.gate_id == _gates.id, _all_deployments.started_at.is_(None)),
    _all_deployments.cancelled_at.is_(None),
)
# A release is closed after it has shipped; all else waits before. What happened once waits until it is over.
_is_live = and_(
    _releases.archived_at.is_(None),
    ~_is_gone,
    or_(
        _lists.belongs_to.in_(sorted(OCCASIONS)),
        _is_planned,
        (_gates.kind == GateKind.CLOSE) == _releases.shipped_at.is_not(None),
    ),
)
_is_member = or_(
    _lists.belongs_to == BelongsTo.RELEASE,
    _lists.belongs_to.in_(sorted(OCCASIONS)),
    exists().where(
        _members.release_id == _lists.release_id,
        _members.module_id == _lists.module_id,
        _members.removed_at.is_(None),
    ),
)


# Gates on which somebody works now.
is_waiting = and_(_is_live, _is_member)


def roles_of(actor: Actor, gate: GateRow) -> frozenset[Role]:
    """Of the roles that a gate asks those which somebody holds for it."""
    held = {grant.role for grant in actor.grants if grant.module_id in (None, gate.module_id)}
    return gate.policy.roles & held


def seats_of(actor: Actor, gate: GateRow, delegated: Iterable[DelegationRow]) -> list[SeatChoice]:
    """The roles in which somebody may sign a gate, their own first."""
    own = [SeatChoice(role) for role in sorted(roles_of(actor, gate), key=list(Role).index)]
    lent = (one for one in delegated if one.role in gate.policy.roles and one.reaches(gate.module_id))
    return own + [SeatChoice(one.role, one) for one in lent]


def list_live_gates(*conditions: ColumnElement[bool]) -> list[GateRow]:
    """The gates of live releases that are not consumed, and for which something holds."""
    return list_gates_where(_gates.consumed_at.is_(None), is_waiting, *conditions)


def list_waiting(actor: Actor, at: datetime) -> list[WaitingGate]:
    """Gates of live releases that wait for a role of this person; as many statements for many as for one."""
    live = list_live_gates()
    delegated = list_delegated_to(actor.id or 0, at)
    seats = {gate.id: found for gate in live if (found := seats_of(actor, gate, delegated))}
    asked = [gate for gate in live if gate.id in seats]
    standings = standings_of(asked, at)
    waiting = {gate.id: left for gate in asked if (left := awaited(standings[gate.id], actor, seats[gate.id]))}
    chosen = [gate for gate in asked if gate.id in waiting]
    heads, stale = _heads(chosen), _stale(actor, chosen)
    return [
        WaitingGate(standings[gate.id], heads[gate.checklist_id], waiting[gate.id], stale.get(gate.id))
        for gate in chosen
    ]


def awaited(standing: Standing, actor: Actor, seats: Iterable[SeatChoice]) -> list[SeatChoice]:
    """The seats of this person that a gate still waits for; none where they have had their word."""
    heard = frozenset().union(*(one.facts.people for one in standing.signoffs))
    if actor.id in heard:
        return []
    missing = {one.role for one in missing_signoffs(standing.gate.policy, [one.facts for one in standing.signoffs])}
    return [one for one in seats if one.role in missing and not (one.by and one.by.principal_id in heard)]


def list_behind(standing: Standing, people: Collection[int]) -> list[Covered]:
    """What people stand behind of what a gate covers, where its policy says that they must not."""
    if Separation.NOT_BEHIND_ITEMS not in standing.gate.policy.separation:
        return []
    return [one for one in standing.covered if not one.facts.behind.isdisjoint(people)]


def signers_of(actor: Actor, seats: Sequence[SeatChoice]) -> frozenset[int]:
    """Whose word it would be: the person's own, and where they sign for one other person alone, that one's too."""
    others = {one.by.principal_id if one.by else None for one in seats}
    return frozenset(one for one in (actor.id, *(others if len(others) == 1 else ())) if one is not None)


def _heads(gates: Sequence[GateRow]) -> dict[int, ChecklistHead]:
    if not gates:
        return {}
    rows = db.session.execute(HEAD.where(_lists.id.in_({gate.checklist_id for gate in gates})))
    return {row.id: head_of(row) for row in rows}


def _stale(actor: Actor, gates: Iterable[GateRow]) -> dict[int, str]:
    """Why the last sign-off of a person ended by itself, by gate."""
    signoffs, ends = table_of(Signoff).c, table_of(SignoffEnd).c
    rows = db.session.execute(
        select(signoffs.gate_id, ends.kind, ends.reason)
        .outerjoin(table_of(SignoffEnd), ends.signoff_id == signoffs.id)
        .where(signoffs.person_id == actor.id, signoffs.gate_id.in_([gate.id for gate in gates]))
        .order_by(signoffs.id)
    )
    last = {gate: (kind, reason or "its time was over") for gate, kind, reason in rows}
    # One that time has ended has no row until the worker has come by.
    return {gate: reason for gate, (kind, reason) in last.items() if kind in {EndKind.STALE, EndKind.EXPIRED, None}}


def in_order(standings: Mapping[int, Standing]) -> list[Standing]:
    """In the order in which gates are passed: as their kinds are named, then as the environments follow."""
    kinds = list(GateKind)

    def place(one: Standing) -> tuple[int, bool, bool, int]:
        gate = one.gate
        return kinds.index(gate.kind), not gate.is_first_environment, gate.is_last_environment, gate.id

    return sorted(standings.values(), key=place)


def list_standings_of(checklist_id: int, at: datetime) -> list[Standing]:
    """How the gates of a checklist stand, in their order."""
    return in_order(standings_of(list_gates(checklist_id), at))


def list_standings_of_release(release_id: int, at: datetime) -> list[Standing]:
    """How the gates of a release itself stand."""
    gates = list_gates_where(_lists.release_id == release_id, _lists.belongs_to == BelongsTo.RELEASE)
    return in_order(standings_of(gates, at))


def find_release_gate(release_id: int) -> int | None:
    """The number of the gate of a release itself."""
    return db.session.scalar(
        select(_gates.id)
        .join(table_of(Checklist), _lists.id == _gates.checklist_id)
        .where(
            _lists.release_id == release_id,
            _lists.belongs_to == BelongsTo.RELEASE,
            _gates.kind == GateKind.RELEASE,
        )
    )
