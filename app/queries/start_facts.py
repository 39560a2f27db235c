"""Reads of what the start of a deployment depends on, beside its gate."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.database import db
from app.domain.deployments import Outcome, StartFacts
from app.models import Deployment, Environment, Module, Person, Release, ReleaseModule, Rollback
from app.models.base import table_of
from app.queries.deployment_facts import DeploymentRow, list_freezes_for, list_steps

_all, _places = table_of(Deployment).c, table_of(Environment).c
_modules, _releases, _people = table_of(Module).c, table_of(Release).c, table_of(Person).c
_rollbacks, _members = table_of(Rollback).c, table_of(ReleaseModule).c


def start_facts(row: DeploymentRow, at: datetime) -> StartFacts:
    """What a start depends on beside the gate, as it is now."""
    before = _environment_before(row.environment_position)
    return StartFacts(
        *(row.window_starts_at, row.window_ends_at, row.time_zone),
        steps=len(list_steps(row.id)),
        is_decider_here=_is_here(row.decider_id),
        freezes=[(one.reason, one.ends_at) for one in list_freezes_for(row, at)],
        running_id=_running(row),
        rollback_id=_taken_back(row),
        is_member=_is_member(row),
        before=before.name if before else None,
        ended_before=_ended_in(row, before.id) if before else None,
    )


def _environment_before(position: int) -> Any | None:
    """The environment just before one, in the order that is in force."""
    return db.session.execute(
        select(_places.id, _places.name).where(_places.position < position).order_by(_places.position.desc()).limit(1)
    ).one_or_none()


def _ended_in(row: DeploymentRow, environment_id: int) -> Outcome | None:
    """How the newest deployment of a module's release in an environment ended."""
    return db.session.scalar(
        select(_all.outcome)
        .where(
            *(_all.release_id == row.release_id, _all.module_id == row.module_id),
            *(_all.environment_id == environment_id, _all.finished_at.is_not(None)),
        )
        .order_by(_all.finished_at.desc(), _all.id.desc())
        .limit(1)
    )


def _running(row: DeploymentRow) -> int | None:
    """Another deployment of the module that runs in the same environment, of whatever release."""
    return db.session.scalar(
        select(_all.id)
        .where(
            *(_all.module_id == row.module_id, _all.environment_id == row.environment_id, _all.id != row.id),
            *(_all.started_at.is_not(None), _all.finished_at.is_(None)),
        )
        .limit(1)
    )


def _taken_back(row: DeploymentRow) -> int | None:
    """A rollback of the module that runs in the same environment, of whatever release."""
    return db.session.scalar(
        select(_rollbacks.id)
        .join(table_of(Deployment), _all.id == _rollbacks.deployment_id)
        .where(
            *(_all.module_id == row.module_id, _all.environment_id == row.environment_id),
            _rollbacks.finished_at.is_(None),
        )
        .limit(1)
    )


def find_rollback_of(deployment_id: int) -> int | None:
    """The rollback of a deployment that runs."""
    wanted = select(_rollbacks.id).where(_rollbacks.deployment_id == deployment_id, _rollbacks.finished_at.is_(None))
    return db.session.scalar(wanted.limit(1))


def _is_member(row: DeploymentRow) -> bool:
    """Whether a module is still in its release, and neither of them is archived."""
    found = (
        select(_members.id)
        .join(table_of(Release), _releases.id == _members.release_id)
        .join(table_of(Module), _modules.id == _members.module_id)
        .where(
            *(_members.release_id == row.release_id, _members.module_id == row.module_id),
            *(_members.removed_at.is_(None), _releases.archived_at.is_(None), _modules.archived_at.is_(None)),
        )
    )
    return db.session.scalar(found) is not None


def _is_here(person_id: int) -> bool:
    found = select(_people.id).where(_people.id == person_id, _people.deactivated_at.is_(None))
    return db.session.scalar(found) is not None
