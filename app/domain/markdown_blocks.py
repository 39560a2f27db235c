"""The blocks of a Markdown text: what stands on which lines, so that every line can be kept as it was typed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from app.domain.errors import InvalidInput
from app.domain.markdown_headings import heading_or_close
from app.domain.markdown_marks import Mark, find_mark, unescape_mark

LINE_LIMIT = 200_000
TOO_MANY_LINES = f"The document has more than {LINE_LIMIT:,} lines: divide it into several."
# Lines that begin with a sign of their own are dear to read, and so is each line under many quote signs.
SIGNED_LIMIT = 40_000
QUOTED_LIMIT = 400_000
NESTING_LIMIT = 60

_PREFIX = re.compile(r"(?:[\s>]|[-*+](?=\s|$)|\d{1,9}[.)](?=\s|$))*")
_SIGNED = re.compile(r"^[ \t>]*(?:[-*+#<>]|\d{1,9}[.)]|=+[ \t]*$|\[[^\[\]]{1,99}\]:)", re.MULTILINE)
_TAG_LINE = re.compile(r"[ \t>]*</?[A-Za-z]")
_BOX_LINE = re.compile(r"([ \t>]*)(?:[-*+]|\d{1,9}[.)])[ \t]+(\\*)\[[ xX]\](?:[ \t]|$)")
_RULER = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")


class Kind(StrEnum):
    """What a block is."""

    ROOT = "root"
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST = "list"
    ITEM = "item"
    QUOTE = "quote"
    CODE = "code"
    HTML = "html"
    RULE = "rule"
    LOOSE = "loose"


_KINDS = {
    "heading_open": Kind.HEADING,
    "paragraph_open": Kind.PARAGRAPH,
    "bullet_list_open": Kind.LIST,
    "ordered_list_open": Kind.LIST,
    "list_item_open": Kind.ITEM,
    "blockquote_open": Kind.QUOTE,
    "fence": Kind.CODE,
    "code_block": Kind.CODE,
    "html_block": Kind.HTML,
    "hr": Kind.RULE,
}


@dataclass(slots=True)
class Block:
    """Some lines, from `start` to before `end`. `text` is what a paragraph or heading says, or how code begins."""

    kind: Kind
    start: int
    end: int
    text: str = ""
    level: int = 0
    marker: str = ""
    children: list["Block"] = field(default_factory=list)
    marks: dict[int, Mark] = field(default_factory=dict)
    has_boxes: bool = False
    is_first: bool = False

    @property
    def is_box(self) -> bool:
        """Whether it is an item of a list that begins with a box."""
        first = self.children[0] if self.children else self
        return self.kind is Kind.ITEM and first.is_first and 0 in first.marks


@dataclass(slots=True)
class Document:
    """A text as lines and blocks. `references` are its link definitions; `spaced` lines stood close below HTML."""

    lines: list[str]
    root: Block
    references: dict[str, dict[str, Any]]
    spaced: list[int]


def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"maxNesting": NESTING_LIMIT})
    # Only blocks are asked for: a line's own markup stays as it was typed.
    reader.core.ruler.enableOnly(["normalize", "block"])
    reader.block.ruler.at("heading", heading_or_close, {"alt": ["paragraph", "reference", "blockquote"]})
    return reader


_READER = _reader()


def read_blocks(text: str) -> Document:
    """Read a text into blocks. What would take too long is refused in a sentence."""
    typed = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    lines = [line if line.strip() else "" for line in typed]
    _check_size(lines)
    spaced = [
        number
        for number in range(1, len(lines))
        if "[" in lines[number] and _BOX_LINE.match(lines[number]) and _TAG_LINE.match(lines[number - 1])
    ]
    given, origin = _with_spaces(lines, spaced)
    env: dict[str, Any] = {}
    root = _tree(_READER.parse("\n".join(given), env), len(given))
    _finish(root, given, origin)
    boxes = [number for number in spaced if not (_BOX_LINE.match(lines[number]) or [""] * 3)[2]]
    return Document(lines, root, env.get("references", {}), boxes)


def _check_size(lines: list[str]) -> None:
    if len(lines) > LINE_LIMIT:
        raise InvalidInput(file=TOO_MANY_LINES)
    signed = sum(1 for line in lines if _SIGNED.match(line))
    if signed > SIGNED_LIMIT:
        raise InvalidInput(file=f"More than {SIGNED_LIMIT:,} lines are no plain text: divide the document.")
    if _quoted(lines) > QUOTED_LIMIT:
        raise InvalidInput(file="Too many lines stand in quotes within quotes: that is too much to read.")


def _quoted(lines: list[str]) -> int:
    """How much work quotes make: until an empty line ends it, each line may be in all quotes that were begun."""
    work = deepest = 0
    for line in lines:
        if line and deepest < NESTING_LIMIT and ">" in (head := line[:400]):
            found = _PREFIX.match(head)
            deepest = min(NESTING_LIMIT, max(deepest, found[0].count(">") if found else 0))
        work, deepest = (work + deepest, deepest) if line else (work, 0)
    return work


def _with_spaces(lines: list[str], spaced: list[int]) -> tuple[list[str], list[int]]:
    """The lines with an empty one before each of the spaced, and for each the number it came from."""
    prefixes = {number: found[1] for number in spaced if (found := _BOX_LINE.match(lines[number]))}
    given: list[str] = []
    origin: list[int] = []
    for number, line in enumerate(lines):
        if number in prefixes:
            given.append(prefixes[number])
            origin.append(number)
        given.append(line)
        origin.append(number)
    return given, origin


def _tree(tokens: list[Token], size: int) -> Block:
    root = Block(Kind.ROOT, 0, size)
    stack = [root]
    for token in tokens:
        if token.type == "inline":
            stack[-1].text = token.content
        elif token.nesting < 0:
            stack.pop()
        else:
            block = _block(token)
            stack[-1].children.append(block)
            if token.nesting > 0:
                stack.append(block)
    return root


def _block(token: Token) -> Block:
    start, end = token.map or (0, 0)
    block = Block(_KINDS[token.type], start, end)
    if block.kind is Kind.HEADING:
        block.level, block.marker = int(token.tag[1]), token.info
    elif block.kind is Kind.ITEM:
        block.marker = f"{token.info}{token.markup}" if token.info else ""
    elif block.kind is Kind.CODE:
        block.text, block.marker = token.info, token.markup
    return block


def _finish(root: Block, given: list[str], origin: list[int]) -> None:
    """Find what stands in no block, mark first children, and give all blocks the numbers of their own lines."""
    for block in list(all_blocks(root)):
        if block.kind in {Kind.ROOT, Kind.ITEM, Kind.QUOTE}:
            block.children = list(_with_loose(block, given))
        if block.kind is Kind.ITEM and block.children and block.children[0].kind in {Kind.PARAGRAPH, Kind.HEADING}:
            block.children[0].is_first = True
            block.children[0].marker = block.marker
    for block in all_blocks(root):
        while block.end > block.start + 1 and not given[block.end - 1].strip():
            block.end -= 1
        block.start, block.end = origin[block.start], origin[block.end - 1] + 1


def _with_loose(block: Block, given: list[str]) -> Iterator[Block]:
    """The children of a block, and between them the lines that are in none: link definitions, too deep nesting."""
    at = block.start
    for child in [*block.children, Block(Kind.LOOSE, block.end, block.end)]:
        lines = [number for number in range(at, child.start) if bare(given[number])]
        if lines:
            yield Block(Kind.LOOSE, lines[0], lines[-1] + 1)
        at = max(at, child.end)
        if child.end > child.start:
            yield child


def all_blocks(root: Block) -> Iterator[Block]:
    """A block and all inside it, in the order of their lines."""
    waiting = [root]
    while waiting:
        block = waiting.pop()
        yield block
        waiting.extend(reversed(block.children))


def find_boxes(document: Document) -> None:
    """Mark the boxes of a document. Where a backslash says that something is none, it has served and goes."""
    for place in box_places(document.root):
        if mark := find_mark(place.text, in_item=place.in_item):
            place.block.marks[place.number] = mark
        elif "\\" in place.text:
            _unescape(place, document.lines)
    for block in reversed(list(all_blocks(document.root))):
        block.has_boxes = bool(block.marks) or any(child.has_boxes for child in block.children)


@dataclass(frozen=True, slots=True)
class BoxPlace:
    """A line of a paragraph that does not begin with a letter: where a box may stand."""

    block: Block
    number: int
    text: str

    @property
    def line(self) -> int:
        """The line's number in the document."""
        return self.block.start + self.number

    @property
    def in_item(self) -> bool:
        """Whether it is the first line of a list's item."""
        return self.number == 0 and self.block.is_first


def box_places(root: Block) -> Iterator[BoxPlace]:
    """All lines at whose beginning a box may stand. The rows of tables are none of them."""
    for block in all_blocks(root):
        if block.kind is not Kind.PARAGRAPH and not block.is_first:
            continue
        texts = block.text.split("\n")
        rows = table_rows(texts)
        for number, text in enumerate(texts):
            plain = text.strip()
            if plain and not plain[0].isalnum() and number not in rows:
                yield BoxPlace(block, number, plain)


def _unescape(place: BoxPlace, lines: list[str]) -> None:
    plain = unescape_mark(place.text, in_item=place.in_item)
    if plain != place.text:
        lines[place.line] = replace_last(lines[place.line], place.text, plain)
        texts = place.block.text.split("\n")
        texts[place.number] = plain
        place.block.text = "\n".join(texts)


def replace_last(line: str, old: str, new: str) -> str:
    """A line with another text at its end."""
    head, _, tail = line.rpartition(old)
    return f"{head}{new}{tail}"


def table_rows(texts: list[str]) -> range:
    """Which lines of a paragraph are the rows of a table, its heading first."""
    for number in range(1, len(texts)):
        if "|" in texts[number - 1] and "-" in texts[number] and _RULER.fullmatch(texts[number]):
            return range(number - 1, len(texts))
    return range(0)


def is_ruler(text: str) -> bool:
    """Whether a row of a table only parts its heading from the rest."""
    return bool(_RULER.fullmatch(text)) and "-" in text


def bare(line: str) -> str:
    """A line without the signs of quotes and lists in front of it."""
    return line[_PREFIX.match(line).end() :].strip()  # type: ignore[union-attr]  # it matches always, if only nothing
