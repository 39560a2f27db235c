"""Due dates that follow from a rule: given when a checklist is made, moved with the planned day of its release."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from sqlalchemy import bindparam, select, update

from app.domain.audit import AuditAction
from app.domain.permissions import Permission
from app.models import ChecklistItem, Release
from app.models.base import table_of
from app.queries.due import (
    DueItem,
    list_checklists_due_with_release,
    list_due_items,
    list_items_due_with_release,
)
from app.services.change import About, Change
from app.services.facts import plain

_items, _releases = table_of(ChecklistItem), table_of(Release).c
_PLANNED = select(_releases.planned_on).where(_releases.id == bindparam("release"))
_SET = update(_items).where(_items.c.id.in_(bindparam("chosen", expanding=True)))
_GIVE = _SET.values(due_on=bindparam("day"))
# Who has the page of the old day open must not bring it back by saving something beside it.
_MOVE = _SET.values(due_on=bindparam("day"), revision=_items.c.revision + 1)


def give_due_dates(change: Change, checklist_id: int, release_id: int | None) -> None:
    """Say of items that have no day when they are due, where a rule says it."""
    items = [item for item in list_due_items(checklist_id) if item.due_on is None]
    if not items:
        return
    planned = change.session.scalar(_PLANNED, {"release": release_id}) if release_id else None
    for day, ids in _by_day(items, planned).items():
        if day is not None:
            change.session.execute(_GIVE, {"chosen": ids, "day": day})


def _by_day(items: Iterable[DueItem], planned: date | None) -> dict[date | None, list[int]]:
    found: dict[date | None, list[int]] = defaultdict(list)
    for item in items:
        found[item.day(planned)].append(item.id)
    return found


def move_due_dates(change: Change, release: Release, old: date | None, *, under: Permission) -> None:
    """Let the items of a release follow its planned day; one event a checklist.

    An item that is not due on the day which its rule gave was given another by hand: it stays.
    """
    checklists = list_checklists_due_with_release(release.id)
    change.take(*(checklist.stream_id for checklist in checklists))
    new = release.planned_on
    following = [
        item for item in list_items_due_with_release(release.id) if item.due_on == item.day(old) != item.day(new)
    ]
    for day, ids in _by_day(following, new).items():
        change.session.execute(_MOVE, {"chosen": ids, "day": day})
    for checklist in checklists:
        number = sum(item.checklist_id == checklist.id for item in following)
        if number:
            change.record(
                AuditAction.CHECKLIST_DUE_MOVED,
                About(
                    *("checklist", checklist.id, checklist.label),
                    checklist.module_id,
                    release.id,
                    checklist.template_version_id,
                ),
                stream=checklist.stream_id,
                new="1 due date" if number == 1 else f"{number} due dates",
                before={"planned_on": plain(old)},
                after={"planned_on": plain(new), "items": number},
                under=under,
            )
