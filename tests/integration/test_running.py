"""Starting on this machine: what is in the way is said in a sentence, and a demonstration that was stopped says so."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests.servers import running_server

ROOT = Path(__file__).resolve().parents[2]
RUN = [sys.executable, "tools/run.py"]
PREPARE = [sys.executable, "-m", "flask", "--app", "wsgi", "prepare"]
PASSWORD = "a-password-that-nobody-may-see"


def environment(data: Path, **more: str) -> dict[str, str]:
    """A bare environment with settings of our own."""
    return {"PATH": os.environ["PATH"], "COUNTERSIGN_DATA": str(data), "LOG_LEVEL": "ERROR", **more}


def end_of(command: list[str], env: dict[str, str]) -> tuple[int, str]:
    """The code and all the words with which a command ended."""
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout + done.stderr


def free_port() -> str:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.mark.parametrize("port", ["abc", "0", "99999", "-1", "8.5"])
def test_a_port_that_is_none_is_refused_with_the_range(tmp_path: Path, port: str):
    code, words = end_of(RUN, environment(tmp_path, PORT=port))

    assert code == 1
    assert words == f"PORT must be a whole number from 1 to 65535, not '{port}'.\n"


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.1"])
def test_a_host_that_is_not_this_machine_is_refused(tmp_path: Path, host: str):
    code, words = end_of(RUN, environment(tmp_path, HOST=host))

    assert (code, words.count("\n")) == (1, 1)
    assert f"HOST must be an address of this machine, such as 127.0.0.1, not '{host}'." in words


def test_a_port_that_is_taken_is_refused_before_the_setup_link_is_touched(tmp_path: Path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        code, words = end_of(RUN, environment(tmp_path, PORT=str(other.getsockname()[1])))

    assert code == 1
    assert "make run PORT=8001" in words
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [RUN, PREPARE], ids=["make run", "prepare"])
def test_a_data_directory_that_cannot_be_is_named(tmp_path: Path, command: list[str]):
    file = tmp_path / "file"
    file.write_text("something")

    code, words = end_of(command, environment(file, PORT=free_port()))

    assert code == 1
    assert f"{file}" in words
    assert "it is a file" in words
    assert "Traceback" not in words


def test_a_setting_that_cannot_be_used_is_all_that_is_said(tmp_path: Path):
    code, words = end_of(RUN, environment(tmp_path, PORT=free_port(), LOG_LEVEL="loud"))

    assert code == 1
    assert words.splitlines() == [
        "Countersign cannot start.",
        "LOG_LEVEL must be 'DEBUG', 'INFO', 'WARNING' or 'ERROR', not 'loud'.",
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"host": "no-such-host.invalid"}, "No database server answers at no-such-host.invalid"),
        ({"port": 1}, "No database server answers at 127.0.0.1:1."),
        ({"username": "nobody"}, "refuses the user nobody or the password in DATABASE_URL"),
        ({"database": "no_such_database"}, "no_such_database"),
    ],
)
def test_a_database_that_cannot_be_used_is_told_in_a_sentence_without_the_password(
    tmp_path: Path, change: dict[str, str], words: str
):
    with running_server() as server:
        given = make_url(server).set(**({"password": PASSWORD} if "database" not in change else {}), **change)
        url = given.render_as_string(hide_password=False)
        code, said = end_of(RUN, environment(tmp_path, DATABASE_URL=url, PORT=free_port()))

    assert (code, said.count("\n")) == (1, 1)
    assert words in said
    assert str(given.password) not in said


def test_a_database_file_that_cannot_be_opened_is_named(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/missing/one.sqlite3"

    code, words = end_of(PREPARE, environment(tmp_path, DATABASE_URL=url))

    assert (code, words.count("\n")) == (1, 1)
    assert f"{tmp_path}/missing/one.sqlite3" in words
    assert "Name another file in DATABASE_URL" in words


def test_a_setup_link_that_ends_an_earlier_one_says_so(tmp_path: Path):
    env = environment(tmp_path)

    first, second = end_of(PREPARE, env), end_of(PREPARE, env)

    assert first[0] == second[0] == 0
    assert "has stopped working" not in first[1]
    assert "The setup link that was printed before has stopped working." in second[1]


def test_a_demonstration_that_is_stopped_has_shown_its_passwords_and_says_what_to_empty(tmp_path: Path):
    filling = subprocess.Popen(
        [*RUN, "demo"],
        cwd=ROOT,
        env=environment(tmp_path, PYTHONUNBUFFERED="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert filling.stdout is not None
    seen = []
    for line in filling.stdout:
        seen.append(line)
        if "module 1 of" in line:
            filling.send_signal(signal.SIGINT)
            break
    rest, complaints = filling.communicate(timeout=60)

    assert filling.returncode == 1
    assert len(re.findall(r"@example\.org\s+\S+-\d\d\s", "".join(seen))) == 18
    assert "complete" not in rest
    assert "The demonstration is incomplete." in complaints
    assert str(tmp_path / "countersign.sqlite3") in complaints
    assert "Traceback" not in complaints
