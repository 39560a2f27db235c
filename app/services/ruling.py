"""Bringing checklists in line with what their module answered: a part of the changes that can make a difference."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, case, func, select, update

from app.domain.applicability import Answers, rules_in_words, why_not_with
from app.domain.audit import AuditAction
from app.domain.checklist import ItemState
from app.domain.identifiers import time_ordered_id
from app.domain.permissions import Permission
from app.domain.waivers import WaiverDecision
from app.models import ChecklistItem, Waiver
from app.models.base import table_of
from app.queries.applicability import PlacedChecklist, RuledItem, list_answers_of, list_ruled_items
from app.queries.returning import state_to_return_to
from app.services.change import About, Change

_items, _waivers = table_of(ChecklistItem), table_of(Waiver)
_CHOSEN = _items.c.id.in_(bindparam("chosen", expanding=True))
# Servers assign from left to right: what is to be kept is copied before it is overwritten.
_AWAY = (
    update(_items)
    .where(_CHOSEN)
    .ordered_values(
        (_items.c.state_before, _items.c.state),
        (_items.c.state, ItemState.RULED_OUT),
        (_items.c.revision, _items.c.revision + 1),
    )
)
_BACK = (
    update(_items)
    .where(_CHOSEN)
    .ordered_values(
        (_items.c.state, state_to_return_to()),
        (_items.c.state_before, None),
        (_items.c.revision, _items.c.revision + 1),
    )
)
_PENDING = (
    select(_waivers.c.item_id, _waivers.c.state_before)
    .where(_waivers.c.item_id.in_(bindparam("chosen", expanding=True)), _waivers.c.decision == WaiverDecision.PENDING)
    .order_by(_waivers.c.id)
)
_asked = _waivers.c.item_id == _items.c.id, _waivers.c.decision == WaiverDecision.PENDING
_before = select(func.max(_waivers.c.state_before)).where(*_asked).scalar_subquery()
_reason_before = select(func.max(_waivers.c.reason_before)).where(*_asked).scalar_subquery()
# As when its asker withdraws it: the item stands where it stood, but is never done again by itself.
_UNASKED = (
    update(_items)
    .where(_CHOSEN)
    .ordered_values(
        (_items.c.reason, case((_before == ItemState.DONE, ""), else_=_reason_before)),
        (_items.c.state, case((_before == ItemState.DONE, ItemState.TODO.value), else_=_before)),
        (_items.c.revision, _items.c.revision + 1),
    )
)
_WITHDRAW = (
    update(_waivers)
    .where(_waivers.c.item_id.in_(bindparam("chosen", expanding=True)), _waivers.c.decision == WaiverDecision.PENDING)
    .values(
        decision=WaiverDecision.WITHDRAWN,
        decided_by_id=bindparam("by"),
        decided_at=bindparam("at", type_=_waivers.c.decided_at.type),
        note="By rule it does not apply: nothing is left to decide.",
    )
)


@dataclass(frozen=True, slots=True)
class Ruled:
    """How many items were taken away, and how many came back."""

    out: int = 0
    back: int = 0


def bring_in_line(
    change: Change, checklists: Sequence[PlacedChecklist], answers: Answers, *, under: Permission | None = None
) -> Ruled:
    """Take away what the answers rule out, and bring back what they no longer do; the streams are taken already.

    As many statements for a thousand items as for one; one event an item, all of one batch.
    """
    places = {checklist.id: checklist for checklist in checklists}
    items = list_ruled_items(list(places))
    leaving = [item for item in items if item.is_leaving(answers)]
    returning = [item for item in items if item.is_returning(answers)]
    telling = _Telling(change, places, answers, under, time_ordered_id())
    if leaving:
        leaving = _without_waivers(change, leaving, telling)
        change.session.execute(_AWAY, {"chosen": [item.id for item in leaving]})
        telling.tell_away(leaving)
    if returning:
        change.session.execute(_BACK, {"chosen": [item.id for item in returning]})
        telling.tell_back(returning)
    return Ruled(len(leaving), len(returning))


def rule_new_checklists(change: Change, checklists: Sequence[PlacedChecklist]) -> None:
    """Take away what the answers of their modules rule out of checklists that are being made.

    The streams of the modules are taken first: an answer that is being changed is seen whole, or sees its checklist.
    """
    change.take_subjects("module", (checklist.module_id for checklist in checklists))
    answers = list_answers_of([checklist.module_id for checklist in checklists])
    for checklist in checklists:
        if checklist.module_id in answers:
            bring_in_line(change, [checklist], answers[checklist.module_id])


def _without_waivers(change: Change, leaving: list[RuledItem], telling: "_Telling") -> list[RuledItem]:
    """Withdraw what waits for approval: nobody decides about an item that is not asked. Gives all as they are now."""
    waiting = [item.id for item in leaving if item.state is ItemState.NOT_APPLICABLE_REQUESTED]
    if not waiting:
        return leaving
    before: dict[int, ItemState] = {
        row.item_id: row.state_before for row in change.session.execute(_PENDING, {"chosen": waiting})
    }
    change.session.execute(_UNASKED, {"chosen": list(before)})
    change.session.execute(_WITHDRAW, {"chosen": list(before), "by": change.actor_id, "at": change.at})
    now = []
    for item in leaving:
        if item.id not in before:
            now.append(item)
            continue
        state = ItemState.TODO if before[item.id] is ItemState.DONE else before[item.id]
        telling.tell(AuditAction.WAIVER_WITHDRAWN, item, state, reason=telling.why(item))
        now.append(item._replace(state=state, revision=item.revision + 1))
    return now


@dataclass(frozen=True, slots=True)
class _Telling:
    """Leaves one event for each item, all of one batch."""

    change: Change
    places: dict[int, PlacedChecklist]
    answers: Answers
    under: Permission | None
    batch: bytes

    def why(self, item: RuledItem) -> str:
        """The rules that took it away, in words."""
        return f"by rule: {why_not_with(item.rules, self.answers)}"

    def tell_away(self, items: Iterable[RuledItem]) -> None:
        """That these do not apply any more."""
        for item in items:
            self.tell(AuditAction.ITEM_RULED_OUT, item, ItemState.RULED_OUT, reason=self.why(item))

    def tell_back(self, items: Iterable[RuledItem]) -> None:
        """That these apply again."""
        for item in items:
            state = item.state_before or ItemState.TODO
            self.tell(AuditAction.ITEM_RULED_IN, item, state, reason=rules_in_words(item.rules))

    def tell(self, action: AuditAction, item: RuledItem, state: ItemState, *, reason: str) -> None:
        """That an item stands in another state."""
        place = self.places[item.checklist_id]
        self.change.record(
            action,
            About("item", item.id, item.text, place.module_id, place.release_id, place.template_version_id),
            stream=place.stream_id,
            fact="state",
            old=item.state.word,
            new=state.word,
            reason=reason,
            before={"state": item.state.value, "revision": item.revision},
            after={"state": state.value, "revision": item.revision + 1},
            under=self.under,
            batch=self.batch,
        )
