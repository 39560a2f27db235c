"""Mail is put with the change that it tells of, sent once, put off while it cannot go, and given up in the end."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.database import db
from app.domain.actors import SYSTEM, Origin
from app.domain.errors import NotFound, NotPermitted, RuleViolation
from app.domain.mails import GIVE_UP_AFTER, Letter, Line, MailKind
from app.domain.permissions import Role
from app.models import Mail
from app.models.base import pretending, utc_now
from app.services.change import Change
from app.services.items import add_comment
from app.services.mailing import put_mail, send_test, try_again
from app.services.roles import deactivate
from app.services.write_path import write_path
from app.worker import post
from app.worker.jobs import forget_old
from app.worker.post import claim_next, send_mails
from app.worker.smtp import deliver
from tests.factories import Made, Make
from tests.mailbox import SENDER, Mailbox, sends_to

NOON = datetime.fromisoformat("2026-03-02T12:00:00+00:00")


def letter(key: str = "one", subject: str = "Hello", *parts: Any) -> Letter:
    return Letter(MailKind.NOTICE, key, subject, parts or ("Something was skipped.", Line("The gate:", "/gates/5/")))


@write_path
def tell(change: Change, people: tuple[int, ...], what: Letter) -> int:
    """Some change that tells people of itself."""
    return put_mail(change, people, what)


@write_path
def tell_and_fail(change: Change, people: tuple[int, ...], what: Letter) -> int:
    """The same, refused at the end."""
    put_mail(change, people, what)
    raise RuleViolation("Not now.")


def system() -> Origin:
    return Origin(SYSTEM, request_id="test")


def mails() -> list[Mail]:
    return list(db.session.scalars(select(Mail).order_by(Mail.id).execution_options(populate_existing=True)))


@pytest.fixture
def reader(make: Make) -> Made:
    return make.person(Role.VIEWER, name="Ada Okafor")


def test_what_a_change_tells_arrives_with_its_words_and_whole_links(mailbox: Mailbox, reader: Made):
    tell(system(), (reader.id,), letter("gate-5", "A gate was passed without you"))

    send_mails()

    [message] = mailbox.to(reader.email)
    assert message["Subject"] == "A gate was passed without you"
    assert (message["From"], message["To"]) == (SENDER, f"Ada Okafor <{reader.email}>")
    assert mailbox.text() == "Something was skipped.\n\nThe gate:\nhttps://checks.example.org/gates/5/\n"
    assert message["Auto-Submitted"] == "auto-generated"
    [row] = mails()
    assert (row.next_attempt_at, row.claimed_until_at, row.given_up_at, row.last_error) == (None, None, None, "")
    assert row.sent_at is not None


def test_a_change_that_is_not_committed_tells_nobody(mailbox: Mailbox, reader: Made):
    with pytest.raises(RuleViolation):
        tell_and_fail(system(), (reader.id,), letter())
    send_mails()

    assert mails() == []
    assert mailbox.taken == []


def test_nobody_gets_two_of_what_has_one_key(mailbox: Mailbox, make: Make, reader: Made):
    other = make.person()

    assert tell(system(), (reader.id,), letter()) == 1
    assert tell(system(), (reader.id, other.id, other.id), letter()) == 1
    assert tell(system(), (), letter()) == 0
    send_mails()
    send_mails()

    assert sorted(mailbox.recipients) == sorted([[reader.email], [other.email]])


def test_where_mail_is_off_nothing_is_put_and_nothing_sent(app: Flask, mailbox: Mailbox, reader: Made):
    tell(system(), (reader.id,), letter("before"))
    sends_to(app, "")

    assert tell(system(), (reader.id,), letter("after")) == 0
    send_mails()

    assert [row.key for row in mails()] == [f"notice:before:{reader.id}"]
    assert mailbox.taken == []


def test_while_the_server_is_down_changes_are_made_and_mail_waits_and_arrives_afterwards(
    mailbox: Mailbox, make: Make, reader: Made
):
    mailbox.close()
    release = make.release()
    with pretending(NOON):
        tell(system(), (reader.id,), letter("first"))
        tell(system(), (reader.id,), letter("second"))
        send_mails()
        add_comment(release.lead.origin, release.items[0].id, text="Written while no mail goes.")

    first, second = mails()
    assert first.last_error == f"No mail server answers at 127.0.0.1, port {mailbox.port}: Connection refused"
    assert (first.attempts, first.next_attempt_at) == (1, NOON + timedelta(minutes=1))
    assert (second.attempts, second.last_error) == (0, "")  # the fault was the server's: nothing else was tried

    mailbox.open()
    with pretending(NOON + timedelta(minutes=10)):
        send_mails()
    assert [row.sent_at for row in mails()] == [NOON + timedelta(minutes=10)] * 2
    assert len(mailbox.to(reader.email)) == 2


def test_it_waits_twice_as_long_each_time_an_hour_at_most_and_is_given_up_after_three_days(
    mailbox: Mailbox, reader: Made
):
    mailbox.close()
    with pretending(NOON):
        tell(system(), (reader.id,), letter())
    at, waits = NOON, []
    while True:
        with pretending(at):
            send_mails()
        [row] = mails()
        if row.next_attempt_at is None:
            break
        waits.append(row.next_attempt_at - at)
        at = row.next_attempt_at

    minutes = [int(wait.total_seconds() // 60) for wait in waits]
    assert minutes[:8] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert set(minutes[8:]) == {60}
    assert GIVE_UP_AFTER <= row.given_up_at - NOON < GIVE_UP_AFTER + timedelta(hours=1)
    assert row.last_error.startswith("No mail server answers")
    assert mailbox.taken == []


def test_a_refused_recipient_is_given_up_at_once_and_the_next_one_gets_theirs(
    mailbox: Mailbox, make: Make, reader: Made
):
    mailbox.refuse_recipients = "550 5.1.1 nobody of this name"
    tell(system(), (reader.id,), letter())
    send_mails()
    mailbox.refuse_recipients = "451 later"
    other = make.person()
    tell(system(), (other.id,), letter())
    send_mails()

    refused, later = mails()
    assert refused.given_up_at is not None
    assert refused.last_error == "The mail server refuses the recipient: 550 5.1.1 nobody of this name"
    assert (later.given_up_at, later.last_error) == (None, "The mail server refuses the recipient: 451 later")


def test_a_refused_message_is_put_off_and_others_are_tried(mailbox: Mailbox, make: Make, reader: Made):
    mailbox.refuse_data = "554 looks like a circular"
    tell(system(), (reader.id, make.person().id), letter())
    send_mails()

    assert [row.last_error for row in mails()] == ["The mail server refuses the message: 554 looks like a circular"] * 2


def test_who_has_left_gets_nothing_and_the_reason_is_kept(mailbox: Mailbox, make: Make, reader: Made):
    tell(system(), (reader.id,), letter())
    deactivate(make.person(Role.ADMINISTRATOR).origin, reader.id)

    send_mails()

    [row] = mails()
    assert (row.last_error, row.next_attempt_at) == ("The account was closed.", None)
    assert row.given_up_at is not None
    assert mailbox.taken == []


def test_one_that_was_sent_by_a_worker_that_died_before_it_said_so_is_sent_again_under_the_same_name(
    app: Flask, mailbox: Mailbox, reader: Made
):
    with pretending(NOON):
        tell(system(), (reader.id,), letter())
        claimed = claim_next()
        deliver(claimed.envelope, app.extensions["mailing"].mail_route)  # and here it was killed
        assert claim_next() is None
    with pretending(NOON + post.CLAIM - timedelta(seconds=1)):
        send_mails()
    assert len(mailbox.taken) == 1

    with pretending(NOON + post.CLAIM):
        send_mails()

    first, second = mailbox.taken
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Message-ID"].endswith("@example.org>")
    assert mailbox.raw[0] == mailbox.raw[1]
    assert [row.sent_at for row in mails()] == [NOON + post.CLAIM]


def test_two_mails_have_two_names(mailbox: Mailbox, make: Make, reader: Made):
    tell(system(), (reader.id, make.person().id), letter())
    send_mails()

    assert len({one["Message-ID"] for one in mailbox.taken}) == 2


def test_what_was_settled_long_ago_is_forgotten_and_what_waits_is_not(mailbox: Mailbox, reader: Made):
    long_ago = utc_now() - timedelta(days=91)
    with pretending(long_ago):
        tell(system(), (reader.id,), letter("sent"))
        send_mails()
        tell(system(), (reader.id,), letter("waits"))
    tell(system(), (reader.id,), letter("new"))

    forget_old()

    assert [row.key.split(":")[1] for row in mails()] == ["waits", "new"]


def test_an_administrator_asks_for_a_test_mail_and_it_is_remembered(mailbox: Mailbox, make: Make):
    boss = make.person(Role.ADMINISTRATOR)

    number = send_test(boss.origin)
    send_mails()

    assert mailbox.to(boss.email)[0]["Subject"] == "Countersign: a test"
    [event] = make.events("mail.tested")
    assert (event.actor_id, event.object_id) == (boss.id, number)


def test_what_was_given_up_is_tried_again_under_its_old_name_and_that_is_remembered(mailbox: Mailbox, make: Make):
    boss, reader = make.person(Role.ADMINISTRATOR), make.person()
    tell(system(), (reader.id,), letter())
    [row] = mails()
    with pytest.raises(RuleViolation, match="has not been given up"):
        try_again(boss.origin, row.id)
    mailbox.refuse_recipients = "550 no"
    send_mails()
    mailbox.refuse_recipients = ""
    name = row.key

    later = utc_now() + timedelta(days=30)
    with pretending(later):
        try_again(boss.origin, row.id)
        [row] = mails()
        assert (row.attempts, row.last_error, row.gives_up_at) == (0, "", later + GIVE_UP_AFTER)
        send_mails()

    [row] = mails()
    assert (row.key, row.sent_at, row.given_up_at) == (name, later, None)
    assert len(mailbox.to(reader.email)) == 1
    [event] = make.events("mail.retried")
    assert (event.actor_id, event.new_value) == (boss.id, f"notice to person {reader.id}")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_nobody_but_an_administrator_tests_or_tries_again(mailbox: Mailbox, make: Make, role: Role):
    person = make.person(role)
    mailbox.refuse_recipients = "550 no"
    tell(system(), (person.id,), letter())
    send_mails()

    for act in (send_test, lambda origin: try_again(origin, mails()[0].id)):
        with pytest.raises((NotPermitted, NotFound)):
            act(person.origin)
    assert [row.next_attempt_at for row in mails()] == [None]


def test_where_mail_is_off_nothing_is_tried_again(app: Flask, mailbox: Mailbox, make: Make):
    boss = make.person(Role.ADMINISTRATOR)
    mailbox.refuse_recipients = "550 no"
    tell(system(), (boss.id,), letter())
    send_mails()
    sends_to(app, "")

    for act in (send_test, lambda origin: try_again(origin, mails()[0].id)):
        with pytest.raises(RuleViolation, match="No mail is sent here"):
            act(boss.origin)


def test_what_another_worker_has_settled_meanwhile_stays_settled(mailbox: Mailbox, reader: Made):
    tell(system(), (reader.id,), letter())
    [row] = mails()
    send_mails()
    sent_at = mails()[0].sent_at

    with pretending(utc_now() + timedelta(hours=1)):
        post.settle(row.id)

    assert mails()[0].sent_at == sent_at
