"""A mailbox that the product sends to."""

import socket
from collections.abc import Iterator

import pytest
from flask import Flask

from tests.mailbox import Mailbox, mailbox_of


@pytest.fixture
def mailbox(app: Flask) -> Iterator[Mailbox]:
    with mailbox_of(app) as box:
        yield box


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port on which somebody listens and never says a word."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield int(listening.getsockname()[1])
