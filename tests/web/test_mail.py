"""The page of mail: whether it is on, what waits and why, what was given up, and a test; the switch in the profile."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.database import db
from app.domain.actors import SYSTEM, Origin
from app.domain.permissions import Role
from app.models import Mail, Person
from app.models.base import pretending, utc_now
from app.worker.post import send_mails
from tests.factories import Made, Make
from tests.integration.mail.test_outbox import letter, tell
from tests.mailbox import Mailbox, mailbox_of


@pytest.fixture
def mailbox(app: Flask) -> Iterator[Mailbox]:
    with mailbox_of(app) as box:
        yield box


@pytest.fixture
def boss(make: Make) -> Made:
    return make.person(Role.ADMINISTRATOR)


@pytest.fixture
def browser(client_of: Callable[..., FlaskClient], boss: Made) -> FlaskClient:
    return client_of(boss)


def words(page: str) -> str:
    """A page without markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("<main")[2]).split())


def test_where_mail_is_off_the_pages_say_so_and_offer_no_test(browser: FlaskClient):
    page = words(browser.get("/mail/").text)

    assert "Mail is off." in page
    assert "Send a test mail" not in page
    assert "No mail is sent here: whoever runs Countersign has named no mail server." in browser.get("/profile/").text
    refused = browser.post("/mail/test/")
    assert refused.status_code == 409
    assert "No mail is sent here" in refused.text


def test_it_names_the_server_and_how_it_is_spoken_to_and_nothing_secret(mailbox: Mailbox, browser: FlaskClient):
    page = words(browser.get("/mail/").text)

    assert f"Mail server 127.0.0.1, port {mailbox.port}, on this machine" in page
    assert "From Countersign &lt;checks@example.org&gt;" in page
    assert "Waiting none Last one sent none yet Given up none" in page
    assert 'href="/mail/"' in browser.get("/people/").text


def test_a_test_mail_goes_to_who_asks_and_the_page_says_how_it_went(
    mailbox: Mailbox, browser: FlaskClient, boss: Made, make: Make
):
    answer = browser.post("/mail/test/", follow_redirects=True)
    assert f"A test mail to {boss.email} is in the outbox." in answer.text
    assert "Your last test waits for the worker since" in words(browser.get("/mail/").text)

    send_mails()

    assert mailbox.recipients == [[boss.email]]
    assert "Your last test taken by the mail server just now" in words(browser.get("/mail/").text)


def test_the_same_form_sent_twice_is_one_test(mailbox: Mailbox, browser: FlaskClient):
    for _ in range(2):
        assert browser.post("/mail/test/", data={"idempotency_key": "a" * 32}).status_code == 302

    assert len(db.session.scalars(select(Mail)).all()) == 1


def test_what_waits_stands_there_with_since_when_and_why(mailbox: Mailbox, browser: FlaskClient, make: Make):
    mailbox.close()
    with pretending(utc_now() - timedelta(hours=3)):
        for person in (make.person(name="Ada <b>Okafor"), make.person()):
            tell(Origin(SYSTEM), (person.id,), letter(subject="Secret subject"))
        send_mails()

    page = browser.get("/mail/").text

    assert "Waiting 2, the oldest 3 h ago" in words(page)
    assert "Ada &lt;b&gt;Okafor" in page
    assert f"No mail server answers at 127.0.0.1, port {mailbox.port}: Connection refused" in page
    assert "1 time, again at" in page
    assert "The worker sends what waits each minute." in page
    # What it says is nobody's here but the reader's.
    assert "Secret subject" not in page


def test_what_was_given_up_can_be_tried_again(mailbox: Mailbox, browser: FlaskClient, make: Make):
    reader = make.person()
    mailbox.refuse_recipients = "550 nobody <script>"
    tell(Origin(SYSTEM), (reader.id,), letter())
    send_mails()
    mailbox.refuse_recipients = ""
    page = browser.get("/mail/").text
    assert "The mail server refuses the recipient: 550 nobody &lt;script&gt;" in page
    number = db.session.scalars(select(Mail.id)).one()
    assert f'action="/mail/{number}/again/"' in page

    answer = browser.post(f"/mail/{number}/again/", follow_redirects=True)
    send_mails()

    assert "The mail is in the outbox again." in answer.text
    assert mailbox.recipients == [[reader.email]]
    assert browser.post(f"/mail/{number}/again/").status_code == 409
    assert browser.post("/mail/999999/again/").status_code == 404


def test_it_takes_the_same_statements_for_one_mail_and_for_many(
    mailbox: Mailbox, browser: FlaskClient, make: Make, statements: list[str]
):
    mailbox.close()
    counts = []
    for number in (1, 9):
        for each in range(number):
            tell(Origin(SYSTEM), (make.person().id,), letter(f"{number} {each}"))
        statements.clear()
        browser.get("/mail/")
        counts.append(len(statements))

    assert counts[0] == counts[1]


def test_that_no_mail_goes_is_no_reason_to_call_the_product_not_ready(product: Flask, mailbox: Mailbox, make: Make):
    mailbox.close()
    tell(Origin(SYSTEM), (make.person().id,), letter())
    send_mails()

    assert product.test_client().get("/healthz").status_code == 200


def test_the_daily_mail_is_switched_off_and_on_in_the_profile(
    mailbox: Mailbox, make: Make, client_of: Callable[..., FlaskClient]
):
    reader = make.person(Role.DEVELOPER)
    own = client_of(reader)
    assert re.search(r'<input[^>]* checked [^>]*name="digest_enabled"', own.get("/profile/").text)

    for sent, kept in (({}, False), ({"digest_enabled": "y"}, True)):
        revision = db.session.scalar(select(Person.revision).where(Person.id == reader.id))
        form = {"revision": revision, "name": reader.name, "time_zone": "UTC", "shortcuts_enabled": "y", **sent}
        assert own.post("/profile/", data=form).status_code == 302
        assert db.session.scalar(select(Person.digest_enabled).where(Person.id == reader.id)) is kept
    told = [(event.fact, event.old_value, event.new_value) for event in make.events("person.changed")]
    assert told == [("daily mail", "True", "False"), ("daily mail", "False", "True")]
