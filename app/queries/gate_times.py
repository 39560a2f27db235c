"""Reads of how long gates took to open."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select

from app.database import db
from app.domain.audit import AuditAction
from app.domain.gate_policies import read_policy
from app.domain.gate_times import opened_at
from app.domain.gates import ActiveSignoff
from app.domain.metric_facts import GateFact
from app.domain.metric_samples import GATES
from app.models import AuditEvent, Checklist, Gate, GatePolicy, Module, Release, Signoff, SignoffEnd
from app.models.base import table_of
from app.queries.gates import SignoffRow, list_active

_gates, _policies, _lists = table_of(Gate).c, table_of(GatePolicy).c, table_of(Checklist).c
_modules, _releases, _events = table_of(Module).c, table_of(Release).c, table_of(AuditEvent).c
_signoffs, _ends = table_of(Signoff).c, table_of(SignoffEnd).c
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


def opened_since(at: datetime) -> ColumnElement[bool]:
    """What holds of each gate that opened at a moment or later; of others it may hold, too."""
    signed = (
        select(_signoffs.id)
        .outerjoin(table_of(SignoffEnd), _ends.signoff_id == _signoffs.id)
        .where(_signoffs.gate_id == _gates.id, _ends.id.is_(None), _signoffs.signed_at >= at)
    )
    return or_(_gates.id.in_(_PASSINGS.where(_events.occurred_at >= at)), signed.exists())


def list_gate_times(now: datetime, *conditions: ColumnElement[bool]) -> list[GateFact]:
    """The gates for which something holds, with when each opened; two statements."""
    rows = db.session.execute(_ROWS.where(*conditions)).all()
    given: dict[int, list[SignoffRow]] = defaultdict(list)
    for one in list_active([row.id for row in rows], at=now):
        given[one.gate_id].append(one)
    return [
        GateFact(
            *(row.id, row.kind, row.environment_key, row.module_id, row.module_key or "", row.module_name or ""),
            release_name=row.release_name or "",
            created_at=row.created_at,
            opened_at=opened_at(row.passed_at, read_policy(row.kind, row.body), _facts(given[row.id])),
        )
        for row in rows
    ]


def _facts(given: Iterable[SignoffRow]) -> list[tuple[datetime, ActiveSignoff]]:
    return [(one.signed_at, one.facts) for one in given]
