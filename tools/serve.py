"""The web server, for `make run` and for production: python tools/serve.py [wsgi:app].

Granian reads headers and keeps idle connections in its own event loop, and gives each request that has come in a thread
of its own: a client that sends slowly holds a thread that sleeps, never the server.
"""

import gc
import importlib
import multiprocessing
import os
import signal
import sys
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from granian import Granian  # noqa: E402 - found in the same environment, after the path is set
from granian.constants import HTTPModes, Interfaces  # noqa: E402 - as above
from granian.log import LogLevels  # noqa: E402 - as above

# A waiting thread costs little; this many slow clients may send at once without anybody else noticing.
THREADS = 256


def default_workers() -> int:
    """SQLite has one writer at a time, so a second process would only wait; a database server serves two."""
    url = os.environ.get("DATABASE_URL", "")
    return 1 if not url or url.startswith("sqlite") else 2


def share_code(*modules: str) -> None:
    """Where workers are forked from this process: import what all of them need here, so that they hold it together."""
    if multiprocessing.get_start_method() == "fork":
        gc.disable()  # nothing of it is garbage
        for module in modules:
            importlib.import_module(module)
        # What is never looked at by the collector is never written to, and stays shared.
        gc.collect()
        gc.freeze()
        gc.enable()


def main(arguments: list[str]) -> None:
    """Serve until told to stop."""
    os.chdir(ROOT)
    # Each thread would otherwise keep memory of its own that the next one cannot use.
    os.environ.setdefault("MALLOC_ARENA_MAX", "2")
    # Many threads are meant here: see above.
    warnings.filterwarnings("ignore", message=".*threads.*")
    # The code of the product, not the product: settings, database and threads belong to each worker.
    share_code("app", "flask_migrate")
    server = Granian(
        arguments[0] if arguments else "wsgi:app",
        address=os.environ.get("HOST") or "127.0.0.1",
        port=int(os.environ.get("PORT") or "8000"),
        interface=Interfaces.WSGI,
        workers=int(os.environ.get("WEB_CONCURRENCY") or default_workers()),
        blocking_threads=THREADS,
        blocking_threads_idle_timeout=30,
        backpressure=THREADS,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.error,
        respawn_failed_workers=True,
        workers_kill_timeout=8,
        working_dir=ROOT,
    )
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    server.serve()


if __name__ == "__main__":
    main(sys.argv[1:])
