"""A page as a PDF, written by a process of its own that may take its time and memory and no more."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import BoundedSemaphore

import structlog

from app.domain.errors import NotWritten

WRITER = Path(__file__).resolve().with_name("pdf_writer.py")
NO_LIBRARY = 3
# In one web process: each takes a core and a hundred megabytes while it lasts.
AT_ONCE = 2
WAIT_SECONDS, WRITE_SECONDS = 10, 60
NO_PDF = (
    "This machine cannot write PDF files: a library that lays out pages is not installed. "
    "Whoever runs Countersign finds the packages under “Write PDF files” in its page on operations."
)
TOO_MANY = "Other PDF files are being written at this moment. Wait a little and ask again."
FAILED = "The PDF could not be written. That was written down for whoever runs Countersign."
log = structlog.get_logger()
_places = BoundedSemaphore(AT_ONCE)


def write_pdf(html: str) -> bytes:
    """The PDF of a whole HTML page; raise NotWritten with the reason. Nothing that the page names is fetched."""
    if not _places.acquire(timeout=WAIT_SECONDS):
        raise NotWritten(TOO_MANY, retry_after=WAIT_SECONDS)
    try:
        return _written(html.encode())
    finally:
        _places.release()


def _written(html: bytes) -> bytes:
    # -I: neither the environment nor the directory that it lies in has a say in what it imports.
    with subprocess.Popen(  # noqa: S603 - our own program, without a shell
        [sys.executable, "-I", str(WRITER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PATH": os.environ.get("PATH", os.defpath), "HOME": os.environ.get("HOME", "/"), "LC_ALL": "C.UTF-8"},
        cwd="/",
        start_new_session=True,
    ) as writer:
        try:
            pdf, complaints = writer.communicate(html, timeout=WRITE_SECONDS)
        except subprocess.TimeoutExpired:
            pdf, complaints = b"", b"it took too long"
        finally:
            _end(writer)
    if writer.returncode == NO_LIBRARY:
        raise NotWritten(NO_PDF)
    if writer.returncode or not pdf.startswith(b"%PDF-"):
        log.error("pdf not written", status=writer.returncode, fault=complaints.decode(errors="replace")[-2000:])
        raise NotWritten(FAILED)
    return pdf


def _end(writer: subprocess.Popen[bytes]) -> None:
    """Nothing that it has begun goes on."""
    if writer.poll() is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(writer.pid, signal.SIGKILL)
    writer.wait()
