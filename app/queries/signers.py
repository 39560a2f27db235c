"""Who could still sign what: asked before somebody ticks something and thereby stands behind it."""

from functools import lru_cache
from time import monotonic

from app.database import db
from app.domain.gates import GateKind, Separation, barred, can_be_met
from app.domain.permissions import Role
from app.models import Gate
from app.models.base import table_of
from app.queries.covered import list_covered_of
from app.queries.gates import GateRow, list_gates_where, list_holders

# Ticks come in rows; who is needed changes with roles. It is a warning only: the verdict of a gate asks anew.
_KEPT_FOR_S = 10
_gates = table_of(Gate).c


def list_left_short(checklist_id: int, kind: str, person_id: int) -> list[GateRow]:
    """The gates that too few people could sign once this person stands behind something that they cover.

    None where too few can already, or where the person stands behind something anyway.
    """
    moment = int(monotonic() // _KEPT_FOR_S)
    if not kind or person_id not in _needed_lately(id(db.engine), checklist_id, kind, moment):
        return []
    return [gate for gate, needed in _needed(checklist_id, kind) if person_id in needed]


@lru_cache(maxsize=512)
def _needed_lately(_engine: int, checklist_id: int, kind: str, _moment: int) -> frozenset[int]:
    return frozenset().union(*(needed for _, needed in _needed(checklist_id, kind)))


def _needed(checklist_id: int, kind: str) -> list[tuple[GateRow, frozenset[int]]]:
    """Gates over a kind of item, each with the people without whom too few could sign it."""
    found = list_gates_where(
        _gates.checklist_id == checklist_id, _gates.kind == GateKind(kind), _gates.consumed_at.is_(None)
    )
    strict = [gate for gate in found if Separation.NOT_BEHIND_ITEMS in gate.policy.separation]
    if not strict:
        return []
    covered, holders = list_covered_of(strict), list_holders(strict)
    told = []
    for gate in strict:
        out = barred(gate.policy, [one.facts for one in covered[gate.id]])
        able = {role: people - out for role, people in holders[gate.id].items()}
        if not can_be_met(gate.policy.required, able):
            continue
        everybody = frozenset().union(*able.values())
        told.append((gate, frozenset(one for one in everybody if not _can_without(gate, able, one))))
    return told


def _can_without(gate: GateRow, able: dict[Role, set[int]], person_id: int) -> bool:
    return can_be_met(gate.policy.required, {role: people - {person_id} for role, people in able.items()})
