"""Code below a box that is not indented: for Markdown it stands beside the list, for people it says how to do it."""

from app.domain.markdown_blocks import Block, Kind


def count_below(blocks: list[Block], number: int) -> int:
    """How many blocks behind the one with boxes, which is number `number`, are meant for its last box."""
    tight = _tight(blocks, number)
    if tight:
        return tight
    end = number + 1
    while end < len(blocks) and blocks[end].kind is Kind.CODE:
        end += 1
    is_meant = _has_one_item(blocks[number]) or (end < len(blocks) and blocks[end].has_boxes)
    return end - number - 1 if is_meant else 0


def _tight(blocks: list[Block], number: int) -> int:
    """Code right below a box, and what follows that without an empty line."""
    end = number + 1
    while end < len(blocks) and _follows(blocks[end], blocks[end - 1], is_first=end == number + 1):
        end += 1
    return end - number - 1


def _follows(block: Block, above: Block, *, is_first: bool) -> bool:
    if block.start != above.end or block.has_boxes:
        return False
    return block.kind is Kind.CODE or (not is_first and block.kind is Kind.PARAGRAPH)


def _has_one_item(block: Block) -> bool:
    return block.kind is Kind.LIST and len(block.children) == 1
