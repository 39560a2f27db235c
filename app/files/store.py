"""Where files of evidence are: under random names, written whole or not at all, and proved by their digest."""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO

from app.domain.errors import Damaged, NotKept, TooLarge
from app.domain.evidence import FileKind, kind_of_name, size_words
from app.files.content import Inspector
from app.files.scanner import Scanner

PIECE = 64 * 1024
STORED_AS = re.compile(r"[0-9a-f]{32}")
NOT_KEPT = "The file could not be kept: the disk is full, or it cannot be written to. Nothing was saved."
GONE = "This file is gone from the disk."
CHANGED = "This file is not the one that was added."


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that is on the disk, and that no row names yet. Sent twice it is the same but for its random name."""

    name: str
    kind: FileKind
    size: int
    sha256: bytes
    stored_as: str = field(repr=False, compare=False)
    # A scanner should have looked at it, and did not answer.
    is_unseen: bool = field(default=False, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Store:
    """The directory of the evidence. Processes on several machines share it."""

    directory: Path
    scanner: Scanner | None = None

    def keep(self, stream: IO[bytes], name: str, *, at_most: int) -> KeptFile:
        """Write a file of a kind that is taken; InvalidInput for any other, NotKept when the disk refuses.

        A scanner, where there is one, sees it before it is in its place: nothing stays of what it refuses.
        """
        kind = kind_of_name(name)
        stored_as = secrets.token_hex(16)
        passing = self.directory / "incoming" / stored_as
        try:
            try:
                size, digest = self._write(passing, stream, kind, at_most)
                is_unseen = self.scanner is not None and not self.scanner.has_passed(passing)
                self._put_in_place(passing, stored_as)
            except BaseException:
                # Never half a file: what was begun goes, whatever the reason.
                with suppress(OSError):
                    passing.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise NotKept(NOT_KEPT) from error
        return KeptFile(name, kind, size, digest, stored_as, is_unseen)

    def _write(self, passing: Path, stream: IO[bytes], kind: FileKind, at_most: int) -> tuple[int, bytes]:
        passing.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        inspector, digest, size = Inspector(kind), sha256(), 0
        with os.fdopen(os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            while chunk := stream.read(PIECE):
                size += len(chunk)
                if size > at_most:
                    raise TooLarge(file=f"The file is larger than {size_words(at_most)}, which is the most.")
                inspector.look(chunk)
                digest.update(chunk)
                file.write(chunk)
            inspector.finish()
            file.flush()
            os.fsync(file.fileno())
        return size, digest.digest()

    def _put_in_place(self, passing: Path, stored_as: str) -> None:
        place = self._path(stored_as)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        passing.rename(place)
        # The name is on the disk when its directory is, and that one when the directory above it is.
        for directory in (place.parent, place.parent.parent, self.directory):
            _sync(directory)

    def discard(self, stored_as: str) -> None:
        """Remove a file that no row came to name. What stays behind is collected later."""
        with suppress(OSError):
            self._path(stored_as).unlink(missing_ok=True)

    def open_proved(self, stored_as: str, digest: bytes) -> IO[bytes]:
        """A file, read once to its end and found to be the one that was added; Damaged when it is not."""
        try:
            file = self._path(stored_as).open("rb")
        except OSError as error:
            raise Damaged(GONE) from error
        try:
            is_same = _digest_of(file) == digest
            file.seek(0)
        except OSError as error:
            file.close()
            raise Damaged(CHANGED) from error
        if not is_same:
            file.close()
            raise Damaged(CHANGED)
        return file

    def find_fault(self, stored_as: str, digest: bytes) -> str:
        """What is wrong with a file, in a sentence; empty when nothing is."""
        try:
            self.open_proved(stored_as, digest).close()
        except Damaged as fault:
            return fault.sentence
        return ""

    def list_old(self, before: datetime) -> Iterator[Path]:
        """The files that were written before a moment, those among them that never got to their place."""
        for path in self.directory.glob("*/*/*"):
            if STORED_AS.fullmatch(path.name) and _is_older(path, before):
                yield path
        for path in self.directory.glob("incoming/*"):
            if _is_older(path, before):
                yield path

    def _path(self, stored_as: str) -> Path:
        if not STORED_AS.fullmatch(stored_as):
            raise Damaged(GONE)
        return self.directory / stored_as[:2] / stored_as[2:4] / stored_as


def _digest_of(file: IO[bytes]) -> bytes:
    digest = sha256()
    while piece := file.read(PIECE):
        digest.update(piece)
    return digest.digest()


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _is_older(path: Path, before: datetime) -> bool:
    with suppress(FileNotFoundError):
        return path.is_file() and path.stat().st_mtime < before.timestamp()
    return False
