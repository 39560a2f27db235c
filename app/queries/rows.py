"""Reads of the boxes of a checklist, as pages show them."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, case, func, select

from app.database import db
from app.domain.applicability import why_not
from app.domain.checklist import ItemFacts, ItemState, Severity
from app.domain.errors import UNSEEN, NotFound
from app.domain.permissions import Role
from app.models import Checklist, ChecklistGroup, ChecklistItem, Person
from app.models.base import table_of


class ItemRow(NamedTuple):
    """One box as a page shows it."""

    id: int
    key: str
    text: str
    body: str
    depth: int
    guidance: str
    severity: Severity
    natural_role: Role
    value_prompt: str
    value_kind: str
    value_unit: str
    state: ItemState
    revision: int
    reason: str
    value: str
    link: str
    comment_count: int
    evidence_count: int
    evidence_at: datetime | None
    evidence_expires_on: date | None
    assignee_id: int | None
    due_on: date | None
    state_since: datetime
    changed_by_id: int | None
    group_id: int
    fact: str
    state_before: ItemState | None
    is_reworded: bool
    assignee_name: str | None
    changed_by_name: str | None
    rules: str

    @property
    def why_not(self) -> str:
        """What is so of a module to which it does not apply by rule; empty for all others."""
        return why_not(self.rules.split(BETWEEN_RULES)) if self.rules else ""

    @property
    def facts(self) -> ItemFacts:
        """The box as the rules look at it."""
        return ItemFacts(self.text, self.state, self.severity, self.changed_by_id)


_COLUMNS = [name for name in ItemRow._fields if not name.endswith("_name") and name != "rules"]
_items, _lists = table_of(ChecklistItem).c, table_of(Checklist).c
_ruling = table_of(ChecklistGroup).alias("ruling")
# No rule holds this sign.
BETWEEN_RULES = ";"
# The rules of its group and its own, looked up only for what they took away: hundreds of rows make a page.
RULES = case(
    (
        _items.state == ItemState.RULED_OUT,
        select(_ruling.c.applies_when).where(_ruling.c.id == _items.group_id).scalar_subquery()
        + BETWEEN_RULES
        + _items.applies_when,
    ),
    else_="",
)
_assignee, _changer = table_of(Person).alias("assignee"), table_of(Person).alias("changer")


def with_names(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Join the people that a row names."""
    return statement.outerjoin(_assignee, _assignee.c.id == _items.assignee_id).outerjoin(
        _changer, _changer.c.id == _items.changed_by_id
    )


# Under names of their own, so that they stand beside any other columns.
SHOWN = (
    *(_items[name].label(f"row_{name}") for name in _COLUMNS),
    _assignee.c.name.label("row_assignee_name"),
    _changer.c.name.label("row_changed_by_name"),
    RULES.label("row_rules"),
)
_ROWS = (
    with_names(select(*SHOWN).select_from(table_of(ChecklistItem)))
    .where(_items.checklist_id == bindparam("checklist"))
    .order_by(_items.position)
)
_CHOSEN = (
    with_names(select(*SHOWN).select_from(table_of(ChecklistItem)))
    .where(_items.id.in_(bindparam("chosen", expanding=True)))
    .order_by(_items.position)
)
_OF_FACTS = _ROWS.where(_items.fact.in_(bindparam("facts", expanding=True)))
_ASKED_AGAIN = select(func.count()).where(
    _items.checklist_id == bindparam("checklist"), _items.is_reworded, _items.state == ItemState.DONE
)
_ROWS_OF_GROUP = _ROWS.where(_items.group_id == bindparam("group"))
_ROW = with_names(
    select(*SHOWN, _lists.module_id, _lists.release_id)
    .select_from(table_of(ChecklistItem))
    .join(table_of(Checklist), _lists.id == _items.checklist_id)
).where(_items.id == bindparam("item"))


_texts = table_of(ChecklistGroup).c


def list_rows(checklist_id: int, *, group_id: int | None = None) -> list[ItemRow]:
    """The boxes of a checklist, or of one of its groups, in order; one statement."""
    if group_id is None:
        found = db.session.execute(_ROWS, {"checklist": checklist_id})
    else:
        found = db.session.execute(_ROWS_OF_GROUP, {"checklist": checklist_id, "group": group_id})
    return [ItemRow._make(row) for row in found]


def count_asked_again(checklist_id: int) -> int:
    """How many ticked boxes have other words now, and wait for somebody to say that they are still true."""
    return db.session.scalar(_ASKED_AGAIN, {"checklist": checklist_id}) or 0


def list_chosen_rows(item_ids: Sequence[int]) -> list[ItemRow]:
    """Some boxes as they stand, in the order of their checklist."""
    return [ItemRow._make(row) for row in db.session.execute(_CHOSEN, {"chosen": item_ids})]


def list_rows_of_facts(checklist_id: int, facts: Iterable[str]) -> list[ItemRow]:
    """The boxes of a checklist that state some facts: twins, as their author linked them."""
    found = db.session.execute(_OF_FACTS, {"checklist": checklist_id, "facts": list(facts)})
    return [ItemRow._make(row) for row in found]


class PlacedRow(NamedTuple):
    """One box with what decides who may see it."""

    row: ItemRow
    module_id: int | None
    release_id: int | None


def get_placed_row(item_id: int) -> PlacedRow:
    """One box, or NotFound; one statement."""
    found = db.session.execute(_ROW, {"item": item_id}).one_or_none()
    if found is None:
        raise NotFound(UNSEEN)
    *values, module_id, release_id = found
    return PlacedRow(ItemRow._make(values), module_id, release_id)


def get_group_body(group_id: int) -> str:
    """The text of a group above its items, as Markdown."""
    return db.session.scalar(select(_texts.body).where(_texts.id == group_id)) or ""
