"""Reads of modules, their contacts and targets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, func, select

from app.database import db
from app.domain.actors import Actor
from app.domain.errors import UNSEEN, NotFound
from app.domain.permissions import Permission
from app.models import Environment, Module, ModuleContact, Person, Release, ReleaseModule, Target


def list_module_choices() -> Sequence[Row[int, str]]:
    """Number and name of the modules that are not archived, for a choice."""
    return db.session.execute(
        select(Module.id, Module.name).where(Module.archived_at.is_(None)).order_by(Module.name)
    ).all()


@dataclass(frozen=True, slots=True)
class ModuleLine:
    """One row of the list of modules."""

    key: str
    name: str
    team: str
    purpose: str
    lead_name: str | None
    releases: int
    archived_at: datetime | None


def list_modules(actor: Actor, *, archived: bool | None = False) -> list[ModuleLine]:
    """The modules that a person may see: those in use, the archived, or, for None, all, the archived last."""
    in_releases = (
        select(func.count(ReleaseModule.id))
        .where(ReleaseModule.module_id == Module.id, ReleaseModule.removed_at.is_(None))
        .scalar_subquery()
    )
    statement = (
        select(
            Module.key,
            Module.name,
            Module.team,
            Module.purpose,
            Person.name.label("lead"),
            in_releases.label("n"),
            Module.archived_at,
        )
        .outerjoin(Person, Person.id == Module.lead_id)
        .order_by(Module.archived_at.is_not(None), Module.name)
    )
    if archived is not None:
        statement = statement.where(Module.archived_at.is_not(None) == archived)
    visible = actor.modules(Permission.CHECKLIST_VIEW)
    if visible is not None:
        statement = statement.where(Module.id.in_(visible))
    return [
        ModuleLine(row.key, row.name, row.team, row.purpose, row.lead, row.n, row.archived_at)
        for row in db.session.execute(statement)
    ]


def get_module(key: str, actor: Actor) -> Module:
    """A module that this person may see; NotFound otherwise."""
    module = db.session.scalar(select(Module).where(Module.key == key).execution_options(populate_existing=True))
    if module is None:
        raise NotFound(UNSEEN)
    actor.require(Permission.CHECKLIST_VIEW, module.id)
    return module


def list_contacts(module_id: int) -> Sequence[ModuleContact]:
    """The contacts of a module that have been filled in."""
    return db.session.scalars(
        select(ModuleContact).where(ModuleContact.module_id == module_id).order_by(ModuleContact.id)
    ).all()


def list_environments() -> Sequence[Environment]:
    """The environments, in the order in which modules go there."""
    return db.session.scalars(select(Environment).order_by(Environment.position, Environment.id)).all()


def list_targets(module_id: int) -> Sequence[Row[Target, str, str]]:
    """The targets of a module with name and key of their environment, in its order."""
    return db.session.execute(
        select(Target, Environment.name, Environment.key)
        .join(Environment, Environment.id == Target.environment_id)
        .where(Target.module_id == module_id, Target.archived_at.is_(None))
        .order_by(Environment.position, Target.name)
    ).all()


def list_releases_of(module_id: int) -> Sequence[Row[str, str]]:
    """Key and name of the releases that hold a module, the newest first."""
    return db.session.execute(
        select(Release.key, Release.name)
        .join(ReleaseModule, ReleaseModule.release_id == Release.id)
        .where(ReleaseModule.module_id == module_id, ReleaseModule.removed_at.is_(None))
        .order_by(Release.planned_on.desc(), Release.id.desc())
    ).all()
