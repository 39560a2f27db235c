"""How the product speaks to mail servers: encrypted where it must be, signed in, and no secret said to anybody."""

import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.smtp import AuthResult
from flask import Flask

from app.domain.actors import SYSTEM, Origin
from app.domain.mails import Letter, MailKind
from app.domain.permissions import Role
from app.worker import smtp
from app.worker.post import send_mails
from tests.factories import Made, Make
from tests.integration.mail.test_outbox import mails, tell
from tests.mailbox import Mailbox, free_port, sends_to

PASSWORD = "hunter2-and-more"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for localhost with its key."""
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", cert),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
        ],
        check=True,
        capture_output=True,
    )
    return key, cert


@pytest.fixture
def trusted(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate[1], certificate[0])
    return context


@pytest.fixture
def box(app: Flask) -> Iterator[Mailbox]:
    before = app.extensions["mailing"]
    found = Mailbox(free_port())
    yield found
    found.close()
    app.extensions["mailing"] = before


@pytest.fixture
def reader(make: Make) -> Made:
    return make.person(Role.VIEWER)


def write(app: Flask, address: str, reader: Made, **more: object) -> str:
    """Send one mail by a server; what was said of it."""
    sends_to(app, address, **more)
    tell(Origin(SYSTEM), (reader.id,), Letter(MailKind.NOTICE, "x", "Hello", ("Hello.",)))
    send_mails()
    return mails()[-1].last_error


def signing_in(_server: object, _session: object, _envelope: object, _mechanism: str, data: object) -> AuthResult:
    """The one user there is."""
    return AuthResult(success=(data.login, data.password) == (b"us@r", PASSWORD.encode()), handled=False)


def test_smtps_is_encrypted_from_the_first_byte_and_the_certificate_is_looked_at(
    app: Flask, box: Mailbox, reader: Made, trusted: ssl.SSLContext, certificate: tuple[Path, Path]
):
    box.open(ssl_context=trusted)

    refused = write(app, f"smtps://localhost:{box.port}", reader)
    assert refused.startswith(f"The certificate of localhost, port {box.port} does not hold: self")
    assert "MAIL_SSL_CA" in refused
    tell(Origin(SYSTEM), (reader.id,), Letter(MailKind.NOTICE, "y", "Hello", ("Hello.",)))
    sends_to(app, f"smtps://localhost:{box.port}", mail_ssl_ca=certificate[1])
    send_mails()
    assert len(box.taken) == 1


def test_a_certificate_of_another_name_is_refused(
    app: Flask, box: Mailbox, reader: Made, trusted: ssl.SSLContext, certificate: tuple[Path, Path]
):
    box.open(ssl_context=trusted)

    assert "does not hold" in write(app, f"smtps://127.0.0.1:{box.port}", reader, mail_ssl_ca=certificate[1])
    assert box.taken == []


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine counts as another one."""
    monkeypatch.setattr("config.LOOPBACK", set())


@pytest.mark.usefixtures("elsewhere")
def test_smtp_is_encrypted_by_starttls_before_the_password_is_said(
    app: Flask, box: Mailbox, reader: Made, trusted: ssl.SSLContext, certificate: tuple[Path, Path]
):
    box.open(tls_context=trusted, require_starttls=True, authenticator=signing_in, auth_required=True)

    said = write(app, f"smtp://us%40r:{PASSWORD}@localhost:{box.port}", reader, mail_ssl_ca=certificate[1])

    assert (said, len(box.taken)) == ("", 1)


@pytest.mark.usefixtures("elsewhere")
def test_without_encryption_nothing_is_said_to_another_machine(app: Flask, box: Mailbox, reader: Made):
    box.open()

    said = write(app, f"smtp://localhost:{box.port}", reader)

    assert said.startswith(f"The mail server localhost, port {box.port} cannot do what MAIL_SERVER asks for: STARTTLS")
    assert box.taken == []


@pytest.mark.usefixtures("elsewhere")
def test_a_relay_without_encryption_has_to_be_named_as_one(app: Flask, box: Mailbox, reader: Made):
    box.open()

    assert write(app, f"smtp+plain://localhost:{box.port}", reader) == ""
    assert len(box.taken) == 1


def test_a_wrong_password_is_said_without_it_and_tried_again(
    app: Flask, box: Mailbox, reader: Made, capsys: pytest.CaptureFixture[str]
):
    box.open(authenticator=signing_in, auth_require_tls=False)

    said = write(app, f"smtp://us%40r:wrong-{PASSWORD}@127.0.0.1:{box.port}", reader)

    assert said == f"The mail server 127.0.0.1, port {box.port} refuses the user or the password in MAIL_SERVER (535)."
    [row] = mails()
    assert row.next_attempt_at is not None
    out = capsys.readouterr()
    assert PASSWORD not in out.out + out.err + said + repr(app.extensions["mailing"])
    assert PASSWORD not in repr(app.extensions["mailing"].mail_route)


def test_a_password_is_said_to_a_server_on_this_machine(app: Flask, box: Mailbox, reader: Made):
    box.open(authenticator=signing_in, auth_require_tls=False)

    assert write(app, f"smtp://us%40r:{PASSWORD}@127.0.0.1:{box.port}", reader) == ""
    assert box.signed_in == [True]


def test_a_server_that_says_nothing_is_left(
    app: Flask, box: Mailbox, reader: Made, silent_port: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(smtp, "ANSWER_WITHIN", 0.3)

    said = write(app, f"smtp://127.0.0.1:{silent_port}", reader)

    assert said.startswith(f"No mail server answers at 127.0.0.1, port {silent_port}")


def test_a_host_that_is_not_there_is_said(app: Flask, box: Mailbox, reader: Made):
    said = write(app, "smtps://mail.nowhere.invalid", reader)

    assert said.startswith("No mail server answers at mail.nowhere.invalid, port 465: ")
