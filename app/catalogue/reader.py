"""The built-in catalogue: what a checklist starts from, read from the CSV files beside this one."""

import functools
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import pairwise

from app.catalogue.rows import Row, read_rows
from app.domain.applicability import parse_rule
from app.domain.checklist import BelongsTo, Mode, Phase, Severity
from app.domain.errors import InvalidInput
from app.domain.permissions import Role
from app.domain.template_content import ValueKind

ITEM_COLUMNS = (
    *("position", "section", "group_key", "group", "key", "text", "guidance", "phase", "belongs_to", "gate"),
    *("severity", "mode", "natural_role", "verification", "value_prompt", "value_kind", "applies_when"),
)
GROUP_COLUMNS = ("position", "key", "title", "section", "belongs_to", "mode", "phase", "applies_when")
OTHER_LINE_COLUMNS = ("position", "section", "subsection", "text", "key", "kind", "feature", "meaning")
GATE_COLUMNS = ("gate", "subject", "opens", "required_signoffs", "separation", "expires_after", "reauth_within", "note")

GUIDANCE_LIMIT = 140
MEANING_LIMIT = 160


class Verification(StrEnum):
    """Where the proof of an item comes from."""

    RECORD = "record"
    STATIC = "static"
    REHEARSAL = "rehearsal"
    SCHEMA = "schema"
    RUNTIME = "runtime"
    HUMAN = "human"


class LineKind(StrEnum):
    """What a line of the document is when it is not a box."""

    SQL = "sql"
    ORDERED_STEP = "ordered-step"
    METRIC = "metric"
    RULE = "rule"
    CONTACT = "contact"
    RECURRING_TASK = "recurring-task"


class Feature(StrEnum):
    """The part of the product that a line which is not a box belongs to."""

    MONITORING = "monitoring"
    ESCALATION = "escalation"
    METRICS = "metrics"
    POLICIES = "policies"
    CONTACTS = "contacts"
    SCHEDULE = "schedule"


@dataclass(frozen=True, slots=True)
class CatalogueItem:
    """One box, as the catalogue defines it."""

    position: int
    key: str
    text: str
    guidance: str
    phase: Phase
    belongs_to: BelongsTo
    gate: str | None
    severity: Severity
    mode: Mode
    natural_role: Role
    verification: Verification
    value_prompt: str
    value_kind: ValueKind | None
    applies_when: str = ""


@dataclass(frozen=True, slots=True)
class CatalogueGroup:
    """The boxes that are done at one pause point."""

    position: int
    key: str
    title: str
    section: str
    belongs_to: BelongsTo
    mode: Mode
    phase: Phase
    items: tuple[CatalogueItem, ...]
    applies_when: str = ""


@dataclass(frozen=True, slots=True)
class OtherLine:
    """A line of the document that is not a box: a query, a step, a metric, a rule, a contact, a duty."""

    position: int
    section: str
    subsection: str
    text: str
    key: str
    kind: LineKind
    feature: Feature
    meaning: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that the document says."""

    groups: tuple[CatalogueGroup, ...]
    other_lines: tuple[OtherLine, ...]

    @property
    def items(self) -> tuple[CatalogueItem, ...]:
        """All boxes, in the order of the document."""
        return tuple(item for group in self.groups for item in group.items)


@functools.cache
def read_catalogue() -> Catalogue:
    """The built-in catalogue, read once."""
    return read_catalogue_from(resources.files("app.catalogue"))


def read_catalogue_from(folder: Traversable) -> Catalogue:
    """The catalogue whose four files stand in this folder, or ValueError naming the cell that is wrong."""
    gates = [row.text("gate") for row in read_rows(folder, "gates.csv", GATE_COLUMNS, unique="gate")]
    group_rows = read_rows(folder, "groups.csv", GROUP_COLUMNS, unique="key", numbered=True)
    item_rows = read_rows(folder, "items.csv", ITEM_COLUMNS, unique="key", numbered=True)
    _check_order(item_rows, [row.cells["key"] for row in group_rows])
    groups = tuple(
        _group(row, [item for item in item_rows if item.cells["group_key"] == row.cells["key"]], gates)
        for row in group_rows
    )
    other_rows = read_rows(folder, "other_lines.csv", OTHER_LINE_COLUMNS, unique="key", numbered=True)
    return Catalogue(groups=groups, other_lines=tuple(_other_line(row) for row in other_rows))


def _check_order(item_rows: list[Row], group_keys: list[str]) -> None:
    places = [group_keys.index(row.one_of("group_key", group_keys)) for row in item_rows]
    for (before, after), row in zip(pairwise(places), item_rows[1:], strict=True):
        if after < before:
            row.refuse("group_key", "stands after an item of a later group")


def _group(row: Row, item_rows: list[Row], gates: list[str]) -> CatalogueGroup:
    if not item_rows:
        row.refuse("key", "no item belongs to this group")
    row.equal("phase", item_rows[0].cells["phase"], because="its first item")
    for item_row in item_rows:
        item_row.equal("group", row.cells["title"], because="groups.csv")
        for column in ("section", "belongs_to", "mode"):
            item_row.equal(column, row.cells[column], because="groups.csv")
    return CatalogueGroup(
        position=int(row.cells["position"]),
        key=row.text("key"),
        title=row.text("title"),
        section=row.text("section"),
        belongs_to=row.choice("belongs_to", BelongsTo),
        mode=row.choice("mode", Mode),
        phase=row.choice("phase", Phase),
        items=tuple(_item(item_row, gates) for item_row in item_rows),
        applies_when=_rule(row),
    )


def _item(row: Row, gates: list[str]) -> CatalogueItem:
    prompt = row.optional_text("value_prompt")
    if not prompt:
        row.equal("value_kind", "", because="the missing prompt")
    return CatalogueItem(
        position=int(row.cells["position"]),
        key=row.text("key"),
        text=row.text("text"),
        guidance=row.optional_text("guidance", limit=GUIDANCE_LIMIT),
        phase=row.choice("phase", Phase),
        belongs_to=row.choice("belongs_to", BelongsTo),
        gate=row.one_of("gate", ["", *gates]) or None,
        severity=row.choice("severity", Severity),
        mode=row.choice("mode", Mode),
        natural_role=row.choice("natural_role", Role),
        verification=row.choice("verification", Verification),
        value_prompt=prompt,
        value_kind=row.choice("value_kind", ValueKind) if prompt else None,
        applies_when=_rule(row),
    )


def _rule(row: Row) -> str:
    """When it applies, as it stands there; refused where it cannot be read."""
    text = row.optional_text("applies_when")
    try:
        parse_rule(text)
    except InvalidInput as refusal:
        row.refuse("applies_when", refusal.sentence)
    return text


def _other_line(row: Row) -> OtherLine:
    return OtherLine(
        position=int(row.cells["position"]),
        section=row.text("section"),
        subsection=row.text("subsection"),
        text=row.text("text"),
        key=row.text("key"),
        kind=row.choice("kind", LineKind),
        feature=row.choice("feature", Feature),
        meaning=row.text("meaning", limit=MEANING_LIMIT),
    )
