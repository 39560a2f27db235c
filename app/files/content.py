"""What a file is, by its bytes and never by what its sender says. Nothing is unpacked, nothing is drawn."""

import codecs

import filetype

from app.domain.errors import InvalidInput
from app.domain.evidence import TAKEN, FileKind

# As much of the beginning as the signs of all kinds take.
HEAD = 8192
FOUND: dict[str, FileKind] = {
    "image/png": FileKind.PNG,
    "image/jpeg": FileKind.JPEG,
    "image/gif": FileKind.GIF,
    "image/webp": FileKind.WEBP,
    "application/pdf": FileKind.PDF,
}
# How pages that run begin. As plain text they would do no harm here; whoever opens them elsewhere is not warned.
PAGES = (b"<!doctype", b"<html", b"<svg", b"<?xml", b"<script", b"<head", b"<body", b"<iframe")
NO_TEXT = "This is not plain text: its letters are not in UTF-8, or it holds bytes that no text has."


class Inspector:
    """Looks at a file while it passes by, and says at its end whether it is what its name promises."""

    def __init__(self, promised: FileKind) -> None:
        self._promised = promised
        self._head = b""
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._is_text = True

    def look(self, chunk: bytes) -> None:
        """See one piece of it."""
        if len(self._head) < HEAD:
            self._head += chunk[: HEAD - len(self._head)]
        if self._promised is FileKind.TEXT and self._is_text:
            self._is_text = self._continues_text(chunk, is_end=False)

    def finish(self) -> None:
        """Judge it when all of it was seen: InvalidInput unless it is what it is said to be."""
        if not self._head:
            raise InvalidInput(file="The file is empty.")
        found = self._find()
        if found is not self._promised:
            here = f"is {found.label}" if found else "is none of these"
            raise InvalidInput(file=f"The name says {self._promised.label}, the content {here}. Taken are {TAKEN}.")
        if found is FileKind.TEXT:
            self._judge_text()

    def _find(self) -> FileKind | None:
        # Many signs are short and can begin a text, too: only those of the kinds that are taken speak against it.
        found = FOUND.get(filetype.guess_mime(self._head) or "")
        return FileKind.TEXT if found is None and self._promised is FileKind.TEXT else found

    def _continues_text(self, chunk: bytes, *, is_end: bool) -> bool:
        try:
            return "\0" not in self._decoder.decode(chunk, is_end)
        except UnicodeDecodeError:
            return False

    def _judge_text(self) -> None:
        if not self._is_text or not self._continues_text(b"", is_end=True):
            raise InvalidInput(file=NO_TEXT)
        if self._head.removeprefix(codecs.BOM_UTF8).lstrip().lower().startswith(PAGES):
            raise InvalidInput(file="This is a page (HTML, SVG or XML) and not plain text. Pages are not taken.")
