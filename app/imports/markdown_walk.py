"""Walking through the blocks under one heading: boxes on the one hand, text that is kept as typed on the other."""

import re
from dataclasses import dataclass, field, replace
from itertools import pairwise

from app.domain.markdown_blocks import Block, Document, Kind
from app.domain.markdown_marks import Mark, Oddity, split_key
from app.domain.template_content import DEPTH_LIMIT, OtherKind
from app.imports.columns import View
from app.imports.findings import Findings
from app.imports.markdown_below import count_below
from app.imports.markdown_others import Other, describe

ODDITIES = {
    Oddity.NO_BULLET: "Boxes without a bullet were taken as items",
    Oddity.NO_SPACE: "Boxes with a space too much or too little were taken as items",
    Oddity.STRANGE_SIGN: "Boxes with another sign than x were taken as items, ticked only where the sign is a tick",
    Oddity.DRAWN: "Drawn boxes (☐, ☑) were taken as items",
}
EMPTY = "Boxes without a text were left out"
TOO_DEEP = f"Boxes nested deeper than {DEPTH_LIMIT} levels were taken at level {DEPTH_LIMIT}"
FOLDED = "<details> and <summary> were left out of the texts of boxes"
# Longer texts are shortened and kept whole below their box: nobody searches them for comments.
SEARCHED = 1_000
_HTML = re.compile(
    r"(?P<code>(?P<tick>`+).+?(?P=tick))|(?P<comment>\s*<!--.*?-->)|(?P<fold></?(?:details|summary)(?:\s[^<>]*)?>)"
)
_BOLD = re.compile(r"(\*\*|__)[^*_]+\1:?")
Numbered = tuple[int, str]


@dataclass(slots=True)
class Kept:
    """Text kept as typed: pieces of numbered lines (from 0), what they are, which draw a rule or need space above."""

    pieces: list[list[Numbered]] = field(default_factory=list)
    others: list[Other] = field(default_factory=list)
    rules: set[int] = field(default_factory=set)
    spaced: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Box:
    """A box as it was found."""

    line: int
    text: str
    is_done: bool
    depth: int
    key: str = ""
    kept: Kept = field(default_factory=Kept)


@dataclass(frozen=True, slots=True)
class Place:
    """Where one stands: text goes to the owner (or the heading) as `kept` shows it; `view` shows what is inside."""

    kept: View
    view: View
    depth: int = 0
    owner: Box | None = None
    is_quoted: bool = False


@dataclass(slots=True)
class Walk:
    """The boxes under one heading, and the text around them: `before` stands above the first box, `after` below it."""

    document: Document
    findings: Findings
    boxes: list[Box] = field(default_factory=list)
    before: Kept = field(default_factory=Kept)
    after: Kept = field(default_factory=Kept)
    left_out: list[Other] = field(default_factory=list)

    def go(self, blocks: list[Block], view: View) -> None:
        """Walk through blocks that stand under the heading without a gap."""
        self._walk(blocks, Place(view, view))

    def _walk(self, blocks: list[Block], place: Place) -> None:
        run: list[Block] = []
        kept_until = 0
        for number, block in enumerate(blocks):
            if number < kept_until:
                continue
            if not block.has_boxes:
                run.append(block)
            elif block.kind is Kind.LIST:
                run = self._items(block.children, run, place)
            else:
                self._keep(run, place)
                run = []
                if block.marks:
                    self._split(block, place)
                else:  # a quote: nothing else holds blocks
                    inside = place.view.of_quote(block.start, block.end)
                    self._walk(block.children, replace(place, view=inside, is_quoted=True))
            if block.has_boxes and not run and not place.owner:
                kept_until = number + 1 + count_below(blocks, number)
                self._keep_below(blocks[number + 1 : kept_until], place)
        self._keep(run, place)

    def _keep_below(self, blocks: list[Block], place: Place) -> None:
        """Keep what stands below a list, but is meant for its last box."""
        if blocks and self.boxes:
            self._keep(blocks, Place(place.view, place.view, owner=self.boxes[-1], is_quoted=place.is_quoted))

    def _items(self, items: list[Block], run: list[Block], place: Place) -> list[Block]:
        """Walk through a list. What was gathered before it and has no boxes is kept together with its first bullets."""
        for item in items:
            if not item.has_boxes:
                run.append(item)
                continue
            self._keep(run, place)
            run = []
            inside = place.view.of_item(item.start, item.end)
            if not item.is_box:
                # A number in front of a bullet and nothing else is no level of its own.
                is_bare = bool(item.marker) and item.children[0].kind is Kind.LIST
                self._walk(item.children, replace(place, view=inside, depth=place.depth + (not is_bare)))
                continue
            box = self._split(item.children[0], place)
            kept, owner = (inside, box) if box else (place.kept, place.owner)
            self._walk(item.children[1:], Place(kept, inside, place.depth + 1, owner))
        return run

    def _keep(self, run: list[Block], place: Place) -> None:
        if not run:
            return
        start, end = run[0].start, run[-1].end
        kept = place.owner.kept if place.owner else self.after if self.boxes else self.before
        kept.pieces.append([(number, place.kept.text(number)) for number in range(start, end)])
        for block in run:
            kept.others.extend(describe(block, self.document.lines, is_quoted=place.is_quoted))
            if block.kind is Kind.RULE:
                kept.rules.update(range(block.start, block.end))

    def _split(self, block: Block, place: Place) -> Box | None:
        """Divide a paragraph at its boxes. The first box is given back when the paragraph begins with it."""
        texts = [text.strip() for text in block.text.split("\n")]
        starts = [*block.marks, len(texts)]
        if starts[0] > 0:
            lead = _part(block, texts, 0, starts[0])
            lead.is_first, lead.marker = block.is_first, block.marker
            self._keep([lead], place)
        first: Box | None = None
        for start, end in pairwise(starts):
            at = end if block.is_first and not start else _label(texts, start + 1, end)
            box = self._box(block.marks[start], block.start + start, texts[start + 1 : at], place.depth)
            first = box if start == 0 else first
            if at < end:
                self._keep([_part(block, texts, at, end)], place)
        return first

    def _box(self, mark: Mark, line: int, rest: list[str], depth: int) -> Box | None:
        joined = " ".join([mark.text, *rest]) if rest else mark.text
        text, key = split_key(joined.strip())
        text, comments, is_folded = _without_html(text)
        if is_folded:
            self.findings.note(FOLDED, line + 1)
        if mark.oddity:
            self.findings.note(ODDITIES[mark.oddity], line + 1)
        if not text:
            self.findings.note(EMPTY, line + 1)
            self.left_out.append(Other(line, OtherKind.BULLET, " ".join(["[ ]", *comments])))
            return None
        if depth > DEPTH_LIMIT:
            self.findings.note(TOO_DEEP, line + 1)
        box = Box(line, text, mark.is_done, min(depth, DEPTH_LIMIT), key)
        for comment in comments:
            box.kept.pieces.append([(line, comment)])
            box.kept.others.append(Other(line, OtherKind.HTML, comment))
        self.boxes.append(box)
        return box


def _part(block: Block, texts: list[str], start: int, end: int) -> Block:
    return Block(block.kind, block.start + start, block.start + end, "\n".join(texts[start:end]))


def _label(texts: list[str], start: int, end: int) -> int:
    """The first bold line: between boxes that are in no list it is a heading to whoever wrote it."""
    return next((number for number in range(start, end) if _BOLD.fullmatch(texts[number])), end)


def _without_html(text: str) -> tuple[str, list[str], bool]:
    """A text without its HTML comments and what folds it; the comments; and whether something folded it."""
    if "<" not in text or len(text) > SEARCHED:
        return text, [], False
    comments: list[str] = []
    folds: list[str] = []

    def take(found: re.Match[str]) -> str:
        if found["code"]:
            return found["code"]
        (comments if found["comment"] else folds).append(found[0].strip())
        return ""

    return _HTML.sub(take, text).strip(), comments, bool(folds)
