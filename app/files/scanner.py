"""A scanner that somebody else wrote: a command that gets a file and says by its exit status whether it does harm."""

import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from app.domain.errors import Harmful, NotScanned

CLEAN, FOUND = 0, 1
HARMFUL = "The scanner found something harmful in this file. It was not kept."
NOT_SCANNED = "The scanner does not answer, and a file that it has not seen is not taken. Try again later."
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Scanner:
    """How a scanner is asked, how long it may take, and whether a file is refused that it could not look at."""

    command: tuple[str, ...]
    seconds: float
    is_needed: bool

    def has_passed(self, path: Path) -> bool:
        """Whether the scanner looked at a file and found nothing; Harmful when it found something.

        False means that it did not answer, where a file is taken nevertheless; where it is not, NotScanned.
        """
        status, fault = self._ask(path)
        if status == FOUND:
            raise Harmful(HARMFUL)
        if status == CLEAN:
            return True
        log.error("scanner down", command=self.command[0], fault=fault)
        if self.is_needed:
            raise NotScanned(NOT_SCANNED)
        return False

    def _ask(self, path: Path) -> tuple[int | None, str]:
        """The exit status, or None, and what is to be said of it. It gets none of our settings, and no shell."""
        with path.open("rb") as file:
            try:
                asked = subprocess.Popen(  # noqa: S603 (the command of whoever runs the product; no shell)
                    self.command,
                    stdin=file,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env={"PATH": os.environ.get("PATH", os.defpath)},
                    cwd="/",
                    start_new_session=True,
                )
            except OSError as error:
                return None, error.strerror or "cannot be started"
            try:
                status = asked.wait(self.seconds)
            except subprocess.TimeoutExpired:
                return None, f"no answer in {self.seconds:g} seconds"
            finally:
                if asked.returncode is None:
                    _end(asked)
        return status, f"ended with {status}"


def _end(asked: subprocess.Popen[bytes]) -> None:
    """Nothing that the command has begun goes on: they are one group of processes."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(asked.pid, signal.SIGKILL)
    asked.wait()
