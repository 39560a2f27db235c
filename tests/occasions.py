"""A deployment and a rollback as plain rows with their checklists, for what only needs that there is one."""

from datetime import timedelta

from sqlalchemy import insert, select

from app.database import db
from app.domain.actors import Origin
from app.domain.checklist import BelongsTo
from app.domain.gates import GateKind
from app.domain.incidents import IncidentSeverity
from app.models import Checklist, Deployment, Environment, Gate, Rollback
from app.models.base import table_of
from app.services.change import Change
from app.services.checklists import make_checklist
from app.services.write_path import write_path


def made_occasions(origin: Origin, checklist_id: int) -> dict[str, object]:
    """The numbers of a deployment to staging and of its rollback, for a module in a release."""
    return dict(zip(("deployment_id", "rollback_id"), _make(origin, checklist_id), strict=True))


@write_path
def _make(change: Change, checklist_id: int) -> list[int]:
    checklist = db.session.get_one(Checklist, checklist_id)
    gates = select(Gate.id, Environment.id).join(Environment, Environment.key == Gate.environment_key)
    here = (Gate.checklist_id == checklist_id, Gate.kind == GateKind.DEPLOY, Gate.environment_key == "staging")
    gate, environment = change.session.execute(gates.where(*here)).one()
    deployment = {
        "release_id": checklist.release_id,
        "module_id": checklist.module_id,
        "environment_id": environment,
        "gate_id": gate,
        "window_starts_at": change.at - timedelta(hours=1),
        "window_ends_at": change.at + timedelta(hours=1),
        "decider_id": change.actor_id,
        "abort_criteria": "Orders fail.",
        "notes": "",
        "revision": 1,
        "created_at": change.at,
        "created_by_id": change.actor_id,
        "cancelled_reason": "",
        "started_at": change.at,
        "started_by_id": change.actor_id,
        "outcome_note": "",
    }
    number = change.put(insert(table_of(Deployment)), deployment)
    rollback = {
        "deployment_id": number,
        "severity": IncidentSeverity.MAJOR,
        "reason": "Orders fail.",
        "state_before": "",
        "revision": 1,
        "started_at": change.at,
        "started_by_id": change.actor_id,
        "outcome_note": "",
    }
    numbers = [number, change.put(insert(table_of(Rollback)), rollback)]
    for belongs_to, subject in zip((BelongsTo.DEPLOYMENT, BelongsTo.ROLLBACK), numbers, strict=True):
        where = {"release_id": checklist.release_id, "module_id": checklist.module_id}
        make_checklist(change, belongs_to, subject, label=f"{belongs_to.value} {subject}", **where)
    return numbers
