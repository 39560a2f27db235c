"""Where in the made-up company there is something to see: read from the database, never written down."""

from dataclasses import dataclass

from sqlalchemy import case, func, select

from app.database import db
from app.demo import cast
from app.domain.checklist import BelongsTo, ItemState
from app.models import Checklist, ChecklistGroup, ChecklistItem, Module, Person, Release
from app.models.base import utc_now
from app.queries.people import actor_of
from app.queries.releases import find_current_release_key

STORY = [key for key, *_ in cast.MODULES]


@dataclass(frozen=True)
class Place:
    """A release in the thick of it, and in it a module and a group with rows in many states."""

    release: str
    module: str
    group: str
    item: int
    target: str


def number_of(name: str) -> int:
    """The number of a person, by the name before the @."""
    return db.session.scalars(select(Person.id).where(Person.email == f"{name}@example.org")).one()


def busiest() -> Place:
    """A group of the present release with something in the way, and the most rows that somebody has."""
    release = find_current_release_key(actor_of(number_of("leena"), means="session"), utc_now().date())
    told = func.max(case((ChecklistItem.state.in_([ItemState.FAILED, ItemState.BLOCKED]), 1), else_=0))
    owned = func.count(ChecklistItem.assignee_id)
    found = db.session.execute(
        select(Module.key, Module.schema_name, ChecklistGroup.id, ChecklistGroup.key)
        .select_from(ChecklistItem)
        .join(ChecklistGroup, ChecklistGroup.id == ChecklistItem.group_id)
        .join(Checklist, Checklist.id == ChecklistItem.checklist_id)
        .join(Release, Release.id == Checklist.release_id)
        .join(Module, Module.id == Checklist.module_id)
        .where(Release.key == release, Module.key.in_(STORY), Checklist.belongs_to == BelongsTo.MODULE)
        .group_by(Module.key, Module.schema_name, ChecklistGroup.id, ChecklistGroup.key)
        .order_by(told.desc(), owned.desc(), ChecklistGroup.id)
        .limit(1)
    ).one()
    module, schema, group_id, group = found
    item = db.session.scalars(
        select(ChecklistItem.id)
        .where(ChecklistItem.group_id == group_id)
        .order_by(ChecklistItem.revision.desc(), ChecklistItem.id)
    ).first()
    return Place(release or "", module, group, item or 0, schema.replace("_", "-"))
