"""A file that cannot be taken, with all its reasons."""

from app.domain.errors import InvalidInput

SHOWN = 10


class Unreadable(InvalidInput):
    """A file cannot be taken as a template; `sentences` says why, each with its place."""

    def __init__(self, *sentences: str) -> None:
        more = len(sentences) - SHOWN
        rest = (f"And {more} more of this kind.",) if more > 0 else ()
        super().__init__(file=" ".join((*sentences[:SHOWN], *rest)))
        self.sentences = sentences


class NoTextColumn(Unreadable):
    """A table is fine, but nobody has said yet which of its columns holds the texts."""
