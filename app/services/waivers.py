"""Waivers: asked for by one person, decided by another, ended early by whoever may decide."""

from datetime import date

from app.domain.audit import AuditAction
from app.domain.checklist import ItemState, Severity, check_is_asked
from app.domain.errors import InvalidInput, NotYours, RuleViolation
from app.domain.identifiers import time_ordered_id
from app.domain.permissions import Permission
from app.domain.waiver_kinds import WaiverKind, WaiverReason
from app.domain.waivers import (
    WaiverDecision,
    WaiverWish,
    check_may_approve_waiver,
    check_may_decide_waiver,
    check_may_end_waiver,
    check_may_request_waiver,
    is_over,
    state_after,
    utc_day,
)
from app.models import Waiver
from app.queries.items import ItemPlace, get_item_now, get_place, get_waiver
from app.queries.rows import ItemRow
from app.services.change import Change
from app.services.items import Saved, about_item, save_item, take_item, take_items
from app.services.rollback_steps import check_may_waive_in
from app.services.waived import close, waivers_behind
from app.services.write_path import write_path

RENEWED = "A new one took its place."


@write_path
def request_waiver(
    change: Change,
    item_id: int,
    *,
    revision: int,
    reason: WaiverReason,
    explanation: str,
    kind: WaiverKind = WaiverKind.NOT_APPLICABLE,
    ends_on: date | None = None,
) -> Saved:
    """Ask that an item be waived. Until another person agrees it counts as open.

    While a waiver is in force, asking again asks for the next one: the item stays waived until the first has expired.
    """
    place, item = take_item(change, item_id, revision, Permission.ITEM_WORK, yours=explanation)
    return _request(change, place, item, WaiverWish(kind, reason, explanation, ends_on), batch=None)


@write_path
def request_waivers(
    change: Change,
    checklist_id: int,
    items: tuple[tuple[int, int], ...],
    *,
    reason: WaiverReason,
    explanation: str,
) -> list[Saved]:
    """Ask that several items of one checklist be not applicable, never killers; one event each, one batch."""
    places, rows = take_items(change, checklist_id, items)
    batch = time_ordered_id()
    for item in rows:
        if item.severity is Severity.KILLER:
            raise RuleViolation(f"“{item.text}” is dangerous to skip: ask for it alone.")
    wish = WaiverWish(WaiverKind.NOT_APPLICABLE, reason, explanation)
    return [_request(change, places[item.id], item, wish, batch=batch) for item in rows]


def _request(change: Change, place: ItemPlace, item: ItemRow, wish: WaiverWish, *, batch: bytes | None) -> Saved:
    check_may_waive_in(place.belongs_to)
    behind = waivers_behind(change, item.id)
    old = behind.in_force
    check_may_request_waiver(
        item.facts,
        wish,
        today=utc_day(change.at),
        is_pending=behind.pending is not None,
        ends_on=old.ends_on if old else None,
    )
    change.session.add(
        Waiver(
            item_id=item.id,
            kind=wish.kind,
            reason=wish.reason,
            explanation=wish.explanation,
            ends_on=wish.ends_on,
            state_before=old.state_before if old else item.state,
            reason_before=old.reason_before if old else item.reason,
            batch=batch,
            requested_by_id=change.actor_id,
            requested_at=change.at,
        )
    )
    action, why = AuditAction.WAIVER_REQUESTED, wish.explanation
    if old:
        return _tell(change, place, item, action=action, reason=why, new=wish.words)
    state = ItemState.NOT_APPLICABLE_REQUESTED
    return _move(change, place, item, state, action=action, reason=why, new=wish.words, batch=batch)


def _move(
    change: Change,
    place: ItemPlace,
    item: ItemRow,
    state: ItemState,
    *,
    action: AuditAction,
    reason: str,
    stays: str | None = None,
    under: Permission | None = Permission.ITEM_WORK,
    new: str | None = None,
    batch: bytes | None = None,
) -> Saved:
    """Put the item into a state. `stays` is the reason that its row keeps, where that is not the one of the act."""
    values = {
        "state": state,
        "reason": reason if stays is None else stays,
        "changed_by_id": change.actor.id,
        "state_since": change.at,
    }
    return save_item(change, place, item, values, action=action, reason=reason, new=new, under=under, batch=batch)


def _tell(
    change: Change,
    place: ItemPlace,
    item: ItemRow,
    *,
    action: AuditAction,
    reason: str = "",
    new: str = "",
    under: Permission | None = Permission.ITEM_WORK,
) -> Saved:
    """Remember something about a waiver that leaves its item where it stands."""
    about = about_item(place)
    old, new = item.state.word, new or item.state.word
    change.record(action, about, stream=place.stream_id, fact="state", old=old, new=new, reason=reason, under=under)
    return save_item(change, place, item, {})


def _move_back(
    change: Change,
    place: ItemPlace,
    item: ItemRow,
    waiver: Waiver,
    *,
    action: AuditAction,
    reason: str = "",
    stays: str = "",
    under: Permission | None = Permission.ITEM_WORK,
) -> Saved:
    """Without the waiver the item stands where it stood, with the reason it had; never done again by itself.

    What another waiver stands behind stays, or waits for that one.
    """
    behind = waivers_behind(change, item.id)
    if behind.in_force is not None:
        return _tell(change, place, item, action=action, reason=reason, under=under)
    if behind.pending is not None:
        state, stays = ItemState.NOT_APPLICABLE_REQUESTED, behind.pending.explanation
    elif waiver.state_before is ItemState.DONE:
        state, stays = state_after(waiver.state_before), stays or reason
    else:
        state, stays = state_after(waiver.state_before), waiver.reason_before or stays
    return _move(change, place, item, state, action=action, reason=reason, stays=stays, under=under)


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
    if approve:
        check_may_approve_waiver(waiver.ends_on, today=utc_day(change.at))
    elif not note:
        raise InvalidInput(note="Say why the item applies.")
    item = get_item_now(waiver.item_id)
    under, why = Permission.WAIVER_DECIDE, note or waiver.explanation
    if not approve:
        _decide(change, waiver, WaiverDecision.REFUSED, note)
        return _move_back(change, place, item, waiver, action=AuditAction.WAIVER_REFUSED, reason=why, under=under)
    old = waivers_behind(change, item.id).in_force
    if old is not None:
        close(change, old, WaiverDecision.ENDED, RENEWED)
        _tell(change, place, item, action=AuditAction.WAIVER_ENDED, reason=RENEWED, under=under)
    _decide(change, waiver, WaiverDecision.APPROVED, note)
    state = waiver.kind.state
    new = f"{state.word} until {waiver.ends_on.isoformat()}" if waiver.ends_on else state.word
    return _move(change, place, item, state, action=AuditAction.WAIVER_APPROVED, reason=why, new=new, under=under)


@write_path
def withdraw_waiver(change: Change, waiver_id: int) -> Saved:
    """Take one's own request back; the item is open again."""
    place, waiver = _take(change, waiver_id, Permission.ITEM_WORK)
    if waiver.requested_by_id != change.actor_id:
        raise NotYours("Only the person who asked can withdraw this.")
    if waiver.decision is not WaiverDecision.PENDING:
        raise RuleViolation("This request has been decided already.")
    _decide(change, waiver, WaiverDecision.WITHDRAWN, "")
    item = get_item_now(waiver.item_id)
    return _move_back(change, place, item, waiver, action=AuditAction.WAIVER_WITHDRAWN)


def _decide(change: Change, waiver: Waiver, decision: WaiverDecision, note: str) -> None:
    waiver.decision = decision
    waiver.decided_by_id = change.actor_id
    waiver.decided_at = change.at
    waiver.note = note
    change.session.flush()


@write_path
def end_waiver(change: Change, waiver_id: int, *, reason: str) -> Saved:
    """End a waiver in force before its day, with a reason; one's own, too: the item is open again."""
    place, waiver = _take(change, waiver_id, Permission.WAIVER_DECIDE)
    check_may_end_waiver(waiver.decision, reason=reason)
    return _reopen(change, place, waiver, reason, WaiverDecision.ENDED, under=Permission.WAIVER_DECIDE)


@write_path
def expire_waiver(change: Change, waiver_id: int) -> bool:
    """Open the item behind a waiver whose last day has passed; whether there was anything to do.

    Whoever comes second finds it done already and does nothing: that is no refusal, and nothing to remember.
    """
    place = get_place(get_waiver(waiver_id).item_id)
    change.take(place.stream_id)
    waiver = get_waiver(waiver_id)
    if waiver.decision is not WaiverDecision.APPROVED or not is_over(waiver.ends_on, utc_day(change.at)):
        return False
    reason = f"Its last day was {waiver.ends_on}, counted in UTC."
    _reopen(change, place, waiver, reason, WaiverDecision.EXPIRED, under=None)
    return True


_ENDS = {WaiverDecision.ENDED: AuditAction.WAIVER_ENDED, WaiverDecision.EXPIRED: AuditAction.WAIVER_EXPIRED}


def _reopen(
    change: Change, place: ItemPlace, waiver: Waiver, reason: str, how: WaiverDecision, *, under: Permission | None
) -> Saved:
    close(change, waiver, how, reason)
    item = get_item_now(waiver.item_id)
    if item.state is not waiver.kind.state:
        # Something else than this waiver has moved it since, and that stays.
        return _tell(change, place, item, action=_ENDS[how], reason=reason, under=under)
    return _move_back(change, place, item, waiver, action=_ENDS[how], reason=reason, stays=reason, under=under)
