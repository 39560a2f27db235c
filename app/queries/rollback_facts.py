"""What the product knows of a deployment at the moment in which it begins to be taken back."""

from typing import Any

from sqlalchemy import func, select

from app.database import db
from app.domain.audit import moment_text
from app.domain.checklist import OPEN, BelongsTo, ItemState
from app.models import BackupRecord, Checklist, ChecklistGroup, ChecklistItem, Gate, RollbackPlan
from app.models.base import table_of
from app.queries.deployment_facts import DeploymentRow
from app.queries.standing import get_plan

_lists, _groups, _items = table_of(Checklist).c, table_of(ChecklistGroup).c, table_of(ChecklistItem).c
_CHECKS = (
    select(
        _groups.title,
        func.sum(_items.state == ItemState.DONE).label("done"),
        func.sum(_items.state.in_(sorted(OPEN))).label("open"),
    )
    .join(table_of(Checklist), _lists.id == _groups.checklist_id)
    .join(table_of(ChecklistItem), _items.group_id == _groups.id)
    .group_by(_groups.id, _groups.title, _groups.position)
    .order_by(_groups.position)
)


def plan_for(row: DeploymentRow) -> RollbackPlan | None:
    """The rollback plan that a deployment was started with; where it had none, the one that there is by now."""
    if row.plan_id is not None:
        return db.session.get(RollbackPlan, row.plan_id)
    return get_plan(_checklist_of_gate(row.gate_id))


def _checklist_of_gate(gate_id: int) -> int:
    gates = table_of(Gate).c
    return int(db.session.execute(select(gates.checklist_id).where(gates.id == gate_id)).scalar_one())


def state_before(row: DeploymentRow, said: str) -> dict[str, Any]:
    """How things stood before the first step: as somebody says it, and as it is on record."""
    backup = db.session.get(BackupRecord, row.backup_id) if row.backup_id is not None else None
    checks = _CHECKS.where(_lists.belongs_to == BelongsTo.DEPLOYMENT, _lists.subject_id == row.id)
    return {
        "said": said,
        "deployment": {
            "number": row.id,
            "module": row.module_name,
            "release": row.release_name,
            "environment": row.environment_name,
            "started_at": moment_text(row.started_at) if row.started_at else None,
            "finished_at": moment_text(row.finished_at) if row.finished_at else None,
            "outcome": row.outcome.value if row.outcome else None,
        },
        "backup": _backup(backup) if backup else None,
        "checks": [
            {"title": one.title, "done": int(one.done), "open": int(one.open)} for one in db.session.execute(checks)
        ],
    }


def _backup(backup: BackupRecord) -> dict[str, Any]:
    return {
        "target": backup.target,
        "taken_at": moment_text(backup.taken_at),
        "size_bytes": backup.size_bytes,
        "checksum": backup.checksum,
        "is_restore_tested": backup.is_restore_tested,
    }
