"""Clients in processes of their own that stay connected between slices: over HTTP, and straight at the database."""

import multiprocessing
import random
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import uuid4

import psutil
import pymysql

Step = Callable[[], None]
Begin = Callable[..., Step]
# So many connections that each worker has got one of them.
TRIED = 16
TURNS = count()


class Fleet:
    """Processes with some threads each; every thread repeats one step for as long as a slice lasts."""

    def __init__(self, begin: Begin, jobs: Sequence[Sequence[tuple[Any, ...]]]) -> None:
        """`jobs` has the arguments of `begin`, one list of threads for each process."""
        context = multiprocessing.get_context("spawn")
        self.pipes = []
        self.processes = []
        for threads in jobs:
            here, there = context.Pipe()
            process = context.Process(target=_serve, args=(there, begin, list(threads)), daemon=True)
            process.start()
            self.pipes.append(here)
            self.processes.append(process)
        for pipe in self.pipes:
            pipe.recv()

    def rate(self, seconds: float) -> float:
        """Steps per second over one slice."""
        began = time.perf_counter()
        for pipe in self.pipes:
            pipe.send(seconds)
        steps = sum(pipe.recv() for pipe in self.pipes)
        self.steps = steps
        return steps / (time.perf_counter() - began)

    def close(self) -> None:
        """Let all processes end."""
        for pipe, process in zip(self.pipes, self.processes, strict=True):
            pipe.send(None)
            process.join(10)


def _serve(pipe: Any, begin: Begin, threads: list[tuple[Any, ...]]) -> None:
    steps = [begin(*arguments) for arguments in threads]
    pipe.send("ready")
    while (seconds := pipe.recv()) is not None:
        counts = [0] * len(steps)

        def run(place: int, until: float, counts: list[int] = counts) -> None:
            while time.perf_counter() < until:
                steps[place]()
                counts[place] += 1

        until = time.perf_counter() + seconds
        running = [threading.Thread(target=run, args=(place, until)) for place in range(len(steps))]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()
        pipe.send(sum(counts))


def connection_to(host: str, port: int, turn: int) -> socket.socket:
    """A connection to one of the processes that answer there, each in its turn.

    The system gives a new connection to one of the web workers by lot. Left to that, most clients may come to the same
    worker, and what is measured then is half a server.
    """
    opened = [socket.create_connection((host, port), 30) for _ in range(TRIED)]
    own_ports = [connection.getsockname()[1] for connection in opened]
    owners: dict[int, int] = {}
    while len(owners) < TRIED:
        owners = {
            known.raddr.port: known.pid
            for known in psutil.net_connections("tcp")
            if known.pid and known.laddr.port == port and known.raddr and known.raddr.port in own_ports
        }
    workers = sorted(set(owners.values()))
    chosen = next(
        connection
        for own, connection in zip(own_ports, opened, strict=True)
        if owners[own] == workers[turn % len(workers)]
    )
    for connection in opened:
        if connection is not chosen:
            connection.close()
    return chosen


@dataclass
class Line:
    """One kept connection that sends prepared bytes and reads whole answers, with as little work as can be."""

    host: str
    port: int
    connection: socket.socket | None = None

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and the whole answer."""
        if self.connection is None:
            self.connection = connection_to(self.host, self.port, next(TURNS))
        try:
            self.connection.sendall(request)
            return self._read(self.connection)
        except ConnectionError:
            self.connection = None
            raise

    @staticmethod
    def _read(connection: socket.socket) -> tuple[int, bytes]:
        data = b""
        while (end := data.find(b"\r\n\r\n")) < 0:
            part = connection.recv(65536)
            if not part:
                raise ConnectionResetError("the server has closed the connection")
            data += part
        head = data[:end].lower()
        place = head.find(b"content-length: ")
        length = int(head[place + 16 :].split(b"\r", 1)[0]) if place >= 0 else 0
        while len(data) < end + 4 + length:
            data += connection.recv(65536)
        return int(data[9:12]), data


def ticking(host: str, port: int, cookie: str, token: str, items: list[tuple[int, int]]) -> Step:
    """Tick and un-tick one's own items one after the other, each with a key of its own, and read the row."""
    line, place, revisions, done = Line(host, port), 0, dict(items), set()
    numbers = [number for number, _ in items]

    def tick() -> None:
        nonlocal place
        item = numbers[place % len(numbers)]
        place += 1
        state = "todo" if item in done else "done"
        body = f"csrf_token={token}&idempotency_key={uuid4().hex}&revision={revisions[item]}&state={state}"
        request = (
            f"POST /items/{item}/state/ HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: {cookie}\r\nHX-Request: true\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        )
        status, answer = line.ask(request.encode())
        if status != 200:
            raise AssertionError(f"a tick was answered {status}: {answer[-400:]!r}")
        revisions[item] += 1
        done.symmetric_difference_update({item})

    return tick


def posting(host: str, port: int, cookie: str, token: str, posts: list[tuple[str, str]]) -> Step:
    """Send one form after the other, each once and with a key of its own."""
    line, left = Line(host, port), iter(posts)

    def post() -> None:
        path, fields = next(left)
        body = f"csrf_token={token}&idempotency_key={uuid4().hex}&{fields}"
        request = (
            f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: {cookie}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        )
        status, answer = line.ask(request.encode())
        if status not in {302, 303}:
            raise AssertionError(f"{path} was answered {status}: {answer[-400:]!r}")

    return post


def reading(host: str, port: int, path: str, headers: dict[str, str], expected: int = 200) -> Step:
    """Ask for one page again and again."""
    line = Line(host, port)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    request = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\n{lines}\r\n".encode()

    def read() -> None:
        status, answer = line.ask(request)
        if status != expected:
            raise AssertionError(f"{path} was answered {status}: {answer[:300]!r}")

    return read


def connect(settings: dict[str, Any]) -> "pymysql.Connection[Any]":
    """A plain connection."""
    return pymysql.connect(**settings, charset="utf8mb4")


RAW_TABLES = """
CREATE TABLE raw_items (id BIGINT PRIMARY KEY, state TINYINT NOT NULL, changed_by BIGINT NULL,
 changed_at DATETIME(6) NULL, revision INT NOT NULL);
CREATE TABLE raw_events (id BIGINT PRIMARY KEY AUTO_INCREMENT, at DATETIME(6) NOT NULL, person BIGINT NOT NULL,
 item BIGINT NOT NULL, action VARCHAR(16) NOT NULL, old_state TINYINT NOT NULL, new_state TINYINT NOT NULL,
 note VARCHAR(255) NOT NULL DEFAULT '', KEY (item, id), KEY (person, id));
INSERT INTO raw_items SELECT id, 0, NULL, NULL, 0 FROM checklist_items
"""


def raw_ticking(settings: dict[str, Any], items: list[int]) -> Step:
    """What a tick costs the database alone: change a row, add a row, commit."""
    connection = connect(settings)

    def tick() -> None:
        item, state = random.choice(items), random.randrange(4)
        with closing(connection.cursor()) as cursor:
            cursor.execute(
                "UPDATE raw_items SET state=%s, changed_by=7, changed_at=NOW(6), revision=revision+1 WHERE id=%s",
                (state, item),
            )
            cursor.execute(
                "INSERT INTO raw_events (at, person, item, action, old_state, new_state, note)"
                " VALUES (NOW(6), 7, %s, 'tick', 0, %s, '')",
                (item, state),
            )
        try:
            connection.commit()
        except pymysql.err.OperationalError:
            connection.rollback()

    return tick
