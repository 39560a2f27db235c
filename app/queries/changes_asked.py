"""What the release gate asks of the checklists of its changes: that each is reviewed, and what comes after a commit."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import exists, select

from app.database import db
from app.domain.always_never import OF_CHANGES
from app.domain.checklist import BelongsTo, ItemState
from app.domain.readiness import is_blocking
from app.models import Change, Checklist, ChecklistItem, Module, ReleaseModule
from app.models.base import table_of
from app.queries.expiry import list_expired_items

_items, _lists, _changes = table_of(ChecklistItem).c, table_of(Checklist).c, table_of(Change).c
_members, _modules = table_of(ReleaseModule).c, table_of(Module).c


@dataclass(frozen=True, slots=True)
class AskedOfChange:
    """An item of a change that keeps the release gate shut."""

    id: int
    key: str
    text: str
    state: ItemState
    number: int
    module_name: str

    @property
    def sentence(self) -> str:
        """Why the gate stays shut because of it."""
        return f"“{self.text}” of change !{self.number} in {self.module_name} is {self.state.word}."


def list_asked_of_changes(release_ids: Sequence[int]) -> dict[int, list[AskedOfChange]]:
    """What is in the way in the changes of releases, by release; a statement, and that of what has expired."""
    rows = db.session.execute(
        select(
            *(_items.id, _items.key, _items.text, _items.state, _items.severity),
            *(_lists.id.label("checklist_id"), _lists.release_id, _changes.number, _modules.name),
        )
        .join(table_of(Checklist), _lists.id == _items.checklist_id)
        .join(table_of(Change), _changes.id == _lists.subject_id)
        .join(table_of(Module), _modules.id == _lists.module_id)
        .where(
            _lists.belongs_to == BelongsTo.CHANGE,
            _lists.release_id.in_(release_ids),
            _items.key.in_(sorted(OF_CHANGES)),
            exists().where(
                _members.release_id == _lists.release_id,
                _members.module_id == _lists.module_id,
                _members.removed_at.is_(None),
            ),
        )
        .order_by(_modules.name, _changes.number, _items.position)
    ).all()
    expired = {item.id: item.now for item in list_expired_items(sorted({row.checklist_id for row in rows}))}
    found: dict[int, list[AskedOfChange]] = defaultdict(list)
    for row in rows:
        state = expired.get(row.id, row.state)
        if is_blocking(state, row.severity):
            found[row.release_id].append(AskedOfChange(row.id, row.key, row.text, state, row.number, row.name))
    return found
