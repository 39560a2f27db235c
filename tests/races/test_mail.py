"""Two workers at one mail, one digest, one late item, at one moment: it is done once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from app.database import db
from app.domain.actors import SYSTEM, Origin
from app.domain.mails import Letter, MailKind
from app.domain.permissions import Role
from app.models import ChecklistItem, Escalation, Mail, Person
from app.models.base import pretending, utc_now
from app.services.change import Change
from app.services.items import assign
from app.services.mailing import escalate, put_mail, write_digest
from app.services.write_path import write_path
from app.worker.post import send_mails
from tests.factories import Make
from tests.mailbox import Mailbox, mailbox_of
from tests.races.running import ROUNDS, history_of, race, stream_of

WORKERS = 4


@pytest.fixture
def mailbox(app: Flask) -> Iterator[Mailbox]:
    with mailbox_of(app) as box:
        yield box
    db.session.execute(delete(Mail))
    db.session.commit()


@write_path
def tell(change: Change, person_id: int, key: str) -> int:
    """Some change that tells somebody of itself."""
    return put_mail(change, [person_id], Letter(MailKind.NOTICE, key, "Hello", ("Hello.",)))


def test_workers_that_send_at_one_moment_send_each_mail_once(app: Flask, make: Make, mailbox: Mailbox):
    reader = make.person()
    for number in range(ROUNDS):
        tell(Origin(SYSTEM), reader.id, str(number))
        race(app, [send_mails] * WORKERS)
        assert len(mailbox.taken) == number + 1

    for number in range(ROUNDS):
        tell(Origin(SYSTEM), reader.id, f"more {number}")
    race(app, [send_mails] * WORKERS)
    send_mails()
    assert len({one["Message-ID"] for one in mailbox.taken}) == len(mailbox.taken) == 2 * ROUNDS


def test_one_key_put_by_many_at_one_moment_is_one_mail(app: Flask, make: Make, mailbox: Mailbox):
    reader = make.person()
    for number in range(ROUNDS):
        put = race(app, [lambda number=number: tell(Origin(SYSTEM), reader.id, f"same {number}")] * WORKERS)
        assert sorted(put) == [0, 0, 0, 1]


def test_a_digest_that_workers_write_at_one_moment_is_one(app: Flask, make: Make, mailbox: Mailbox):
    release, reader = make.release(), make.person(Role.DEVELOPER)
    item = release.items[0]
    day = datetime.now(UTC).date()
    assign(release.lead.origin, item.id, revision=item.revision, assignee_id=reader.id, due_on=day)
    for number in range(1, ROUNDS + 1):
        at = datetime.now(UTC).replace(hour=9) + timedelta(days=number)

        def write(at: datetime = at) -> bool:
            with pretending(at):
                return write_digest(Origin(SYSTEM), reader.id)

        assert sorted(race(app, [write] * WORKERS)) == [False] * (WORKERS - 1) + [True]
        db.session.rollback()
        assert db.session.scalar(select(Person.digest_made_on).where(Person.id == reader.id)) == at.date()
        # The one of the day before, which nobody sent, has given way.
        assert len(db.session.scalars(select(Mail.id).where(Mail.person_id == reader.id)).all()) == 1


def test_a_late_item_of_which_workers_tell_at_one_moment_is_told_of_once(app: Flask, make: Make, mailbox: Mailbox):
    release, owner = make.release(), make.person(Role.DEVELOPER)
    killer = next(row for row in release.items if row.severity == "killer")
    assign(release.lead.origin, killer.id, revision=killer.revision, assignee_id=owner.id, due_on=None)
    for number in range(1, ROUNDS + 1):
        day = utc_now().date() - timedelta(days=2 * number)
        db.session.execute(update(ChecklistItem).where(ChecklistItem.id == killer.id).values(due_on=day))
        db.session.commit()

        told = race(app, [lambda: escalate(Origin(SYSTEM), killer.id)] * WORKERS)

        assert sorted(told) == [False] * (WORKERS - 1) + [True]
    assert len(db.session.scalars(select(Escalation.id).where(Escalation.item_id == killer.id)).all()) == ROUNDS
    assert len(db.session.scalars(select(Mail.id).where(Mail.person_id == owner.id)).all()) == ROUNDS
    told = [event for event in history_of(stream_of(killer)) if event.action == "item.escalated"]
    assert len(told) == ROUNDS
