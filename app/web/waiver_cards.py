"""Waivers in lists: what the register says of each, and what somebody may do about it there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from app.domain.actors import Actor
from app.domain.audit import moment_text
from app.domain.permissions import Permission
from app.domain.waivers import GRANTED, WaiverDecision
from app.queries.register import WaiverRow
from app.queries.repeats import count_repeats
from app.web.waiver_views import told_of, utc_today


@dataclass(frozen=True, slots=True)
class WaiverCard:
    """One waiver as a list shows it to one person."""

    row: WaiverRow
    told: str
    repeated: str
    is_own: bool
    may_decide: bool
    may_withdraw: bool


def cards_of(rows: Sequence[WaiverRow], actor: Actor) -> list[WaiverCard]:
    """Waivers as this person sees them."""
    repeats, today = count_repeats(rows), utc_today()
    return [_card(row, repeats.get(row.id, 0), actor, today) for row in rows]


def _card(row: WaiverRow, repeats: int, actor: Actor, today: date) -> WaiverCard:
    is_pending, is_own = row.decision is WaiverDecision.PENDING, row.requested_by_id == actor.id
    # For showing the buttons; the rules are asked again when one is pressed.
    may_decide = actor.may_for(Permission.WAIVER_DECIDE, row.module_id)
    return WaiverCard(
        row=row,
        told=told_of(row.decision, row.ends_on, today),
        repeated=repeated(row, repeats),
        is_own=is_own,
        may_decide=is_pending and not is_own and may_decide,
        may_withdraw=is_pending and is_own,
    )


def in_a_row(row: WaiverRow, repeats: int) -> int:
    """In how many releases in a row it was waived, this one included where it was granted."""
    return repeats + (row.decision in GRANTED)


def repeated(row: WaiverRow, repeats: int) -> str:
    """In words, that the same is waived again and again; nothing where it is the first time."""
    if not repeats:
        return ""
    if row.decision in GRANTED:
        return f"waived for {repeats + 1} releases in a row"
    return "waived in the release before, too" if repeats == 1 else f"waived in the {repeats} releases before, too"


HEADER = (
    *("waiver_id", "standing", "kind", "item", "item_key", "severity", "module", "release", "group"),
    *("reason", "explanation", "until", "asked_by", "asked_at_utc", "age_days", "decided_by", "decided_at_utc"),
    *("note", "ended_by", "ended_at_utc", "ended_reason", "releases_in_a_row"),
)
# No person's text is in these.
OWN = {"waiver_id", "standing", "kind", "until", "asked_at_utc", "age_days", "decided_at_utc", "ended_at_utc"}


def csv_cells(row: WaiverRow, repeats: int, today: date) -> tuple[object, ...]:
    """One waiver as a row of the export."""
    return (
        row.id,
        row.standing.word,
        row.kind.label,
        row.line.text,
        row.item_key,
        row.line.severity,
        row.line.module_name,
        row.line.release_name,
        row.line.group_title,
        row.reason.label,
        row.explanation,
        row.ends_on.isoformat() if row.ends_on else "",
        row.requested_by_name,
        moment_text(row.requested_at),
        (today - row.requested_at.date()).days,
        row.decided_by_name or "",
        moment_text(row.decided_at) if row.decided_at else "",
        row.note,
        row.ended_by_name or ("Countersign" if row.decision is WaiverDecision.EXPIRED else ""),
        moment_text(row.ended_at) if row.ended_at else "",
        row.ended_reason,
        in_a_row(row, repeats),
    )
