"""What a file of a kind cannot hold of what it is made from, in sentences; nothing where it loses nothing."""

from collections.abc import Iterator

from app.domain.template_content import TemplateContent
from app.domain.template_files import Standings

# What is said about where an item stands, beside its state, and how that is called in a sentence.
_STANDING = {
    "value": "values given",
    "link": "links",
    "reason": "reasons",
    "owner": "owners",
    "due_on": "due dates",
    "changed_by": "names of who changed them last",
}


def counted(number: int, noun: str) -> str:
    """A number with its noun."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def lost_in_rows(content: TemplateContent) -> Iterator[str]:
    """What a table with a row for each item has no place for."""
    if content.name:
        yield "The name is in that of the file only."
    if content.description:
        yield "The description is not in it."
    if number := sum(bool(group.body) for group in content.groups):
        yield f"The text of {counted(number, 'group')} is not in it."
    if number := sum(bool(group.applies_when) for group in content.groups):
        yield f"The conditions of {counted(number, 'group')} are not in it."
    if number := sum(not group.items for group in content.groups):
        yield f"{counted(number, 'group').capitalize()} without items {'is' if number == 1 else 'are'} not in it."


def lost_beside_states(standings: Standings) -> Iterator[str]:
    """What a list of boxes that are ticked or not has no place for."""
    for field, name in _STANDING.items():
        if number := sum(bool(getattr(standing, field)) for standing in standings.values()):
            yield f"The {name} of {counted(number, 'item')} are not in the Markdown."
