"""Reads of what went to environments, what was taken back and what went wrong, as metrics need it."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, or_, select

from app.database import db
from app.domain.metric_facts import DeploymentFact, IncidentFact, OperationFacts, RollbackFact
from app.domain.metric_samples import SETTLED_AFTER
from app.models import Deployment, Environment, Incident, Module, Release, Rollback
from app.models.base import table_of

_going, _back, _wrong = table_of(Deployment).c, table_of(Rollback).c, table_of(Incident).c
_modules, _releases, _places = table_of(Module).c, table_of(Release).c, table_of(Environment).c
_LAST = select(func.max(_places.position)).scalar_subquery()
_DEPLOYMENTS = (
    select(
        *(_going.id, _going.module_id, _modules.name.label("module"), _releases.name.label("release")),
        *(_places.name.label("environment"), (_places.position == _LAST).label("is_last")),
        *(_going.started_at, _going.finished_at, _going.outcome),
    )
    .join(table_of(Module), _modules.id == _going.module_id)
    .join(table_of(Release), _releases.id == _going.release_id)
    .join(table_of(Environment), _places.id == _going.environment_id)
    .order_by(_going.started_at, _going.id)
)
_ROLLBACKS = (
    select(
        *(_back.id, _back.deployment_id, _going.started_at.label("deployed_at"), _going.module_id),
        *(_modules.name.label("module_name"), _places.name.label("environment_name")),
        *(_back.started_at, _back.finished_at, _back.outcome),
    )
    .join(table_of(Deployment), _going.id == _back.deployment_id)
    .join(table_of(Module), _modules.id == _going.module_id)
    .join(table_of(Environment), _places.id == _going.environment_id)
    .order_by(_back.started_at, _back.id)
)
_INCIDENTS = (
    select(
        *(_wrong.id, _wrong.module_id, _modules.name.label("module_name"), _wrong.title, _wrong.severity),
        *(_wrong.began_at, _wrong.recovered_at, _wrong.closed_at, _wrong.deployment_id, _wrong.rollback_id),
    )
    .join(table_of(Module), _modules.id == _wrong.module_id)
    .order_by(_wrong.began_at, _wrong.id)
)


def read_operations(module_ids: Collection[int], since: datetime, until: datetime) -> OperationFacts:
    """What began in a time, and what followed within the days after which a deployment is settled; three statements."""
    began = (_going.started_at >= since, _going.started_at < until)
    deployments = _DEPLOYMENTS.where(_going.module_id.in_(module_ids), *began)
    rollbacks = _ROLLBACKS.where(
        _going.module_id.in_(module_ids), or_(_back.started_at >= since, _going.started_at >= since)
    )
    incidents = _INCIDENTS.where(
        _wrong.module_id.in_(module_ids), _wrong.began_at >= since, _wrong.began_at < until + SETTLED_AFTER
    )
    return OperationFacts(
        tuple(
            DeploymentFact(
                *(row.id, row.module_id, row.module, row.release, row.environment, bool(row.is_last)),
                *(row.started_at, row.finished_at, row.outcome),
            )
            for row in db.session.execute(deployments)
        ),
        tuple(RollbackFact(**row._mapping) for row in db.session.execute(rollbacks)),
        tuple(IncidentFact(**row._mapping) for row in db.session.execute(incidents)),
    )
