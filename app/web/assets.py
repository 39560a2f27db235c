"""Static files: compressed beforehand, kept by browsers for ever, found anew when they change."""

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Flask
from whitenoise import WhiteNoise

YEAR = 365 * 24 * 3600


def init_app(app: Flask) -> None:
    """Serve static/ in front of the application, and put each file's digest into its address."""
    folder = Path(app.static_folder or "")
    app.url_defaults(lambda endpoint, values: _add_version(folder, endpoint, values))
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]  # the documented way
        app.wsgi_app,
        root=str(folder),
        prefix="static/",
        max_age=YEAR,
        allow_all_origins=False,
        add_headers_function=_mark,
    )


def _add_version(folder: Path, endpoint: str, values: dict[str, Any]) -> None:
    if endpoint == "static" and "filename" in values:
        values["v"] = _digest(folder / values["filename"])


@cache
def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()[:10]


def _mark(headers: Any, _path: str, _url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
