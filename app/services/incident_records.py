"""What every act on an incident shares: its streams are taken, and its record ticks the boxes that it decides."""

from collections.abc import Collection, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import update

from app.domain.audit import moment_text
from app.domain.checklist import BelongsTo, ItemState
from app.domain.errors import Conflict, InvalidInput
from app.domain.incidents import DECIDED_BY_RECORD, RecordVerdict, check_may_tick, check_may_work, record_verdicts
from app.domain.permissions import Permission
from app.domain.secrets_masking import Masked, mask_secrets
from app.models import Incident
from app.models.base import table_of
from app.queries.incidents import IncidentRow, find_incident, get_incident, record_facts_of
from app.queries.items import ItemPlace, get_item_now, list_places
from app.queries.rows import ItemRow, list_rows
from app.services.change import About, Change
from app.services.facts import WHOLE
from app.services.items import save_item

_incidents = table_of(Incident)
STREAM = "incident"
# What a column of text holds. A mask may be longer than what it covers.
TEXT_HOLDS = 65_535
ATTACHMENTS = "issue.attachments"


def about_incident(row: IncidentRow) -> About:
    """An incident as the object of an event."""
    return About("incident", row.id, row.label, row.module_id, row.release_id)


def take_incident(change: Change, incident_id: int, *also: int, is_closed: bool = False) -> tuple[IncidentRow, int]:
    """Take the streams of an incident and its checklist, read it as it is then, and give its own stream.

    `is_closed`: for what is done to one that is closed; all else is refused there.
    """
    seen = get_incident(incident_id, change.actor)
    change.actor.require(Permission.INCIDENT_WORK, seen.module_id)
    change.take(seen.own_stream_id, seen.stream_id, *also)
    row = get_incident(incident_id, change.actor)
    if not is_closed:
        check_may_work(row.state)
    return row, row.own_stream_id


def check_revision(row: IncidentRow, revision: int, *, theirs: str, yours: str) -> None:
    """Raise Conflict with both texts when somebody else was faster."""
    if row.revision != revision:
        raise Conflict("Somebody else changed this incident since you opened the page.", theirs=theirs, yours=yours)


def save_incident(change: Change, row: IncidentRow, values: Mapping[str, Any]) -> IncidentRow:
    """Change columns of an incident whose streams are taken, let its boxes follow, and read it again."""
    change.session.execute(
        update(_incidents).where(_incidents.c.id == row.id).values(revision=row.revision + 1, **values)
    )
    return follow_record(change, row.id)


def cover(text: str, field: str, *, letters: int = 0) -> Masked:
    """A text without what looks like a secret; InvalidInput where that has made it longer than what is kept."""
    covered = mask_secrets(text)
    if len(covered.text.encode()) > TEXT_HOLDS or (letters and len(covered.text) > letters):
        raise InvalidInput(**{field: "It is too long once what looks like a secret is masked. Shorten it."})
    return covered


def plain_fact(value: Any) -> Any:
    """A value as it can stand in a body: a long text by its digest."""
    if isinstance(value, datetime):
        return moment_text(value)
    if isinstance(value, str) and len(value) > WHOLE:
        return {"sha256": sha256(value.encode()).hexdigest(), "letters": len(value)}
    return value


def follow_record(change: Change, incident_id: int, keys: Collection[str] = DECIDED_BY_RECORD) -> IncidentRow:
    """Tick the boxes that the record proves by now, and open those that it proves no more."""
    change.session.flush()
    row = find_incident(incident_id)
    if row is None:
        raise RuntimeError("the incident of a checklist is not there")
    verdicts = record_verdicts(record_facts_of(row))
    items = [item for item in list_rows(row.checklist_id) if item.key in keys and item.key in verdicts]
    places = {place.id: place for place in list_places([item.id for item in items])}
    for item in items:
        _follow(change, places[item.id], item, verdicts[item.key])
    return row


def _follow(change: Change, place: ItemPlace, item: ItemRow, verdict: RecordVerdict) -> None:
    values: dict[str, Any] = {}
    if verdict.holds and item.state in {ItemState.TODO, ItemState.DOING, ItemState.DONE}:
        values = {"value": verdict.value} if item.value != verdict.value else {}
        if item.state is not ItemState.DONE or (verdict.by_id and item.changed_by_id != verdict.by_id):
            values |= _state(change, ItemState.DONE, "", verdict.by_id)
    elif not verdict.holds and item.state is ItemState.DONE:
        values = {"value": "", **_state(change, ItemState.TODO, verdict.fault, None)}
    save_item(change, place, item, values, reason=verdict.fault, under=Permission.INCIDENT_WORK)


def _state(change: Change, state: ItemState, reason: str, by_id: int | None) -> dict[str, Any]:
    return {"state": state, "reason": reason, "changed_by_id": by_id, "state_since": change.at}


def follow_evidence(change: Change, place: ItemPlace, item: ItemRow) -> int:
    """Let the box of the files follow, when evidence of it came or went; gives the revision that it has then."""
    if place.belongs_to is not BelongsTo.INCIDENT or item.key != ATTACHMENTS:
        return item.revision
    follow_record(change, place.subject_id, {item.key})
    return get_item_now(item.id).revision


def check_record_allows(place: ItemPlace, item: ItemRow, state: ItemState, *, actor_id: int) -> None:
    """Raise unless a box of an incident may be ticked by hand: never against what the record says."""
    if place.belongs_to is not BelongsTo.INCIDENT or item.key not in DECIDED_BY_RECORD:
        return
    row = find_incident(place.subject_id)
    if state is ItemState.DONE and item.state is not state and row is not None:
        check_may_tick(record_verdicts(record_facts_of(row))[item.key], actor_id=actor_id)


def moment_words(at: datetime | None) -> str:
    """A moment as it stands in a sentence of the history."""
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else ""
