"""The small language in which a template says when something applies, over up to eight questions.

A rule is a text such as `touches_schema and (personal_data or first_release)`: names of questions, `and`, `or`, `not`
and brackets. It knows every way in which the questions can be answered, and so what follows from the answers there are.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import reduce
from operator import and_, or_
from typing import NoReturn

from app.domain.errors import InvalidInput

RULE_LIMIT = 500
NESTING_LIMIT = 20
# Of the ways to answer eight questions, number n is bit n of a whole number.
PLACES = 8
WAYS = 1 << PLACES
EVERY_WAY: int = (1 << WAYS) - 1


def ways_with(place: int) -> int:
    """The ways to answer in which the question at a place is answered with yes."""
    return sum(1 << way for way in range(WAYS) if way >> place & 1)


class Rule(ABC):
    """When something applies. Printed, it is a text that it can be read from."""

    @property
    @abstractmethod
    def ways(self) -> int:
        """The ways to answer in which it holds."""

    @abstractmethod
    def words(self, *, holds: bool, inside: bool = False) -> str:
        """What is said of “it” when the rule holds, or when it does not; `inside` of a longer sentence."""


@dataclass(frozen=True, slots=True)
class Always(Rule):
    """The rule of what has none."""

    @property
    def ways(self) -> int:
        """Every one."""
        return EVERY_WAY

    def words(self, *, holds: bool, inside: bool = False) -> str:  # noqa: ARG002 - said alone
        """That it applies."""
        return "applies" if holds else "does not apply"

    def __str__(self) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Asks(Rule):
    """One question, answered with yes."""

    name: str
    place: int
    yes: str
    no: str

    @property
    def ways(self) -> int:
        """Those with a yes."""
        return ways_with(self.place)

    def words(self, *, holds: bool, inside: bool = False) -> str:  # noqa: ARG002 - never needs brackets
        """What the answer says."""
        return self.yes if holds else self.no

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Not(Rule):
    """The contrary of another rule."""

    rule: Rule

    @property
    def ways(self) -> int:
        """All others."""
        return EVERY_WAY & ~self.rule.ways

    def words(self, *, holds: bool, inside: bool = False) -> str:
        """The contrary, said without a “not” before it."""
        return self.rule.words(holds=not holds, inside=inside)

    def __str__(self) -> str:
        return f"not ({self.rule})" if isinstance(self.rule, Joined) else f"not {self.rule}"


@dataclass(frozen=True, slots=True)
class Joined(Rule):
    """Two or more rules: all must hold, or at least one."""

    parts: tuple[Rule, ...]
    needs_all: bool

    @property
    def ways(self) -> int:
        """Those that all parts share, or that any part has."""
        return reduce(and_ if self.needs_all else or_, (part.ways for part in self.parts))

    def words(self, *, holds: bool, inside: bool = False) -> str:
        """The parts with a word between them: not both of two means that one or the other is missing."""
        word = " and " if self.needs_all is holds else " or "
        told = word.join(part.words(holds=holds, inside=True) for part in self.parts)
        return f"({told})" if inside else told

    def __str__(self) -> str:
        texts = (f"({part})" if isinstance(part, Joined) else str(part) for part in self.parts)
        return (" and " if self.needs_all else " or ").join(texts)


_TOKEN = re.compile(r"(?P<word>[A-Za-z_0-9]+)|\S")
_JOINING = ("and", "or", "not")


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    # Counted from one, as people count letters.
    at: int
    is_word: bool


class Reader:
    """Reads one rule from left to right: “or” binds least, then “and”, then “not”."""

    def __init__(self, text: str, questions: Mapping[str, Rule]) -> None:
        self._questions = questions
        self._left = [_Token(found[0], found.start() + 1, bool(found["word"])) for found in _TOKEN.finditer(text)]
        self._left.append(_Token("", len(text) + 1, is_word=False))
        self._left.reverse()
        self._depth = 0

    def read(self) -> Rule:
        """The whole rule, or InvalidInput."""
        if not self._next.text:
            return Always()
        rule = self._either()
        if self._next.text:
            self._refuse(f"“{self._next.text}” is not expected here. Put “and” or “or” between two questions.")
        return rule

    @property
    def _next(self) -> _Token:
        return self._left[-1]

    def _takes(self, text: str) -> bool:
        is_next = self._next.text.lower() == text
        if is_next:
            self._left.pop()
        return is_next

    def _either(self) -> Rule:
        return self._joined("or", lambda: self._joined("and", self._piece))

    def _joined(self, word: str, read_part: Callable[[], Rule]) -> Rule:
        parts = [read_part()]
        while self._takes(word):
            parts.append(read_part())
        return parts[0] if len(parts) == 1 else Joined(tuple(parts), needs_all=word == "and")

    def _piece(self) -> Rule:
        self._depth += 1
        if self._depth > NESTING_LIMIT:
            self._refuse(f"brackets and “not” stand more than {NESTING_LIMIT} deep in each other.")
        if self._takes("not"):
            rule: Rule = Not(self._piece())
        elif self._takes("("):
            rule = self._in_brackets()
        else:
            rule = self._question()
        self._depth -= 1
        return rule

    def _in_brackets(self) -> Rule:
        rule = self._either()
        if not self._takes(")"):
            self._refuse("a closing bracket is missing.")
        return rule

    def _question(self) -> Rule:
        token = self._next
        found = self._questions.get(token.text.lower())
        if found is None:
            self._refuse(self._fault(token))
        self._left.pop()
        return found

    def _fault(self, token: _Token) -> str:
        if token.is_word and token.text.lower() not in _JOINING:
            return f"“{token.text}” is no question. {self._advice(token.text.lower())}"
        return f"a question is missing{f' before “{token.text}”' if token.text else ' at the end'}."

    def _advice(self, word: str) -> str:
        close = get_close_matches(word, self._questions, n=1)
        return f"Did you mean {close[0]}?" if close else f"The questions are {', '.join(self._questions)}."

    def _refuse(self, sentence: str) -> NoReturn:
        raise InvalidInput(applies_when=f"At letter {self._next.at} of the rule: {sentence}")
