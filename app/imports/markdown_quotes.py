"""Quotes that hold a whole part of a checklist: their headings count as if they stood outside."""

from itertools import groupby

from app.domain.markdown_blocks import Block, Kind


def divide_quote(block: Block) -> list[Block]:
    """A quote with headings and boxes as its headings and the quotes between them; any other block as it is."""
    is_divided = block.kind is Kind.QUOTE and block.has_boxes
    if not is_divided or not any(child.kind is Kind.HEADING for child in block.children):
        return [block]
    parts: list[Block] = []
    for is_heading, run in groupby(block.children, key=lambda child: child.kind is Kind.HEADING):
        children = list(run)
        parts += children if is_heading else [_quote(children)]
    return parts


def _quote(children: list[Block]) -> Block:
    has_boxes = any(child.has_boxes for child in children)
    return Block(Kind.QUOTE, children[0].start, children[-1].end, children=children, has_boxes=has_boxes)
