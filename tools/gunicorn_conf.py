"""Settings of the web server, for `make run` and for production: gunicorn -c tools/gunicorn_conf.py wsgi:app."""

import os
from pathlib import Path


def default_workers() -> int:
    """SQLite has one writer at a time, so a second process would only wait; a database server serves two."""
    url = os.environ.get("DATABASE_URL", "")
    return 1 if not url or url.startswith("sqlite") else 2


def address() -> str:
    """Where to listen; an IPv6 address needs its brackets."""
    host = os.environ.get("HOST") or "127.0.0.1"
    return f"{f'[{host}]' if ':' in host else host}:{os.environ.get('PORT') or '8000'}"


bind = address()
workers = int(os.environ.get("WEB_CONCURRENCY") or default_workers())
worker_class = "gthread"
threads = 8
timeout = 60
graceful_timeout = 8
keepalive = 5
limit_request_line = 4094
limit_request_fields = 60
limit_request_field_size = 8190
header_map = "refuse"
control_socket_disable = True
loglevel = "warning"
# Workers touch a heartbeat file all the time; on a disk under load one touch can block for longer than the timeout.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
