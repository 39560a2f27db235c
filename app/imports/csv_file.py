"""From the cells of a table to a template: each row with a text is an item."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from app.domain.checklist import BelongsTo, Mode, Phase, Severity
from app.domain.permissions import Role
from app.domain.template_content import (
    BODY_LIMIT,
    DEPTH_LIMIT,
    GROUP_KEY_LIMIT,
    ITEM_KEY_LIMIT,
    KEY,
    TEXT_LIMIT,
    DueAnchor,
    DueRule,
    GroupContent,
    Imported,
    ItemContent,
    Keys,
    OtherKind,
    OtherLine,
    TemplateContent,
    ValueKind,
)
from app.domain.template_files import MAX_DAYS, Column
from app.imports.csv_reading import Reading, times
from app.imports.csv_table import Row, Table
from app.imports.refusal import NoTextColumn, Unreadable

NO_GROUP = "Items"


@dataclass(slots=True)
class _Groups:
    """The groups that the rows name, in the order in which they are first named."""

    reading: Reading
    found: dict[tuple[str, ...], GroupContent] = field(default_factory=dict)
    items: dict[tuple[str, ...], list[ItemContent]] = field(default_factory=dict)
    here: tuple[str, ...] = ()
    apart: int = 0

    def take(self, row: Row, item: ItemContent) -> None:
        """Put an item where its row says. A row that names no group belongs to the one above it."""
        key, section, title = (self.reading.line(row, one) for one in (Column.GROUP_KEY, Column.SECTION, Column.GROUP))
        if key or title or not self.here:
            # Spreadsheets often write a section once, and leave the cells below it empty.
            if not key and not section and self.here:
                section = self.found[self.here].section
            self._go(row, GroupContent(key, title or key or NO_GROUP, section))
        self.items[self.here].append(item)

    def _go(self, row: Row, group: GroupContent) -> None:
        wanted = (group.key,) if group.key else (group.section, group.title)
        if wanted not in self.found:
            self.found[wanted] = replace(
                group,
                belongs_to=self.reading.maybe(row, Column.BELONGS_TO, BelongsTo) or BelongsTo.MODULE,
                mode=self.reading.maybe(row, Column.MODE, Mode) or Mode.DO_CONFIRM,
            )
            self.items[wanted] = []
        elif wanted != self.here:
            self.apart += 1
        self.here = wanted

    def contents(self) -> tuple[GroupContent, ...]:
        """All groups with their items, each with a key."""
        keys = Keys(GROUP_KEY_LIMIT, taken=[group.key for group in self.found.values() if KEY.fullmatch(group.key)])
        return tuple(
            replace(
                group,
                key=group.key if KEY.fullmatch(group.key) else keys.make(group.key or group.title, "group"),
                items=tuple(self.items[wanted]),
            )
            for wanted, group in self.found.items()
        )


def read_csv(table: Table, mapping: Mapping[Column, int], *, name: str = "") -> Imported:
    """The template that a table says, when its columns mean this. Nothing is dropped without being said."""
    if Column.TEXT not in mapping:
        raise NoTextColumn("Say which column holds the texts of the items.")
    if not all(0 <= number < len(table.header) for number in mapping.values()):
        raise Unreadable("The table has no such column. Choose the columns again.")
    reading = Reading(table, mapping)
    rows = [row for row in table.rows if reading.cell(row, Column.TEXT).strip()]
    keys, remade = _keys(rows, reading)
    groups = _Groups(reading)
    done: set[str] = set()
    for row, key in zip(rows, keys, strict=True):
        groups.take(row, _item(reading, row, key))
        if reading.is_done(row):
            done.add(key)
    warnings = list(reading.warnings())
    if remade:
        warnings.append(f"{times(remade, 'key')} could not be used, or stood twice: made anew from the text.")
    if groups.apart:
        warnings.append(f"{times(groups.apart, 'time')} the rows came back to a group from above: it was put together.")
    return Imported(
        TemplateContent(name=name, groups=groups.contents()),
        done_keys=frozenset(done),
        other=tuple(sorted((*reading.other, *_without_text(table, rows)), key=lambda other: other.line)),
        warnings=tuple(warnings),
    )


def _without_text(table: Table, rows: list[Row]) -> list[OtherLine]:
    with_text = {row.line for row in rows}
    return [
        OtherLine(row.line, OtherKind.TABLE, " | ".join(cell.strip() for cell in row.cells if cell.strip()))
        for row in table.rows
        if row.line not in with_text
    ]


def _keys(rows: list[Row], reading: Reading) -> tuple[list[str], int]:
    """The key of each row, and how many of those that were given could not be used."""
    given = [reading.cell(row, Column.KEY).strip() for row in rows]
    usable = {key for key in given if KEY.fullmatch(key) and len(key) <= ITEM_KEY_LIMIT}
    keys = Keys(ITEM_KEY_LIMIT, taken=usable)
    found: list[str] = []
    used: set[str] = set()
    for row, key in zip(rows, given, strict=True):
        is_usable = key in usable and key not in used
        used.add(key)
        found.append(key if is_usable else keys.make(key or reading.cell(row, Column.TEXT)))
    return found, sum(bool(key) and key != made for key, made in zip(given, found, strict=True))


def _item(reading: Reading, row: Row, key: str) -> ItemContent:
    text, body = _text_and_body(reading, row)
    return ItemContent(
        key=key,
        text=text,
        depth=reading.number(row, Column.DEPTH, 0, DEPTH_LIMIT),
        body=body,
        guidance=reading.line(row, Column.GUIDANCE),
        phase=reading.maybe(row, Column.PHASE, Phase) or Phase.DEVELOPMENT,
        gate=reading.line(row, Column.GATE),
        severity=reading.maybe(row, Column.SEVERITY, Severity) or Severity.REQUIRED,
        natural_role=reading.maybe(row, Column.ROLE, Role) or Role.DEVELOPER,
        value_prompt=reading.line(row, Column.VALUE_PROMPT),
        value_kind=reading.maybe(row, Column.VALUE_KIND, ValueKind),
        value_unit=reading.line(row, Column.VALUE_UNIT),
        due=_due(reading, row),
        origin=reading.line(row, Column.ORIGIN),
        origin_link=reading.line(row, Column.ORIGIN_LINK),
        applies_when=reading.line(row, Column.APPLIES_WHEN),
        fact=reading.line(row, Column.FACT),
    )


def _text_and_body(reading: Reading, row: Row) -> tuple[str, str]:
    """The first line is the item; what is too long for it stands whole below it, before the row's own longer text."""
    first, _, rest = reading.cell(row, Column.TEXT).strip().partition("\n")
    text, more = first.strip(), rest.strip()
    if len(text) > TEXT_LIMIT:
        more = "\n\n".join(part for part in (text, more) if part)
        text = f"{text[: TEXT_LIMIT - 1].rpartition(' ')[0] or text[: TEXT_LIMIT - 1]}…"
    below = reading.cell(row, Column.BODY)
    body = "\n\n".join(part for part in (more, below) if part)
    if len(body) > BODY_LIMIT:
        reading.cut[Column.BODY if Column.BODY in reading.mapping else Column.TEXT] += 1
        reading.other.append(OtherLine(row.line, OtherKind.TABLE, body))
        body = f"{body[: BODY_LIMIT - 1]}…"
    return text, body


def _due(reading: Reading, row: Row) -> DueRule | None:
    """Days alone are counted from the day on which the checklist is made."""
    anchor = reading.maybe(row, Column.DUE_FROM, DueAnchor)
    if anchor is None and not reading.cell(row, Column.DUE_DAYS).strip():
        return None
    return DueRule(
        anchor or DueAnchor.CHECKLIST_CREATED,
        reading.number(row, Column.DUE_DAYS, -MAX_DAYS, MAX_DAYS),
        reading.is_yes(row, Column.DUE_WEEKDAYS),
    )
