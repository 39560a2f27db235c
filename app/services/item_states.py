"""How an item stands: ticked, un-ticked, doing, failed or blocked; alone, several at once, and with its twins."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from app.domain.audit import AuditAction
from app.domain.checklist import ItemState, check_is_asked, check_may_bulk, check_may_keep, check_may_set_state
from app.domain.errors import AskFirst
from app.domain.identifiers import time_ordered_id
from app.domain.permissions import Permission
from app.domain.twins import check_may_follow, follows
from app.queries.items import ItemPlace, list_places
from app.queries.rows import ItemRow, list_chosen_rows, list_rows_of_facts
from app.queries.signers import list_left_short
from app.services.change import Change
from app.services.incident_records import check_record_allows
from app.services.items import Saved, save_alike, save_item, take_item, take_items
from app.services.rollback_steps import is_in_order
from app.services.waived import end_behind
from app.services.write_path import write_path

_LONGEST_REASON = 1000


@write_path
def set_state(
    change: Change,
    item_id: int,
    *,
    revision: int,
    state: ItemState,
    reason: str = "",
    value: str | None = None,
    even_so: bool = True,
) -> Saved:
    """Tick, un-tick, or say that an item is being done, failed or blocked; with its value when one was typed.

    Unless `even_so`, who could not sign a gate any more by ticking, and is needed there, is asked first.
    """
    yours = ", ".join(part for part in (state.word, reason, value or "") if part)
    place, item = take_item(change, item_id, revision, Permission.ITEM_WORK, yours=yours)
    if not even_so and state is ItemState.DONE and item.state is not state:
        _ask_whether_somebody_else_signs(change, place)
    # The same thing done at another step is another act.
    if not item.fact or is_in_order(place.belongs_to):
        return _set_state(change, place, item, state, reason=reason, value=value)
    batch = time_ordered_id()
    saved = _set_state(change, place, item, state, reason=reason, value=value, batch=batch)
    return replace(saved, twins=_bring_along(change, place.checklist_id, [item], state, reason=reason, batch=batch))


def _ask_whether_somebody_else_signs(change: Change, *places: ItemPlace) -> None:
    kinds = sorted({(place.checklist_id, place.gate) for place in places})
    short = [gate for checklist, kind in kinds for gate in list_left_short(checklist, kind, change.actor_id)]
    if short:
        gates = " and ".join(f"the gate {gate.title}" for gate in short)
        raise AskFirst(
            f"Then too few people could sign {gates}: who ticks something does not sign it, and you are needed there. "
            "Let somebody else tick it, or tick it even so."
        )


@write_path
def set_states(
    change: Change,
    checklist_id: int,
    items: tuple[tuple[int, int], ...],
    *,
    state: ItemState,
    reason: str,
    even_so: bool = True,
) -> list[Saved]:
    """Set several items of one checklist at once, with one sentence for all; one event each, one batch."""
    places, rows = take_items(change, checklist_id, items)
    if not even_so and state is ItemState.DONE:
        _ask_whether_somebody_else_signs(change, *(places[row.id] for row in rows if row.state is not state))
    batch = time_ordered_id()
    saved = []
    for item in rows:
        check_may_bulk(item.facts, state, reason=reason)
        if item.state is state:  # whoever ticked it before stays the one who did
            saved.append(Saved(item.id, item.revision, change.at))
        else:
            saved.append(_set_state(change, places[item.id], item, state, reason=reason, value=None, batch=batch))
    led = [item for item in rows if not is_in_order(places[item.id].belongs_to)]
    twins = _bring_along(change, checklist_id, led, state, reason=reason, batch=batch)
    return [replace(saved[0], twins=twins), *saved[1:]]


def tick_together(change: Change, item_ids: Sequence[int], *, reason: str) -> int:
    """Tick open items of streams that are taken, as a part of another change; one event each, all of one batch."""
    places = {place.id: place for place in list_places(item_ids)}
    rows = list_chosen_rows(item_ids)
    for item in rows:
        change.actor.require(Permission.ITEM_WORK, places[item.id].module_id)
        check_is_asked(item.facts)
        check_may_bulk(item.facts, ItemState.DONE, reason=reason)
        check_may_set_state(item.facts, ItemState.DONE, actor_id=change.actor_id, reason=reason)
    values = {
        "state": ItemState.DONE,
        "reason": reason,
        "changed_by_id": change.actor_id,
        "state_since": change.at,
    }
    save_alike(change, [(places[item.id], item) for item in rows], values, reason=reason, batch=time_ordered_id())
    return len(rows)


def _set_state(
    change: Change,
    place: ItemPlace,
    item: ItemRow,
    state: ItemState,
    *,
    reason: str,
    value: str | None,
    batch: bytes | None = None,
) -> Saved:
    check_is_asked(item.facts)
    values: dict[str, Any] = {}
    ends_waiver = False
    if value is not None and value != item.value:
        check_may_keep(value_kind=item.value_kind, value=value)
        values["value"] = value
    if item.state is not state or (reason and reason != item.reason):
        check_record_allows(place, item, state, actor_id=change.actor_id)
        check_may_set_state(item.facts, state, actor_id=change.actor_id, reason=reason)
        ends_waiver = end_behind(change, item, reason or state.word)
        # A new reason for the same state does not make it any younger.
        since = item.state_since if item.state is state else change.at
        values |= {"state": state, "reason": reason, "changed_by_id": change.actor_id, "state_since": since}
    action = AuditAction.WAIVER_ENDED if ends_waiver else None
    saved = save_item(change, place, item, values, action=action, reason=reason, batch=batch)
    # Nobody brings a waiver back by taking back: it is asked for again.
    return replace(saved, event=None) if ends_waiver else saved


def _bring_along(
    change: Change, checklist_id: int, led: Iterable[ItemRow], state: ItemState, *, reason: str, batch: bytes
) -> tuple[str, ...]:
    """Set the twins of what was just set, in the same batch, and give their texts."""
    by_fact = {item.fact: item for item in led if item.fact and item.state is not state}
    twins = list_rows_of_facts(checklist_id, by_fact) if by_fact else []
    along = [twin for twin in twins if follows(twin.facts, by_fact[twin.fact].facts, state)]
    places = {place.id: place for place in list_places([twin.id for twin in along])} if along else {}
    for twin in along:
        check_may_follow(twin.facts, state, actor_id=change.actor_id, reason=reason)
        why = reason or f"The same fact as “{by_fact[twin.fact].text}”."[:_LONGEST_REASON]
        _set_state(change, places[twin.id], twin, state, reason=why, value=None, batch=batch)
    return tuple(twin.text for twin in along)
