"""Reads of the groups of a checklist, and of a whole checklist as it is at one version of its stream."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import and_, bindparam, func, select

from app.database import db
from app.domain.checklist import ItemState, Mode, Severity
from app.domain.readiness import Counts, count
from app.models import Checklist, ChecklistGroup, ChecklistItem, TemplateGroup
from app.models.base import table_of
from app.queries.checklists import ChecklistHead
from app.queries.expiry import list_expired_items
from app.queries.rows import ItemRow, list_rows


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A group of a checklist with how far it is."""

    id: int
    key: str
    title: str
    section: str
    mode: Mode
    path: str
    counts: Counts
    # Its template version no longer has it: it holds only what was asked before.
    is_gone: bool = False

    @property
    def is_complete(self) -> bool:
        """Nothing in it is open."""
        return self.counts.open == 0


_items, _lists = table_of(ChecklistItem).c, table_of(Checklist).c
_groups, _wanted = table_of(ChecklistGroup).c, table_of(TemplateGroup).c
_TALLIES = (
    select(_items.group_id, _items.state, _items.severity, func.count())
    .where(_items.checklist_id == bindparam("checklist"))
    .group_by(_items.group_id, _items.state, _items.severity)
)
_GROUPS = (
    select(_groups.id, _groups.key, _groups.title, _groups.section, _groups.mode, _wanted.id.is_(None).label("is_gone"))
    .join(table_of(Checklist), _lists.id == _groups.checklist_id)
    .outerjoin(
        table_of(TemplateGroup), and_(_wanted.version_id == _lists.template_version_id, _wanted.key == _groups.key)
    )
    .where(_groups.checklist_id == bindparam("checklist"))
    .order_by(_wanted.id.is_(None), _groups.position)
)


def list_groups(checklist: ChecklistHead) -> list[GroupLine]:
    """The groups of a checklist in order, counted by one aggregate."""
    tallies: _Tallies = defaultdict(list)
    for group_id, state, severity, number in db.session.execute(_TALLIES, {"checklist": checklist.id}):
        tallies[group_id].append((state, severity, number))
    return _lines(checklist, tallies, db.session.execute(_GROUPS, {"checklist": checklist.id}).all())


@dataclass(frozen=True, slots=True)
class Contents:
    """All boxes of a checklist, and its groups as they stand in the database."""

    rows: tuple[ItemRow, ...]
    groups: Sequence[Any]


@dataclass(frozen=True, slots=True)
class _At:
    """A checklist at a version. The moment it was made tells it from one of another database."""

    id: int
    created_at: datetime
    version: tuple[object, ...]
    head: ChecklistHead = field(compare=False)


def contents_of(checklist: ChecklistHead) -> Contents:
    """What a checklist holds; read once by each process for all who look at it, until its version moves.

    Not for a transaction that changes it: what is taken back there would be remembered.
    """
    return _contents(_At(checklist.id, checklist.created_at, checklist.version, checklist))


@lru_cache(maxsize=32)
def _contents(at: _At) -> Contents:
    return Contents(tuple(list_rows(at.id)), db.session.execute(_GROUPS, {"checklist": at.id}).all())


def groups_of(checklist: ChecklistHead, contents: Contents) -> list[GroupLine]:
    """The groups of a checklist whose boxes are at hand."""
    tallies: _Tallies = defaultdict(list)
    for row in contents.rows:
        tallies[row.group_id].append((row.state, row.severity, 1))
    return _lines(checklist, tallies, contents.groups)


_Tallies = dict[int, list[tuple[ItemState, Severity, int]]]


def _lines(checklist: ChecklistHead, tallies: _Tallies, groups: Sequence[Any]) -> list[GroupLine]:
    """Behind a waiver that has expired an item counts as open, whether it has been opened again or not."""
    for item in list_expired_items([checklist.id]):
        tallies[item.group_id] += [(item.state, item.severity, -1), (item.now, item.severity, 1)]
    return [
        GroupLine(
            *(group.id, group.key, group.title, group.section, group.mode),
            path=checklist.subject.group_path(group.key),
            counts=count(tallies[group.id]),
            is_gone=bool(group.is_gone),
        )
        for group in groups
        if tallies[group.id] or not group.is_gone
    ]


def titles_of_groups(checklist_id: int) -> dict[int, str]:
    """What the groups of a checklist are called, by number."""
    found = select(_groups.id, _groups.title).where(_groups.checklist_id == checklist_id)
    return {row.id: row.title for row in db.session.execute(found)}
