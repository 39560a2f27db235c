"""What pages show of evidence: its lines, and what of it could be confirmed again."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.checklist import ItemState, Severity
from app.queries.checklists import ChecklistHead
from app.queries.evidence import EvidenceLine, list_evidence
from app.queries.groups import GroupLine
from app.queries.rows import ItemRow, list_rows
from app.web.rows import local_day, today


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """One piece of evidence as a page shows it to one person, on their day."""

    line: EvidenceLine
    is_expired: bool
    expiry: str

    @property
    def is_withdrawn(self) -> bool:
        """Whether somebody took it back."""
        return self.line.withdrawn_at is not None


@dataclass(frozen=True, slots=True)
class Confirmable:
    """An item that is done, with the evidence that could be called still true."""

    row: ItemRow
    pieces: list[EvidenceView]


def evidence_views(item_ids: Sequence[int]) -> list[EvidenceView]:
    """The evidence of items, the newest first."""
    day = today()
    return [
        EvidenceView(line, line.is_expired(day), _expiry((line.expires_on - day).days) if line.expires_on else "")
        for line in list_evidence(item_ids)
    ]


def _expiry(days: int) -> str:
    if days < 0:
        return "expired 1 day ago" if days == -1 else f"expired {-days} days ago"
    return ("expires today", "expires tomorrow")[days] if days < 2 else f"expires in {days} days"


def confirmable(rows: Sequence[ItemRow]) -> list[Confirmable]:
    """Of some rows those that are done, with the evidence that stands, counts, and is older than today."""
    wanted = [row for row in rows if row.state is ItemState.DONE and row.evidence_count]
    found = [piece for piece in evidence_views([row.id for row in wanted]) if _is_confirmable(piece)]
    pairs = [Confirmable(row, [piece for piece in found if piece.line.item_id == row.id]) for row in wanted]
    return [pair for pair in pairs if pair.pieces]


def _is_confirmable(piece: EvidenceView) -> bool:
    return not piece.is_withdrawn and not piece.is_expired and local_day(piece.line.measured_at) < today()


def together(rows: Sequence[ItemRow]) -> list[Confirmable]:
    """What can be confirmed in one act: a killer is confirmed alone."""
    return confirmable([row for row in rows if row.severity is not Severity.KILLER])


def confirmable_rows(checklist: ChecklistHead, group: GroupLine, *, only: int) -> list[Confirmable]:
    """What a page asks about: one item, or the group without its killers."""
    rows = list_rows(checklist.id, group_id=group.id)
    return confirmable([row for row in rows if row.id == only]) if only else together(rows)


def left_out(checklist: ChecklistHead, group: GroupLine) -> list[tuple[ItemRow, str]]:
    """The items with evidence that are not asked about, and why."""
    found = []
    for row in list_rows(checklist.id, group_id=group.id):
        if not row.evidence_count:
            continue
        if row.state is not ItemState.DONE:
            found.append((row, "it is not done"))
        elif row.severity is Severity.KILLER:
            found.append((row, "dangerous to skip: confirm it alone, on its own page"))
        elif row.evidence_expires_on and row.evidence_expires_on < today():
            found.append((row, "evidence has expired: add what you measure now"))
    return found
