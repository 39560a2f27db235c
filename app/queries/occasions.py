"""What a deployment, a rollback or an incident is called where its checklist stands."""

from sqlalchemy import case, select

from app.domain.checklist import BelongsTo
from app.models import Checklist, Deployment, Environment, Incident, Rollback
from app.models.base import table_of

_lists = table_of(Checklist).c
_deployments, _rollbacks, _incidents = table_of(Deployment).c, table_of(Rollback).c, table_of(Incident).c
_going = table_of(Environment).alias("going")
_WHERE_TO = select(_going.c.name).join(table_of(Deployment), _deployments.environment_id == _going.c.id)
# What an occasion is called beside its number: where something was deployed to, and what was reported.
OCCASION = case(
    (
        _lists.belongs_to == BelongsTo.DEPLOYMENT,
        _WHERE_TO.where(_deployments.id == _lists.subject_id).correlate(table_of(Checklist)).scalar_subquery(),
    ),
    (
        _lists.belongs_to == BelongsTo.ROLLBACK,
        _WHERE_TO.join(table_of(Rollback), _rollbacks.deployment_id == _deployments.id)
        .where(_rollbacks.id == _lists.subject_id)
        .correlate(table_of(Checklist))
        .scalar_subquery(),
    ),
    (
        _lists.belongs_to == BelongsTo.INCIDENT,
        select(_incidents.title)
        .where(_incidents.id == _lists.subject_id)
        .correlate(table_of(Checklist))
        .scalar_subquery(),
    ),
    else_="",
)


def occasion_name(belongs_to: BelongsTo, number: int, about: str) -> str:
    """What a deployment, a rollback or an incident is called."""
    links = {BelongsTo.DEPLOYMENT: " to ", BelongsTo.ROLLBACK: " in ", BelongsTo.INCIDENT: ": "}
    return f"{belongs_to.value} {number}{links[belongs_to]}{about}"
