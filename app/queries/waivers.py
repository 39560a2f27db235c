"""Reads of the waivers behind items."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import aliased

from app.database import db
from app.domain.waivers import WaiverDecision
from app.models import Person, Waiver


@dataclass(frozen=True, slots=True)
class WaiverLine:
    """The waiver of an item that waits or was approved."""

    id: int
    reason: str
    explanation: str
    decision: WaiverDecision
    requested_by_id: int
    requested_by_name: str
    requested_at: datetime
    decided_by_name: str | None


def list_waivers_of(item_ids: Sequence[int]) -> dict[int, WaiverLine]:
    """The waiver that stands behind each item which waits or is not applicable."""
    if not item_ids:
        return {}
    asker, decider = aliased(Person), aliased(Person)
    rows = db.session.execute(
        select(Waiver, asker.name, decider.name)
        .join(asker, asker.id == Waiver.requested_by_id)
        .outerjoin(decider, decider.id == Waiver.decided_by_id)
        .where(
            Waiver.item_id.in_(item_ids),
            Waiver.decision.in_([WaiverDecision.PENDING, WaiverDecision.APPROVED]),
        )
        .order_by(Waiver.requested_at, Waiver.id)
    )
    return {waiver.item_id: _waiver_line(waiver, asked, decided) for waiver, asked, decided in rows}


def _waiver_line(waiver: Waiver, asked: str, decided: str | None) -> WaiverLine:
    return WaiverLine(
        waiver.id,
        waiver.reason.label,
        waiver.explanation,
        waiver.decision,
        waiver.requested_by_id,
        asked,
        waiver.requested_at,
        decided,
    )
