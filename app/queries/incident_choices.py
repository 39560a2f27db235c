"""What the form of an incident lets one choose from: modules, releases, deployments and rollbacks of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, select

from app.database import db
from app.domain.actors import Actor
from app.domain.permissions import Permission
from app.models import Deployment, Environment, Module, Release, ReleaseModule, Rollback

NEWEST = 60


@dataclass(frozen=True, slots=True)
class Happened:
    """A deployment or a rollback, as a choice names it."""

    id: int
    module_key: str
    module_name: str
    release_name: str
    environment_name: str


def list_modules_to_report(actor: Actor) -> Sequence[Row[str, str]]:
    """Key and name of the modules of which a person may report incidents."""
    statement = select(Module.key, Module.name).where(Module.archived_at.is_(None)).order_by(Module.name)
    mine = actor.modules(Permission.INCIDENT_WORK)
    return db.session.execute(statement if mine is None else statement.where(Module.id.in_(mine))).all()


def list_releases_to_name(actor: Actor, module_key: str) -> Sequence[Row[str, str]]:
    """Key and name of the releases that hold or held a module, or any of one's modules; the newest first."""
    held = select(ReleaseModule.release_id).join(Module, Module.id == ReleaseModule.module_id)
    visible = actor.modules(Permission.CHECKLIST_VIEW)
    if visible is not None:
        held = held.where(Module.id.in_(visible))
    if module_key:
        held = held.where(Module.key == module_key)
    newest = select(Release.key, Release.name).where(Release.id.in_(held))
    return db.session.execute(newest.order_by(Release.planned_on.desc(), Release.id.desc()).limit(NEWEST)).all()


def list_deployments_to_name(actor: Actor, module_key: str) -> list[Happened]:
    """The newest deployments that were started, of one module or of all that a person may see."""
    statement = (
        select(Deployment.id, Module.key, Module.name, Release.name, Environment.name)
        .join(Module, Module.id == Deployment.module_id)
        .join(Release, Release.id == Deployment.release_id)
        .join(Environment, Environment.id == Deployment.environment_id)
        .where(Deployment.started_at.is_not(None))
        .order_by(Deployment.started_at.desc(), Deployment.id.desc())
        .limit(NEWEST)
    )
    return _happened(statement, actor, module_key)


def list_rollbacks_to_name(actor: Actor, module_key: str) -> list[Happened]:
    """The newest rollbacks, of one module or of all that a person may see."""
    statement = (
        select(Rollback.id, Module.key, Module.name, Release.name, Environment.name)
        .join(Deployment, Deployment.id == Rollback.deployment_id)
        .join(Module, Module.id == Deployment.module_id)
        .join(Release, Release.id == Deployment.release_id)
        .join(Environment, Environment.id == Deployment.environment_id)
        .order_by(Rollback.started_at.desc(), Rollback.id.desc())
        .limit(NEWEST)
    )
    return _happened(statement, actor, module_key)


def _happened(statement: Select[*tuple[Any, ...]], actor: Actor, module_key: str) -> list[Happened]:
    """Those of one module, or of all that a person may see."""
    visible = actor.modules(Permission.CHECKLIST_VIEW)
    if visible is not None:
        statement = statement.where(Module.id.in_(visible))
    if module_key:
        statement = statement.where(Module.key == module_key)
    return [Happened(*row) for row in db.session.execute(statement)]


def find_module_key_of(*, deployment_id: int | None, rollback_id: int | None) -> str:
    """The key of the module that a deployment or a rollback is of; empty for none."""
    if rollback_id is not None:
        found = select(Deployment.id).join(Rollback, Rollback.deployment_id == Deployment.id)
        deployment_id = db.session.scalar(found.where(Rollback.id == rollback_id))
    if deployment_id is None:
        return ""
    module = select(Module.key).join(Deployment, Deployment.module_id == Module.id)
    return db.session.scalar(module.where(Deployment.id == deployment_id)) or ""
