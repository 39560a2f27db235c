"""Waivers as pages show them: behind a row, and what a form lets one choose from."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.domain.actors import Actor
from app.domain.permissions import Permission
from app.domain.waiver_kinds import REASONS, WaiverKind, WaiverReason
from app.domain.waivers import WaiverDecision, WaiverStanding, a_year_after, countdown, standing_of, utc_day
from app.models.base import utc_now
from app.queries.waivers import WaiverLine

OTHER = WaiverReason.OTHER


def utc_today() -> date:
    """The day it is where waivers count: in UTC, wherever the reader sits."""
    return utc_day(utc_now())


@dataclass(frozen=True, slots=True)
class WaiverView:
    """A waiver behind an item, with what this person may do about it."""

    id: int
    kind_title: str
    reason_title: str
    text: str
    ends_on: date | None
    standing: WaiverStanding
    told: str
    requested_by_name: str
    requested_at: datetime
    decided_by_name: str | None
    note: str
    may_decide: bool
    may_withdraw: bool
    may_end: bool

    @property
    def is_pending(self) -> bool:
        """Whether it only waits."""
        return self.standing is WaiverStanding.WAITING

    @property
    def is_over(self) -> bool:
        """Whether its day has passed, and only the item has not been opened again yet."""
        return self.standing is WaiverStanding.REOPENING


def waiver_view(waiver: WaiverLine, actor: Actor, module_id: int | None) -> WaiverView:
    """What a row shows of a waiver behind it."""
    today = utc_today()
    is_pending = waiver.decision is WaiverDecision.PENDING
    is_own = waiver.requested_by_id == actor.id
    may_decide = actor.may_for(Permission.WAIVER_DECIDE, module_id)
    return WaiverView(
        id=waiver.id,
        kind_title=waiver.kind.label,
        reason_title=waiver.reason,
        text=waiver.explanation,
        ends_on=waiver.ends_on,
        standing=standing_of(waiver.decision, waiver.ends_on, today),
        told=told_of(waiver.decision, waiver.ends_on, today),
        requested_by_name=waiver.requested_by_name,
        requested_at=waiver.requested_at,
        decided_by_name=waiver.decided_by_name,
        note=waiver.note,
        may_decide=is_pending and not is_own and may_decide,
        may_withdraw=is_pending and is_own,
        may_end=not is_pending and may_decide,
    )


def told_of(decision: WaiverDecision, ends_on: date | None, today: date) -> str:
    """What has to be said about the end of a waiver: that it is near, or that it has come."""
    standing = standing_of(decision, ends_on, today)
    if ends_on is not None and standing in {WaiverStanding.EXPIRING, WaiverStanding.REOPENING}:
        return countdown(ends_on, today)
    if standing is WaiverStanding.WAITING and ends_on is not None and ends_on < today:
        return "that day has passed while it waited"
    return ""


# For a change of several: what one sentence can hold for.
SEVERAL_REASONS = [(reason.value, reason.label) for reason in REASONS[WaiverKind.NOT_APPLICABLE]]


def waiver_choices() -> dict[str, Any]:
    """What the form behind a row lets one choose from: the kinds, the reasons by kind, and the days."""
    today = utc_today()
    return {
        "kinds": [(kind.value, kind.label, kind.meaning, kind.needs_end) for kind in WaiverKind],
        "reasons": [
            (kind.value, kind.label, [(reason.value, reason.label) for reason in reasons if reason != OTHER])
            for kind, reasons in REASONS.items()
        ],
        "other": (OTHER.value, OTHER.label),
        "first": today.isoformat(),
        "last": a_year_after(today).isoformat(),
    }
