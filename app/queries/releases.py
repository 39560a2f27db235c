"""Reads of releases."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Row, func, select

from app.database import db
from app.domain.actors import Actor
from app.domain.errors import UNSEEN, NotFound
from app.domain.permissions import Permission
from app.models import Change, Module, Release, ReleaseModule

# A release that did not ship within this time of its date is not what people work on now.
GIVEN_UP_AFTER = timedelta(days=30)


def get_release(key: str, actor: Actor) -> Release:
    """A release that this person may see: one that holds a module of theirs, or any for who sees everything."""
    release = db.session.scalar(select(Release).where(Release.key == key).execution_options(populate_existing=True))
    if release is None:
        raise NotFound(UNSEEN)
    require_release(release.id, actor)
    return release


def require_release(release_id: int, actor: Actor) -> None:
    """Raise NotFound unless a release holds a module of this person's, or they see everything."""
    visible = actor.modules(Permission.CHECKLIST_VIEW)
    if visible is not None and not visible & set(list_release_module_ids(release_id)):
        raise NotFound(UNSEEN)


def list_release_module_ids(release_id: int) -> Sequence[int]:
    """The modules that are in a release now."""
    return db.session.scalars(
        select(ReleaseModule.module_id).where(
            ReleaseModule.release_id == release_id, ReleaseModule.removed_at.is_(None)
        )
    ).all()


def list_modules_to_add(release_id: int) -> Sequence[Row[int, str]]:
    """The modules that are not in a release, for a choice."""
    return db.session.execute(
        select(Module.id, Module.name)
        .where(Module.archived_at.is_(None), Module.id.not_in(list_release_module_ids(release_id)))
        .order_by(Module.name)
    ).all()


@dataclass(frozen=True, slots=True)
class ReleaseLine:
    """One row of the list of releases."""

    id: int
    key: str
    name: str
    planned_on: date | None
    modules: int
    shipped_at: datetime | None
    archived_at: datetime | None


def list_releases(actor: Actor, *, archived: bool | None = False) -> list[ReleaseLine]:
    """The releases that a person may see, the newest date first: those in use, the archived, or, for None, all."""
    visible = actor.modules(Permission.CHECKLIST_VIEW)
    here = (ReleaseModule.release_id == Release.id) & ReleaseModule.removed_at.is_(None)
    number_of_modules = select(func.count(ReleaseModule.id)).where(here).scalar_subquery()
    statement = select(Release, number_of_modules).order_by(
        Release.archived_at.is_not(None),
        Release.planned_on.is_(None).desc(),
        Release.planned_on.desc(),
        Release.id.desc(),
    )
    if archived is not None:
        statement = statement.where(Release.archived_at.is_not(None) == archived)
    if visible is not None:
        mine = select(ReleaseModule.release_id).where(
            ReleaseModule.module_id.in_(visible), ReleaseModule.removed_at.is_(None)
        )
        statement = statement.where(Release.id.in_(mine))
    return [
        ReleaseLine(r.id, r.key, r.name, r.planned_on, number, r.shipped_at, r.archived_at)
        for r, number in db.session.execute(statement)
    ]


def find_current_release_key(actor: Actor, today: date) -> str | None:
    """The release that is next: not shipped, with the earliest date; the newest shipped one when there is none."""
    lines = list_releases(actor)
    waiting = [line for line in lines if line.shipped_at is None]
    if waiting:
        return min(waiting, key=lambda line: _order(line, today)).key
    return lines[0].key if lines else None


def _order(line: ReleaseLine, today: date) -> tuple[bool, bool, bool, date, int]:
    """What holds a module before what is empty, what may still come before what was given up long ago."""
    day = line.planned_on or date.max
    return line.modules == 0, day < today - GIVEN_UP_AFTER, line.planned_on is None, day, line.id


def find_previous_release_key(release: Release, actor: Actor) -> str | None:
    """The release before this one, by date: the one whose modules can be copied."""
    earlier = [
        line
        for line in list_releases(actor)
        if line.id != release.id and line.modules and (line.planned_on or date.max) <= (release.planned_on or date.max)
    ]
    return earlier[0].key if earlier else None


def list_changes(release_id: int, module_id: int) -> Sequence[Change]:
    """The merge requests of a module in a release."""
    return db.session.scalars(
        select(Change).where(Change.release_id == release_id, Change.module_id == module_id).order_by(Change.number)
    ).all()
