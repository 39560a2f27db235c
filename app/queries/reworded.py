"""What ticked items said before an adopted version gave them other words, out of the history."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select

from app.database import db
from app.domain.audit import AuditAction
from app.models import AuditEvent
from app.models.base import table_of


@dataclass(frozen=True, slots=True)
class TickedWords:
    """What an item said when it was ticked, and a digest of all that the tick meant."""

    text: str
    meaning: str


_events = table_of(AuditEvent).c
_OF_ITEMS = (
    select(_events.object_id, _events.action, _events.occurred_at, _events.old_value, _events.body)
    .where(
        _events.object_kind == "item",
        _events.object_id.in_(bindparam("items", expanding=True)),
        _events.action.in_([AuditAction.ITEM_REWORDED, AuditAction.ITEM_CONFIRMED]),
    )
    .order_by(_events.object_id, _events.stream_sequence)
)


def list_ticked_words(since: Mapping[int, datetime]) -> dict[int, TickedWords]:
    """Of items with the moment since when they are ticked: the words they had then; none or one statement."""
    found: dict[int, TickedWords] = {}
    if not since:
        return found
    for row in db.session.execute(_OF_ITEMS, {"items": list(since)}):
        if row.action is AuditAction.ITEM_CONFIRMED:
            found.pop(row.object_id, None)
        elif row.occurred_at >= since[row.object_id] and row.object_id not in found:
            found[row.object_id] = TickedWords(row.old_value, json.loads(row.body)["before"]["meaning"])
    return found
