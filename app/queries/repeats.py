"""How often the same item of the same module was waived in the releases directly before."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date

from sqlalchemy import bindparam, select

from app.database import db
from app.domain.actors import Actor
from app.domain.checklist import BelongsTo
from app.domain.waivers import GRANTED, releases_in_a_row
from app.models import Checklist, ChecklistItem, Release, ReleaseModule, Waiver
from app.models.base import table_of
from app.queries.register import PART, WaiverFilter, WaiverRow, read_part

_members, _releases = table_of(ReleaseModule).c, table_of(Release).c
_lists, _items, _waivers = table_of(Checklist).c, table_of(ChecklistItem).c, table_of(Waiver).c
# By date, those without one last; as in the list of releases.
_ORDERS = (
    select(_members.module_id, _releases.id)
    .join(table_of(Release), _releases.id == _members.release_id)
    .where(_members.module_id.in_(bindparam("modules", expanding=True)), _members.removed_at.is_(None))
    .order_by(_releases.planned_on.is_(None), _releases.planned_on, _releases.id)
)
_WAIVED = (
    select(_lists.module_id, _items.key, _lists.release_id)
    .distinct()
    .select_from(table_of(Waiver))
    .join(table_of(ChecklistItem), _items.id == _waivers.item_id)
    .join(table_of(Checklist), _lists.id == _items.checklist_id)
    .where(
        _waivers.decision.in_(GRANTED),
        _lists.belongs_to == BelongsTo.MODULE,
        _lists.module_id.in_(bindparam("modules", expanding=True)),
        _items.key.in_(bindparam("keys", expanding=True)),
    )
)


def count_repeats(rows: Sequence[WaiverRow]) -> dict[int, int]:
    """Of each waiver, in how many releases directly before its own the same was waived; two statements for any number.

    Only the boxes of a module in a release come back in each release.
    """
    asked = [row for row in rows if row.belongs_to is BelongsTo.MODULE]
    if not asked:
        return {}
    modules = sorted({row.module_id for row in asked if row.module_id is not None})
    orders: dict[int, list[int]] = defaultdict(list)
    for module_id, release_id in db.session.execute(_ORDERS, {"modules": modules}):
        orders[module_id].append(release_id)
    waived: dict[tuple[int, str], set[int]] = defaultdict(set)
    keys = sorted({row.item_key for row in asked})
    for module_id, key, release_id in db.session.execute(_WAIVED, {"modules": modules, "keys": keys}):
        waived[module_id, key].add(release_id)
    return {row.id: _repeats(row, orders, waived) for row in asked}


def _repeats(row: WaiverRow, orders: dict[int, list[int]], waived: dict[tuple[int, str], set[int]]) -> int:
    order = orders[row.module_id or 0]
    # A module that was taken out of the release since has no place in the order.
    before = order[: order.index(row.release_id)][::-1] if row.release_id in order else []
    return releases_in_a_row(before, waived[row.module_id or 0, row.item_key])


def stream_waivers(wanted: WaiverFilter, actor: Actor, today: date) -> Iterator[list[tuple[WaiverRow, int]]]:
    """Everything that fits with its repeats, the newest first, in parts: no statement is long, no memory grows."""
    part = read_part(wanted, actor, today)
    while part:
        repeats = count_repeats(part)
        # Whoever takes it away slowly holds no connection meanwhile.
        db.session.remove()
        yield [(row, repeats.get(row.id, 0)) for row in part]
        if len(part) < PART:
            return
        part = read_part(wanted, actor, today, before=part[-1].id)
