"""Reads of the waivers behind items."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import aliased

from app.database import db
from app.domain.waiver_kinds import WaiverKind
from app.domain.waivers import WaiverDecision
from app.models import Person, Waiver


@dataclass(frozen=True, slots=True)
class WaiverLine:
    """A waiver behind an item, in force or waiting."""

    id: int
    kind: WaiverKind
    reason: str
    explanation: str
    ends_on: date | None
    decision: WaiverDecision
    requested_by_id: int
    requested_by_name: str
    requested_at: datetime
    decided_by_name: str | None
    note: str


def list_waivers_of(item_ids: Sequence[int]) -> dict[int, list[WaiverLine]]:
    """The waivers that stand behind items: the one in force first, then the one that waits."""
    if not item_ids:
        return {}
    asker, decider = aliased(Person), aliased(Person)
    rows = db.session.execute(
        select(Waiver, asker.name, decider.name)
        .join(asker, asker.id == Waiver.requested_by_id)
        .outerjoin(decider, decider.id == Waiver.decided_by_id)
        .where(
            Waiver.item_id.in_(item_ids),
            Waiver.decision.in_([WaiverDecision.APPROVED, WaiverDecision.PENDING]),
        )
        .order_by(Waiver.decision, Waiver.id)
    )
    found: dict[int, list[WaiverLine]] = {}
    for waiver, asked, decided in rows:
        found.setdefault(waiver.item_id, []).append(_waiver_line(waiver, asked, decided))
    return found


def _waiver_line(waiver: Waiver, asked: str, decided: str | None) -> WaiverLine:
    return WaiverLine(
        waiver.id,
        waiver.kind,
        waiver.reason.label,
        waiver.explanation,
        waiver.ends_on,
        waiver.decision,
        waiver.requested_by_id,
        asked,
        waiver.requested_at,
        decided,
        waiver.note,
    )
