"""Boxes that stand where none can be: in the cells of tables, in comments and HTML, nested too deeply."""

import re
from collections.abc import Iterator, Mapping

from markdown_it.common.utils import normalizeReference

from app.domain.markdown_blocks import Block, Document, Kind, all_blocks, table_rows
from app.imports.findings import Findings, count

IN_HTML = "Boxes inside of HTML or of a comment were kept as text"
TOO_DEEP = "Boxes nested too deeply were kept as text"
IN_CODE = "What looks like boxes inside of code was kept as code"
OTHER_SIGNS = "Lines between boxes that begin with something else in brackets were kept as text"
_SAID = {Kind.HTML: IN_HTML, Kind.LOOSE: TOO_DEEP, Kind.CODE: IN_CODE}
BELOW_HTML = "Boxes right below a line of HTML were taken as items"
_ANY = re.compile(r"\[[ xX]\](?!\()")
_LISTED = re.compile(
    r"^[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]+\[[ xX]\](?:\s|$)|<li[^<>]{0,200}>\s*\[[ xX]\]"
    r"|<input[^<>]{0,200}checkbox",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"\[([^\[\]]{1,12})\]\s+\S")


def note_boxes_elsewhere(document: Document, findings: Findings) -> None:
    """Say where there are such boxes, and how many."""
    in_tables = 0
    for block in all_blocks(document.root):
        if block.kind is Kind.PARAGRAPH and "|" in block.text:
            in_tables += _in_table(block)
        for what, number in _lines(block, document):
            findings.note(what, number + 1)
    for number in document.spaced:
        findings.note(BELOW_HTML, number + 1)
    if in_tables:
        boxes = count(in_tables, "box stands", "boxes stand")
        findings.say(f"{boxes} in the cells of tables and stayed text: an item is a line of a list.")


def _lines(block: Block, document: Document) -> Iterator[tuple[str, int]]:
    if block.kind in _SAID:
        for number in _listed(block, document.lines):
            yield _SAID[block.kind], number
    elif block.kind is Kind.LIST and block.has_boxes:
        for number in _bracketed(block, document.references):
            yield OTHER_SIGNS, number


def _bracketed(block: Block, references: Mapping[str, object]) -> Iterator[int]:
    """The items beside boxes that were perhaps meant as some: a word in brackets that is no link comes first."""
    for item in block.children:
        found = _BRACKETS.match(item.children[0].text) if item.children and not item.has_boxes else None
        if found and normalizeReference(found[1]) not in references:
            yield item.start


def _in_table(block: Block) -> int:
    texts = block.text.split("\n")
    return sum(len(_ANY.findall(texts[row])) for row in table_rows(texts))


def _listed(block: Block, lines: list[str]) -> Iterator[int]:
    return (number for number in range(block.start, block.end) if _LISTED.search(lines[number]))
