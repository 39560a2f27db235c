"""What a reader of documents noticed: collected line by line, said once in a sentence."""

from collections.abc import Iterable
from dataclasses import dataclass, field

SHOWN = 5


def name_lines(numbers: Iterable[int]) -> str:
    """Line numbers in words: “line 3”, “lines 3, 7 and 9”, “lines 3, 4, 5, 6, 7 and 12 more”."""
    lines = sorted(set(numbers))
    if len(lines) == 1:
        return f"line {lines[0]:,}"
    shown, rest = lines[:SHOWN], lines[SHOWN:]
    last = f"{len(rest):,} more" if rest else f"{shown.pop():,}"
    return f"lines {', '.join(f'{line:,}' for line in shown)} and {last}"


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun: “1 box”, “2 boxes”."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


@dataclass(slots=True)
class Findings:
    """Warnings: some stand alone, some are one sentence about many lines."""

    sentences: list[str] = field(default_factory=list)
    lines: dict[str, list[int]] = field(default_factory=dict)

    def say(self, sentence: str) -> None:
        """Remember a sentence of its own."""
        if sentence not in self.sentences:
            self.sentences.append(sentence)

    def note(self, what: str, line: int) -> None:
        """Remember that a line (counted from 1) is a case of what will be said once for all."""
        self.lines.setdefault(what, []).append(line)

    def told(self) -> tuple[str, ...]:
        """All of it, in the order in which it was first met."""
        grouped = (f"{what} ({name_lines(lines)})." for what, lines in self.lines.items())
        return (*self.sentences, *grouped)
