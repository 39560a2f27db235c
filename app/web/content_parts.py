"""What a template says, and what is different between two of them, in parts that a browser shows without a pause."""

from dataclasses import replace

from app.domain.template_content import TemplateContent
from app.web.comparison import Comparison
from app.web.parts import ROWS, Part, PlacedRow, part_of_sections


def content_part(content: TemplateContent, here: str) -> tuple[TemplateContent, Part[PlacedRow]]:
    """The groups and items of one part of a template; a text above them stands where they begin, and only there."""
    shown, part = part_of_sections([(group, group.items) for group in content.groups], here)
    groups = tuple(
        replace(group, items=tuple(items), body=group.body if list(group.items[:1]) == items[:1] else "")
        for group, items in shown
    )
    return replace(content, groups=groups, description="" if part.here else content.description), part


def differences_part(told: Comparison, here: str, *, name: str = "part") -> tuple[Comparison, Part[PlacedRow]]:
    """The differences of one part of a comparison; what is said of a whole group stands where it begins."""
    shown, part = part_of_sections([(group, group.items) for group in told.groups], here, at_once=ROWS, name=name)
    groups = [
        replace(group, items=items, facts=group.facts if group.items[:1] == items[:1] else ()) for group, items in shown
    ]
    is_first = part.here == 0
    told = replace(
        told, facts=told.facts if is_first else (), groups=groups, is_reordered=told.is_reordered and is_first
    )
    return told, part
