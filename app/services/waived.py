"""Steps that waivers and items share: what stands behind an item, and how a waiver comes to its end.

Whoever takes them has taken the item's stream before: behind an item there is at most one waiver in force and at most
one that waits, and it stays so because every change of either goes through that stream.
"""

from dataclasses import dataclass

from sqlalchemy import select

from app.domain.checklist import WAIVED
from app.domain.errors import RuleViolation
from app.domain.waivers import WaiverDecision
from app.models import Waiver
from app.queries.rows import ItemRow
from app.services.change import Change


@dataclass(frozen=True, slots=True)
class Behind:
    """The waivers behind an item: the one in force, and the one that is asked for."""

    in_force: Waiver | None = None
    pending: Waiver | None = None


def waivers_behind(change: Change, item_id: int) -> Behind:
    """What stands behind an item now."""
    found = select(Waiver).where(
        Waiver.item_id == item_id, Waiver.decision.in_([WaiverDecision.APPROVED, WaiverDecision.PENDING])
    )
    rows = {row.decision: row for row in change.session.scalars(found.execution_options(populate_existing=True))}
    return Behind(rows.get(WaiverDecision.APPROVED), rows.get(WaiverDecision.PENDING))


def end_behind(change: Change, item: ItemRow, reason: str) -> bool:
    """End the waiver in force behind an item that somebody sets by hand; whether there was one."""
    if item.state not in WAIVED:
        return False
    behind = waivers_behind(change, item.id)
    if behind.pending is not None:
        raise RuleViolation("A waiver for this item waits for approval. Withdraw or decide it first.")
    if behind.in_force is None:
        return False
    close(change, behind.in_force, WaiverDecision.ENDED, reason)
    return True


def close(change: Change, waiver: Waiver, decision: WaiverDecision, reason: str) -> None:
    """Remember of a waiver in force when it ended, by whom and why."""
    waiver.decision = decision
    waiver.ended_at = change.at
    waiver.ended_by_id = change.actor.id
    waiver.ended_reason = reason
    change.session.flush()
