"""What an incident belongs to beside its module: a release, an environment, a deployment, a rollback."""

from dataclasses import dataclass

from sqlalchemy import select

from app.domain.errors import UNSEEN, InvalidInput, NotFound
from app.domain.permissions import Permission
from app.models import Deployment, Environment, Release, ReleaseModule, Rollback
from app.services.change import Change


@dataclass(frozen=True, slots=True)
class LinkKeys:
    """By which keys and numbers somebody names them."""

    release_key: str = ""
    environment_key: str = ""
    deployment_id: int | None = None
    rollback_id: int | None = None


@dataclass(frozen=True, slots=True)
class Links:
    """Their numbers, each found to belong to the module."""

    release_id: int | None = None
    environment_id: int | None = None
    deployment_id: int | None = None
    rollback_id: int | None = None


def links_of(change: Change, module_id: int, keys: LinkKeys) -> Links:
    """The numbers of what somebody named. A rollback brings its deployment, a deployment where it went."""
    wanted = keys.deployment_id
    if keys.rollback_id is not None:
        wanted = _deployment_of(change, keys)
    deployment = None if wanted is None else _deployment(change, module_id, wanted)
    release_id = _release(change, module_id, keys.release_key)
    environment_id = _environment(change, keys.environment_key)
    if deployment is not None:
        release_id = release_id or deployment.release_id
        environment_id = environment_id or deployment.environment_id
    return Links(release_id, environment_id, wanted, keys.rollback_id)


def _deployment_of(change: Change, keys: LinkKeys) -> int:
    found = change.session.scalar(select(Rollback.deployment_id).where(Rollback.id == keys.rollback_id))
    if found is None:
        raise NotFound(UNSEEN)
    if keys.deployment_id not in {None, found}:
        raise InvalidInput(rollback_id="This rollback took back another deployment.")
    return found


def _deployment(change: Change, module_id: int, deployment_id: int) -> Deployment:
    found = change.session.get(Deployment, deployment_id, populate_existing=True)
    if found is None or not change.actor.may_for(Permission.CHECKLIST_VIEW, found.module_id):
        raise NotFound(UNSEEN)
    if found.module_id != module_id:
        raise InvalidInput(deployment_id="This deployment is one of another module.")
    return found


def _release(change: Change, module_id: int, key: str) -> int | None:
    if not key:
        return None
    held = select(Release.id).join(ReleaseModule, ReleaseModule.release_id == Release.id)
    found = change.session.scalar(held.where(Release.key == key, ReleaseModule.module_id == module_id).limit(1))
    if found is None:
        raise InvalidInput(release_key="No such release has held this module.")
    return found


def _environment(change: Change, key: str) -> int | None:
    if not key:
        return None
    found = change.session.scalar(select(Environment.id).where(Environment.key == key))
    if found is None:
        raise InvalidInput(environment_key="There is no such environment.")
    return found
