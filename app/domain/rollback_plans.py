"""The commands that a rollback plan gives for its steps: its blocks of code, below the headings they stand under."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

# Where a block of code belongs that stands under no heading with the name of a step.
RUN_KEY = "rbk.during.run"
NESTING_LIMIT = 40

_NUMBER = re.compile(r"^(?:step\s+)?\d{1,3}\s*[.:)]\s*", re.IGNORECASE)
_CODE = {"fence", "code_block"}


def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"maxNesting": NESTING_LIMIT})
    # Only blocks are asked for: the words of a heading stay as they were typed.
    reader.core.ruler.enableOnly(["normalize", "block"])
    return reader


_READER = _reader()


@lru_cache(maxsize=64)  # an open page asks every few seconds, and a plan never changes
def commands_of(plan: str, steps: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    """The command of each step that has one, by the step's key. `steps`: key and text, in order."""
    found: dict[str, list[str]] = defaultdict(list)
    place = _Place(steps)
    for token, words in _with_words(_READER.parse(plan)):
        if token.type == "heading_open":
            place.enter(words, int(token.tag[1:]))
        elif token.type in _CODE and token.content.strip():
            found[place.key].append(token.content.strip("\n"))
    return {key: "\n".join(blocks) for key, blocks in found.items()}


def _with_words(tokens: Sequence[Token]) -> Iterable[tuple[Token, str]]:
    """Each token with the words of the one after it, which are those of a heading."""
    after = [*(token.content for token in tokens[1:]), ""]
    return zip(tokens, after, strict=False)


@dataclass(slots=True)
class _Place:
    """Where in the plan the reader is: below the heading of which step."""

    steps: Sequence[tuple[str, str]]
    key: str = RUN_KEY
    level: int = 0
    used: set[str] = field(default_factory=set)

    def enter(self, words: str, level: int) -> None:
        """Come to a heading. One below the heading of a step belongs to that step."""
        named = self._step_called(words)
        if named:
            self.key, self.level = named, level
            self.used.add(named)
        elif level <= self.level or self.level == 0:
            self.key, self.level = RUN_KEY, 0

    def _step_called(self, words: str) -> str:
        """The step of this name; of two that are called the same, the one that was not there yet."""
        called = [key for key, text in self.steps if _plain(text) == _plain(words)]
        return next((key for key in called if key not in self.used), called[-1] if called else "")


def _plain(words: str) -> str:
    """A heading without its number, marks and capitals."""
    return _NUMBER.sub("", words.strip().strip("*_` ")).strip("*_`:. ").casefold()
