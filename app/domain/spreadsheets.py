"""What a spreadsheet takes for a formula, and how it is kept from that."""

import re

# A spreadsheet takes a cell for a formula by its first sign, also behind spaces and odd white space.
# Also the full-width signs; and behind a semicolon or the like, where a spreadsheet may part cells.
SIGNS = r"=+\-@\uff1d\uff0b\uff0d\uff20"
# Apostrophes in front are looked through, so that ours is known again and no other is taken for it. The gap behind a
# tab holds no tab: the later one counts, and no cell takes long.
FORMULA = re.compile(rf"'*[\s\0]*[{SIGNS}\t\r\n\0]|.*[;,|\t\"'][^\S\t]*[{SIGNS}]", re.DOTALL)


def is_formula(text: str) -> bool:
    """Whether a spreadsheet might compute this, or whether it would read like what we keep from that."""
    return FORMULA.match(text) is not None


def without_guard(cell: str) -> str:
    """A cell as it was before an apostrophe was put in front of it by our own export."""
    return cell[1:] if cell.startswith("'") and is_formula(cell[1:]) else cell
