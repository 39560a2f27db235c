"""Reads behind adopting a template version: which checklists are worked on, and how their items stand."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select

from app.database import db
from app.domain.actors import Actor
from app.domain.adoption import StandingItem
from app.domain.checklist import BelongsTo, ItemState, Severity
from app.domain.permissions import Permission
from app.domain.template_diff import Diff, compare, part_of
from app.models import Checklist, ChecklistGroup, ChecklistItem, Module, Release, ReleaseModule, Target, TemplateItem
from app.models.base import table_of
from app.queries.checklists import HEAD, ChecklistHead, head_of
from app.queries.returning import state_to_return_to
from app.queries.reworded import list_ticked_words
from app.queries.template_content import content_of_version, item_content
from app.queries.templates import VersionLine

_lists, _releases, _targets = table_of(Checklist).c, table_of(Release).c, table_of(Target).c
_modules, _members = table_of(Module).c, table_of(ReleaseModule).c
_items, _groups = table_of(ChecklistItem).c, table_of(ChecklistGroup).c
_theirs = table_of(TemplateItem).c
_WITH_MEMBERS = HEAD.outerjoin(
    table_of(ReleaseModule), and_(_lists.belongs_to == BelongsTo.MODULE, _members.id == _lists.subject_id)
)
_LIVE = _WITH_MEMBERS.where(
    _releases.shipped_at.is_(None),
    _releases.archived_at.is_(None),
    _targets.archived_at.is_(None),
    or_(_lists.belongs_to != BelongsTo.MODULE, _members.removed_at.is_(None)),
).order_by(
    _releases.planned_on.is_(None), _releases.planned_on, _releases.id, _lists.belongs_to, _modules.name, _lists.id
)
_CHOSEN = HEAD.where(_lists.id.in_(bindparam("checklists", expanding=True))).order_by(_lists.id)
_STANDING = (
    select(table_of(ChecklistItem), _groups.key.label("group_key"), state_to_return_to().label("returns_to"))
    .join(table_of(ChecklistGroup), _groups.id == _items.group_id)
    .where(_items.checklist_id.in_(bindparam("checklists", expanding=True)))
    .order_by(_items.checklist_id, _groups.position, _items.position)
)


def list_live_checklists(actor: Actor, permission: Permission) -> list[ChecklistHead]:
    """The checklists that people work on, and for which this person holds a permission; one statement."""
    return [head for head in map(head_of, db.session.execute(_LIVE)) if actor.may_for(permission, head.module_id)]


def list_heads(checklist_ids: Sequence[int]) -> list[ChecklistHead]:
    """Some checklists, in the order of their numbers."""
    return [head_of(row) for row in db.session.execute(_CHOSEN, {"checklists": checklist_ids})]


def list_standing_items(checklist_ids: Sequence[int]) -> dict[int, list[StandingItem]]:
    """Every item of some checklists, the removed ones too, as adopting looks at it; one statement or two."""
    found: dict[int, list[StandingItem]] = {number: [] for number in checklist_ids}
    rows = db.session.execute(_STANDING, {"checklists": checklist_ids}).all()
    ticked = list_ticked_words({row.id: row.state_since for row in rows if row.is_reworded})
    for row in rows:
        found[row.checklist_id].append(_standing(row, ticked[row.id].meaning if row.id in ticked else ""))
    return found


def _standing(row: Any, ticked_as: str) -> StandingItem:
    return StandingItem(
        id=row.id,
        content=item_content(row),
        group_key=row.group_key,
        state=row.state,
        revision=row.revision,
        state_before=row.returns_to if row.state_before else None,
        is_reworded=row.is_reworded,
        ticked_as=ticked_as,
    )


def diff_between(old: VersionLine, new: VersionLine, belongs_to: BelongsTo) -> Diff:
    """What is different for checklists of one kind. Versions never change, so it is found out once."""
    return _diff(old.id, old.digest, new.id, new.digest, belongs_to)


@lru_cache(maxsize=64)
def _diff(old_id: int, _old_digest: bytes, new_id: int, _new_digest: bytes, belongs_to: BelongsTo) -> Diff:
    old, new = (part_of(content_of_version(number), belongs_to) for number in (old_id, new_id))
    return compare(old, new)


_IMPORTED_TICKS = (
    select(_items.id)
    .join(table_of(Checklist), _lists.id == _items.checklist_id)
    .join(table_of(TemplateItem), and_(_theirs.version_id == bindparam("version"), _theirs.key == _items.key))
    .where(
        _lists.id.in_(bindparam("checklists", expanding=True)),
        _theirs.was_ticked.is_(True),
        _items.state == ItemState.TODO,
        _items.severity != Severity.KILLER,
    )
    .order_by(_items.checklist_id, _items.position)
)


def list_imported_ticks(checklist_ids: Iterable[int], version_id: int) -> list[int]:
    """The open items of some checklists that were ticked in the document of a version; never killers."""
    what = {"checklists": list(checklist_ids), "version": version_id}
    return list(db.session.scalars(_IMPORTED_TICKS, what))


def count_imported_ticks(version_id: int) -> int:
    """How many boxes of a version were ticked in the document that it was imported from."""
    counted = select(func.count()).where(_theirs.version_id == version_id, _theirs.was_ticked.is_(True))
    return db.session.scalar(counted) or 0
