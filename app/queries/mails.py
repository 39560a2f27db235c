"""Reads of the outbox, for the worker and for whoever looks after it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from app.database import db
from app.domain.errors import UNSEEN, NotFound
from app.domain.mails import MailKind
from app.models import Mail, Person
from app.models.base import table_of

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Outbox:
    """How the outbox stands."""

    waiting: int
    oldest_at: datetime | None
    sent_at: datetime | None
    given_up: int


@dataclass(frozen=True, slots=True)
class MailLine:
    """One mail that did not go out yet, or not at all."""

    id: int
    kind: MailKind
    person_id: int
    person_name: str
    created_at: datetime
    attempts: int
    next_attempt_at: datetime | None
    given_up_at: datetime | None
    last_error: str


_mails, _people = table_of(Mail).c, table_of(Person).c
_STATE = select(
    func.count(_mails.next_attempt_at).label("waiting"),
    func.max(_mails.sent_at).label("sent_at"),
    func.count(_mails.given_up_at).label("given_up"),
)
_OLDEST = select(func.min(_mails.created_at)).where(_mails.next_attempt_at.is_not(None))
_LINES = select(
    *(_mails.id, _mails.kind, _mails.person_id, _people.name, _mails.created_at, _mails.attempts),
    *(_mails.next_attempt_at, _mails.given_up_at, _mails.last_error),
).join(table_of(Person), _people.id == _mails.person_id)


def read_outbox() -> Outbox:
    """How the outbox stands; two statements."""
    row = db.session.execute(_STATE).one()
    return Outbox(row.waiting, db.session.scalar(_OLDEST), row.sent_at, row.given_up)


def list_waiting_mails() -> list[MailLine]:
    """The first of what waits, the oldest first."""
    return _lines(_LINES.where(_mails.next_attempt_at.is_not(None)).order_by(_mails.id))


def list_given_up() -> list[MailLine]:
    """The last of what was given up, the newest first."""
    return _lines(_LINES.where(_mails.given_up_at.is_not(None)).order_by(_mails.id.desc()))


def _lines(statement: Any) -> list[MailLine]:
    return [MailLine(*row) for row in db.session.execute(statement.limit(SHOWN))]


def get_mail(mail_id: int) -> Mail:
    """One mail, or NotFound."""
    mail = db.session.get(Mail, mail_id, populate_existing=True)
    if mail is None:
        raise NotFound(UNSEEN)
    return mail


def find_mail(key: str) -> int:
    """The number of the mail with a key; 0: there is none."""
    return db.session.scalar(select(_mails.id).where(_mails.key == key)) or 0


def find_last_test(person_id: int) -> Mail | None:
    """The test mail that somebody asked for last."""
    wanted = select(Mail).where(Mail.person_id == person_id, Mail.kind == MailKind.TEST)
    return db.session.scalar(wanted.order_by(Mail.id.desc()).limit(1))


def list_known_keys(keys: Sequence[str]) -> set[str]:
    """Which of some keys are taken."""
    return set(db.session.scalars(select(_mails.key).where(_mails.key.in_(keys))))
