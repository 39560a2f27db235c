"""Signing in and out, and the sessions that a browser holds."""

from dataclasses import dataclass
from datetime import timedelta

from pydantic import SecretStr
from sqlalchemy import update

from app.database import db, in_transaction, server_now
from app.domain.actors import NOBODY, Origin
from app.domain.audit import AuditAction
from app.domain.errors import InvalidInput, NotFound
from app.models import Session
from app.models.base import utc_now
from app.queries.people import actor_of, find_person_by_email, get_person, list_sessions
from app.services import throttle
from app.services.change import SYSTEM_STREAM, About, Change
from app.services.secret import is_password, new_token, token_digest
from app.services.write_path import write_path

# A session's last use is written at most this often: reading a page is no reason to write.
TOUCH_EVERY = timedelta(seconds=60)
WRONG = "This address and password do not fit together."


@dataclass(frozen=True, slots=True)
class Browser:
    """Where a sign-in comes from."""

    address: str
    name: str
    # A person whom this browser has signed in before, from a signed cookie.
    known_person_id: int | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """A session that was begun. The token is in nobody's hands but the browser's."""

    session_id: int
    person_id: int


def sign_in(email: str, password: str, *, browser: Browser, request_id: str, hours: int) -> tuple[Started, str]:
    """Begin a session and give its token; raise InvalidInput, the same for a wrong password and an unknown person."""
    address = email.strip().lower()
    person = find_person_by_email(address)
    is_known = person is not None and person.id == browser.known_person_id
    account = f"{address}|known|{browser.address}" if is_known else address
    tried_id = person.id if person is not None else 0
    stored = person.password_hash if person is not None and person.deactivated_at is None else None
    db.session.rollback()  # hashing takes its time: no transaction stays open for it
    # Counted before it is tried, so that many at once pass no oftener than one after the other.
    throttle.count_or_refuse(throttle.PER_ACCOUNT, "account", account)
    if not is_known:
        throttle.count_or_refuse(throttle.PER_ADDRESS, "address", browser.address)
    if not is_password(password, stored) or stored is None:
        _refuse(Origin(NOBODY, request_id=request_id), tried_id, browser.address)
        raise InvalidInput(email=WRONG)
    token = new_token()
    origin = Origin(actor_of(tried_id, means="password"), request_id=request_id)
    started = _start(origin, SecretStr(token), SecretStr(stored), browser, hours)
    throttle.give_back(throttle.PER_ACCOUNT, "account", account)
    if not is_known:
        throttle.give_back(throttle.PER_ADDRESS, "address", browser.address)
    return started, token


@write_path
def _start(change: Change, token: SecretStr, verified: SecretStr, browser: Browser, hours: int) -> Started:
    stream = change.take_subject("person", change.actor_id)
    person = get_person(change.actor_id)
    if person.deactivated_at is not None or person.password_hash != verified.get_secret_value():
        # It was changed while the old one was being checked.
        raise InvalidInput(email=WRONG)
    session = Session(
        token_digest=token_digest(token.get_secret_value()),
        person_id=change.actor_id,
        created_at=change.at,
        seen_at=change.at,
        authenticated_at=server_now(),
        ends_at=change.at + timedelta(hours=hours),
        address=browser.address[:64],
        browser=browser.name[:200],
    )
    change.session.add(session)
    change.session.flush()
    change.record(
        AuditAction.SESSION_STARTED,
        About("session", session.id, f"session {session.id}"),
        stream=stream,
        new=browser.address,
    )
    return Started(session.id, change.actor_id)


@write_path
def _refuse(change: Change, person_id: int, address: str) -> bool:
    stream = change.take_subject(*SYSTEM_STREAM)
    # What was typed is not kept: it may be a password in the wrong field, or the address of a stranger.
    label = f"person {person_id}" if person_id else "somebody who is not here"
    about = About("session", 0, label)
    change.record(AuditAction.SESSION_REFUSED, about, stream=stream, new=address, reason=WRONG)
    return True


@write_path
def sign_out(change: Change) -> bool:
    """End the session that asks."""
    stream = change.take_subject("person", change.actor_id)
    session_id = change.actor.session_id or 0
    _end(change, session_id)
    change.record(AuditAction.SESSION_ENDED, About("session", session_id, f"session {session_id}"), stream=stream)
    return True


@write_path
def revoke_session(change: Change, session_id: int) -> bool:
    """End one of one's own sessions, wherever it is open."""
    stream = change.take_subject("person", change.actor_id)
    if session_id not in {session.id for session in list_sessions(change.actor_id)}:
        raise NotFound("This session has ended already.")
    _end(change, session_id)
    # By number, as everywhere in the history: names stay erasable.
    about = About("session", session_id, f"person {change.actor_id}")
    change.record(AuditAction.SESSION_REVOKED, about, stream=stream)
    return True


def _end(change: Change, session_id: int) -> None:
    change.session.execute(update(Session).where(Session.id == session_id).values(ended_at=change.at))


def end_all_sessions(change: Change, person_id: int, *, but: int | None = None) -> None:
    """End every session of a person; part of a larger change."""
    change.session.execute(
        update(Session)
        .where(Session.person_id == person_id, Session.ended_at.is_(None), Session.id != (but or 0))
        .values(ended_at=change.at)
    )


def touch_session(session_id: int) -> None:
    """Remember that a session is in use. No fact of the product's: it leaves no event."""
    now = utc_now()
    in_transaction(lambda session: session.execute(update(Session).where(Session.id == session_id).values(seen_at=now)))
