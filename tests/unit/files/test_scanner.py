"""A scanner is a command: its exit status decides, and it cannot reach what it is not given."""

import os
from io import BytesIO
from pathlib import Path

import pytest

from app.domain.errors import Harmful, NotScanned
from app.files.scanner import Scanner
from app.files.store import Store
from tests.factories import PNG
from tests.scanners import EICAR, script


def files_of(store: Store) -> list[Path]:
    return [path for path in store.directory.rglob("*") if path.is_file()]


def store_with(tmp_path: Path, *command: str, seconds: float = 20, is_needed: bool = True) -> Store:
    return Store(tmp_path / "evidence", Scanner(command, seconds, is_needed))


def test_what_is_clean_is_kept_and_counts_as_seen(tmp_path: Path):
    store = store_with(tmp_path, script(tmp_path))

    kept = store.keep(BytesIO(PNG), "plan.png", at_most=1000)

    assert not kept.is_unseen
    assert len(files_of(store)) == 1


def test_what_is_found_is_refused_and_nothing_of_it_stays(tmp_path: Path):
    store = store_with(tmp_path, script(tmp_path))

    with pytest.raises(Harmful, match="not kept"):
        store.keep(BytesIO(EICAR), "notes.txt", at_most=1000)

    assert files_of(store) == []


DOWN = {
    "ends with another status": "raise SystemExit(2)",
    "is killed": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "says nothing in time": "import threading; threading.Event().wait()",
    "says nothing in time and leaves a child": (
        "import subprocess, sys, threading\n"
        "subprocess.Popen([sys.executable, '-c', 'import threading; threading.Event().wait()'])\n"
        "threading.Event().wait()"
    ),
}


@pytest.mark.parametrize("does", DOWN.values(), ids=DOWN)
def test_a_scanner_that_is_down_refuses_or_lets_through_as_was_chosen(tmp_path: Path, does: str):
    command = script(tmp_path, does)
    seconds = 0.5 if "threading" in does else 20

    strict = store_with(tmp_path, command, seconds=seconds)
    with pytest.raises(NotScanned, match="not taken"):
        strict.keep(BytesIO(PNG), "plan.png", at_most=1000)
    assert files_of(strict) == []

    lenient = store_with(tmp_path, command, seconds=seconds, is_needed=False)
    assert lenient.keep(BytesIO(PNG), "plan.png", at_most=1000).is_unseen


def test_a_scanner_that_is_not_there_or_may_not_be_run_is_down(tmp_path: Path):
    (tmp_path / "not-a-program").write_text("")

    for command in (str(tmp_path / "nowhere"), str(tmp_path / "not-a-program"), str(tmp_path)):
        with pytest.raises(NotScanned):
            store_with(tmp_path, command).keep(BytesIO(PNG), "plan.png", at_most=1000)


def test_a_scanner_gets_no_setting_and_no_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SECRET_KEY", "x" * 32)
    told = tmp_path / "told"
    does = f"import os, sys; open({str(told)!r}, 'w').write(repr((sorted(os.environ), sys.argv[1:], os.getcwd())))"

    store_with(tmp_path, script(tmp_path, does), "$HOME; touch x", "-").keep(BytesIO(PNG), "plan.png", at_most=1000)

    names, arguments, where = eval(told.read_text())  # noqa: S307 (what the script above wrote)
    # An interpreter may add what it needs to know of letters; of ours there is nothing but the path.
    assert set(names) <= {"PATH", "LC_CTYPE"}
    assert (arguments, where) == (["$HOME; touch x", "-"], "/")
    assert os.environ["SECRET_KEY"] not in told.read_text()


def test_a_large_file_is_given_whole_and_what_the_scanner_prints_goes_nowhere(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    told = tmp_path / "told"
    does = (
        "import hashlib, sys\n"
        "sys.stdout.write('x' * 3_000_000); sys.stderr.write('y' * 3_000_000)\n"
        f"open({str(told)!r}, 'w').write(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())"
    )

    kept = store_with(tmp_path, script(tmp_path, does)).keep(BytesIO(b"line\n" * 900_000), "a.log", at_most=9_000_000)

    assert told.read_text() == kept.sha256.hex()
    assert capfd.readouterr() == ("", "")
