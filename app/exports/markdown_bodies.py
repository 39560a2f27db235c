"""Text that stands below a heading or a box, made so that what reads it again finds the same boxes and headings."""

import re
from dataclasses import dataclass

from app.domain.errors import InvalidInput
from app.domain.markdown_blocks import Block, Document, Kind, all_blocks, box_places, read_blocks, replace_last
from app.domain.markdown_marks import AS_TYPED, escape_mark, split_key

TRIES = 5
PROBE = "\n\n- [ ] probe"
TAB = 4


@dataclass(frozen=True, slots=True)
class Body:
    """A text to write: up to its first heading, and from there on; and the highest level of its headings."""

    plain: str = ""
    headed: str = ""
    level: int = 9
    labels: frozenset[str] = frozenset()
    is_changed: bool = False

    @property
    def whole(self) -> str:
        """All of it."""
        return "\n\n".join(part for part in (self.plain, self.headed) if part)


def ready(text: str) -> Body:
    """Escape what would be read as a box, and close what would swallow what follows."""
    typed = trim_lines(text)
    if not typed:
        return Body()
    try:
        closed, is_changed = _closed(typed)
    except InvalidInput:
        return Body(plain=_as_code(typed), is_changed=True)
    # Closed first: what an open comment took in may turn out to be a box.
    document = read_blocks("\n".join(_escaped(read_blocks(closed))))
    headings = [block for block in document.root.children if block.kind is Kind.HEADING]
    start = headings[0].start if headings else len(document.lines)
    return Body(
        plain=trim_lines("\n".join(document.lines[:start])),
        headed=trim_lines("\n".join(document.lines[start:])),
        level=min((heading.level for heading in headings), default=9),
        labels=frozenset(document.references),
        is_changed=is_changed,
    )


def trim_lines(text: str) -> str:
    """A text without empty lines at its edges."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    start, end = 0, len(lines)
    while start < end and not lines[start].strip():
        start += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    return "\n".join(lines[start:end])


def lowered(text: str) -> str:
    """The text with its headings of the first level one level lower: that one belongs to the document."""
    document = read_blocks(text)
    lines = list(document.lines)
    for block in document.root.children:
        if block.kind is Kind.HEADING and block.level == 1:
            last = block.end - 1
            if lines[last].strip().strip("=") == "" and last > block.start:
                lines[last] = lines[last].replace("=", "-")
            else:
                lines[block.start] = lines[block.start].replace("#", "##", 1)
    return "\n".join(lines)


def _escaped(document: Document) -> list[str]:
    lines = list(document.lines)
    fenced = {number for block in all_blocks(document.root) for number in _inside_of_fence(block)}
    for number, line in enumerate(lines):
        if number not in fenced and "\t" in line:
            lines[number] = _without_tabs(line)
    for block in document.root.children:
        if block.kind is Kind.HEADING:
            # Indented, it would belong to the list before it.
            lines[block.start] = lines[block.start].lstrip()
        # A key behind a heading would make a group of it.
        if block.kind is Kind.HEADING and split_key(block.text)[1]:
            last = block.end - 1 if lines[block.start].lstrip().startswith("#") else block.end - 2
            lines[last] = f"{lines[last]} {AS_TYPED}"
    for place in box_places(document.root):
        escaped = escape_mark(place.text, in_item=place.in_item)
        if escaped != place.text:
            lines[place.line] = replace_last(lines[place.line], place.text, escaped)
    return lines


def _inside_of_fence(block: Block) -> range:
    return range(block.start + 1, block.end) if block.kind is Kind.CODE and block.marker else range(0)


def _without_tabs(line: str) -> str:
    """Tabs in front of a line as spaces: further to the right they would count for less."""
    indent = line[: len(line) - len(line.lstrip(" \t"))]
    return f"{indent.expandtabs(TAB)}{line[len(indent) :]}"


def _closed(text: str) -> tuple[str, bool]:
    """The text with an end to what has none, and whether that was needed."""
    changed = text
    for _ in range(TRIES):
        last = _swallowing(changed)
        if last is None:
            return changed, changed != text
        if last.kind is Kind.CODE:
            changed = f"{changed}\n{last.marker}"
        else:
            lines = changed.split("\n")
            lines[last.start] = lines[last.start].replace("<", "&lt;", 1)
            changed = "\n".join(lines)
    return _as_code(text), True


def _swallowing(text: str) -> Block | None:
    """The block at the end of a text that takes in what is written behind it; None when nothing does."""
    document = read_blocks(text + PROBE)
    last = document.root.children[-1]
    is_free = last.kind is Kind.LIST and last.children[-1].start == len(document.lines) - 1
    return None if is_free else last


def _as_code(text: str) -> str:
    longest = max((len(found) for found in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"
