"""Taking in files: which views take one, how large it may be, and where it is kept."""

from collections.abc import Callable
from typing import IO, TypeVar

from flask import Response, current_app, g, request, send_file, session

from app.domain.evidence import Limits, size_words
from app.files.scanner import Scanner
from app.files.store import Store
from app.web.people import TOKEN

View = TypeVar("View", bound=Callable[..., object])

MB = 1_000_000
# What a form holds beside its file.
BESIDE = 64 * 1024


def takes_file(view: View) -> View:
    """Declare that a view takes a file, so that more may be sent to it than to others."""
    view.takes_file = True  # type: ignore[attr-defined]  # a mark on the function, read below
    return view


def takes_document(view: View) -> View:
    """Declare that a view takes a document, as a file or as text typed into its form."""
    view.takes_text = True  # type: ignore[attr-defined]  # a mark on the function, read below
    return takes_file(view)


def open_for_file() -> None:
    """Let in as much as a file may have, where one is taken and from who holds a cookie that we signed.

    It comes before the body is read, and asks nothing of the database: whether the session still holds is seen later.
    """
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "takes_file", False) and TOKEN in session:
        g.file_limit = file_limit()
        request.max_content_length = g.file_limit + BESIDE
        if getattr(view, "takes_text", False):
            request.max_form_memory_size = g.file_limit


def limit_sentence() -> str:
    """How large a file may be, where one was too large; empty elsewhere."""
    return f"A file may have at most {size_words(g.file_limit)}. Nothing was saved." if "file_limit" in g else ""


def file_limit() -> int:
    """How many bytes a file of evidence may have."""
    return int(current_app.config["SETTINGS"].evidence_file_mb) * MB


def attachment(file: IO[bytes], name: str) -> Response:
    """A file to be saved, never shown: as bytes without a kind, and without rights should a browser open it anyway."""
    response = send_file(file, "application/octet-stream", as_attachment=True, download_name=name, etag=False)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "no-store"
    return response


def evidence_limits() -> Limits:
    """How much evidence there may be."""
    settings = current_app.config["SETTINGS"]
    return Limits(per_item=settings.evidence_per_item, release_bytes=settings.evidence_release_mb * MB)


def evidence_store() -> Store:
    """Where files of evidence are kept."""
    settings = current_app.config["SETTINGS"]
    scanner = Scanner(
        settings.scanner_command, settings.evidence_scanner_seconds, settings.evidence_scanner_down == "refuse"
    )
    return Store(settings.evidence_directory, scanner if scanner.command else None)
