"""What the lines of a Markdown document are that are no boxes: bullets, steps, statements, rows, paragraphs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from app.domain.markdown_blocks import Block, Kind, bare, is_ruler, table_rows
from app.domain.template_content import OtherKind

SQL = frozenset({"sql", "mysql", "mariadb", "psql", "postgres", "postgresql", "plsql", "plpgsql", "tsql", "sqlite"})
# Longer than this, it is kept nowhere whole and counts as one.
SQL_LIMIT = 100_000
_SQL_PARTS = re.compile(
    r"""(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))|(?P<end>;)
    |'(?:[^'\\]|\\.)*(?:'|\Z)|"(?:[^"\\]|\\.)*(?:"|\Z)|`[^`]*(?:`|\Z)|[^'"`;/-]+|.""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Other:
    """A line (counted from 0) that is no box."""

    line: int
    kind: OtherKind
    text: str


def describe(block: Block, lines: list[str], *, is_quoted: bool = False) -> Iterator[Other]:
    """Each line of a block that says something, and what it is."""
    if block.kind is Kind.PARAGRAPH or (block.kind is Kind.HEADING and block.is_first):
        yield from _of_paragraph(block, is_quoted=is_quoted)
    elif block.kind is Kind.CODE:
        yield from _of_code(block, lines)
    elif block.kind in {Kind.HTML, Kind.LOOSE}:
        kind = OtherKind.HTML if block.kind is Kind.HTML else OtherKind.PARAGRAPH
        for number in range(block.start, block.end):
            if text := bare(lines[number]):
                yield Other(number, kind, text)
    for child in block.children:
        yield from describe(child, lines, is_quoted=is_quoted or block.kind is Kind.QUOTE)


def _of_paragraph(block: Block, *, is_quoted: bool) -> Iterator[Other]:
    texts = [text.strip() for text in block.text.split("\n")]
    if block.is_first:
        kind = OtherKind.STEP if block.marker else OtherKind.BULLET
        text = " ".join(texts)
        yield Other(block.start, kind, f"{block.marker} {text}" if block.marker else text)
        return
    rows = table_rows(texts)
    for number, text in enumerate(texts):
        if number in rows:
            if not is_ruler(text):
                yield Other(block.start + number, OtherKind.TABLE, text)
        else:
            yield Other(block.start + number, OtherKind.QUOTE if is_quoted else OtherKind.PARAGRAPH, text)


def _of_code(block: Block, lines: list[str]) -> Iterator[Other]:
    first, last = (block.start + 1, block.end) if block.marker else (block.start, block.end)
    if block.marker and last > first and bare(lines[last - 1]).startswith(block.marker[:3]):
        last -= 1
    inside = lines[first:last]
    language = block.text.split()[0].lower() if block.text.strip() else ""
    is_sql = language in SQL and sum(map(len, inside)) <= SQL_LIMIT
    statements = list(_statements("\n".join(inside), first)) if is_sql else []
    if statements:
        yield from statements
    elif text := next((line.strip() for line in inside if line.strip()), ""):
        number = next(number for number in range(first, last) if lines[number].strip())
        yield Other(number, OtherKind.CODE, text)


def _statements(code: str, first: int) -> Iterator[Other]:
    """The statements of SQL: their text without comments, and the line on which each begins, its comment included."""
    line, begun, parts = first, -1, list[str]()
    for found in _SQL_PARTS.finditer(code):
        text = found[0]
        if begun < 0 and text.strip():
            begun = line + text[: len(text) - len(text.lstrip())].count("\n")
        if not found["comment"]:
            parts.append(text)
        if found["end"]:
            yield from _statement(parts, begun)
            begun, parts = -1, []
        line += text.count("\n")
    yield from _statement(parts, begun)


def _statement(parts: list[str], line: int) -> Iterator[Other]:
    text = " ".join("".join(parts).split())
    if text.strip("; "):
        yield Other(line, OtherKind.CODE, text)
