"""Handing one message to a mail server, and saying in words why it did not take it."""

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from threading import Timer

from app.domain.mails import message_id, one_line
from config import MailRoute

# One answer of a server, and one message with all its answers.
ANSWER_WITHIN, MESSAGE_WITHIN = 20, 60
PERMANENT = 500
WORDS_AT_MOST = 300


@dataclass(frozen=True, slots=True)
class Envelope:
    """One mail as the outbox keeps it, with whom it is for."""

    key: str
    name: str
    address: str
    subject: str
    body: str
    created_at: datetime


class NotSent(Exception):
    """A message was not taken; the text says why. `is_final`: it never will be, whoever tries."""

    def __init__(self, sentence: str, *, is_final: bool = False, is_servers: bool = False) -> None:
        super().__init__(one_line(sentence)[:WORDS_AT_MOST])
        self.is_final = is_final
        # The fault of the server, not of this message: others need not be tried now.
        self.is_servers = is_servers


def message_of(mail: Envelope, route: MailRoute) -> EmailMessage:
    """A message in its one form: the same mail is the same message however often it is sent."""
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = route.sender
        message["To"] = _addressee(mail)
        message["Subject"] = _header_text(mail.subject)
    except (ValueError, IndexError, MessageError) as error:
        raise NotSent("No message can be addressed to this person: the address is not one.", is_final=True) from error
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = message_id(mail.key, mail.created_at, route.domain)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(mail.body)
    check_headers(message)
    return message


def _header_text(text: str) -> str:
    """A text for a header. What looks like an encoded word would be decoded by the library, line ends and all."""
    return one_line(text).replace("=?", "= ?")


def check_headers(message: EmailMessage) -> None:
    """Look at the bytes themselves: nothing that anybody typed has become a header."""
    head = message.as_bytes().partition(b"\r\n\r\n")[0].split(b"\r\n")
    names = [line.partition(b":")[0].decode(errors="replace") for line in head if not line[:1].isspace()]
    if names != list(message.keys()):
        raise NotSent("Something in this mail would have become a header of its own.", is_final=True)


def _addressee(mail: Envelope) -> Address:
    local, _, domain = mail.address.rpartition("@")
    try:
        plain = domain.encode("idna").decode()
    except UnicodeError as error:
        raise ValueError("no domain") from error
    return Address(_header_text(mail.name), addr_spec=f"{local}@{plain}")


def deliver(mail: Envelope, route: MailRoute) -> None:
    """Hand a message over; raise NotSent when it was not taken."""
    message = message_of(mail, route)
    to: str = message["To"].addresses[0].addr_spec
    with _said_in_words(route), _connection(route) as server:
        server.send_message(message, from_addr=parseaddr(route.sender)[1], to_addrs=[to])


@contextmanager
def _connection(route: MailRoute) -> Iterator[smtplib.SMTP]:
    """A server that is ready to take a message; whatever it does, it is left after a minute."""
    trusted = ssl.create_default_context(cafile=route.ssl_ca)
    server = (
        smtplib.SMTP_SSL(local_hostname=route.domain, timeout=ANSWER_WITHIN, context=trusted)
        if route.scheme == "smtps"
        else smtplib.SMTP(local_hostname=route.domain, timeout=ANSWER_WITHIN)
    )
    # The name that the certificate has to carry. The library sets it where it also connects, and that could not be cut.
    server._host = route.host  # type: ignore[attr-defined]
    limit = Timer(MESSAGE_WITHIN, _cut, [server])
    limit.daemon = True
    limit.start()
    try:
        server.connect(route.host, route.port)
        if route.needs_starttls:
            server.starttls(context=trusted)
        if route.user:
            server.login(route.user, route.password)
        yield server
        with suppress(smtplib.SMTPException, OSError):  # it was taken; how the server says goodbye is no matter
            server.quit()
    finally:
        limit.cancel()
        server.close()


def _cut(server: smtplib.SMTP) -> None:
    """Wake up who waits for an answer that comes too slowly: it finds the connection ended."""
    with suppress(OSError, AttributeError):
        server.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]  # None before it is connected


@contextmanager
def _said_in_words(route: MailRoute) -> Iterator[None]:
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        code, said = next(iter(error.recipients.values()))
        sentence = f"The mail server refuses the recipient: {_answer(code, said)}"
        raise NotSent(sentence, is_final=code >= PERMANENT) from error
    except smtplib.SMTPDataError as error:
        raise NotSent(f"The mail server refuses the message: {_answer(error.smtp_code, error.smtp_error)}") from error
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise NotSent(_fault_of_server(error, f"{route.host}, port {route.port}"), is_servers=True) from error


def _fault_of_server(error: Exception, where: str) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):  # never with its own words: they may name the user
        return f"The mail server {where} refuses the user or the password in MAIL_SERVER ({error.smtp_code})."
    if isinstance(error, smtplib.SMTPSenderRefused):
        return f"The mail server refuses the sender in MAIL_FROM: {_answer(error.smtp_code, error.smtp_error)}"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"The mail server {where} takes nothing: {_answer(error.smtp_code, error.smtp_error)}"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return f"The mail server {where} cannot do what MAIL_SERVER asks for: {error}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The certificate of {where} does not hold: {error.verify_message}. MAIL_SSL_CA names who signed it."
    return f"No mail server answers at {where}: {getattr(error, 'strerror', None) or type(error).__name__}"


def _answer(code: int, said: bytes | str) -> str:
    return f"{code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"
