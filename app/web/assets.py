"""Static files: compressed beforehand, kept by browsers for ever, found anew when they change."""

import os
import shutil
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Flask, request, url_for
from whitenoise import WhiteNoise
from whitenoise.compress import Compressor


def init_app(app: Flask) -> None:
    """Serve static/ in front of the application, and put each file's digest into its address."""
    folder = Path(app.static_folder or "")
    app.url_defaults(lambda endpoint, values: _add_version(folder, endpoint, values))
    app.jinja_env.globals.update(asset=asset)
    packed = packed_folder(app)
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]  # the documented way
        app.wsgi_app,
        root=str(packed if packed.is_dir() else folder),
        prefix="static/",
        # An address carries the digest of what is behind it: what it answers never changes.
        immutable_file_test=lambda _path, _url: True,
        allow_all_origins=False,
        add_headers_function=_mark,
    )


def asset(name: str) -> str:
    """The address of a file under static/."""
    return _address(request.script_root, name)


@cache
def _address(_root: str, name: str) -> str:
    return url_for("static", filename=name)


def packed_folder(app: Flask) -> Path:
    """Where the compressed copy of static/ lies: named by its content, so that it can never be an old one."""
    data: Path = app.config["SETTINGS"].data
    return data.absolute() / f"static-{_digest_of_all(Path(app.static_folder or ''))}"


def pack(app: Flask) -> None:
    """Make the compressed copy when it is not there; remove those of other versions."""
    folder = packed_folder(app)
    if folder.is_dir():
        return
    making = folder.with_name(f"{folder.name}.making-{os.getpid()}")
    shutil.copytree(Path(app.static_folder or ""), making)
    compressor = Compressor(quiet=True)
    for path in sorted(making.rglob("*")):
        if path.is_file() and compressor.should_compress(path.name):
            list(compressor.compress(str(path)))
    making.rename(folder)
    for old in folder.parent.glob("static-*"):
        if old != folder:
            shutil.rmtree(old, ignore_errors=True)


def _digest_of_all(folder: Path) -> str:
    content = sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return content.hexdigest()[:12]


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
