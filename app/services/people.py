"""What the services of people share: a new person, a name, a role given."""

import secrets

from sqlalchemy import select

from app.domain.audit import AuditAction, name_digest
from app.domain.errors import InvalidInput, NotFound
from app.domain.passwords import check_password
from app.domain.permissions import EVERYWHERE_ONLY, Permission, Role
from app.models import Module, Person, PersonName, RoleGrant
from app.queries.people import find_person_by_email, role_words
from app.services.change import About, Change
from app.services.secret import known_passwords

PRODUCT_NAMES = ("countersign",)


def about_person(person: Person) -> About:
    """A person as the object of an event. No name: names stay erasable, the page looks them up."""
    return About("person", person.id, f"person {person.id}")


def add_person(change: Change, name: str, email: str) -> Person:
    """Add a person without a password or roles; the address must be new."""
    check_new_address(email)
    person = Person(email=email.strip().lower(), name=name, created_at=change.at)
    change.session.add(person)
    change.session.flush()
    set_name(change, person, name)
    return person


def set_name(change: Change, person: Person, name: str) -> None:
    """Give a person a name, with the salted digest that events carry."""
    salt = secrets.token_bytes(16)
    row = PersonName(person_id=person.id, name=name, salt=salt, digest=name_digest(salt, name), since=change.at)
    change.session.add(row)
    change.session.flush()
    person.name = name
    person.name_id = row.id


def check_new_password(password: str, name: str, email: str) -> None:
    """Raise InvalidInput unless this person may use this password."""
    check_password(password, names=(name, email, *PRODUCT_NAMES), known=known_passwords())


def find_password_fault(password: str, name: str, email: str) -> dict[str, str]:
    """What keeps this person from using this password, by its field; nothing when they may."""
    try:
        check_new_password(password, name, email)
    except InvalidInput as refusal:
        return refusal.fields
    return {}


def check_new_address(email: str) -> None:
    """Raise InvalidInput when somebody has this address."""
    if find_person_by_email(email.strip().lower()) is not None:
        raise InvalidInput(email="Somebody with this address is here already.")


def check_reach(role: Role, module_id: int | None) -> None:
    """Raise InvalidInput for a role of everything that is given for one module."""
    if module_id is not None and role in EVERYWHERE_ONLY:
        raise InvalidInput(module_id=f"The role {role.label} is granted for everything, not for one module.")


def give_role(change: Change, stream: int, person: Person, role: Role, module_id: int | None) -> None:
    """Add a role and its event; the person's stream is taken."""
    check_reach(role, module_id)
    words = grant_words(change, role, module_id)
    change.session.add(
        RoleGrant(
            person_id=person.id, role=role, module_id=module_id, granted_by_id=change.actor.id, granted_at=change.at
        )
    )
    change.session.flush()
    change.record(
        AuditAction.ROLE_GRANTED,
        About("person", person.id, f"person {person.id}", module_id=module_id),
        stream=stream,
        new=words,
        under=Permission.PERSON_MANAGE,
        after={"role": role.value, "module_id": module_id},
    )


def grant_words(change: Change, role: Role, module_id: int | None) -> str:
    """A grant in words; NotFound when there is no such module."""
    name = change.session.scalar(select(Module.name).where(Module.id == module_id)) if module_id else None
    if module_id and name is None:
        raise NotFound("There is no such module.")
    return role_words(role, name)
