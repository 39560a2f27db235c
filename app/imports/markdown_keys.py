"""Keys for what was found: those that the document names, where they are usable and free; made ones for the rest."""

from collections.abc import Sequence

from app.domain.template_content import GROUP_KEY_LIMIT, ITEM_KEY_LIMIT, KEY, Keys
from app.imports.findings import Findings
from app.imports.markdown_outline import Region
from app.imports.markdown_walk import Box


def group_keys(groups: Sequence[Region], titles: Sequence[str], findings: Findings) -> list[str]:
    """A key for each group."""
    named = [(group.key, group.line + 1) for group in groups]
    return _keys(named, titles, GROUP_KEY_LIMIT, "group", findings)


def item_keys(boxes: Sequence[Box], findings: Findings) -> list[str]:
    """A key for each item."""
    return _keys(
        [(box.key, box.line + 1) for box in boxes], [box.text for box in boxes], ITEM_KEY_LIMIT, "item", findings
    )


def _keys(
    named: Sequence[tuple[str, int]], texts: Sequence[str], limit: int, otherwise: str, findings: Findings
) -> list[str]:
    """Named keys come first, so that none of the made ones takes them away."""
    taken: dict[str, int] = {}
    for number, (key, line) in enumerate(named):
        if not key:
            continue
        if not KEY.fullmatch(key) or len(key) > limit:
            findings.say(f"The key “{key[:100]}” in line {line:,} cannot be used; another was made.")
        elif key in taken:
            findings.say(f"The key “{key}” stands twice; the {otherwise} in line {line:,} got another.")
        else:
            taken[key] = number
    kept = {number: key for key, number in taken.items()}
    keys = Keys(limit, taken)
    return [kept.get(number) or keys.make(text, otherwise) for number, text in enumerate(texts)]
