"""Reads of gates: what they cover now, who has signed, and who could."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Select, and_, bindparam, or_, select

from app.database import db
from app.domain.errors import UNSEEN, NotFound
from app.domain.gate_policies import read_policy
from app.domain.gates import ActiveSignoff, Decision, GateKind, Policy
from app.domain.permissions import Role
from app.domain.signoffs import ends_at
from app.models import (
    Checklist,
    Delegation,
    Environment,
    Gate,
    GatePolicy,
    Person,
    Release,
    RoleGrant,
    Signoff,
    SignoffEnd,
)
from app.models.base import table_of


@dataclass(frozen=True, slots=True)
class GateRow:
    """A gate with its policy and the checklist that it belongs to."""

    id: int
    checklist_id: int
    kind: GateKind
    environment_key: str
    cycle: int
    # With which its present turn began: what was signed in an earlier one was used up.
    first_cycle: int
    consumed_at: datetime | None
    policy_id: int
    policy_revision: int
    policy_environment_key: str
    # As it stands in what is signed: another policy is another name.
    policy_name: str
    policy: Policy
    stream_id: int
    release_id: int | None
    module_id: int | None
    subject_id: int
    template_version_id: int
    is_first_environment: bool
    is_last_environment: bool
    is_shipped: bool

    @property
    def title(self) -> str:
        """The gate in words, with its environment where it has one."""
        return f"{self.kind.label} to {self.environment_key}" if self.environment_key else self.kind.label


_gates, _policies = table_of(Gate).c, table_of(GatePolicy).c
_lists, _grants, _people = table_of(Checklist).c, table_of(RoleGrant).c, table_of(Person).c
_signoffs, _ends = table_of(Signoff).c, table_of(SignoffEnd).c
_places, _releases = table_of(Environment).c, table_of(Release).c
_delegations = table_of(Delegation).c
_first = select(_places.key).order_by(_places.position).limit(1).scalar_subquery()
_last = select(_places.key).order_by(_places.position.desc()).limit(1).scalar_subquery()
_GATES = (
    select(
        *(_gates.id, _gates.checklist_id, _gates.kind, _gates.environment_key, _gates.cycle, _gates.first_cycle),
        _gates.consumed_at,
        *(_policies.id.label("policy_id"), _policies.revision.label("policy_revision"), _policies.body),
        *(_policies.environment_key.label("policy_environment_key"), _policies.created_by_id.label("policy_author_id")),
        *(_lists.stream_id, _lists.release_id, _lists.module_id, _lists.subject_id, _lists.template_version_id),
        (_gates.environment_key == _first).label("is_first_environment"),
        (_gates.environment_key == _last).label("is_last_environment"),
        _releases.shipped_at.is_not(None).label("is_shipped"),
    )
    .join(table_of(GatePolicy), _policies.id == _gates.policy_id)
    .join(table_of(Checklist), _lists.id == _gates.checklist_id)
    .outerjoin(table_of(Release), _releases.id == _lists.release_id)
    .order_by(_gates.id)
)
_GATE = _GATES.where(_gates.id == bindparam("gate"))
_GATES_OF = _GATES.where(_gates.checklist_id == bindparam("checklist"))
# What was signed in the present turn of its gate.
OF_THIS_TURN = _signoffs.cycle >= _gates.first_cycle
_SIGNED_GATES = _GATES.where(
    _lists.stream_id.in_(bindparam("streams", expanding=True)),
    _gates.consumed_at.is_(None),
    select(_signoffs.id)
    .outerjoin(table_of(SignoffEnd), _ends.signoff_id == _signoffs.id)
    .where(_signoffs.gate_id == _gates.id, _ends.id.is_(None), OF_THIS_TURN)
    .exists(),
)


def policy_name(kind: GateKind, environment_key: str, revision: int, *, is_own: bool) -> str:
    """How the signed content of a gate names its policy.

    `is_own`: one that people laid down for this environment alone. Its revisions are counted apart from those for all
    environments, so that without the word two policies of one gate could have one name.
    """
    words = (kind.value, environment_key, str(revision), "own" if is_own else "")
    return " ".join(word for word in words if word)


def _rows(statement: Select[*tuple[Any, ...]], **where: Any) -> list[GateRow]:
    return [
        GateRow(
            *(row.id, row.checklist_id, row.kind, row.environment_key, row.cycle, row.first_cycle, row.consumed_at),
            policy_id=row.policy_id,
            policy_revision=row.policy_revision,
            policy_environment_key=row.policy_environment_key,
            policy_name=policy_name(
                *(row.kind, row.environment_key, row.policy_revision),
                is_own=bool(row.policy_environment_key) and row.policy_author_id is not None,
            ),
            policy=read_policy(row.kind, row.body),
            stream_id=row.stream_id,
            release_id=row.release_id,
            module_id=row.module_id,
            subject_id=row.subject_id,
            template_version_id=row.template_version_id,
            is_first_environment=bool(row.is_first_environment),
            is_last_environment=bool(row.is_last_environment),
            is_shipped=bool(row.is_shipped),
        )
        for row in db.session.execute(statement, where)
    ]


def get_gate(gate_id: int) -> GateRow:
    """One gate, or NotFound."""
    found = _rows(_GATE, gate=gate_id)
    if not found:
        raise NotFound(UNSEEN)
    return found[0]


def list_gates(checklist_id: int) -> list[GateRow]:
    """The gates of a checklist."""
    return _rows(_GATES_OF, checklist=checklist_id)


def list_gates_of_person(person_id: int) -> list[GateRow]:
    """The gates that are not consumed and carry a sign-off by or for this person that nothing has ended."""
    own = (
        select(_signoffs.id)
        .outerjoin(table_of(SignoffEnd), _ends.signoff_id == _signoffs.id)
        .outerjoin(table_of(Delegation), _delegations.id == _signoffs.delegation_id)
        .where(
            *(_signoffs.gate_id == _gates.id, _ends.id.is_(None), OF_THIS_TURN),
            or_(_signoffs.person_id == person_id, _delegations.principal_id == person_id),
        )
    )
    return list_gates_where(_gates.consumed_at.is_(None), own.exists())


def count_approvals(checklist_ids: Sequence[int]) -> list[tuple[GateRow, int]]:
    """The gates of some checklists that are not consumed and carry approvals that nothing has ended, and how many."""
    gates = list_gates_where(_gates.checklist_id.in_(checklist_ids), _gates.consumed_at.is_(None))
    given = Counter(one.gate_id for one in list_active([g.id for g in gates]) if one.decision is Decision.APPROVE)
    return [(gate, given[gate.id]) for gate in gates if given[gate.id]]


def list_gates_where(*conditions: ColumnElement[bool]) -> list[GateRow]:
    """The gates for which something holds."""
    return _rows(_GATES.where(*conditions))


def list_signed_gates(stream_ids: Sequence[int]) -> list[GateRow]:
    """The gates behind some streams that are not consumed and carry sign-offs that nothing has ended."""
    return _rows(_SIGNED_GATES, streams=list(stream_ids))


@dataclass(frozen=True, slots=True)
class SignoffRow:
    """A sign-off that nothing has ended, as the rules look at it."""

    id: int
    gate_id: int
    cycle: int
    person_id: int
    # Whose role it is, where it was given for somebody else.
    principal_id: int | None
    role: Role
    decision: Decision
    digest: bytes
    signed_at: datetime
    counts_until: datetime | None

    def counts_at(self, at: datetime) -> bool:
        """Whether a moment lies within the time that it counts."""
        return self.signed_at <= at and (self.counts_until is None or at < self.counts_until)

    @property
    def facts(self) -> ActiveSignoff:
        """Reduced to what the verdict needs."""
        return ActiveSignoff(self.person_id, self.role, self.decision, self.principal_id)


_ACTIVE = (
    select(table_of(Signoff), _gates.kind, _policies.body, _delegations.principal_id)
    .join(table_of(Gate), _gates.id == _signoffs.gate_id)
    .join(table_of(GatePolicy), _policies.id == _signoffs.policy_id)
    .outerjoin(table_of(SignoffEnd), _ends.signoff_id == _signoffs.id)
    .outerjoin(table_of(Delegation), _delegations.id == _signoffs.delegation_id)
    .where(_ends.id.is_(None), OF_THIS_TURN)
    .order_by(_signoffs.id)
)
_ACTIVE_OF = _ACTIVE.where(_signoffs.gate_id.in_(bindparam("gates", expanding=True)))


def list_active(gate_ids: Sequence[int], *, at: datetime | None = None) -> list[SignoffRow]:
    """The sign-offs of gates that nothing has ended; with a moment, only those that time has not ended either.

    Those of an earlier turn were used up: they are not among them. At a moment before it was given one does not count:
    a clock that was set back makes nothing good.
    """
    found = [_signoff(row) for row in db.session.execute(_ACTIVE_OF, {"gates": list(gate_ids)})]
    return [one for one in found if at is None or one.counts_at(at)]


def _signoff(row: Any) -> SignoffRow:
    lasts = read_policy(row.kind, row.body).lasts
    return SignoffRow(
        *(row.id, row.gate_id, row.cycle, row.person_id, row.principal_id, row.role, row.decision),
        *(row.digest, row.signed_at),
        counts_until=ends_at(row.decision, row.signed_at, lasts, row.condition_ends_on),
    )


_HOLDERS = (
    select(_grants.role, _grants.person_id, _grants.module_id)
    .join(table_of(Person), _people.id == _grants.person_id)
    .where(
        _grants.revoked_at.is_(None),
        _people.deactivated_at.is_(None),
        _grants.role.in_(bindparam("roles", expanding=True)),
    )
)


class Asking(Protocol):
    """What asks for people: a gate, or whatever asks as one would."""

    @property
    def id(self) -> int:
        """By what it is found again."""

    @property
    def module_id(self) -> int | None:
        """The module that roles are held for; None: for everything."""

    @property
    def policy(self) -> Policy:
        """What it asks."""


def list_holders(gates: Sequence[Asking]) -> dict[int, dict[Role, set[int]]]:
    """Who holds now what gates ask, by gate: active accounts only. One statement for all."""
    roles = sorted({role for gate in gates for role in gate.policy.roles})
    rows = db.session.execute(_HOLDERS, {"roles": roles}).all()
    found: dict[int, dict[Role, set[int]]] = {}
    for gate in gates:
        held: dict[Role, set[int]] = defaultdict(set)
        for role, person, module in rows:
            if role in gate.policy.roles and module in (None, gate.module_id):
                held[role].add(person)
        found[gate.id] = dict(held)
    return found


def list_holders_anywhere(roles: Iterable[Role]) -> dict[Role, set[int]]:
    """Who holds roles now for anything at all: active accounts only."""
    held: dict[Role, set[int]] = defaultdict(set)
    for role, person, _ in db.session.execute(_HOLDERS, {"roles": sorted(roles)}):
        held[role].add(person)
    return held


def find_grant(person_id: int, role: Role, module_id: int | None) -> int | None:
    """The number of the grant by which a person holds a role for a module now."""
    return db.session.scalar(
        select(_grants.id)
        .join(table_of(Person), _people.id == _grants.person_id)
        .where(
            _grants.person_id == person_id,
            _grants.role == role,
            and_(_grants.revoked_at.is_(None), _people.deactivated_at.is_(None)),
            or_(_grants.module_id.is_(None), _grants.module_id == module_id),
        )
        .order_by(_grants.id)
        .limit(1)
    )
