"""The people and checklists of a fault test, and what the database holds of them afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import select

from app import create_app
from app.database import db
from app.domain.actors import SYSTEM, Origin
from app.domain.permissions import Role
from app.models import AuditEvent, Checklist, ChecklistItem, IdempotencyKey, ItemComment, Person, Stream
from app.services.items import body_value
from app.services.secret import hash_password
from app.services.templates import load_catalogue
from tests.conftest import settings_for
from tests.factories import Make
from tests.faults.checker import Entry, Evidence

PASSWORD = "seven wet otters in a row"
NAMES = ("state", "reason", "changed_by_id", "state_since", "revision", "comment_count", "is_reworded")


@dataclass(frozen=True)
class Employee:
    """Somebody who signs in."""

    id: int
    email: str


@dataclass(frozen=True)
class Company:
    """Who works, and on what: the items of a few checklists, in the checklists' order."""

    people: list[Employee]
    items: list[list[int]]
    page: str
    first_items: dict[int, dict[str, Any]]


@contextmanager
def looking(url: str, data: Path) -> Iterator[Flask]:
    """The product in this process, to make things and to look at them."""
    app = create_app(settings_for(url, data))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def found(url: str, data: Path, *, people: int, checklists: int) -> Company:
    """Make the schema, people with one password, and a release with some modules."""
    with looking(url, data):
        upgrade()
        load_catalogue(Origin(SYSTEM))
        make = Make()
        made = [make.person(Role.TEAM_LEAD) for _ in range(people)]
        hashed = hash_password(PASSWORD)  # once: hashing is slow on purpose
        db.session.execute(
            Person.__table__.update().where(Person.id.in_([one.id for one in made])).values(password_hash=hashed)
        )
        db.session.commit()
        release = make.release(modules=checklists)
        rows = db.session.execute(
            select(ChecklistItem.checklist_id, ChecklistItem.id, ChecklistItem.severity)
            .join(Checklist, Checklist.id == ChecklistItem.checklist_id)
            .where(Checklist.module_id.is_not(None))
            .order_by(ChecklistItem.checklist_id, ChecklistItem.position)
        ).all()
        lists: dict[int, list[int]] = {}
        for checklist, item, _ in rows:
            lists.setdefault(checklist, []).append(item)
        return Company(
            people=[Employee(one.id, one.email) for one in made],
            items=list(lists.values()),
            page=f"{release.module_path}everything/",
            first_items=standing(),
        )


def standing() -> dict[int, dict[str, Any]]:
    """Where every item stands."""
    columns = [getattr(ChecklistItem, name) for name in NAMES]
    return {
        number: {name: body_value(value) for name, value in zip(NAMES, values, strict=True)}
        for number, *values in db.session.execute(select(ChecklistItem.id, *columns))
    }


def collect(url: str, data: Path, company: Company) -> Evidence:
    """What the database holds now."""
    with looking(url, data):
        return gather(company.first_items)


def gather(first_items: dict[int, dict[str, Any]]) -> Evidence:
    """What the database of the product at hand holds, for a checker that knows how all began."""
    stored = select(AuditEvent.stream_id, AuditEvent.stream_sequence, AuditEvent.body, AuditEvent.leaf)
    tails = select(Stream.id, Stream.sequence, Stream.tail_digest)
    comments = select(ItemComment.item_id, ItemComment.author_id, ItemComment.text)
    return Evidence(
        entries=[
            Entry(stream, number, bytes(b), bytes(leaf)) for stream, number, b, leaf in db.session.execute(stored)
        ],
        tails={number: (last, tail and bytes(tail)) for number, last, tail in db.session.execute(tails)},
        first_items=first_items,
        items=standing(),
        comments=[(item, author, text) for item, author, text in db.session.execute(comments)],
        keys={bytes(key).hex() for key in db.session.scalars(select(IdempotencyKey.key))},
    )
