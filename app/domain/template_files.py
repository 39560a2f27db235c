"""What files of templates share, whoever reads or writes them: names of columns, limits, where an item stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from app.domain.checklist import ItemState
from app.domain.template_content import BODY_LIMIT, GROUP_KEY_LIMIT, ITEM_KEY_LIMIT, TEXT_LIMIT, TITLE_LIMIT

# The number that our own files carry. It moves when a file of today could no longer be read rightly.
FILE_FORMAT = "1"
MAX_ITEMS = 5000
MAX_DAYS = 3650

# How many letters a field holds, where files and tables agree.
FIELD_LIMITS: dict[str, int] = {
    "name": TITLE_LIMIT,
    "description": BODY_LIMIT,
    "title": TITLE_LIMIT,
    "section": TITLE_LIMIT,
    "group_key": GROUP_KEY_LIMIT,
    "key": ITEM_KEY_LIMIT,
    "text": TEXT_LIMIT,
    "body": BODY_LIMIT,
    "guidance": 500,
    "gate": 40,
    "value_prompt": 200,
    "value_unit": 40,
    "origin": 500,
    "origin_link": 500,
    "applies_when": 500,
    "fact": 80,
}


class Column(StrEnum):
    """A column of a table of items. The values are the headings of the tables that we write."""

    SECTION = "section"
    GROUP = "group"
    GROUP_KEY = "group_key"
    BELONGS_TO = "belongs_to"
    MODE = "mode"
    KEY = "key"
    TEXT = "text"
    DEPTH = "depth"
    GUIDANCE = "guidance"
    BODY = "body"
    PHASE = "phase"
    GATE = "gate"
    SEVERITY = "severity"
    ROLE = "natural_role"
    VALUE_PROMPT = "value_prompt"
    VALUE_KIND = "value_kind"
    VALUE_UNIT = "value_unit"
    DUE_FROM = "due_from"
    DUE_DAYS = "due_days"
    DUE_WEEKDAYS = "due_weekdays_only"
    ORIGIN = "origin"
    ORIGIN_LINK = "origin_link"
    APPLIES_WHEN = "applies_when"
    FACT = "fact"
    STATE = "state"

    @property
    def label(self) -> str:
        """What the column holds, in words."""
        return COLUMN_TITLES[self]


COLUMN_TITLES: dict[Column, str] = {
    Column.SECTION: "Section, over several groups",
    Column.GROUP: "Group",
    Column.GROUP_KEY: "Key of the group",
    Column.BELONGS_TO: "What the group belongs to",
    Column.MODE: "How the group is worked through",
    Column.KEY: "Key of the item",
    Column.TEXT: "Text of the item",
    Column.DEPTH: "How deep it nests",
    Column.GUIDANCE: "Guidance, one line",
    Column.BODY: "Longer text below it",
    Column.PHASE: "Phase",
    Column.GATE: "Gate",
    Column.SEVERITY: "Severity",
    Column.ROLE: "Role that is asked first",
    Column.VALUE_PROMPT: "Value it asks for",
    Column.VALUE_KIND: "Kind of the value",
    Column.VALUE_UNIT: "Unit of the value",
    Column.DUE_FROM: "Due, counted from",
    Column.DUE_DAYS: "Due, days after that",
    Column.DUE_WEEKDAYS: "Due on weekdays only",
    Column.ORIGIN: "Where it comes from",
    Column.ORIGIN_LINK: "Link to where it comes from",
    Column.APPLIES_WHEN: "When it applies",
    Column.FACT: "Fact it shares with other items",
    Column.STATE: "State, or whether it is done",
}
TEMPLATE_COLUMNS = tuple(column for column in Column if column is not Column.STATE)


@dataclass(frozen=True, slots=True)
class ItemStanding:
    """Where an item of a checklist stands: what an export of a checklist says beside the words of its template."""

    state: ItemState
    value: str = ""
    link: str = ""
    reason: str = ""
    owner: str = ""
    due_on: date | None = None
    changed_by: str = ""
    changed_at: datetime | None = None


# By the stable key of the item.
Standings = Mapping[str, ItemStanding]


@dataclass(frozen=True, slots=True)
class ExportNote:
    """What an export was taken from, by whom and when."""

    kind: str
    title: str
    version: str
    exported_at: datetime
    exported_by: str
