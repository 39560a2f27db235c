"""Roles given and taken back, accounts closed and opened."""

from sqlalchemy import select, update

from app.domain.audit import AuditAction
from app.domain.errors import UNSEEN, NotFound, RuleViolation
from app.domain.permissions import Permission, Role
from app.models import OneTimeLink, Person, PersonName, RoleGrant
from app.queries.people import get_person, list_grants
from app.services.change import SYSTEM_STREAM, About, Change
from app.services.people import about_person, give_role, grant_words
from app.services.sessions import end_all_sessions
from app.services.signoff_ends import end_of_lost_role
from app.services.write_path import write_path


@write_path
def grant_role(change: Change, person_id: int, role: Role, module_id: int | None) -> bool:
    """Give a person a role, everywhere or for one module."""
    change.actor.require(Permission.PERSON_MANAGE, None)
    stream = change.take_subject("person", person_id)
    person = get_person(person_id)
    if any(grant.role is role and grant.module_id == module_id for grant in list_grants(person_id)):
        raise RuleViolation("This person has this role already.")
    give_role(change, stream, person, role, module_id)
    return True


@write_path
def revoke_role(change: Change, person_id: int, grant_id: int) -> bool:
    """Take a role back. The row stays, with who took it and when. False where somebody has done that already."""
    change.actor.require(Permission.PERSON_MANAGE, None)
    stream = change.take_subject("person", person_id)
    person = get_person(person_id)
    grant = change.session.get(RoleGrant, grant_id, populate_existing=True)
    if grant is None or grant.person_id != person_id:
        raise NotFound(UNSEEN)
    if grant.revoked_at is not None:
        return False
    if grant.role is Role.ADMINISTRATOR:
        _check_not_last_administrator(change, person_id)
    grant.revoked_by_id = change.actor.id
    grant.revoked_at = change.at
    change.record(
        AuditAction.ROLE_REVOKED,
        About("person", person.id, f"person {person.id}", module_id=grant.module_id),
        stream=stream,
        old=grant_words(change, grant.role, grant.module_id),
        under=Permission.PERSON_MANAGE,
        before={"role": grant.role.value, "module_id": grant.module_id},
    )
    end_of_lost_role(change, person_id, f"The role {grant.role.label} was taken back.")
    return True


def _check_not_last_administrator(change: Change, person_id: int) -> None:
    # The system stream puts two administrators who would remove each other one after the other.
    change.take_subject(*SYSTEM_STREAM)
    others = change.session.scalar(
        select(RoleGrant.id)
        .join(Person, Person.id == RoleGrant.person_id)
        .where(
            RoleGrant.role == Role.ADMINISTRATOR,
            RoleGrant.revoked_at.is_(None),
            RoleGrant.person_id != person_id,
            Person.deactivated_at.is_(None),
            Person.password_hash.is_not(None),
        )
        .limit(1)
    )
    if others is None:
        raise RuleViolation("This is the last administrator. Make somebody else one first.")


@write_path
def deactivate(change: Change, person_id: int) -> bool:
    """Close an account. Its sessions end now; its name stays on what it did."""
    change.actor.require(Permission.PERSON_MANAGE, None)
    stream = change.take_subject("person", person_id)
    person = get_person(person_id)
    if any(grant.role is Role.ADMINISTRATOR for grant in list_grants(person_id)):
        _check_not_last_administrator(change, person_id)
    if person.deactivated_at is not None:
        return False
    person.deactivated_at = change.at
    end_all_sessions(change, person_id)
    change.session.execute(
        update(OneTimeLink)
        .where(OneTimeLink.person_id == person_id, OneTimeLink.used_at.is_(None))
        .values(used_at=change.at)
    )
    change.record(AuditAction.PERSON_DEACTIVATED, about_person(person), stream=stream, under=Permission.PERSON_MANAGE)
    end_of_lost_role(change, person_id, "The account was closed.")
    return True


@write_path
def reactivate(change: Change, person_id: int) -> bool:
    """Open a closed account again, with the roles it had."""
    change.actor.require(Permission.PERSON_MANAGE, None)
    stream = change.take_subject("person", person_id)
    person = get_person(person_id)
    if person.deactivated_at is None:
        return False
    person.deactivated_at = None
    change.record(AuditAction.PERSON_REACTIVATED, about_person(person), stream=stream, under=Permission.PERSON_MANAGE)
    return True


@write_path
def erase_person(change: Change, person_id: int) -> bool:
    """Erase the name, its salts and the address of a deactivated person. Events keep only digests that fit nothing."""
    if change.actor.means != "system":
        change.actor.require(Permission.PERSON_MANAGE, None)
    stream = change.take_subject("person", person_id)
    person = get_person(person_id)
    if person.deactivated_at is None:
        raise RuleViolation("Deactivate this person first.")
    person.name = f"Person {person.id}"
    person.email = f"person-{person.id}@erased.invalid"
    person.password_hash = None
    change.session.execute(
        update(PersonName).where(PersonName.person_id == person_id).values(name=None, salt=None),
        execution_options={"synchronize_session": False},
    )
    change.record(AuditAction.PERSON_ERASED, about_person(person), stream=stream)
    return True
