"""Reads of how long the phases of checklists took, and how much of their documentation is done."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select

from app.database import db
from app.domain.addresses import Subject
from app.domain.audit import AuditAction
from app.domain.checklist import OPEN, BelongsTo, ItemState, Phase
from app.domain.metric_facts import DocumentFact, PhaseFact
from app.domain.periods import Period
from app.models import AuditEvent, Checklist, ChecklistItem, Module, Release
from app.models.base import table_of

_items, _lists, _events = table_of(ChecklistItem).c, table_of(Checklist).c, table_of(AuditEvent).c
_modules, _releases = table_of(Module).c, table_of(Release).c
_NOT_ASKED = sorted({ItemState.NOT_APPLICABLE, ItemState.RULED_OUT, ItemState.REMOVED})
_WHERE = (
    *(_lists.id, _lists.module_id, _modules.name.label("module"), _modules.key.label("module_key")),
    *(_releases.name.label("release"), _releases.key.label("release_key"), _lists.created_at),
    _releases.shipped_at,
)
_HEADS = (
    select(*_WHERE)
    .join(table_of(Module), _modules.id == _lists.module_id)
    .join(table_of(Release), _releases.id == _lists.release_id)
    .where(_lists.belongs_to == BelongsTo.MODULE)
)
_ASKED = (
    select(
        *(_items.checklist_id, _items.phase),
        func.max(_items.state_since).label("settled_at"),
        func.sum(case((_items.state.in_(sorted(OPEN)), 1), else_=0)).label("open"),
    )
    .join(table_of(Checklist), _lists.id == _items.checklist_id)
    .where(_lists.belongs_to == BelongsTo.MODULE, _items.state.not_in(_NOT_ASKED))
    .group_by(_items.checklist_id, _items.phase)
)
_TICKS = (
    select(
        *(_items.checklist_id, _items.phase),
        func.min(_events.occurred_at).label("first_at"),
        func.max(_events.occurred_at).label("last_at"),
    )
    .select_from(table_of(ChecklistItem))
    .join(table_of(AuditEvent), _events.object_id == _items.id)
    .where(
        _events.object_kind == "item",
        _events.action == AuditAction.ITEM_STATE_CHANGED,
        _events.new_value == ItemState.DONE.word,
    )
    .group_by(_items.checklist_id, _items.phase)
)
_DOCUMENTS = (
    select(
        *_WHERE,
        func.count(_items.id).label("applicable"),
        func.sum(case((_items.state == ItemState.DONE, 1), else_=0)).label("done"),
    )
    .join(table_of(Checklist), _lists.id == _items.checklist_id)
    .join(table_of(Module), _modules.id == _lists.module_id)
    .join(table_of(Release), _releases.id == _lists.release_id)
    .where(
        _lists.belongs_to == BelongsTo.MODULE,
        _items.phase == Phase.DOCUMENTATION,
        _items.state.not_in(_NOT_ASKED),
    )
    .group_by(*_WHERE)
)


def list_phase_times(module_ids: Collection[int], span: Period) -> list[PhaseFact]:
    """The phases, and the whole checklists, that were settled in a time and are not open again; three statements."""
    counted = db.session.execute(_ASKED.where(_lists.module_id.in_(module_ids))).all()
    phases = [row for row in counted if not row.open and span.holds(row.settled_at)]
    unfinished = {row.checklist_id for row in counted if row.open}
    ids = {row.checklist_id for row in phases}
    ticks = {
        (row.checklist_id, row.phase): row
        for row in db.session.execute(_TICKS.where(_items.checklist_id.in_(sorted(ids))))
    }
    heads = {head.id: head for head in db.session.execute(_HEADS.where(_lists.id.in_(sorted(ids))))}
    found = [_phase(heads[row.checklist_id], row, ticks.get((row.checklist_id, row.phase))) for row in phases]
    settled: dict[int, datetime] = {}
    for row in counted:
        settled[row.checklist_id] = max(row.settled_at, settled.get(row.checklist_id, row.settled_at))
    return found + [
        PhaseFact(number, None, *_place(heads[number]), heads[number].created_at, settled[number])
        for number in sorted(ids - unfinished)
    ]


def _phase(head: Any, row: Any, ticked: Any) -> PhaseFact:
    first, last = (ticked.first_at, ticked.last_at) if ticked else (None, row.settled_at)
    return PhaseFact(head.id, row.phase, *_place(head), first, last)


def _place(head: Any) -> tuple[int, str, str, str]:
    path = Subject(BelongsTo.MODULE, head.release_key, head.module_key).path
    return head.module_id, head.module, head.release, path


def list_documents(module_ids: Collection[int], span: Period) -> list[DocumentFact]:
    """How much of the documentation is done, of the releases that shipped in a time; one statement."""
    shipped = (_releases.shipped_at >= span.begins_at, _releases.shipped_at < span.ends_at)
    rows = db.session.execute(_DOCUMENTS.where(_lists.module_id.in_(module_ids), *shipped))
    return [DocumentFact(row.id, *_place(row), row.shipped_at, row.applicable, int(row.done)) for row in rows]
