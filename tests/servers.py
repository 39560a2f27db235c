"""Database servers for tests: the one that TEST_DATABASE_URL names, or private ones that end with the tests."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

TOOLS = Path(__file__).resolve().parents[1] / "tools"
VARIABLE = "TEST_DATABASE_URL"
# A second server of the same cluster: what is written to one is in both.
OTHER_NODE_URL = "TEST_OTHER_NODE_URL"


class Server:
    """A private server in a directory of its own. It keeps its port: after a crash and a start the URL still holds."""

    def __init__(self, directory: Path, *, durable: bool = True) -> None:
        """`durable` flushes every commit to disk, as production does; without it the server is quicker."""
        self.directory = directory
        self.durable = durable
        self.url = ""

    def start(self) -> str:
        """Start the server, on the port it had before, and wait until it answers."""
        self.url = self._tool("start", SERVER_OWNER=str(os.getpid()), SERVER_FAST="" if self.durable else "1")
        return self.url

    def stop(self) -> None:
        """End the server in order."""
        self._tool("stop")

    def crash(self) -> None:
        """Kill the server with no chance to tidy up, as a power cut would; wait until it is gone."""
        self._tool("crash")

    def freeze(self) -> None:
        """Let the server stand still: connections stay open and nothing answers."""
        os.kill(self.process_id, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen server go on."""
        os.kill(self.process_id, signal.SIGCONT)

    @property
    def process_id(self) -> int:
        """The server's own process."""
        return int(self._tool("status"))

    def _tool(self, verb: str, **environment: str) -> str:
        tool = TOOLS / os.environ.get("TEST_SERVER", "mariadb")
        # What the server leaves open would keep a pipe open: only the answer is piped, complaints go to a file.
        with tempfile.TemporaryFile("w+") as complaints:
            done = subprocess.run(
                [tool, verb, self.directory],
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=complaints,
                text=True,
                check=False,
            )
            complaints.seek(0)
            if done.returncode:
                raise RuntimeError(f"{tool.name} {verb} failed: {complaints.read().strip()}")
        return done.stdout.strip()


@contextmanager
def private_server(*, durable: bool = True) -> Iterator[Server]:
    """A server for this test alone, to be crashed and started at will; gone afterwards with all its data."""
    directory = Path(tempfile.mkdtemp(prefix="countersign-test."))
    server = Server(directory, durable=durable)
    try:
        server.start()
        yield server
    finally:
        server.crash()
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def running_server() -> Iterator[str]:
    """The URL of a server that ordinary tests share; each takes a database of its own on it."""
    if named := os.environ.get(VARIABLE):
        yield named
        return
    with private_server(durable=False) as server:
        yield server.url


def share_server(config: pytest.Config) -> None:
    """When pytest distributes the tests, start one server for all its processes, which inherit the URL."""
    distributes = bool(getattr(config.option, "numprocesses", None)) and not hasattr(config, "workerinput")
    if not distributes or os.environ.get(VARIABLE):
        return
    stack = ExitStack()
    config.add_cleanup(stack.close)
    os.environ[VARIABLE] = stack.enter_context(running_server())
    stack.callback(os.environ.pop, VARIABLE)


def database_name() -> str:
    """The name of this process's own database: several may share a server."""
    return f"countersign_test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"


def fresh_database(server_url: str, name: str | None = None) -> str:
    """Make an empty database, dropping what had its name; its URL."""
    name = name or database_name()
    url = make_url(server_url)
    if url.get_backend_name() not in {"mysql", "mariadb"}:
        raise ValueError(f"{VARIABLE} must name a MySQL or MariaDB server: mysql+pymysql://user:password@host/database")
    if not re.fullmatch(r"countersign_test_\w+", name):
        raise ValueError(f"{name!r} is no name of a test database, and what has it would be dropped")
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
        connection.execute(text(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"))
    return url.set(database=name).render_as_string(hide_password=False)
