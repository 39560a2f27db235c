"""Everybody whose word a break-glass did not wait for gets a message, in the act that lets the gate on."""

import pytest
from sqlalchemy import select

from app.database import db
from app.domain.errors import NotPermitted
from app.models import Mail
from app.queries.overrides import list_tellings
from app.services.overrides import confirm_override
from app.worker.post import send_mails
from tests.factories import Make
from tests.integration.services.test_overrides import Broken
from tests.mailbox import URL, Mailbox


@pytest.fixture
def room(make: Make) -> Broken:
    return Broken(make)


def test_who_is_passed_over_is_told_once_with_the_reason_and_the_way_to_it(room: Broken, mailbox: Mailbox):
    number = room.breaks()

    send_mails()

    told = sorted({one.person_id for one in list_tellings([number])[number]})
    assert sorted(db.session.scalars(select(Mail.person_id))) == told
    assert len(told) > 1
    [mail] = mailbox.to(room.lead.email)
    assert mail["Subject"].startswith("Break-glass: the gate Ready of ")
    text = mail.get_content()
    assert f"{URL}/overrides/{number}/" in text
    assert room.row(number).reason in text
    assert room.row(number).incident in text
    assert mailbox.to(room.opener.email) == mailbox.to(room.confirmer.email) == []


def test_a_confirmation_that_is_refused_tells_nobody(room: Broken, mailbox: Mailbox):
    number = room.open()
    with pytest.raises(NotPermitted):
        confirm_override(room.origin(room.opener), number, seen=b"")

    send_mails()

    assert mailbox.taken == []
    assert db.session.scalars(select(Mail)).all() == []
