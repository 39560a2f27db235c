"""Dangerous items that are late and of which nobody was told yet, and whom to tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Row, and_, bindparam, exists, or_, select

from app.database import db
from app.domain.checklist import OPEN, BelongsTo, Severity
from app.domain.mails import day_in
from app.domain.permissions import Grant, Permission, Role, is_granted_for
from app.domain.waivers import utc_day
from app.models import Checklist, ChecklistItem, Escalation, Module, Person, Release, ReleaseModule, RoleGrant
from app.models.base import table_of

_items, _lists, _told = table_of(ChecklistItem).c, table_of(Checklist).c, table_of(Escalation).c
_releases, _members, _modules = table_of(Release).c, table_of(ReleaseModule).c, table_of(Module).c
_people, _grants = table_of(Person).c, table_of(RoleGrant).c


@dataclass(frozen=True, slots=True)
class LateItem:
    """An item that is dangerous to skip and whose day has passed where it is worked on."""

    id: int
    text: str
    due_on: date
    stream_id: int
    release_id: int
    release_name: str
    module_id: int | None
    module_name: str
    owner_id: int | None
    owner_name: str
    lead_id: int | None


_owner, _lead = table_of(Person).alias("owner"), table_of(Person).alias("lead")
_LATE = (
    select(
        *(_items.id, _items.text, _items.due_on, _lists.stream_id, _lists.release_id, _lists.module_id),
        *(_releases.name.label("release_name"), _modules.name.label("module_name"), _modules.lead_id),
        *(_items.assignee_id, _owner.c.name.label("owner_name")),
        *(_owner.c.time_zone.label("owner_zone"), _lead.c.time_zone.label("lead_zone")),
    )
    .join(table_of(Checklist), _lists.id == _items.checklist_id)
    .join(table_of(Release), _releases.id == _lists.release_id)
    .outerjoin(table_of(Module), _modules.id == _lists.module_id)
    .outerjoin(_owner, _owner.c.id == _items.assignee_id)
    .outerjoin(_lead, _lead.c.id == _modules.lead_id)
    .outerjoin(table_of(Escalation), and_(_told.item_id == _items.id, _told.due_on == _items.due_on))
    .where(
        _items.severity == Severity.KILLER,
        _items.state.in_(sorted(OPEN)),
        # Somewhere it may be tomorrow already; whose day counts is looked at below.
        _items.due_on < bindparam("tomorrow"),
        _told.id.is_(None),
        _releases.archived_at.is_(None),
        _releases.shipped_at.is_(None),
        or_(
            _lists.belongs_to == BelongsTo.RELEASE,
            exists().where(
                _members.release_id == _lists.release_id,
                _members.module_id == _lists.module_id,
                _members.removed_at.is_(None),
            ),
        ),
    )
    .order_by(_items.id)
)
_ONE = _LATE.where(_items.id == bindparam("item"))


def list_late(at: datetime) -> list[LateItem]:
    """The items of live releases that are late and of which nobody was told; one statement."""
    rows = db.session.execute(_LATE, {"tomorrow": utc_day(at) + timedelta(days=1)})
    return [_late(row) for row in rows if _is_late(row, at)]


def find_late(item_id: int, at: datetime) -> LateItem | None:
    """One such item, when it still is one."""
    row = db.session.execute(_ONE, {"tomorrow": utc_day(at) + timedelta(days=1), "item": item_id}).one_or_none()
    return _late(row) if row is not None and _is_late(row, at) else None


def _is_late(row: Row[*tuple[object, ...]], at: datetime) -> bool:
    """Late is late where its owner is, or the lead of its module; in UTC where there is neither."""
    return bool(row.due_on < day_in(at, row.owner_zone or row.lead_zone or "UTC"))


def _late(row: Row[*tuple[object, ...]]) -> LateItem:
    return LateItem(
        *(row.id, row.text, row.due_on, row.stream_id, row.release_id, row.release_name),
        *(row.module_id, row.module_name or "the release", row.assignee_id, row.owner_name or "", row.lead_id),
    )


_HOLDERS = (
    select(_grants.person_id, _grants.role, _grants.module_id)
    .join(table_of(Person), _people.id == _grants.person_id)
    .where(_grants.revoked_at.is_(None), _people.deactivated_at.is_(None), _people.password_hash.is_not(None))
    .order_by(_grants.person_id, _grants.id)
)


def list_to_tell(item: LateItem) -> Sequence[int]:
    """Who is told: its owner and the lead of its module, or the team leads where none is named.

    Only who may see it; so somebody whose role was taken back is told nothing.
    """
    seeing: set[int] = set()
    leads: dict[int | None, set[int]] = {None: set(), item.module_id: set()}
    for row in db.session.execute(
        _HOLDERS.where(or_(_grants.module_id.is_(None), _grants.module_id == item.module_id))
    ):
        if is_granted_for([Grant(row.role, row.module_id)], Permission.CHECKLIST_VIEW, item.module_id):
            seeing.add(row.person_id)
        if row.role is Role.TEAM_LEAD:
            leads[row.module_id].add(row.person_id)
    asked = seeing & {item.lead_id} or leads[item.module_id] or leads[None]
    return sorted(seeing & {item.owner_id} | asked)
