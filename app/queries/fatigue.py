"""Reads that tell whether boxes are still read."""

from datetime import datetime

from sqlalchemy import case, distinct, func, select, true

from app.database import db
from app.domain.audit import AuditAction
from app.domain.checklist import STATE_WORDS, ItemState
from app.domain.fatigue import ItemUse, Tick
from app.models import AuditEvent, Checklist, ChecklistItem, PersonName, TemplateItem, TemplateVersion
from app.models.base import table_of

_events, _items, _lists = table_of(AuditEvent).c, table_of(ChecklistItem).c, table_of(Checklist).c
_versions, _templates = table_of(TemplateVersion).c, table_of(TemplateItem).c
_CAUGHT = [STATE_WORDS[state] for state in (ItemState.FAILED, ItemState.BLOCKED)]


def list_ticks(stream_id: int) -> list[Tick]:
    """Every single tick of a checklist, the oldest first; those set together under one sentence are left out."""
    names = table_of(PersonName).c
    rows = db.session.execute(
        select(func.coalesce(names.name, "somebody"), _events.occurred_at)
        .outerjoin(table_of(PersonName), names.id == _events.actor_name_id)
        .where(
            _events.stream_id == stream_id,
            _events.action == AuditAction.ITEM_STATE_CHANGED,
            _events.new_value == STATE_WORDS[ItemState.DONE],
            _events.batch.is_(None),
        )
        .order_by(_events.stream_sequence)
    )
    return [Tick(name, at) for name, at in rows]


def list_uses(template_id: int, version_id: int, since: datetime, visible: frozenset[int] | None) -> list[ItemUse]:
    """What became of each item of a version since a moment, in the checklists of its template; two statements.

    `visible` are the modules that the reader may see; None means all.
    """
    seen = _lists.module_id.in_(visible) if visible is not None else true()
    changed = _events.action == AuditAction.ITEM_STATE_CHANGED
    happened = select(
        _items.key,
        func.count(distinct(_items.id)),
        func.sum(case((changed & (_events.new_value == STATE_WORDS[ItemState.DONE]), 1), else_=0)),
        func.sum(case((changed & _events.new_value.in_(_CAUGHT), 1), else_=0)),
        func.sum(case((_events.action == AuditAction.WAIVER_APPROVED, 1), else_=0)),
    )
    rows = db.session.execute(
        happened.select_from(table_of(ChecklistItem))
        .join(table_of(Checklist), _lists.id == _items.checklist_id)
        .join(table_of(TemplateVersion), _versions.id == _lists.template_version_id)
        .outerjoin(
            table_of(AuditEvent),
            (_events.object_kind == "item") & (_events.object_id == _items.id) & (_events.occurred_at >= since),
        )
        .where(_versions.template_id == template_id, _lists.created_at >= since, seen)
        .group_by(_items.key)
    )
    found = {key: tuple(int(number or 0) for number in numbers) for key, *numbers in rows}
    items = db.session.execute(
        select(_templates.key, _templates.text, _templates.origin)
        .where(_templates.version_id == version_id)
        .order_by(_templates.position)
    )
    return [ItemUse(key, text, origin, *found.get(key, (0, 0, 0, 0))) for key, text, origin in items]
