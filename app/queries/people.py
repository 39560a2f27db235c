"""Reads of people, their roles and sessions."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, bindparam, func, select

from app.database import db
from app.domain.actors import Actor
from app.domain.errors import NotFound
from app.domain.permissions import Grant, Permission, Role, is_granted, is_granted_for
from app.models import Module, OneTimeLink, Person, PersonName, RoleGrant, Session
from app.models.base import table_of


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The person behind a session, with the roles in force now."""

    actor: Actor
    email: str
    time_zone: str
    shortcuts_enabled: bool
    seen_at: datetime
    authenticated_at: datetime
    ends_at: datetime


_sessions, _people = table_of(Session).c, table_of(Person).c
_names, _grants = table_of(PersonName).c, table_of(RoleGrant).c
_SIGNED_IN = (
    select(
        _sessions.id.label("session_id"),
        _sessions.seen_at,
        _sessions.authenticated_at,
        _sessions.ends_at,
        _people.id,
        _people.name,
        _people.email,
        _people.name_id,
        _people.time_zone,
        _people.shortcuts_enabled,
        _names.digest,
        _grants.role,
        _grants.module_id,
    )
    .join(table_of(Person), _people.id == _sessions.person_id)
    .join(table_of(PersonName), _names.id == _people.name_id)
    .outerjoin(table_of(RoleGrant), (_grants.person_id == _people.id) & _grants.revoked_at.is_(None))
    .where(
        _sessions.token_digest == bindparam("token"),
        _sessions.ended_at.is_(None),
        _people.deactivated_at.is_(None),
    )
)


def find_signed_in(token_digest: bytes) -> SignedIn | None:
    """Session, person and roles in one indexed read; None when the session has ended or the person is deactivated."""
    rows = db.session.connection().execute(_SIGNED_IN, {"token": token_digest}).all()
    if not rows:
        return None
    first = rows[0]
    actor = Actor(
        id=first.id,
        name=first.name,
        name_id=first.name_id,
        name_digest=first.digest,
        grants=tuple(Grant(row.role, row.module_id) for row in rows if row.role is not None),
        session_id=first.session_id,
    )
    return SignedIn(
        actor,
        first.email,
        first.time_zone,
        first.shortcuts_enabled,
        first.seen_at,
        first.authenticated_at,
        first.ends_at,
    )


def is_anybody_there() -> bool:
    """Whether there is a person at all."""
    return db.session.scalar(select(Person.id).limit(1)) is not None


def find_person_by_email(email: str) -> Person | None:
    """A person by address, in lower case."""
    return db.session.scalar(select(Person).where(Person.email == email))


def get_person(person_id: int) -> Person:
    """A person, or NotFound."""
    person = db.session.get(Person, person_id, populate_existing=True)
    if person is None:
        raise NotFound("There is no such person.")
    return person


def actor_of(person_id: int, *, means: str) -> Actor:
    """A person as an actor, for what happens without a session."""
    row = db.session.execute(
        select(Person.id, Person.name, Person.name_id, PersonName.digest)
        .join(PersonName, PersonName.id == Person.name_id)
        .where(Person.id == person_id)
    ).one()
    return Actor(
        id=row.id,
        name=row.name,
        name_id=row.name_id,
        name_digest=row.digest,
        grants=tuple(Grant(grant.role, grant.module_id) for grant in list_grants(person_id)),
        means=means,
    )


@dataclass(frozen=True, slots=True)
class PersonLine:
    """One row of the list of people."""

    id: int
    name: str
    email: str
    is_active: bool
    has_joined: bool
    roles: tuple[str, ...]
    seen_at: datetime | None


def list_people() -> list[PersonLine]:
    """Everybody, with their roles in words; two statements whatever their number."""
    roles = defaultdict(list)
    for grant in db.session.execute(
        select(RoleGrant.person_id, RoleGrant.role, Module.name)
        .outerjoin(Module, Module.id == RoleGrant.module_id)
        .where(RoleGrant.revoked_at.is_(None))
        .order_by(RoleGrant.id)
    ):
        roles[grant.person_id].append(role_words(grant.role, grant.name))
    seen = select(func.max(Session.seen_at)).where(Session.person_id == Person.id).scalar_subquery()
    people = db.session.execute(
        select(
            Person.id, Person.name, Person.email, Person.deactivated_at, Person.password_hash, seen.label("seen")
        ).order_by(Person.deactivated_at.is_not(None), Person.name)
    )
    return [
        PersonLine(p.id, p.name, p.email, p.deactivated_at is None, bool(p.password_hash), tuple(roles[p.id]), p.seen)
        for p in people
    ]


def list_active_people() -> Sequence[Row[int, str]]:
    """Number and name of everybody who can be given work."""
    return db.session.execute(
        select(Person.id, Person.name).where(Person.deactivated_at.is_(None)).order_by(Person.name)
    ).all()


def list_everybody() -> Sequence[Row[int, str, bool]]:
    """Number and name of all who ever were here, and whether they are still; who has left comes last."""
    is_here = Person.deactivated_at.is_(None)
    return db.session.execute(select(Person.id, Person.name, is_here).order_by(is_here.desc(), Person.name)).all()


def names_of(ids: set[int | None]) -> dict[int | None, str]:
    """Names by number."""
    wanted = [number for number in ids if number is not None]
    if not wanted:
        return {}
    return {row.id: row.name for row in db.session.execute(select(Person.id, Person.name).where(Person.id.in_(wanted)))}


def role_words(role: Role, module_name: str | None) -> str:
    """A grant in words."""
    return f"{role.label} of {module_name}" if module_name else role.label


def list_grants(person_id: int) -> Sequence[RoleGrant]:
    """The roles in force."""
    return db.session.scalars(
        select(RoleGrant)
        .where(RoleGrant.person_id == person_id, RoleGrant.revoked_at.is_(None))
        .order_by(RoleGrant.id)
        .execution_options(populate_existing=True)
    ).all()


@dataclass(frozen=True, slots=True)
class GrantLine:
    """One role of a person, with who gave and who took it."""

    id: int
    words: str
    granted_by: str
    granted_at: datetime
    revoked_by: str
    revoked_at: datetime | None


def list_grant_lines(person_id: int) -> list[GrantLine]:
    """All roles that a person has or had, the ones in force first."""
    rows = db.session.execute(
        select(RoleGrant, Module.name)
        .outerjoin(Module, Module.id == RoleGrant.module_id)
        .where(RoleGrant.person_id == person_id)
        .order_by(RoleGrant.revoked_at.is_not(None), RoleGrant.id)
    ).all()
    names = names_of({grant.granted_by_id for grant, _ in rows} | {grant.revoked_by_id for grant, _ in rows})
    return [
        GrantLine(
            grant.id,
            role_words(grant.role, module),
            names.get(grant.granted_by_id, "the setup link"),
            grant.granted_at,
            names.get(grant.revoked_by_id, ""),
            grant.revoked_at,
        )
        for grant, module in rows
    ]


def list_sessions(person_id: int) -> Sequence[Session]:
    """The sessions that are still open, the newest first."""
    return db.session.scalars(
        select(Session)
        .where(Session.person_id == person_id, Session.ended_at.is_(None))
        .order_by(Session.seen_at.desc())
    ).all()


def find_link(token_digest: bytes) -> OneTimeLink | None:
    """A one-time link by its token."""
    return db.session.scalar(
        select(OneTimeLink).where(OneTimeLink.token_digest == token_digest).execution_options(populate_existing=True)
    )


def can_see(person_id: int, module_id: int | None) -> bool:
    """Whether a person may see a module, or what is no single module's."""
    grants = [Grant(grant.role, grant.module_id) for grant in list_grants(person_id)]
    if module_id is None:
        return is_granted(grants, Permission.CHECKLIST_VIEW)
    return is_granted_for(grants, Permission.CHECKLIST_VIEW, module_id)
