"""What goes over the wire: no name, subject or address adds a header or a recipient, whatever is in it."""

from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from app.database import db
from app.domain.mails import Line
from app.models import Person
from app.worker import smtp
from app.worker.post import send_mails
from app.worker.smtp import NotSent, check_headers
from tests.factories import Made, Make
from tests.integration.mail.test_outbox import letter, mails, system, tell
from tests.mailbox import Mailbox


@pytest.fixture
def reader(make: Make) -> Made:
    return make.person()


NASTY = (
    *("x\r\nBcc: thief@example.net", "x\nX-Evil: 1", "\r\n\r\nbody", "a\x00b", "a\x0bb", "a\x85b", "a\u2028b", " "),
    *("=?utf-8?q?=0d=0aBcc:_x@y.z?=", "=?utf-8?b?DQpCY2M6IHhAeS56?=", "\u202egnp.exe", "Zoë Ünal", "山田 太郎"),
    *("<script>alert(1)</script>", '"; DROP', "a,b;c<d>@e", "(comment)", "\\", '"', "x" * 900, "é" * 400, ":"),
    *("🏳️\u200d🌈 team", "مرحبا", "\u0000", "to: x@y.z", ".", ".\r\n.\r\nMAIL FROM:<x@y.z>", "\t", "a\r b"),
    *("@", "x@y, z@w", "undisclosed:;", "=?bad?=", "=?utf-8?q?unterminated", "\x1b[31m", "ﷺ" * 100, "a\u0300" * 80),
    *("%0d%0aBcc: x", "\ufeff"),
)
HEADERS = sorted(
    [
        *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress"),
        *("MIME-Version", "Content-Type", "Content-Transfer-Encoding"),
    ]
)


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_no_name_and_no_subject_adds_a_header_or_a_recipient(mailbox: Mailbox, make: Make, text: str):
    person = make.person()
    db.session.execute(update(Person).where(Person.id == person.id).values(name=text.replace("\x00", "")[:120]))
    db.session.commit()
    tell(system(), (person.id,), letter("n", text, text, Line(text, "/x/")))

    send_mails()

    assert mailbox.recipients == [[person.email]]
    [message] = mailbox.taken
    assert sorted(message.keys()) == HEADERS
    assert [one.addr_spec for one in message["To"].addresses] == [person.email]
    assert "\n" not in message["Subject"]
    assert mailbox.text().endswith("https://checks.example.org/x/\n")


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.text(max_size=150))
def test_any_text_at_all_comes_back_as_one_line(text: str):
    one = letter("n", text, text)

    assert "\n" not in one.subject_line
    assert len(one.subject_line) <= 200
    assert one.body("https://x.example").count("\n") == 1


ABROAD = {"ada@b\u00fccher.example": "ada@xn--bcher-kva.example", "ada@EXAMPLE.org": "ada@EXAMPLE.org"}
NO_ADDRESS = ("", "nobody", "a b@c", "@", "x@" + "y" * 80 + ".org", "\u00fc@example.org", "a@b\r\nc")
NOT_ONE = "No message can be addressed to this person: the address is not one."


@pytest.mark.parametrize(("address", "to"), ABROAD.items())
def test_a_domain_in_other_letters_is_written_as_mail_servers_know_it(
    mailbox: Mailbox, reader: Made, address: str, to: str
):
    db.session.execute(update(Person).where(Person.id == reader.id).values(email=address))
    db.session.commit()
    tell(system(), (reader.id,), letter())

    send_mails()

    assert mailbox.recipients == [[to]]


@pytest.mark.parametrize("address", NO_ADDRESS)
def test_what_is_no_address_is_given_up_with_a_sentence(mailbox: Mailbox, reader: Made, address: str):
    db.session.execute(update(Person).where(Person.id == reader.id).values(email=address))
    db.session.commit()
    tell(system(), (reader.id,), letter())

    send_mails()

    assert [row.last_error for row in mails()] == [NOT_ONE]
    assert mails()[0].given_up_at is not None
    assert mailbox.taken == []


def test_a_header_that_somebody_smuggled_in_is_found_in_the_bytes():
    message = EmailMessage(policy=SMTP)
    message["Subject"] = "=?utf-8?q?x=0d=0aBcc:_thief=40example.net?="

    with pytest.raises(NotSent, match="a header of its own"):
        check_headers(message)


def test_every_message_is_looked_at_before_it_goes(mailbox: Mailbox, reader: Made, monkeypatch: pytest.MonkeyPatch):
    # As if the library had yet another way in: a subject that is set as it came.
    monkeypatch.setattr(smtp, "_header_text", str)
    tell(system(), (reader.id,), letter("n", "=?utf-8?q?x=0d=0aBcc:_thief=40example.net?="))

    send_mails()

    assert mailbox.taken == []
    assert [row.last_error for row in mails()] == ["Something in this mail would have become a header of its own."]
