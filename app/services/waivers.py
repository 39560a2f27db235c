"""Waivers: asked for by one person, decided by another."""

from app.domain.audit import AuditAction
from app.domain.checklist import (
    ItemState,
    Severity,
    WaiverReason,
    check_is_asked,
    check_may_decide_waiver,
    check_may_request_waiver,
)
from app.domain.errors import InvalidInput, NotYours, RuleViolation
from app.domain.identifiers import time_ordered_id
from app.domain.permissions import Permission
from app.domain.waivers import WaiverDecision
from app.models import Waiver
from app.queries.items import ItemPlace, get_item_now, get_place, get_waiver
from app.queries.rows import ItemRow
from app.services.items import Saved, save_item, take_item, take_items
from app.services.write_path import Change, write_path


@write_path
def request_waiver(change: Change, item_id: int, *, revision: int, reason: WaiverReason, explanation: str) -> Saved:
    """Ask that an item be not applicable. Until another person agrees it counts as open."""
    place, item = take_item(change, item_id, revision, Permission.ITEM_WORK, yours=explanation)
    return _request(change, place, item, reason, explanation, batch=None)


@write_path
def request_waivers(
    change: Change,
    checklist_id: int,
    items: tuple[tuple[int, int], ...],
    *,
    reason: WaiverReason,
    explanation: str,
) -> list[Saved]:
    """Ask for several items of one checklist at once, never for killers; one event each, one batch."""
    places, rows = take_items(change, checklist_id, items)
    batch = time_ordered_id()
    for item in rows:
        if item.severity is Severity.KILLER:
            raise RuleViolation(f"“{item.text}” is dangerous to skip: ask for it alone.")
    return [_request(change, places[item.id], item, reason, explanation, batch=batch) for item in rows]


def _request(
    change: Change,
    place: ItemPlace,
    item: ItemRow,
    reason: WaiverReason,
    explanation: str,
    *,
    batch: bytes | None,
) -> Saved:
    check_may_request_waiver(item.facts, explanation=explanation)
    change.session.add(
        Waiver(
            item_id=item.id,
            reason=reason,
            explanation=explanation,
            state_before=item.state,
            reason_before=item.reason,
            batch=batch,
            requested_by_id=change.actor_id,
            requested_at=change.at,
        )
    )
    return _move(
        change,
        place,
        item,
        ItemState.NOT_APPLICABLE_REQUESTED,
        action=AuditAction.WAIVER_REQUESTED,
        reason=explanation,
        new=reason.label,
        batch=batch,
    )


def _move(
    change: Change,
    place: ItemPlace,
    item: ItemRow,
    state: ItemState,
    *,
    action: AuditAction,
    reason: str,
    under: Permission = Permission.ITEM_WORK,
    new: str | None = None,
    batch: bytes | None = None,
) -> Saved:
    values = {"state": state, "reason": reason, "changed_by_id": change.actor_id, "state_since": change.at}
    return save_item(change, place, item, values, action=action, reason=reason, new=new, under=under, batch=batch)


def _move_back(
    change: Change,
    place: ItemPlace,
    item: ItemRow,
    waiver: Waiver,
    *,
    action: AuditAction,
    reason: str = "",
    under: Permission = Permission.ITEM_WORK,
) -> Saved:
    """The item applies after all: it stands where it stood, with the reason it had; never done again by itself."""
    if waiver.state_before is ItemState.DONE:
        state, stays = ItemState.TODO, reason
    else:
        state, stays = waiver.state_before, waiver.reason_before
    values = {"state": state, "reason": stays, "changed_by_id": change.actor_id, "state_since": change.at}
    return save_item(change, place, item, values, action=action, reason=reason, under=under)


def _take(change: Change, waiver_id: int, permission: Permission) -> tuple[ItemPlace, Waiver]:
    place = get_place(get_waiver(waiver_id).item_id)
    change.actor.require(permission, place.module_id)
    change.take(place.stream_id)
    check_is_asked(get_item_now(place.id).facts)
    return place, get_waiver(waiver_id)


@write_path
def decide_waiver(change: Change, waiver_id: int, *, approve: bool, note: str = "") -> Saved:
    """Approve or refuse somebody else's request; a refusal says why."""
    place, waiver = _take(change, waiver_id, Permission.WAIVER_DECIDE)
    check_may_decide_waiver(
        requested_by_id=waiver.requested_by_id,
        actor_id=change.actor_id,
        is_pending=waiver.decision is WaiverDecision.PENDING,
    )
    if not approve and not note:
        raise InvalidInput(note="Say why the item applies.")
    waiver.decision = WaiverDecision.APPROVED if approve else WaiverDecision.REFUSED
    _close(change, waiver, note)
    item = get_item_now(waiver.item_id)
    under, why = Permission.WAIVER_DECIDE, note or waiver.explanation
    if approve:
        action = AuditAction.WAIVER_APPROVED
        return _move(change, place, item, ItemState.NOT_APPLICABLE, action=action, reason=why, under=under)
    return _move_back(change, place, item, waiver, action=AuditAction.WAIVER_REFUSED, reason=why, under=under)


@write_path
def withdraw_waiver(change: Change, waiver_id: int) -> Saved:
    """Take one's own request back; the item is open again."""
    place, waiver = _take(change, waiver_id, Permission.ITEM_WORK)
    if waiver.requested_by_id != change.actor_id:
        raise NotYours("Only the person who asked can withdraw this.")
    if waiver.decision is not WaiverDecision.PENDING:
        raise RuleViolation("This request has been decided already.")
    waiver.decision = WaiverDecision.WITHDRAWN
    _close(change, waiver, "")
    item = get_item_now(waiver.item_id)
    return _move_back(change, place, item, waiver, action=AuditAction.WAIVER_WITHDRAWN)


def _close(change: Change, waiver: Waiver, note: str) -> None:
    waiver.decided_by_id = change.actor_id
    waiver.decided_at = change.at
    waiver.note = note
    change.session.flush()
