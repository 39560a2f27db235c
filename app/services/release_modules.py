"""Which modules are in a release: put in with their checklists, copied from an earlier one, taken out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, insert, null, select, update

from app.domain.audit import AuditAction
from app.domain.checklist import BelongsTo
from app.domain.errors import UNSEEN, InvalidInput, NotFound, RuleViolation
from app.domain.permissions import Permission
from app.models import Module, Release, ReleaseModule, Stream
from app.models.base import table_of
from app.queries.modules import get_module
from app.queries.releases import get_release, list_release_module_ids
from app.services.change import TAKING, About, Change
from app.services.checklists import MadeFor, make_checklists
from app.services.write_path import write_path


class ReleaseHead(NamedTuple):
    """What modules are put into."""

    id: int
    name: str
    shipped_at: datetime | None
    stream_id: int


_streams = table_of(Stream)
_releases = table_of(Release).c
# The key of a release never changes.
_ID = select(_releases.id).where(_releases.key == bindparam("key")).scalar_subquery()
_TAKE = TAKING.where(_streams.c.kind == "release", _streams.c.subject_id == _ID)
_HEAD = (
    select(
        *(_releases.id, _releases.name, _releases.shipped_at, _streams.c.id.label("stream_id")),
        *(_streams.c.sequence, _streams.c.tail_digest, _streams.c.is_signed),
    )
    .join(_streams, and_(_streams.c.kind == "release", _streams.c.subject_id == _releases.id))
    .where(_releases.key == bindparam("key"))
)
_modules, _members = table_of(Module).c, table_of(ReleaseModule)
_CHOSEN = (
    select(_modules.id, _modules.name, _members.c.id.label("member_id"), _members.c.removed_at)
    .outerjoin(_members, and_(_members.c.module_id == _modules.id, _members.c.release_id == bindparam("release")))
    .where(_modules.id.in_(bindparam("modules", expanding=True)), _modules.archived_at.is_(None))
    .order_by(_modules.id)
)
_JOIN = insert(_members)
# Their checklists are still there, with all that was done.
_REJOIN = update(_members).where(_members.c.id.in_(bindparam("members", expanding=True))).values(removed_at=null())


def take_release(change: Change, key: str) -> ReleaseHead:
    """Take the stream of a release as one who may change it, and read what the release is then."""
    change.actor.require(Permission.RELEASE_MANAGE, None)
    if change.connection.execute(_TAKE, {"key": key}).rowcount == 0:
        raise NotFound(UNSEEN)
    *head, sequence, digest, is_signed = change.connection.execute(_HEAD, {"key": key}).one()
    release = ReleaseHead(*head)
    change.has_taken(release.stream_id, sequence, digest, is_signed=is_signed)
    return release


def _take_open(change: Change, key: str) -> ReleaseHead:
    release = take_release(change, key)
    if release.shipped_at is not None:
        raise RuleViolation("This release has shipped. Reopen it first.")
    return release


@write_path
def add_modules(change: Change, key: str, module_ids: tuple[int, ...]) -> int:
    """Put modules into a release; each gets its checklist. Gives how many were added: those in it stay as they are."""
    release = _take_open(change, key)
    chosen = _choose(change, release, module_ids)
    if len(chosen) < len(set(module_ids)):
        raise InvalidInput(module_ids="One of these modules is archived or not there. Choose again.")
    return _put(change, release, chosen)


@write_path
def copy_modules(change: Change, key: str, earlier_key: str) -> int:
    """Put the modules of an earlier release into this one, but for the archived. Gives how many were added."""
    release = _take_open(change, key)
    return put_those_of(change, earlier_key, release)


def put_those_of(change: Change, earlier_key: str, release: ReleaseHead) -> int:
    """The same, as part of the change that makes the release."""
    earlier = get_release(earlier_key, change.actor)
    return _put(change, release, _choose(change, release, list_release_module_ids(earlier.id)))


def _choose(change: Change, release: ReleaseHead, module_ids: Sequence[int]) -> Sequence[Any]:
    return change.connection.execute(_CHOSEN, {"release": release.id, "modules": module_ids}).all()


def _about(release: ReleaseHead, module_id: int) -> About:
    return About("release", release.id, release.name, module_id, release.id)


def _put(change: Change, release: ReleaseHead, chosen: Sequence[Any]) -> int:
    back = [row.member_id for row in chosen if row.removed_at is not None]
    if back:
        change.connection.execute(_REJOIN, {"members": back})
    _begin(change, release, [row for row in chosen if row.member_id is None])
    added = [row for row in chosen if row.member_id is None or row.removed_at is not None]
    for module in added:
        change.record(
            AuditAction.RELEASE_MODULE_ADDED,
            _about(release, module.id),
            stream=release.stream_id,
            new=module.name,
            under=Permission.RELEASE_MANAGE,
        )
    return len(added)


def _begin(change: Change, release: ReleaseHead, modules: Sequence[Any]) -> None:
    if not modules:
        return
    rows = [{"release_id": release.id, "module_id": module.id, "added_at": change.at} for module in modules]
    members = change.put_all(_JOIN, rows, "release_id", "module_id")
    make_checklists(
        change,
        BelongsTo.MODULE,
        [
            MadeFor(member, f"{module.name} in {release.name}", release.id, module.id)
            for member, module in zip(members, modules, strict=True)
        ],
    )


@write_path
def remove_module(change: Change, key: str, module_key: str) -> bool:
    """Take a module out of a release. What was done stays, and comes back when it is added again."""
    release = _take_open(change, key)
    module = get_module(module_key, change.actor)
    row = change.session.scalar(
        select(ReleaseModule).where(
            ReleaseModule.release_id == release.id,
            ReleaseModule.module_id == module.id,
            ReleaseModule.removed_at.is_(None),
        )
    )
    if row is None:
        raise NotFound("This module is not in the release.")
    row.removed_at = change.at
    change.record(
        AuditAction.RELEASE_MODULE_REMOVED,
        _about(release, module.id),
        stream=release.stream_id,
        old=module.name,
        under=Permission.RELEASE_MANAGE,
    )
    return True
