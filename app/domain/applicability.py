"""What a module is asked once, so that rules of a template can say which of its items apply.

Where the answers do not decide a rule, it is unknown, and the item applies: nothing is taken away on missing data.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from app.domain.checklist import BelongsTo
from app.domain.errors import InvalidInput
from app.domain.rules import EVERY_WAY, RULE_LIMIT, Always, Asks, Reader, ways_with
from app.domain.rules import Rule as Tree


class Question(StrEnum):
    """One of the eight questions. Values are stored, and stand in rules: never rename one."""

    TOUCHES_SCHEMA = "touches_schema"
    DROPS_OR_RENAMES = "drops_or_renames"
    ADDS_ENDPOINTS = "adds_endpoints"
    HAS_UPLOADS = "has_uploads"
    CALLS_OUTSIDE_SYSTEM = "calls_outside_system"
    PERSONAL_DATA = "personal_data"
    LARGE_TABLES = "large_tables"
    FIRST_RELEASE = "first_release"

    @property
    def label(self) -> str:
        """The question as it is asked."""
        return QUESTIONS[self]


QUESTIONS: dict[Question, str] = {
    Question.TOUCHES_SCHEMA: "Does it change the schema of a database?",
    Question.DROPS_OR_RENAMES: "Does it drop or rename tables or columns?",
    Question.ADDS_ENDPOINTS: "Does it add endpoints?",
    Question.HAS_UPLOADS: "Does it take uploads?",
    Question.CALLS_OUTSIDE_SYSTEM: "Does it call a system outside?",
    Question.PERSONAL_DATA: "Does it hold personal data?",
    Question.LARGE_TABLES: "Does it work on large tables?",
    Question.FIRST_RELEASE: "Is this its first release?",
}
# Behind “it”: what a yes says of a module, and what a no says.
SAYS: dict[Question, tuple[str, str]] = {
    Question.TOUCHES_SCHEMA: ("changes the schema", "does not change the schema"),
    Question.DROPS_OR_RENAMES: ("drops or renames tables or columns", "drops and renames nothing"),
    Question.ADDS_ENDPOINTS: ("adds endpoints", "adds no endpoints"),
    Question.HAS_UPLOADS: ("takes uploads", "takes no uploads"),
    Question.CALLS_OUTSIDE_SYSTEM: ("calls a system outside", "calls no system outside"),
    Question.PERSONAL_DATA: ("holds personal data", "holds no personal data"),
    Question.LARGE_TABLES: ("works on large tables", "works on no large tables"),
    Question.FIRST_RELEASE: ("is in its first release", "is not in its first release"),
}
# The checklists of a module. A release has no module that could have answered: rules decide nothing there.
RULED = (BelongsTo.MODULE, BelongsTo.CHANGE, BelongsTo.TARGET)

Answers = Mapping[Question, bool]


def answer_word(is_yes: bool | None) -> str:
    """An answer in words; empty when there is none."""
    return "" if is_yes is None else "yes" if is_yes else "no"


def check_may_answer(question: Question, old: bool | None, new: bool | None, *, reason: str) -> None:
    """Raise InvalidInput unless an answer is the first, the same, or changed with a reason."""
    if old is not None and new is not old and not reason:
        raise InvalidInput(reason=f"Say why “{question.label}” is answered anew.")


def check_answers(answers: Answers) -> None:
    """Raise InvalidInput when two answers cannot both be true."""
    if answers.get(Question.DROPS_OR_RENAMES) and answers.get(Question.TOUCHES_SCHEMA) is False:
        raise InvalidInput(touches_schema="What drops or renames tables or columns changes the schema: answer yes.")


_PLACES = {question: place for place, question in enumerate(Question)}
_WAYS = {question: ways_with(place) for question, place in _PLACES.items()}
_VOCABULARY = {question.value: Asks(question.value, place, *SAYS[question]) for question, place in _PLACES.items()}


@dataclass(frozen=True, slots=True)
class Rule:
    """When something applies. Printed, it is a text that it can be read from."""

    tree: Tree
    ways: int

    @property
    def is_always(self) -> bool:
        """Whether there is no rule at all."""
        return isinstance(self.tree, Always)

    def applies(self, answers: Answers) -> bool | None:
        """Whether it holds, however the other questions will be answered; None while that is not decided."""
        possible = EVERY_WAY
        for question, is_yes in answers.items():
            possible &= _WAYS[question] if is_yes else ~_WAYS[question]
        held = self.ways & possible
        return True if held == possible else None if held else False

    def __str__(self) -> str:
        return str(self.tree)


@lru_cache(maxsize=4096)
def parse_rule(text: str) -> Rule:
    """Read a rule, or raise InvalidInput with the place where it is wrong. An empty one always holds."""
    if len(text) > RULE_LIMIT:
        raise InvalidInput(applies_when=f"A rule has at most {RULE_LIMIT} letters; this one has {len(text)}.")
    read = Reader(text, _VOCABULARY).read()
    return Rule(read, read.ways)


def rule_in_words(rule: Rule) -> str:
    """When something applies, as a sentence without its full stop."""
    return "Always" if rule.is_always else f"Only when it {rule.tree.words(holds=True)}"


def rules_in_words(texts: Iterable[str]) -> str:
    """When something under several rules applies, each as a sentence of its own."""
    rules = [rule for rule in map(_stored, texts) if not rule.is_always]
    return "; ".join(map(rule_in_words, rules)) or "Always"


def _stored(text: str) -> Rule:
    """The rule of a text that was kept; what cannot be read takes nothing away."""
    try:
        return parse_rule(text)
    except InvalidInput:
        return parse_rule("")


def is_ruled_out(texts: Iterable[str], answers: Answers) -> bool:
    """Whether one of these rules says no, however the questions without an answer will be answered."""
    return any(_stored(text).applies(answers) is False for text in texts)


def why_not(texts: Iterable[str]) -> str:
    """Behind “it”: what is so of a module to which something with these rules does not apply; empty without rules."""
    rules = [rule for rule in map(_stored, texts) if not rule.is_always]
    return " or ".join(rule.tree.words(holds=False, inside=len(rules) > 1) for rule in rules)


def why_not_with(texts: Iterable[str], answers: Answers) -> str:
    """The same, of those rules alone that these answers decide."""
    return why_not(text for text in texts if is_ruled_out([text], answers))


def rule_fault(text: str) -> str:
    """Why a rule cannot be read; empty when it can."""
    try:
        parse_rule(text)
    except InvalidInput as refusal:
        return refusal.sentence
    return ""


@dataclass(frozen=True, slots=True)
class Sorted:
    """An item under its rules: does it apply, and if not, why; and what is wrong with its rule."""

    text: str
    applies: bool
    why: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class SortedGroup:
    """A group with its items, sorted by what applies."""

    title: str
    belongs_to: BelongsTo
    rule: str
    fault: str
    items: Sequence[Sorted]

    @property
    def left(self) -> list[Sorted]:
        """What applies."""
        return [item for item in self.items if item.applies]

    @property
    def out(self) -> list[Sorted]:
        """What does not."""
        return [item for item in self.items if not item.applies]

    @property
    def faulty(self) -> list[Sorted]:
        """The items whose own rules cannot be read."""
        return [item for item in self.items if item.fault]


def sort_group(
    title: str, belongs_to: BelongsTo, rule: str, items: Iterable[tuple[str, str]], answers: Answers
) -> SortedGroup:
    """Sort the items of a group, each a text and its own rule, by what these answers say."""
    here = answers if belongs_to in RULED else {}
    return SortedGroup(
        title,
        belongs_to,
        rules_in_words([rule]) if rule else "",
        rule_fault(rule),
        [
            Sorted(text, not is_ruled_out((rule, own), here), why_not_with((rule, own), here), rule_fault(own))
            for text, own in items
        ],
    )
