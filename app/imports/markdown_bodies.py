"""Text that was kept, put together again: as it was typed, without what only draws a rule at its edges."""

from dataclasses import dataclass, field

from app.domain.markdown_blocks import Document
from app.domain.template_content import BODY_LIMIT, OtherKind, OtherLine
from app.imports.findings import Findings
from app.imports.markdown_links import with_definitions
from app.imports.markdown_walk import Kept, Numbered

CUT = f"Text beyond {BODY_LIMIT:,} letters in one place was left out"


@dataclass(slots=True)
class Bodies:
    """Makes the text below a heading or a box, and remembers which line went where."""

    document: Document
    findings: Findings
    others: list[OtherLine] = field(default_factory=list)

    def make(self, kept: Kept, place: str, *, first: str = "", line: int = 0) -> str:
        """The text of one place; `first` is a line of our own that comes before the others."""
        pieces = [[(line, first)], *kept.pieces] if first else kept.pieces
        lines = _trimmed(_joined(pieces, kept.spaced), kept.rules)
        size = at = 0
        while at < len(lines) and (size := size + _size(lines[at][1])) <= BODY_LIMIT:
            at += 1
        lost = [(number, text) for number, text in lines[at:] if text]
        self._remember(kept, place, lost)
        body = "\n".join(text for _, text in lines[:at]).rstrip("\n")
        whole = with_definitions(body, self.document.references)
        return whole if len(whole) <= BODY_LIMIT else body

    def _remember(self, kept: Kept, place: str, lost: list[Numbered]) -> None:
        gone = {number for number, _ in lost}
        for other in kept.others:
            if other.line not in gone:
                self.others.append(OtherLine(other.line + 1, other.kind, other.text, place))
        kinds = {other.line: other.kind for other in kept.others}
        for number, text in lost:
            self.findings.note(CUT, number + 1)
            self.others.append(OtherLine(number + 1, kinds.get(number, OtherKind.PARAGRAPH), text.strip()))


def _size(text: str) -> int:
    """How much of the limit a line takes. Pictures and far scripts count for more: a column has so many bytes."""
    return 1 + (len(text) if text.isascii() else max(len(text), len(text.encode(errors="replace")) // 3))


def _joined(pieces: list[list[Numbered]], spaced: set[int]) -> list[Numbered]:
    lines: list[Numbered] = []
    for piece in pieces:
        if lines and (lines[-1][0] + 1 != piece[0][0] or piece[0][0] in spaced):
            lines.append((-1, ""))
        lines.extend(piece)
    return lines


def _trimmed(lines: list[Numbered], rules: set[int]) -> list[Numbered]:
    start, end = 0, len(lines)
    while start < end and (not lines[start][1].strip("> ") or lines[start][0] in rules):
        start += 1
    while end > start and (not lines[end - 1][1].strip("> ") or lines[end - 1][0] in rules):
        end -= 1
    return lines[start:end]
