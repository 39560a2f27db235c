"""Reads of sign-offs that time alone has ended, for who says so."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, or_, select

from app.database import db
from app.domain.gate_policies import read_policy
from app.domain.gates import Decision
from app.models import Gate, GatePolicy, Signoff, SignoffEnd
from app.models.base import table_of
from app.queries.gates import OF_THIS_TURN

_gates, _policies = table_of(Gate).c, table_of(GatePolicy).c
_signoffs, _ends = table_of(Signoff).c, table_of(SignoffEnd).c
_POLICIES = select(_policies.id, _policies.kind, _policies.body)


def list_gates_with_expired(at: datetime, *, after: int, most: int) -> Sequence[int]:
    """The next gates, not consumed, with approvals that time has ended and nobody else; two statements."""
    limits = [(row.id, read_policy(row.kind, row.body).lasts) for row in db.session.execute(_POLICIES)]
    over = [and_(_signoffs.policy_id == number, _signoffs.signed_at <= at - time) for number, time in limits if time]
    due = (
        select(_signoffs.gate_id)
        .distinct()
        .join(table_of(Gate), _gates.id == _signoffs.gate_id)
        .outerjoin(table_of(SignoffEnd), _ends.signoff_id == _signoffs.id)
        .where(
            *(_ends.id.is_(None), _gates.consumed_at.is_(None), OF_THIS_TURN, _signoffs.gate_id > after),
            _signoffs.decision == Decision.APPROVE,
            or_(_signoffs.condition_ends_on < at.date(), *over),
        )
        .order_by(_signoffs.gate_id)
        .limit(most)
    )
    return db.session.scalars(due).all()
