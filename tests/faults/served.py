"""The product as people start it: tools/run.py with web server and worker, on a port of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN = 60
LONG_ENOUGH = 6.5


@dataclass
class Served:
    """A running product."""

    address: str
    process: subprocess.Popen[bytes]
    log: Path

    def web_workers(self) -> list[psutil.Process]:
        """The processes that answer, the oldest first."""
        me = psutil.Process(self.process.pid)
        # The web server is the one child with children; alone, it is the process itself.
        alone = "tools/serve.py" in me.cmdline()
        workers = me.children() if alone else [worker for child in me.children() for worker in child.children()]
        return sorted(workers, key=lambda worker: worker.create_time())

    def kill_a_web_worker(self) -> None:
        """End the oldest with no chance to tidy up; wait until it is gone.

        The web server takes a worker that ends twice in a short time for one that cannot live, and gives up: the next
        to be killed has lived longer than that.
        """
        victim = self.web_workers()[0]
        time.sleep(max(0, victim.create_time() + LONG_ENOUGH - time.time()))
        victim.kill()
        victim.wait(10)

    def is_ready(self) -> bool:
        """Whether it says that it can serve."""
        try:
            with urllib.request.urlopen(f"{self.address}/readyz", timeout=5) as answer:  # noqa: S310 - our own address
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def free_port() -> int:
    """A port that nobody listens on, below the range for outgoing connections."""
    for port in range(15000 + os.getpid() % 4000, 20000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
    raise RuntimeError("no free port")


@contextmanager
def served(database_url: str, data: Path, *, application: str = "", **more: str) -> Iterator[Served]:
    """The product until the end of the block; `application` names another one, for the web server alone."""
    port = str(free_port())
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "COUNTERSIGN_DATA": str(data),
        "PORT": port,
        "LOG_LEVEL": "ERROR",
        **more,
    }
    command = [sys.executable, "tools/run.py"]
    if application:
        command = [sys.executable, "tools/serve.py", application]
    log = data / "served.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    running = Served(f"http://127.0.0.1:{port}", process, log)
    try:
        deadline = time.monotonic() + READY_WITHIN
        while not running.is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the product did not start: {log.read_text()}")
            time.sleep(0.1)
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
