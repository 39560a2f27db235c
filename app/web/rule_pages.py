"""The page of the twelve rules: each with its words, what enforces it, and what became of it."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.catalogue.reader import OtherLine, read_catalogue
from app.domain.always_never import RECORD_WORDS, Rule, find_rule
from app.queries.rules import Counted, RuleNumbers


@dataclass(frozen=True, slots=True)
class RuleCard:
    """One rule with its numbers."""

    rule: Rule
    text: str
    kind: str
    numbers: RuleNumbers
    asks: tuple[str, ...]


def _line_of(rule: Rule) -> OtherLine:
    return next(line for line in read_catalogue().other_lines if line.key == rule.key)


def rule_words(key: str) -> str:
    """A rule as one says it: “Never deploy without backup”. Empty for what is none."""
    rule = find_rule(key)
    if rule is None:
        return ""
    line = _line_of(rule)
    return f"{line.subsection} {line.text[0].lower()}{line.text[1:]}"


def cards_of_rules(rules: Iterable[Rule], counted: Counted) -> list[RuleCard]:
    """Rules in the order of the document."""
    texts = {item.key: item.text for item in read_catalogue().items}
    return [
        RuleCard(
            rule,
            rule_words(rule.key),
            _line_of(rule).subsection,
            counted.numbers[rule.key],
            (*(RECORD_WORDS[key] for key in rule.records), *(t for key, t in texts.items() if rule.is_about(key))),
        )
        for rule in rules
    ]
