"""A template, or a checklist with where it stands, as rows: one for each item."""

from collections.abc import Callable, Iterator

from app.domain.audit import moment_text
from app.domain.template_content import GroupContent, ItemContent, TemplateContent
from app.domain.template_files import TEMPLATE_COLUMNS, Column, ItemStanding, Standings

STANDING_COLUMNS = ("state", "value", "link", "reason", "owner", "due_on", "changed_by", "changed_at_utc")
Cell = str | int
Reader = Callable[[GroupContent, ItemContent], Cell]

CELLS: dict[Column, Reader] = {
    Column.SECTION: lambda group, _: group.section,
    Column.GROUP: lambda group, _: group.title,
    Column.GROUP_KEY: lambda group, _: group.key,
    Column.BELONGS_TO: lambda group, _: group.belongs_to.value,
    Column.MODE: lambda group, _: group.mode.value,
    Column.KEY: lambda _, item: item.key,
    Column.TEXT: lambda _, item: item.text,
    Column.DEPTH: lambda _, item: item.depth,
    Column.GUIDANCE: lambda _, item: item.guidance,
    Column.BODY: lambda _, item: item.body,
    Column.PHASE: lambda _, item: item.phase.value,
    Column.GATE: lambda _, item: item.gate,
    Column.SEVERITY: lambda _, item: item.severity.value,
    Column.ROLE: lambda _, item: item.natural_role.value,
    Column.VALUE_PROMPT: lambda _, item: item.value_prompt,
    Column.VALUE_KIND: lambda _, item: item.value_kind.value if item.value_kind else "",
    Column.VALUE_UNIT: lambda _, item: item.value_unit,
    Column.DUE_FROM: lambda _, item: item.due.anchor.value if item.due else "",
    Column.DUE_DAYS: lambda _, item: item.due.days if item.due else "",
    Column.DUE_WEEKDAYS: lambda _, item: "yes" if item.due and item.due.weekdays_only else "",
    Column.ORIGIN: lambda _, item: item.origin,
    Column.ORIGIN_LINK: lambda _, item: item.origin_link,
    Column.APPLIES_WHEN: lambda _, item: item.applies_when,
    Column.FACT: lambda _, item: item.fact,
}


def header_of(standings: Standings | None) -> tuple[str, ...]:
    """The headings; with where the items stand when that is given."""
    return (*TEMPLATE_COLUMNS, *(STANDING_COLUMNS if standings is not None else ()))


def rows_of(content: TemplateContent, standings: Standings | None) -> Iterator[tuple[Cell, ...]]:
    """One row for each item, in order."""
    for group in content.groups:
        for item in group.items:
            cells = tuple(CELLS[column](group, item) for column in TEMPLATE_COLUMNS)
            yield cells if standings is None else cells + _standing(standings.get(item.key))


def _standing(standing: ItemStanding | None) -> tuple[Cell, ...]:
    if standing is None:
        return ("",) * len(STANDING_COLUMNS)
    return (
        standing.state.word,
        standing.value,
        standing.link,
        standing.reason,
        standing.owner,
        standing.due_on.isoformat() if standing.due_on else "",
        standing.changed_by,
        moment_text(standing.changed_at) if standing.changed_at else "",
    )
