"""Reads of how long gates took to open."""

from collections import defaultdict
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select

from app.database import db
from app.domain.audit import AuditAction
from app.domain.gate_policies import read_policy
from app.domain.gate_times import opened_at
from app.domain.gates import ActiveSignoff
from app.domain.metric_facts import GateFact
from app.domain.metric_samples import GATES
from app.domain.signoffs import EndKind
from app.models import AuditEvent, Checklist, Delegation, Gate, GatePolicy, Module, Release, Signoff, SignoffEnd
from app.models.base import table_of

_gates, _policies, _lists = table_of(Gate).c, table_of(GatePolicy).c, table_of(Checklist).c
_modules, _releases, _events = table_of(Module).c, table_of(Release).c, table_of(AuditEvent).c
_signoffs, _ends, _delegations = table_of(Signoff).c, table_of(SignoffEnd).c, table_of(Delegation).c
# A gate that was passed may have to be signed again for what comes next. Its row forgets that, the history does not.
_PASSINGS = select(_events.object_id).where(_events.action == AuditAction.GATE_CONSUMED, _events.object_kind == "gate")
_FIRST = (
    select(func.min(_events.occurred_at))
    .where(
        *(_events.object_kind == "gate", _events.object_id == _gates.id),
        _events.action == AuditAction.GATE_CONSUMED,
    )
    .scalar_subquery()
)
_ROWS = (
    select(
        *(_gates.id, _gates.kind, _gates.environment_key, _FIRST.label("passed_at"), _policies.body),
        _lists.created_at,
        *(_lists.module_id, _modules.key.label("module_key"), _modules.name.label("module_name")),
        _releases.name.label("release_name"),
    )
    .join(table_of(GatePolicy), _policies.id == _gates.policy_id)
    .join(table_of(Checklist), _lists.id == _gates.checklist_id)
    .outerjoin(table_of(Module), _modules.id == _lists.module_id)
    .outerjoin(table_of(Release), _releases.id == _lists.release_id)
    .where(_gates.kind.in_(sorted(GATES.values())))
    .order_by(_gates.id)
)


# What time alone has ended had opened its gate all the same; what the content or its signer ended had not.
_COUNTED = or_(_ends.id.is_(None), _ends.kind == EndKind.EXPIRED)
_SIGNOFFS = (
    select(_signoffs.gate_id, _signoffs.signed_at, _signoffs.person_id, _signoffs.role, _signoffs.decision)
    .add_columns(_delegations.principal_id)
    .outerjoin(table_of(SignoffEnd), _ends.signoff_id == _signoffs.id)
    .outerjoin(table_of(Delegation), _delegations.id == _signoffs.delegation_id)
    .where(_COUNTED)
    .order_by(_signoffs.id)
)


def opened_since(at: datetime) -> ColumnElement[bool]:
    """What holds of each gate that opened at a moment or later; of others it may hold, too."""
    signed = (
        select(_signoffs.id)
        .outerjoin(table_of(SignoffEnd), _ends.signoff_id == _signoffs.id)
        .where(_signoffs.gate_id == _gates.id, _COUNTED, _signoffs.signed_at >= at)
    )
    return or_(_gates.id.in_(_PASSINGS.where(_events.occurred_at >= at)), signed.exists())


def list_gate_times(*conditions: ColumnElement[bool]) -> list[GateFact]:
    """The gates for which something holds, with when each opened; two statements."""
    rows = db.session.execute(_ROWS.where(*conditions)).all()
    given: dict[int, list[tuple[datetime, ActiveSignoff]]] = defaultdict(list)
    for one in db.session.execute(_SIGNOFFS.where(_signoffs.gate_id.in_([row.id for row in rows]))):
        said = ActiveSignoff(one.person_id, one.role, one.decision, one.principal_id)
        given[one.gate_id].append((one.signed_at, said))
    return [
        GateFact(
            *(row.id, row.kind, row.environment_key, row.module_id, row.module_key or "", row.module_name or ""),
            release_name=row.release_name or "",
            created_at=row.created_at,
            opened_at=opened_at(row.passed_at, read_policy(row.kind, row.body), given[row.id]),
        )
        for row in rows
    ]
