"""Reads of what a gate covers now, as the rules look at it and as it is signed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select

from app.database import db
from app.domain.checklist import ItemState
from app.domain.gates import CoveredItem
from app.domain.left_out import is_left_out
from app.domain.signoffs import GateContent, SignedItem
from app.domain.waivers import WaiverDecision
from app.models import ChecklistGroup, ChecklistItem, Evidence, EvidenceConfirmation, Waiver
from app.models.base import table_of
from app.queries.expiry import list_expired_items
from app.queries.gates import GateRow

_items, _groups = table_of(ChecklistItem).c, table_of(ChecklistGroup).c
_evidence, _confirmations = table_of(Evidence).c, table_of(EvidenceConfirmation).c
_waivers = table_of(Waiver).c
_COVERED = (
    select(
        *(_items.id, _items.key, _items.text, _items.severity, _items.state, _items.state_since),
        *(_items.changed_by_id, _items.reason, _items.value, _items.link, _groups.key.label("group_key")),
        *(_items.checklist_id, _items.gate),
    )
    .join(table_of(ChecklistGroup), _groups.id == _items.group_id)
    .where(
        _items.checklist_id.in_(bindparam("checklists", expanding=True)),
        _items.gate.in_(bindparam("kinds", expanding=True)),
        _items.state != ItemState.REMOVED,
    )
    .order_by(_items.position)
)
_PROOFS = select(
    *(_evidence.id, _evidence.item_id, _evidence.added_by_id, _evidence.file_sha256, _evidence.link, _evidence.note)
).where(_evidence.item_id.in_(bindparam("items", expanding=True)), _evidence.withdrawn_at.is_(None))
_CONFIRMERS = (
    select(_evidence.item_id, _confirmations.confirmed_by_id)
    .join(table_of(Evidence), _evidence.id == _confirmations.evidence_id)
    .where(_evidence.item_id.in_(bindparam("items", expanding=True)), _evidence.withdrawn_at.is_(None))
    .distinct()
)
_IN_FORCE = select(
    *(_waivers.id, _waivers.item_id, _waivers.kind, _waivers.requested_by_id, _waivers.decided_by_id, _waivers.ends_on)
).where(_waivers.item_id.in_(bindparam("items", expanding=True)), _waivers.decision == WaiverDecision.APPROVED)


@dataclass(frozen=True, slots=True)
class Covered:
    """An item that a gate covers: as the rules look at it, and as it is signed."""

    id: int
    facts: CoveredItem
    signed: SignedItem


def list_covered(gate: GateRow) -> list[Covered]:
    """What a gate covers now."""
    return list_covered_of([gate])[gate.id]


def list_covered_of(gates: Sequence[GateRow]) -> dict[int, list[Covered]]:
    """What gates cover now, by gate; four statements and the one for what has expired, however many they are."""
    checklists = sorted({gate.checklist_id for gate in gates})
    kinds = sorted({gate.kind.value for gate in gates})
    rows = db.session.execute(_COVERED, {"checklists": checklists, "kinds": kinds}).all()
    ids = {"items": [row.id for row in rows]}
    behind: dict[int, set[int]] = defaultdict(set)
    proofs: dict[int, list[str]] = defaultdict(list)
    waived: dict[int, str] = {}
    for piece in db.session.execute(_PROOFS, ids):
        behind[piece.item_id].add(piece.added_by_id)
        proofs[piece.item_id].append(_proof(piece))
    for item_id, person in db.session.execute(_CONFIRMERS, ids):
        behind[item_id].add(person)
    for one in db.session.execute(_IN_FORCE, ids):
        behind[one.item_id] |= {one.requested_by_id, one.decided_by_id}
        waived[one.item_id] = f"{one.kind.value} {one.id} until {one.ends_on or 'further notice'}"
    now = {item.id: item.now for item in list_expired_items(checklists)}
    found: dict[tuple[int, str], list[tuple[str, Covered]]] = defaultdict(list)
    for row in rows:
        about = behind[row.id], proofs[row.id], waived.get(row.id, "")
        found[row.checklist_id, row.gate].append((row.group_key, _covered(row, now.get(row.id, row.state), *about)))
    return {gate.id: _without_left_out(gate, found[gate.checklist_id, gate.kind.value]) for gate in gates}


def _without_left_out(gate: GateRow, found: Iterable[tuple[str, Covered]]) -> list[Covered]:
    return [one for group_key, one in found if not (gate.is_first_environment and is_left_out(group_key))]


def _covered(row: Any, state: ItemState, behind: set[int], proofs: list[str], waiver: str) -> Covered:
    if state is ItemState.DONE and row.changed_by_id is not None:
        behind.add(row.changed_by_id)
    facts = CoveredItem(row.key, row.text, state, row.severity, frozenset(behind))
    return Covered(
        row.id,
        facts,
        SignedItem(
            *(row.key, row.text, row.severity.value, state.value, row.state_since, row.changed_by_id),
            note=row.reason,
            value=row.value,
            link=row.link,
            evidence=tuple(proofs),
            waiver=waiver,
        ),
    )


def _proof(piece: Any) -> str:
    """A piece of evidence in the signed content: its number, and what nobody can change about it."""
    return f"{piece.id} {piece.file_sha256.hex() if piece.file_sha256 else ''} {piece.link} {piece.note}".rstrip()


def content_of(gate: GateRow, covered: Iterable[Covered], records: Mapping[str, str]) -> GateContent:
    """What a sign-off of this gate would be about now."""
    return GateContent(
        gate.kind,
        gate.environment_key,
        gate.cycle,
        {"checklist": gate.checklist_id, "release": gate.release_id, "module": gate.module_id},
        gate.policy_name,
        [one.signed for one in covered],
        records,
    )
