"""A proxy between the product and its server that cuts one connection at one statement."""

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Self

QUERY = 3  # the protocol's command for a statement in text


class Cut(Enum):
    """When the connection ends."""

    BEFORE = "before the server has seen the statement"
    AFTER = "when the server has done it, before its answer arrives"


@dataclass
class Proxy:
    """Forwards connections; counts statements, and cuts the one that is asked for, once."""

    target: tuple[str, int]
    statements: list[str] = field(default_factory=list)
    cut_at: int | None = None
    cut: Cut = Cut.BEFORE
    has_cut: bool = False

    def __enter__(self) -> Self:
        self._lock = threading.Lock()
        self._server = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    @property
    def port(self) -> int:
        """Where it listens."""
        number: int = self._server.getsockname()[1]
        return number

    def arm(self, cut: Cut, statement: int | None) -> None:
        """Begin counting again; cut at this statement, or at none."""
        with self._lock:
            self.statements, self.cut_at, self.cut, self.has_cut = [], statement, cut, False

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(self.target) as server:
            Line(client, server).forward(self._is_to_cut, self.cut)

    def _is_to_cut(self, packet: bytes) -> bool:
        if packet[3:5] != bytes([0, QUERY]):
            return False
        with self._lock:
            number = len(self.statements)
            self.statements.append(packet[5:].decode(errors="replace"))
            if self.has_cut or number != self.cut_at:
                return False
            self.has_cut = True
            return True


class Line:
    """One connection through the proxy."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client, self.server = client, server
        self.is_muted = threading.Event()
        self.has_answered = threading.Event()

    def forward(self, is_to_cut: Callable[[bytes], bool], cut: Cut) -> None:
        """Pass everything on in both directions until one side ends or the cut comes."""
        answers = threading.Thread(target=self._pass_answers, daemon=True)
        answers.start()
        while (packet := read_packet(self.client)) is not None:
            if not is_to_cut(packet):
                self.server.sendall(packet)
                continue
            if cut is Cut.AFTER:
                self.is_muted.set()
                self.server.sendall(packet)
                self.has_answered.wait(10)
            break
        for side in (self.client, self.server):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
        answers.join(10)

    def _pass_answers(self) -> None:
        with contextlib.suppress(OSError):
            while data := self.server.recv(65536):
                if self.is_muted.is_set():
                    self.has_answered.set()
                    return
                self.client.sendall(data)


def read_packet(source: socket.socket) -> bytes | None:
    """One packet of the protocol with its head; None at the end."""
    head = read_exactly(source, 4)
    if head is None:
        return None
    body = read_exactly(source, int.from_bytes(head[:3], "little"))
    return None if body is None else head + body


def read_exactly(source: socket.socket, count: int) -> bytes | None:
    """So many bytes; None when the connection ends before."""
    data = b""
    while len(data) < count:
        try:
            part = source.recv(count - len(data))
        except OSError:
            return None
        if not part:
            return None
        data += part
    return data
