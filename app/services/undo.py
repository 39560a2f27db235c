"""Taking the last change back. It adds to the history and erases nothing of it."""

import json
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from app.domain.audit import AuditAction
from app.domain.checklist import UNDO_GRACE, UNDO_WINDOW, ItemState
from app.domain.errors import Conflict, NotFound, RuleViolation
from app.domain.permissions import Permission
from app.models import AuditEvent, ChecklistItem
from app.queries.items import get_item_now, get_place
from app.queries.rows import ItemRow
from app.services.change import Change
from app.services.incident_records import check_record_allows
from app.services.items import Saved, about_item, body_value, facts_of, value_words
from app.services.rollback_steps import Taken, follow_run
from app.services.write_path import write_path

UNDOABLE = {AuditAction.ITEM_STATE_CHANGED, AuditAction.ITEM_CHANGED, AuditAction.ITEM_ASSIGNED}


@write_path
def undo(change: Change, item_id: int, event_id: bytes) -> list[Saved]:
    """Take back what one event changed, or all events of its batch, while nobody has changed it since."""
    first = change.session.get(AuditEvent, event_id)
    is_own = first is not None and first.actor_id == change.actor_id and first.object_id == item_id
    if first is None or not is_own or first.action not in UNDOABLE:
        raise NotFound("There is nothing of yours to take back.")
    if change.at - first.occurred_at > UNDO_WINDOW + UNDO_GRACE:
        seconds = UNDO_WINDOW // timedelta(seconds=1)
        raise RuleViolation(f"It is more than {seconds} seconds ago. Change it in the usual way.")
    change.take(first.stream_id)
    events = _events_of_act(change, first)
    if any(event.action not in UNDOABLE for event in events):
        raise RuleViolation("One of these ended a waiver, which is not taken back. Change them in the usual way.")
    return [_take_back(change, event) for event in events]


def _events_of_act(change: Change, first: AuditEvent) -> list[AuditEvent]:
    if first.batch is None:
        return [first]
    same = select(AuditEvent).where(AuditEvent.stream_id == first.stream_id, AuditEvent.batch == first.batch)
    return list(change.session.scalars(same.order_by(AuditEvent.stream_sequence)))


def _take_back(change: Change, event: AuditEvent) -> Saved:
    place = get_place(event.object_id)
    body = json.loads(event.body)
    under = _permission(body["before"])
    change.actor.require(under, place.module_id)
    item = get_item_now(place.id)
    if item.revision != body["after"]["revision"]:
        raise Conflict(f"“{item.text}” has been changed since; it stays as it is now.")
    values = {name: _column(name, value) for name, value in body["before"].items() if name != "revision"}
    check_record_allows(place, item, values.get("state", item.state), actor_id=change.actor_id)
    change.session.execute(
        update(ChecklistItem).where(ChecklistItem.id == item.id).values(revision=item.revision + 1, **values),
        execution_options={"synchronize_session": False},
    )
    if "state" in values:
        follow_run(change, place, item.state, values["state"], Taken(item.value, values["reason"]))
    back = _record(change, event, item, values, under=under)
    return Saved(item.id, item.revision + 1, change.at, back.hex())


def _permission(columns: Collection[str]) -> Permission:
    """Taking back asks for what the change asked for: the role may be gone since."""
    return Permission.ITEM_ASSIGN if {"assignee_id", "due_on"} & set(columns) else Permission.ITEM_WORK


def _record(change: Change, event: AuditEvent, item: ItemRow, values: dict[str, Any], *, under: Permission) -> bytes:
    place = get_place(item.id)
    fact = facts_of(values)[0]
    return change.record(
        AuditAction.ITEM_UNDONE,
        about_item(place),
        stream=place.stream_id,
        fact=event.fact,
        old=value_words(fact, getattr(item, fact)),
        new=value_words(fact, values[fact]),
        before={name: body_value(getattr(item, name)) for name in values} | {"revision": item.revision},
        after={name: body_value(value) for name, value in values.items()} | {"revision": item.revision + 1},
        under=under,
        batch=event.batch,
    )


def _column(name: str, value: Any) -> Any:
    """A column's value out of a canonical body."""
    if value is None:
        return None
    if name == "state":
        return ItemState(value)
    if name == "due_on":
        return date.fromisoformat(value)
    return datetime.fromisoformat(value).astimezone(UTC) if name == "state_since" else value
