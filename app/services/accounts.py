"""Accounts: the first administrator, invitations, one-time links."""

from datetime import timedelta

from pydantic import SecretStr
from sqlalchemy import update

from app.domain.actors import NOBODY, Origin
from app.domain.audit import AuditAction
from app.domain.errors import Gone, NotFound, RuleViolation
from app.domain.permissions import Permission, Role
from app.models import OneTimeLink
from app.models.base import utc_now
from app.queries.people import actor_of, find_link, get_person, is_anybody_there
from app.services.change import SYSTEM_STREAM, Change
from app.services.people import about_person, add_person, check_new_password, give_role
from app.services.secret import hash_password, new_token, token_digest
from app.services.sessions import end_all_sessions
from app.services.write_path import write_path

ENDED = "It was used already, a newer one was made, or it is too old."
NO_SUCH_LINK = "There is no such link. A piece of its end may be missing."
PRINT_ANOTHER = "Whoever runs Countersign prints another one: flask --app wsgi setup-link"
SETUP = "setup"
INVITATION = "invitation"
RESET = "password_reset"
LIFETIMES = {SETUP: timedelta(days=7), INVITATION: timedelta(days=7), RESET: timedelta(minutes=60)}


@write_path
def make_setup_link(change: Change, token: SecretStr) -> bool:
    """Keep a link for the first administrator; False when there is somebody already. Older links end."""
    change.take_subject(*SYSTEM_STREAM)
    if is_anybody_there():
        return False
    change.session.execute(
        update(OneTimeLink).where(OneTimeLink.purpose == SETUP, OneTimeLink.used_at.is_(None)).values(used_at=change.at)
    )
    _add_link(change, SETUP, token, person_id=None)
    return True


def check_link(token: str, *purposes: str) -> OneTimeLink:
    """The link behind a token that can still be used; NotFound or Gone."""
    link = find_link(token_digest(token))
    if link is None or link.purpose not in purposes:
        raise NotFound(NO_SUCH_LINK)
    return link


def check_usable_link(token: str, *purposes: str) -> OneTimeLink:
    """The link behind a token; NotFound when there is none, Gone when it was used or is too old."""
    link = check_link(token, *purposes)
    if link.used_at is not None or link.expires_at <= utc_now():
        nobody_to_ask = link.purpose == SETUP and not is_anybody_there()
        raise Gone(ENDED, advice=PRINT_ANOTHER if nobody_to_ask else "")
    return link


def _use_link(change: Change, token: SecretStr, *purposes: str) -> OneTimeLink:
    link = check_link(token.get_secret_value(), *purposes)
    used = change.session.execute(
        update(OneTimeLink)
        .where(OneTimeLink.id == link.id, OneTimeLink.used_at.is_(None), OneTimeLink.expires_at > change.at)
        .values(used_at=change.at)
    )
    if used.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE's result has it
        raise Gone(ENDED)
    return link


def _add_link(change: Change, purpose: str, token: SecretStr, *, person_id: int | None) -> None:
    change.session.add(
        OneTimeLink(
            purpose=purpose,
            token_digest=token_digest(token.get_secret_value()),
            person_id=person_id,
            made_by_id=change.actor.id,
            made_at=change.at,
            expires_at=change.at + LIFETIMES[purpose],
        )
    )


def set_up(token: str, *, name: str, email: str, password: str, is_lead: bool, request_id: str) -> int:
    """Make the first administrator through the setup link; gives the person's number."""
    check_new_password(password, name, email)
    hashed = hash_password(password)
    return _set_up(
        Origin(NOBODY, request_id=request_id), SecretStr(token), name, email, SecretStr(hashed), is_lead=is_lead
    )


@write_path
def _set_up(change: Change, token: SecretStr, name: str, email: str, hashed: SecretStr, *, is_lead: bool) -> int:
    change.take_subject(*SYSTEM_STREAM)
    _use_link(change, token, SETUP)
    if is_anybody_there():
        raise Gone("Somebody has set this up already.")
    person = add_person(change, name, email)
    person.password_hash = hashed.get_secret_value()
    stream = change.new_stream("person", person.id)
    change.record(AuditAction.PERSON_CREATED, about_person(person), stream=stream)
    roles = [Role.ADMINISTRATOR, Role.TEAM_LEAD] if is_lead else [Role.ADMINISTRATOR]
    for role in roles:
        give_role(change, stream, person, role, None)
    return person.id


def new_link_token() -> str:
    """A token for a one-time link. It is shown once; the database keeps its digest."""
    return new_token()


@write_path
def invite(change: Change, token: SecretStr, name: str, email: str, roles: tuple[tuple[Role, int | None], ...]) -> int:
    """Make an account that waits for its owner, with roles; gives the person's number."""
    change.actor.require(Permission.PERSON_MANAGE, None)
    person = add_person(change, name, email)
    stream = change.new_stream("person", person.id)
    change.record(AuditAction.PERSON_INVITED, about_person(person), stream=stream, under=Permission.PERSON_MANAGE)
    for role, module_id in roles:
        give_role(change, stream, person, role, module_id)
    _add_link(change, INVITATION, token, person_id=person.id)
    return person.id


@write_path
def offer_new_link(change: Change, token: SecretStr, person_id: int) -> bool:
    """Make a link with which a person chooses a password: nobody else ever sees or sets one."""
    change.actor.require(Permission.PERSON_MANAGE, None)
    stream = change.take_subject("person", person_id)
    person = get_person(person_id)
    if person.deactivated_at is not None:
        raise RuleViolation("This account is deactivated. Reactivate it first.")
    change.session.execute(
        update(OneTimeLink)
        .where(OneTimeLink.person_id == person_id, OneTimeLink.used_at.is_(None))
        .values(used_at=change.at)
    )
    _add_link(change, RESET if person.password_hash else INVITATION, token, person_id=person_id)
    change.record(
        AuditAction.PASSWORD_RESET_OFFERED, about_person(person), stream=stream, under=Permission.PERSON_MANAGE
    )
    return True


def choose_password(token: str, password: str, *, request_id: str) -> int:
    """Set a password through a one-time link; gives the person's number."""
    link = check_link(token, INVITATION, RESET)
    if link.person_id is None:
        raise NotFound(NO_SUCH_LINK)
    person = get_person(link.person_id)
    check_new_password(password, person.name, person.email)
    origin = Origin(actor_of(link.person_id, means="link"), request_id=request_id)
    return _choose_password(origin, SecretStr(token), SecretStr(hash_password(password)))


@write_path
def _choose_password(change: Change, token: SecretStr, hashed: SecretStr) -> int:
    link = _use_link(change, token, INVITATION, RESET)
    person = get_person(link.person_id or 0)
    if person.deactivated_at is not None:
        raise Gone("This account is deactivated.", advice="Ask an administrator to open it again.")
    stream = change.take_subject("person", person.id)
    action = AuditAction.PASSWORD_CHANGED if person.password_hash else AuditAction.PERSON_JOINED
    person.password_hash = hashed.get_secret_value()
    end_all_sessions(change, person.id)
    change.record(action, about_person(person), stream=stream)
    return person.id
