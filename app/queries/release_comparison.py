"""Reads of two releases side by side: their items, modules and gates, as far as a person may see them."""

from datetime import datetime

from sqlalchemy import or_, select

from app.database import db
from app.domain.actors import Actor
from app.domain.addresses import item_path
from app.domain.checklist import BelongsTo, ItemState
from app.domain.permissions import Permission
from app.domain.release_comparison import THE_RELEASE, ComparedItem, Side
from app.models import Checklist, ChecklistItem, Module, Release, ReleaseModule
from app.models.base import table_of
from app.queries.gate_times import list_gate_times
from app.queries.releases import list_releases

_items, _lists, _modules = table_of(ChecklistItem).c, table_of(Checklist).c, table_of(Module).c
_members = table_of(ReleaseModule).c
# The release's own checklist, and those of the modules that are in it.
_IN_IT = or_(
    _lists.belongs_to == BelongsTo.RELEASE, (_lists.belongs_to == BelongsTo.MODULE) & _members.removed_at.is_(None)
)
_ITEMS = (
    select(
        *(_items.id, _items.key, _items.text, _items.state),
        *(_modules.key.label("module_key"), _modules.name.label("module_name")),
    )
    .join(table_of(Checklist), _lists.id == _items.checklist_id)
    .outerjoin(table_of(Module), _modules.id == _lists.module_id)
    .outerjoin(table_of(ReleaseModule), (_lists.belongs_to == BelongsTo.MODULE) & (_members.id == _lists.subject_id))
    .where(_IN_IT, _items.state != ItemState.REMOVED)
    .order_by(_modules.name, _items.position)
)
_HELD = (
    select(_modules.key, _modules.name)
    .join(table_of(ReleaseModule), _members.module_id == _modules.id)
    .where(_members.removed_at.is_(None))
    .order_by(_modules.name)
)


def read_side(release: Release, actor: Actor) -> Side:
    """A release as a person may see it; four statements."""
    visible = actor.modules(Permission.CHECKLIST_VIEW)
    mine = [] if visible is None else [or_(_lists.module_id.is_(None), _lists.module_id.in_(visible))]
    modules = _HELD.where(_members.release_id == release.id)
    modules = modules if visible is None else modules.where(_modules.id.in_(visible))
    items = db.session.execute(_ITEMS.where(_lists.release_id == release.id, *mine))
    return Side(
        {row.key: row.name for row in db.session.execute(modules)},
        tuple(
            ComparedItem(
                *(row.id, row.module_key or THE_RELEASE, row.module_name or "the release itself"),
                *(row.key, row.text, row.state, item_path(row.id)),
            )
            for row in items
        ),
        tuple(list_gate_times(_lists.release_id == release.id, *mine)),
    )


def list_releases_to_compare(release: Release, actor: Actor) -> list[tuple[str, str]]:
    """Key and name of the other releases with a module, the last shipped first: those before it, then the others."""
    others = [line for line in list_releases(actor) if line.id != release.id and line.modules]
    shipped = sorted(
        (line for line in others if line.shipped_at is not None and _is_before(line.shipped_at, release)),
        key=lambda line: (line.shipped_at, line.id),
        reverse=True,
    )
    rest = [line for line in others if line not in shipped]
    return [(line.key, line.name) for line in (*shipped, *rest)]


def find_last_shipped_key(release: Release, actor: Actor) -> str | None:
    """The release that shipped last before this one; None where there is none."""
    lines = [
        line
        for line in list_releases(actor)
        if line.id != release.id and line.modules and line.shipped_at and _is_before(line.shipped_at, release)
    ]
    newest = max(lines, key=lambda line: (line.shipped_at, line.id), default=None)
    return newest.key if newest else None


def _is_before(shipped_at: datetime, release: Release) -> bool:
    return release.shipped_at is None or shipped_at < release.shipped_at
