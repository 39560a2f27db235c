"""Sending what waits in the outbox: claim one by UPDATE, send it outside of any transaction, settle it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import and_, bindparam, delete, or_, select, update
from sqlalchemy.orm import Session

from app.database import give_connection_back, in_transaction, server_now
from app.domain.mails import wait_after
from app.extensions import mailing
from app.models import Mail, Person
from app.models.base import table_of
from app.worker.smtp import Envelope, NotSent, deliver
from config import MailRoute

# Far longer than one message may take: a worker that holds a claim longer than this was killed.
CLAIM = timedelta(minutes=5)
ACCOUNT_CLOSED = "The account was closed."
log = structlog.get_logger()

_mails, _people = table_of(Mail), table_of(Person).c
_is_due = and_(
    _mails.c.next_attempt_at <= bindparam("now"),
    or_(_mails.c.claimed_until_at.is_(None), _mails.c.claimed_until_at <= bindparam("now")),
)
_NEXT = select(_mails.c.id).where(_is_due).order_by(_mails.c.next_attempt_at, _mails.c.id).limit(1)
_CLAIM = (
    update(_mails)
    .where(_mails.c.id == bindparam("mail"), _is_due)
    .values(claimed_until_at=bindparam("until"), attempts=_mails.c.attempts + 1)
)
_CLAIMED = (
    select(_mails, _people.name, _people.email, _people.deactivated_at)
    .join(table_of(Person), _people.id == _mails.c.person_id)
    .where(_mails.c.id == bindparam("mail"))
)
# What was sent or given up, and is of an age.
FORGET_MAILS = delete(_mails).where(
    _mails.c.next_attempt_at.is_(None), _mails.c.created_at < bindparam("before", type_=_mails.c.created_at.type)
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A mail that this worker alone is at."""

    id: int
    attempts: int
    gives_up_at: datetime
    is_closed: bool
    envelope: Envelope


def send_mails() -> None:
    """Send what is due, one after the other, until nothing is, or the server takes nothing now."""
    route = mailing.route
    while route is not None and (claimed := claim_next()) is not None:
        if not _send(claimed, route):
            return


def claim_next() -> Claimed | None:
    """Take the next mail that is due, for this worker alone; None: none is, or another worker was faster."""
    now = server_now()
    return in_transaction(lambda session: _claim(session, now))


def _claim(session: Session, now: datetime) -> Claimed | None:
    number = session.scalar(_NEXT, {"now": now})
    claim = {"mail": number, "now": now, "until": now + CLAIM}
    if number is None or session.execute(_CLAIM, claim).rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE has it
        return None
    row = session.execute(_CLAIMED, {"mail": number}).one()
    return Claimed(
        *(row.id, row.attempts, row.gives_up_at, row.deactivated_at is not None),
        Envelope(row.key, row.name, row.email, row.subject, row.body, row.created_at),
    )


def _send(claimed: Claimed, route: MailRoute) -> bool:
    """Send one and settle it; whether it makes sense to go on with others now."""
    if claimed.is_closed:
        _put_off(claimed, NotSent(ACCOUNT_CLOSED, is_final=True))
        return True
    give_connection_back()
    try:
        deliver(claimed.envelope, route)
    except NotSent as fault:
        _put_off(claimed, fault)
        return not fault.is_servers
    settle(claimed.id)
    return True


def settle(mail_id: int) -> None:
    """Remember that a mail was taken by the server."""
    now = server_now()
    _set(mail_id, sent_at=now, next_attempt_at=None, claimed_until_at=None, last_error="")


def _put_off(claimed: Claimed, fault: NotSent) -> None:
    now = server_now()
    if fault.is_final or now >= claimed.gives_up_at:
        _set(claimed.id, given_up_at=now, next_attempt_at=None, claimed_until_at=None, last_error=str(fault))
        log.error("mail given up", mail=claimed.id, attempts=claimed.attempts, fault=str(fault))
        return
    again = now + wait_after(claimed.attempts)
    _set(claimed.id, next_attempt_at=again, claimed_until_at=None, last_error=str(fault))
    log.warning("mail not sent", mail=claimed.id, attempts=claimed.attempts, fault=str(fault))


def _set(mail_id: int, **values: object) -> None:
    # One that was settled meanwhile, by a worker that came when this one had been asleep too long, stays as it is.
    open_one = update(_mails).where(_mails.c.id == mail_id, _mails.c.next_attempt_at.is_not(None))
    in_transaction(lambda session: session.execute(open_one.values(**values)))
