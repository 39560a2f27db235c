"""Runs Countersign on this machine: prepares the database, then web server and worker together until Ctrl-C."""

import contextlib
import ctypes
import errno
import gc
import importlib
import multiprocessing
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType
from urllib.parse import urljoin

ROOT = Path(__file__).resolve().parents[1]
FLASK = [sys.executable, "-m", "flask", "--app", "wsgi"]
WEB, WORKER = "tools/serve.py", "tools/work.py"
SECONDS_TO_GET_READY = 60
SECONDS_TO_END = 10
# The number of no process: a signal to it reaches nobody.
NOBODY = 2**22 + 1
LINK_PREFIX = "setup-link: "
NOTE_PREFIX = "setup-note: "
NO_SUCH_HOST = "HOST must be an address of this machine, such as 127.0.0.1, not '{}'."


class CannotRunError(Exception):
    """A reason to stop, said in a sentence, with the exit code that goes with it."""

    def __init__(self, sentence: str, code: int = 1) -> None:
        super().__init__(sentence)
        self.code = code


def environment() -> dict[str, str]:
    """The environment of all our processes, with the defaults filled in and the data directory made."""
    data = Path(os.environ.get("COUNTERSIGN_DATA") or ROOT / "var").absolute()
    os.umask(0o077)  # the directory holds a secret and, on SQLite, everything
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        fault = "it is a file" if data.is_file() else error.strerror
        raise CannotRunError(
            f"Countersign cannot keep its data in {data}: {fault}."
            " Choose another directory with: make run COUNTERSIGN_DATA=var"
        ) from error
    return {
        **os.environ,
        "HOST": os.environ.get("HOST") or "127.0.0.1",
        "PORT": os.environ.get("PORT") or "8000",
        "COUNTERSIGN_DATA": str(data),
    }


def check_port(host: str, port: str) -> None:
    """Refuse before anything is started when the address is taken or is none."""
    if not (port.isascii() and port.isdecimal() and 1 <= int(port) <= 65535):
        raise CannotRunError(f"PORT must be a whole number from 1 to 65535, not '{port}'.")
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        raise CannotRunError(NO_SUCH_HOST.format(host)) from error
    try:
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address[0], int(port), *address[2:]))
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            raise CannotRunError(NO_SUCH_HOST.format(host)) from error
        raise CannotRunError(
            f"Countersign cannot listen on {host} port {port}: {error.strerror}."
            " Choose another port with: make run PORT=8001"
        ) from error


def address_here(host: str, port: str) -> str:
    """The address by which this machine itself reaches the web server."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def start_preparing(env: dict[str, str]) -> subprocess.Popen[str]:
    """Start what brings schema and catalogue up to date."""
    # In a session of its own: Ctrl-C does not tear a migration in two.
    return subprocess.Popen(
        [*FLASK, "prepare"], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True, start_new_session=True
    )


def wait_until_prepared(preparing: subprocess.Popen[str]) -> tuple[str, str]:
    """The setup link while there is no person yet, and a note on it."""
    said, _ = preparing.communicate()
    if preparing.returncode:
        sys.stdout.write(said)
        # What is wrong was said already, unless it was killed.
        sentence = "Countersign could not prepare its database and does not start." if preparing.returncode < 0 else ""
        raise CannotRunError(sentence, abs(preparing.returncode))
    return _line(said, LINK_PREFIX), _line(said, NOTE_PREFIX)


def _line(text: str, prefix: str) -> str:
    return next((line.removeprefix(prefix).strip() for line in text.splitlines() if line.startswith(prefix)), "")


def die_with_parent() -> None:
    """On Linux, let the kernel end this process when the one that started it is killed with no chance to end it."""
    if sys.platform == "linux":
        prctl, set_death_signal = ctypes.CDLL(None).prctl, 1
        prctl(set_death_signal, signal.SIGTERM)


def start_filling(env: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start what fills the database, in a session of its own, so that Ctrl-C reaches only us."""
    return subprocess.Popen(
        [*FLASK, "load-demo"],
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=die_with_parent,  # noqa: PLW1509 - this process has no other threads
    )


def share_code() -> type[BaseProcess]:
    """How children are started; where they are forked from this process, what all of them need is imported here.

    They hold it together then: web server and worker need half the memory that they would need each for itself.
    """
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn").Process
    sys.path.insert(0, str(ROOT))
    gc.disable()  # nothing of it is garbage
    for module in ("app", "app.worker.main", "flask_migrate"):
        importlib.import_module(module)
    # What is never looked at by the collector is never written to, and stays shared.
    gc.collect()
    gc.freeze()
    gc.enable()
    return multiprocessing.get_context("fork").Process


def start(script: str, env: dict[str, str], kind: type[BaseProcess]) -> BaseProcess:
    """Start a child in a session of its own, so that Ctrl-C reaches only us and the children end in order."""
    child = kind(target=become, args=(script, env))
    child.start()
    return child


def become(script: str, env: dict[str, str]) -> None:
    """Be a program of its own from now on."""
    os.setsid()
    die_with_parent()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(ROOT)
    sys.argv = [script]
    runpy.run_path(str(ROOT / script), run_name="__main__")


def check_alive(children: dict[str, BaseProcess]) -> None:
    """Without one of the two the other serves nobody well."""
    for name, child in children.items():
        if child.exitcode is not None:
            # A child that a signal ended has a negative code, which no process can hand on.
            code = child.exitcode if child.exitcode > 0 else 1
            raise CannotRunError(f"The {name} ended by itself (code {child.exitcode}), so Countersign stops.", code)


def is_ready(address: str) -> bool:
    """Whether the web server answers that it can serve."""
    try:
        # Asked under the one name that is always answered, whatever the settings say about others.
        asked = urllib.request.Request(f"{address}/readyz", headers={"Host": "127.0.0.1"})  # noqa: S310 - our own
        with urllib.request.urlopen(asked, timeout=2) as answer:  # noqa: S310 - our own http address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def wait_until_ready(address: str, children: dict[str, BaseProcess], stop: threading.Event) -> None:
    """Return when the web server is ready or a stop is asked for."""
    deadline = time.monotonic() + SECONDS_TO_GET_READY
    while not stop.is_set() and not is_ready(address):
        check_alive(children)
        if time.monotonic() > deadline:
            raise CannotRunError(f"Countersign was not ready after {SECONDS_TO_GET_READY} seconds.")
        stop.wait(0.05)


def end(children: dict[str, BaseProcess]) -> None:
    """Ask all to finish, then leave nothing of them behind."""
    for child in children.values():
        child.terminate()
    deadline = time.monotonic() + SECONDS_TO_END
    for child in children.values():
        child.join(max(0, deadline - time.monotonic()))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid or NOBODY, signal.SIGKILL)
        child.join()


def serve(env: dict[str, str], stop: threading.Event) -> None:
    """Web server and worker together, until a stop is asked for or one of them ends."""
    check_port(env["HOST"], env["PORT"])
    # Both take a second or two, and neither needs the other.
    preparing = start_preparing(env)
    kind = share_code()
    link, note = wait_until_prepared(preparing)
    if stop.is_set():
        return
    address = address_here(env["HOST"], env["PORT"])
    shown = env.get("COUNTERSIGN_URL", "").rstrip("/") or address
    children: dict[str, BaseProcess] = {}
    try:
        children["web server"] = start(WEB, env, kind)
        children["worker"] = start(WORKER, env, kind)
        wait_until_ready(address, children, stop)
        if not stop.is_set():
            setup = f"  Make the first administrator at {urljoin(shown, link)}" if link else ""
            print(f"Countersign is at {shown}{setup}", *filter(None, [note]), sep="\n", flush=True)
        while not stop.wait(0.2):
            check_alive(children)
    finally:
        end(children)


def fill_with_demo(env: dict[str, str], stop: threading.Event) -> int:
    """Fill an empty database with the made-up company of the demonstration; the exit code of what does it."""
    wait_until_prepared(start_preparing(env))
    if stop.is_set():
        raise CannotRunError("The demonstration was stopped before it began: nothing of it is in the database.")
    # Until it is ready to answer with a sentence, it is not interrupted: it takes the signal when it unblocks it.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    filling = start_filling(env)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    while filling.poll() is None and not stop.wait(0.1):
        pass
    if stop.is_set():
        # It says itself what it leaves behind.
        filling.send_signal(signal.SIGINT)
    return abs(filling.wait())


def main(arguments: list[str]) -> int:
    """Run until told to stop; 0 when that was by a signal, else the code of what went wrong."""
    stop, is_demo = threading.Event(), arguments == ["demo"]

    def ask_to_stop(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ask_to_stop)
    try:
        env = environment()
        if is_demo:
            return fill_with_demo(env, stop)
        serve(env, stop)
    except CannotRunError as reason:
        if stop.is_set() and not is_demo:
            return 0
        if str(reason):
            print(reason, file=sys.stderr)
        return reason.code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
