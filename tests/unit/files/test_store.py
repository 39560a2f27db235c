"""Files on the disk: whole or not there, under random names, and proved before they are given out."""

import os
import stat
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest

from app.domain.errors import Damaged, InvalidInput, NotKept, TooLarge
from app.domain.evidence import FileKind
from app.files.store import KeptFile, Store
from tests.factories import PNG

LIMIT = 1000


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "evidence")


def files_of(store: Store) -> list[Path]:
    return [path for path in store.directory.rglob("*") if path.is_file()]


def keep(store: Store, content: bytes = PNG, name: str = "plan.png") -> KeptFile:
    return store.keep(BytesIO(content), name, at_most=LIMIT)


def test_a_file_is_kept_under_a_random_name_that_only_the_product_reads(store: Store):
    kept = keep(store)

    [path] = files_of(store)
    assert (kept.name, kept.kind, kept.size, kept.sha256) == ("plan.png", FileKind.PNG, len(PNG), sha256(PNG).digest())
    assert path == store.directory / kept.stored_as[:2] / kept.stored_as[2:4] / kept.stored_as
    assert "plan" not in str(path.relative_to(store.directory))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) & 0o077 == 0
    with store.open_proved(kept.stored_as, kept.sha256) as file:
        assert file.read() == PNG


def test_the_same_file_twice_is_two_files_that_count_as_the_same_request(store: Store):
    first, second = keep(store), keep(store)

    assert first.stored_as != second.stored_as
    assert (first, repr(first)) == (second, repr(second))


@pytest.mark.parametrize(
    ("content", "name", "refusal"),
    [
        (b"x" * (LIMIT + 1), "big.txt", TooLarge),
        (b"<html>", "plan.png", InvalidInput),
        (b"", "plan.txt", InvalidInput),
        (PNG, "../../plan.png", InvalidInput),
    ],
)
def test_what_is_refused_leaves_no_file(store: Store, content: bytes, name: str, refusal: type[Exception]):
    with pytest.raises(refusal):
        keep(store, content, name)

    assert files_of(store) == []


def test_a_file_that_breaks_off_leaves_nothing(store: Store):
    class Broken(BytesIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            raise ConnectionResetError

    with pytest.raises(NotKept):
        store.keep(Broken(), "plan.png", at_most=LIMIT)

    assert files_of(store) == []


def test_a_disk_that_does_not_take_it_is_said_in_a_sentence(tmp_path: Path):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("no directory")

    with pytest.raises(NotKept, match="Nothing was saved"):
        keep(Store(in_the_way / "evidence"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no full device")
def test_a_full_disk_is_said_in_a_sentence_and_leaves_nothing(store: Store, monkeypatch: pytest.MonkeyPatch):
    open_file = os.open

    def on_a_full_disk(path, flags, mode=0o777, **more):
        return open_file("/dev/full", os.O_WRONLY) if flags & os.O_CREAT else open_file(path, flags, mode, **more)

    monkeypatch.setattr(os, "open", on_a_full_disk)
    with pytest.raises(NotKept, match="the disk is full"):
        keep(store)

    assert files_of(store) == []


@pytest.mark.parametrize("call", ["fsync", "rename"])
def test_a_disk_that_fails_at_the_end_leaves_nothing(store: Store, monkeypatch: pytest.MonkeyPatch, call: str):
    def fail(*_given: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(*((os, "fsync") if call == "fsync" else (Path, "rename")), fail)
    with pytest.raises(NotKept):
        keep(store)

    assert files_of(store) == []


def test_a_changed_byte_and_a_missing_file_are_found(store: Store):
    kept = keep(store)
    [path] = files_of(store)
    assert store.find_fault(kept.stored_as, kept.sha256) == ""

    path.write_bytes(PNG[:-1] + b"\x00")
    assert store.find_fault(kept.stored_as, kept.sha256) == "This file is not the one that was added."
    path.unlink()
    assert store.find_fault(kept.stored_as, kept.sha256) == "This file is gone from the disk."
    path.mkdir()
    assert store.find_fault(kept.stored_as, kept.sha256) != ""


def test_a_name_that_is_none_of_ours_opens_nothing(store: Store):
    for name in ("../../etc/passwd", "", "0" * 31, "0" * 33, "G" * 32):
        with pytest.raises(Damaged):
            store.open_proved(name, b"")


def test_old_files_are_told_from_new_ones_and_from_what_is_not_ours(store: Store):
    old, new = keep(store), keep(store)
    stray = store.directory / "incoming" / "0123"
    other = store.directory / "aa" / "bb" / "README"
    other.parent.mkdir(parents=True)
    for path in (stray, other):
        path.write_text("left behind")
    long_ago = (datetime.now(UTC) - timedelta(days=2)).timestamp()
    for path in files_of(store):
        if path.name != new.stored_as:
            os.utime(path, (long_ago, long_ago))

    found = {path.name for path in store.list_old(datetime.now(UTC) - timedelta(days=1))}

    assert found == {old.stored_as, stray.name}
