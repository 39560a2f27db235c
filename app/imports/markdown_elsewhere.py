"""Boxes that stand where none can be: in the cells of tables, in comments and HTML, nested too deeply."""

import re
from collections.abc import Iterator

from app.domain.markdown_blocks import Block, Document, Kind, all_blocks, table_rows
from app.imports.findings import Findings, count

IN_HTML = "Boxes inside of HTML or of a comment were kept as text"
TOO_DEEP = "Boxes nested too deeply were kept as text"
BELOW_HTML = "Boxes right below a line of HTML were taken as items"
_ANY = re.compile(r"\[[ xX]\](?!\()")
_LISTED = re.compile(r"^[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]+\[[ xX]\](?:\s|$)")


def note_boxes_elsewhere(document: Document, findings: Findings) -> None:
    """Say where there are such boxes, and how many."""
    in_tables = 0
    for block in all_blocks(document.root):
        if block.kind is Kind.PARAGRAPH and "|" in block.text:
            in_tables += _in_table(block)
        elif block.kind in {Kind.HTML, Kind.LOOSE}:
            for number in _listed(block, document.lines):
                findings.note(IN_HTML if block.kind is Kind.HTML else TOO_DEEP, number + 1)
    for number in document.spaced:
        findings.note(BELOW_HTML, number + 1)
    if in_tables:
        boxes = count(in_tables, "box stands", "boxes stand")
        findings.say(f"{boxes} in the cells of tables and stayed text: an item is a line of a list.")


def _in_table(block: Block) -> int:
    texts = block.text.split("\n")
    return sum(len(_ANY.findall(texts[row])) for row in table_rows(texts))


def _listed(block: Block, lines: list[str]) -> Iterator[int]:
    return (number for number in range(block.start, block.end) if _LISTED.match(lines[number]))
