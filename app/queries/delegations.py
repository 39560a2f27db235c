"""Reads of delegations: which hold now, and all of one person."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select

from app.database import db
from app.domain.delegations import Answer, DelegationStanding, delegable_roles, delegation_standing
from app.domain.errors import UNSEEN, NotFound
from app.domain.permissions import Role
from app.models import Delegation, DelegationAnswer, Module, Person, RoleGrant
from app.models.base import table_of


@dataclass(frozen=True, slots=True)
class DelegationRow:
    """A delegation with the people and the module that it names, and what was said to it."""

    id: int
    principal_id: int
    delegate_id: int
    role: Role
    module_id: int | None
    starts_at: datetime
    ends_at: datetime
    reason: str
    created_at: datetime
    principal_name: str
    principal_name_id: int
    delegate_name: str
    module_name: str | None
    answers: Collection[Answer]
    # Why it was declined or ended.
    told: str

    def standing(self, at: datetime) -> DelegationStanding:
        """Where it stands at a moment."""
        return delegation_standing(self.answers, self.starts_at, self.ends_at, at)

    def reaches(self, module_id: int | None) -> bool:
        """Whether it is for this module; None asks for what is no single module's."""
        return self.module_id in (None, module_id)


_delegations, _answers = table_of(Delegation).c, table_of(DelegationAnswer).c
_principals, _delegates = table_of(Person).alias("principals"), table_of(Person).alias("delegates")
_modules = table_of(Module).c
_ROWS = (
    select(
        table_of(Delegation),
        *(_principals.c.name.label("principal_name"), _principals.c.name_id.label("principal_name_id")),
        *(_delegates.c.name.label("delegate_name"), _modules.name.label("module_name")),
    )
    .join(_principals, _principals.c.id == _delegations.principal_id)
    .join(_delegates, _delegates.c.id == _delegations.delegate_id)
    .outerjoin(table_of(Module), _modules.id == _delegations.module_id)
    .order_by(_delegations.id.desc())
)


def _read(*where: ColumnElement[bool]) -> list[DelegationRow]:
    rows = db.session.execute(_ROWS.where(*where)).all()
    said: dict[int, dict[Answer, str]] = defaultdict(dict)
    ids = [row.id for row in rows]
    for number, answer, reason in db.session.execute(
        select(_answers.delegation_id, _answers.answer, _answers.reason)
        .where(_answers.delegation_id.in_(ids))
        .order_by(_answers.id)
    ):
        said[number][answer] = reason
    return [
        DelegationRow(
            *(row.id, row.principal_id, row.delegate_id, row.role, row.module_id, row.starts_at, row.ends_at),
            *(row.reason, row.created_at, row.principal_name, row.principal_name_id, row.delegate_name),
            module_name=row.module_name,
            answers=frozenset(said[row.id]),
            told=next((reason for reason in said[row.id].values() if reason), ""),
        )
        for row in rows
    ]


def get_delegation(delegation_id: int) -> DelegationRow:
    """One delegation, or NotFound."""
    found = _read(_delegations.id == delegation_id)
    if not found:
        raise NotFound(UNSEEN)
    return found[0]


def list_delegations_of(person_id: int) -> list[DelegationRow]:
    """The delegations that a person gave or was given, the newest first; two statements."""
    return _read(or_(_delegations.principal_id == person_id, _delegations.delegate_id == person_id))


def list_delegated_to(person_id: int, at: datetime) -> Sequence[DelegationRow]:
    """The delegations by which a person signs for others at a moment."""
    found = _read(_delegations.delegate_id == person_id, _delegations.ends_at > at)
    return [one for one in found if one.standing(at) is DelegationStanding.IN_FORCE]


def list_asked_to_sign(person_id: int, at: datetime) -> Sequence[DelegationRow]:
    """The delegations to which a person has not answered yet; two statements."""
    found = _read(_delegations.delegate_id == person_id, _delegations.ends_at > at)
    return [one for one in found if one.standing(at) is DelegationStanding.ASKED]


_grants, _people = table_of(RoleGrant).c, table_of(Person).c


def list_delegates(but: int) -> list[tuple[int, str]]:
    """Who can be asked to sign: everybody else with a role of their own that signs."""
    rows = db.session.execute(
        select(_people.id, _people.name)
        .join(table_of(RoleGrant), _grants.person_id == _people.id)
        .where(
            *(_people.deactivated_at.is_(None), _people.id != but, _grants.revoked_at.is_(None)),
            _grants.role.in_(delegable_roles()),
        )
        .distinct()
        .order_by(_people.name, _people.id)
    )
    return [(row.id, row.name) for row in rows]
