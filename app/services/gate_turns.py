"""The next turn of a gate that was passed: what it guards is planned again, and has to be signed again."""

from datetime import datetime

from sqlalchemy import update

from app.domain.audit import AuditAction, moment_text
from app.models import Gate
from app.models.base import table_of
from app.queries.gates import GateRow
from app.services.change import Change
from app.services.signoff_ends import about_gate

_gates = table_of(Gate)


def open_next_turn(change: Change, gate: GateRow, consumed_at: datetime, *, used_by: str) -> None:
    """Open a gate anew whose stream is taken: sign-offs and break-glass of before stay, and count for nothing now."""
    cycle = gate.cycle + 1
    change.session.execute(
        update(_gates)
        .where(_gates.c.id == gate.id)
        .values(cycle=cycle, first_cycle=cycle, consumed_at=None, consumed_by_id=None)
    )
    change.record(
        AuditAction.GATE_RENEWED,
        about_gate(gate),
        stream=gate.stream_id,
        old=used_by,
        before={"cycle": gate.cycle, "consumed_at": moment_text(consumed_at)},
        after={"cycle": cycle},
    )
