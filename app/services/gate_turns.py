"""The next turn of a gate that was passed: what it guards is open again, and has to be signed again."""

from datetime import datetime

from sqlalchemy import update

from app.domain.audit import AuditAction, moment_text
from app.domain.signoffs import EndKind
from app.models import Gate
from app.models.base import table_of
from app.queries.gates import GateRow, list_active
from app.services.change import Change
from app.services.signoff_ends import about_gate, end

_gates = table_of(Gate)


def open_next_turn(change: Change, gate: GateRow, consumed_at: datetime, *, used_by: str) -> None:
    """Open a gate anew whose stream is taken: what was signed before stays, and counts for nothing now."""
    end(change, gate, list_active([gate.id]), EndKind.STALE, reason=f"It counted for {used_by}.")
    cycle = gate.cycle + 1
    change.session.execute(
        update(_gates).where(_gates.c.id == gate.id).values(cycle=cycle, consumed_at=None, consumed_by_id=None)
    )
    change.record(
        AuditAction.GATE_RENEWED,
        about_gate(gate),
        stream=gate.stream_id,
        old=used_by,
        before={"cycle": gate.cycle, "consumed_at": moment_text(consumed_at)},
        after={"cycle": cycle},
    )
