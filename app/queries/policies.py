"""Reads of gate policies: every revision with what became of it, which is in force, who agrees."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.database import db
from app.domain.errors import UNSEEN, NotFound
from app.domain.gate_policies import read_policy
from app.domain.gates import GateKind, Policy
from app.domain.permissions import Role
from app.domain.policy_changes import ProposalState, state_of_revision
from app.domain.policy_words import line_label, line_title
from app.models import (
    Environment,
    GatePolicy,
    Person,
    PersonName,
    PolicyAdoption,
    PolicyAgreement,
    PolicyAgreementEnd,
    PolicyWithdrawal,
    RoleGrant,
)
from app.models.base import table_of

Line = tuple[GateKind, str]


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """A revision of what a gate asks, and what became of it."""

    id: int
    kind: GateKind
    environment_key: str
    revision: int
    policy: Policy
    note: str
    created_by_id: int | None
    created_by: str | None
    created_at: datetime
    adoption_id: int | None
    adopted_by: str | None
    adopted_at: datetime | None
    withdrawn_by: str | None
    withdrawn_at: datetime | None
    withdrawn_reason: str

    @property
    def line(self) -> Line:
        """The gate that it is for; its revisions are counted together."""
        return self.kind, self.environment_key

    @property
    def title(self) -> str:
        """The gate that it is for, in words."""
        return line_title(self.kind, self.environment_key)

    @property
    def label(self) -> str:
        """As the history names it."""
        return line_label(self.kind, self.environment_key, self.revision)


_policies, _adoptions, _withdrawals = table_of(GatePolicy).c, table_of(PolicyAdoption).c, table_of(PolicyWithdrawal).c
_authors, _adopters, _withdrawers = (table_of(Person).alias(name) for name in ("authors", "adopters", "withdrawers"))
_POLICIES = (
    select(
        *(_policies.id, _policies.kind, _policies.environment_key, _policies.revision, _policies.body, _policies.note),
        *(_policies.created_by_id, _policies.created_at, _authors.c.name.label("created_by")),
        *(_adoptions.id.label("adoption_id"), _adoptions.adopted_at, _adopters.c.name.label("adopted_by")),
        *(_withdrawals.withdrawn_at, _withdrawals.reason, _withdrawers.c.name.label("withdrawn_by")),
    )
    .outerjoin(_authors, _authors.c.id == _policies.created_by_id)
    .outerjoin(table_of(PolicyAdoption), _adoptions.policy_id == _policies.id)
    .outerjoin(_adopters, _adopters.c.id == _adoptions.adopted_by_id)
    .outerjoin(table_of(PolicyWithdrawal), _withdrawals.policy_id == _policies.id)
    .outerjoin(_withdrawers, _withdrawers.c.id == _withdrawals.withdrawn_by_id)
    .order_by(_policies.id)
)


@dataclass(frozen=True, slots=True)
class Policies:
    """All revisions there are, and which of them new gates get."""

    rows: Mapping[int, PolicyRow]

    def get(self, policy_id: int) -> PolicyRow:
        """One revision, or NotFound."""
        if policy_id not in self.rows:
            raise NotFound(UNSEEN)
        return self.rows[policy_id]

    def find_own(self, line: Line) -> PolicyRow | None:
        """What is in force for exactly this gate and environment: the one adopted last."""
        adopted = [one for one in self.rows.values() if one.line == line and one.adoption_id is not None]
        return max(adopted, key=lambda one: one.adoption_id or 0, default=None)

    def in_force(self, line: Line) -> PolicyRow | None:
        """What a new gate would have; an environment without a policy of its own has that for all."""
        return self.find_own(line) or self.find_own((line[0], ""))

    def state_of(self, row: PolicyRow) -> ProposalState:
        """Where a revision stands."""
        own = self.find_own(row.line)
        return state_of_revision(
            revision=row.revision,
            is_adopted=row.adoption_id is not None,
            is_withdrawn=row.withdrawn_at is not None,
            in_force=own.revision if own else None,
            is_in_force=own is not None and own.id == row.id,
        )

    def revisions(self, line: Line) -> list[PolicyRow]:
        """All revisions for a gate and environment, the newest first."""
        return sorted((one for one in self.rows.values() if one.line == line), key=lambda one: -one.revision)

    def waiting(self) -> list[PolicyRow]:
        """The proposals that wait for agreement."""
        return [one for one in self.rows.values() if self.state_of(one) is ProposalState.WAITING]


def read_policies() -> Policies:
    """All revisions of all policies; one statement."""
    return Policies({row.id: _policy(row) for row in db.session.execute(_POLICIES)})


def _policy(row: Any) -> PolicyRow:
    return PolicyRow(
        *(row.id, row.kind, row.environment_key, row.revision, read_policy(row.kind, row.body), row.note),
        *(row.created_by_id, row.created_by, row.created_at),
        *(row.adoption_id, row.adopted_by, row.adopted_at),
        *(row.withdrawn_by, row.withdrawn_at, row.reason or ""),
    )


def list_environment_keys() -> list[str]:
    """The environments, in their order."""
    places = table_of(Environment).c
    return list(db.session.scalars(select(places.key).order_by(places.position)))


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """One person's agreement to a proposal, and whether it was taken back."""

    id: int
    policy_id: int
    person_id: int
    # As it was then; None when it was erased.
    name: str | None
    role: Role
    instead_of_id: int
    agreed_at: datetime
    ended_at: datetime | None
    ended_reason: str


_agreements, _ends = table_of(PolicyAgreement).c, table_of(PolicyAgreementEnd).c
_names = table_of(PersonName).c


def list_agreements(policy_ids: Iterable[int]) -> list[AgreementRow]:
    """All agreements that were ever given to some proposals, the oldest first."""
    rows = db.session.execute(
        select(
            *(_agreements.id, _agreements.policy_id, _agreements.person_id, _names.name, _agreements.role),
            *(_agreements.instead_of_id, _agreements.agreed_at, _ends.ended_at, _ends.reason),
        )
        .join(table_of(PersonName), _names.id == _agreements.name_id)
        .outerjoin(table_of(PolicyAgreementEnd), _ends.agreement_id == _agreements.id)
        .where(_agreements.policy_id.in_(list(policy_ids)))
        .order_by(_agreements.id)
    )
    return [AgreementRow(*row[:-1], ended_reason=row.reason or "") for row in rows]


def is_standing(one: AgreementRow, policies: Policies) -> bool:
    """Whether an agreement can count: not taken back, and about leaving the policy that is in force.

    Once its own proposal is in force, what was agreed serves the gates that have not come along yet.
    """
    now = policies.in_force(policies.get(one.policy_id).line)
    return one.ended_at is None and now is not None and now.id in {one.instead_of_id, one.policy_id}


def agreed_roles(agreements: Sequence[AgreementRow], policy_id: int, policies: Policies) -> dict[int, Role]:
    """Who agrees to a proposal now, each in the role in which they did."""
    own = (one for one in agreements if one.policy_id == policy_id)
    return {one.person_id: one.role for one in own if is_standing(one, policies)}


def find_any_grant(person_id: int, role: Role) -> int | None:
    """The number of a grant by which a person holds a role now: for everything if there is one, else for a module."""
    grants, people = table_of(RoleGrant).c, table_of(Person).c
    return db.session.scalar(
        select(grants.id)
        .join(table_of(Person), people.id == grants.person_id)
        .where(
            *(grants.person_id == person_id, grants.role == role),
            *(grants.revoked_at.is_(None), people.deactivated_at.is_(None)),
        )
        .order_by(grants.module_id.is_not(None), grants.id)
        .limit(1)
    )
