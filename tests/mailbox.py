"""A real mail server for a test, on a port of its own, and the product told to send there."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from flask import Flask
from pydantic import SecretStr

SENDER = "Countersign <checks@example.org>"
URL = "https://checks.example.org"


class Mailbox:
    """All that a mail server was handed, and answers that it gives instead of taking something."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.taken: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.recipients: list[list[str]] = []
        self.signed_in: list[bool] = []
        self.refuse_recipients = ""
        self.refuse_data = ""
        self._controller: Any = None

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        if self.refuse_recipients:
            return self.refuse_recipients
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.refuse_data:
            return self.refuse_data
        self.raw.append(envelope.content)
        self.signed_in.append(bool(session.authenticated))
        self.recipients.append(list(envelope.rcpt_tos))
        # With the line ends that a reader sees.
        content = envelope.content.replace(b"\r\n", b"\n")
        self.taken.append(message_from_bytes(content, policy=default))  # type: ignore[arg-type]
        return "250 OK"

    def open(self, **options: Any) -> None:
        """Begin to answer."""
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, **options)
        self._controller.start()

    def close(self) -> None:
        """Answer nobody any more."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def to(self, address: str) -> list[EmailMessage]:
        """What came for one address."""
        return [one for one, to in zip(self.taken, self.recipients, strict=True) if to == [address]]

    def text(self, number: int = -1) -> str:
        """The text of one message."""
        return self.taken[number].get_content().replace("\r\n", "\n")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def sends_to(app: Flask, address: str, **more: Any) -> None:
    """Let the product send its mail somewhere; empty: nowhere."""
    server = SecretStr(address) if address else None
    app.extensions["mailing"] = app.config["SETTINGS"].model_copy(
        update={"mail_server": server, "mail_from": SENDER, "url": URL, **more}
    )


@contextmanager
def mailbox_of(app: Flask, **options: Any) -> Iterator[Mailbox]:
    """A mail server that the product sends to, until the test is over."""
    box = Mailbox(free_port())
    before = app.extensions["mailing"]
    sends_to(app, f"smtp://127.0.0.1:{box.port}")
    box.open(**options)
    try:
        yield box
    finally:
        box.close()
        app.extensions["mailing"] = before
