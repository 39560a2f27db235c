"""A fresh checklist that a test has for itself, and what the database says of it."""

from dataclasses import dataclass

from playwright.sync_api import Locator, Page
from sqlalchemy import select

from app.database import db
from app.models import AuditEvent, ChecklistGroup, ChecklistItem, Person
from tests.factories import MadeRelease, Make

GROUP = "code-quality"  # six rows, no killer, no value asked for


@dataclass(frozen=True)
class Desk:
    """A release of one module, the address of one of its groups, and that group's items in order."""

    release: MadeRelease
    group: str
    items: list[int]

    @property
    def path(self) -> str:
        """The address of the group."""
        return f"{self.release.module_path}groups/{self.group}/"


def set_up(make: Make, group: str = GROUP) -> Desk:
    """A checklist that nobody else works on."""
    release = make.release()
    checklist = select(ChecklistItem.checklist_id).where(ChecklistItem.id == release.items[0].id).scalar_subquery()
    rows = (
        select(ChecklistItem.id)
        .join(ChecklistGroup, ChecklistGroup.id == ChecklistItem.group_id)
        .where(ChecklistGroup.key == group, ChecklistGroup.checklist_id == checklist)
        .order_by(ChecklistItem.position)
    )
    return Desk(release, group, list(db.session.scalars(rows)))


def row(page: Page, item: int) -> Locator:
    """The row of an item."""
    return page.locator(f"#item-{item}")


def box(page: Page, item: int) -> Locator:
    """The box of an item, found as an assistive technology finds it."""
    return row(page, item).get_by_role("checkbox").and_(page.locator("[data-tick]"))


def events_about(*items: int) -> list[AuditEvent]:
    """What the history says of items, the oldest first, as it is now."""
    db.session.rollback()
    found = select(AuditEvent).where(AuditEvent.object_id.in_(items), AuditEvent.object_kind == "item")
    return list(db.session.scalars(found.order_by(AuditEvent.stream_id, AuditEvent.stream_sequence)))


def actors_of(events: list[AuditEvent]) -> list[str]:
    """The names of whoever did it."""
    names = {person.id: person.name for person in db.session.scalars(select(Person))}
    return [names.get(event.actor_id or 0, "") for event in events]
