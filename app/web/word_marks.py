"""Two wordings side by side, with marks on the words that differ."""

import re
from difflib import SequenceMatcher

from markupsafe import Markup, escape

WORDS = re.compile(r"\s+|\w+|[^\w\s]")
LINES = re.compile(r"[^\n]*\n|[^\n]+")
# Comparing takes time with the square of it: what is longer is compared line by line.
MOST_WORDS = 600


def mark_words(old: str, new: str) -> tuple[Markup, Markup]:
    """Both texts, escaped: what stands only in the old one is marked as deleted, only in the new one as inserted."""
    before, after = _pieces(old, new)
    left, right = [], []
    for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        gone, come = "".join(before[a:b]), "".join(after[c:d])
        if kind == "equal":
            left.append(escape(gone))
            right.append(escape(come))
            continue
        if gone:
            left.append(Markup("<del>{}</del>").format(gone))
        if come:
            right.append(Markup("<ins>{}</ins>").format(come))
    return Markup("").join(left), Markup("").join(right)


def _pieces(old: str, new: str) -> tuple[list[str], list[str]]:
    before, after = WORDS.findall(old), WORDS.findall(new)
    if max(len(before), len(after)) <= MOST_WORDS:
        return before, after
    return LINES.findall(old), LINES.findall(new)
