"""Releases: create, edit, choose modules, ship, archive; and the changes under a module."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, bindparam, insert, null, select, update

from app.database import server_now
from app.domain.audit import AuditAction
from app.domain.checklist import LINK_RULE, BelongsTo, is_link
from app.domain.errors import UNSEEN, Conflict, InvalidInput, NotFound, RuleViolation
from app.domain.gate_words import STATE_WORDS
from app.domain.modules import RESERVED, is_key, key_rule
from app.domain.permissions import Permission
from app.models import Change as MergeRequest
from app.models import Module, Release, ReleaseModule, Stream
from app.models.base import table_of
from app.queries.gates import get_gate
from app.queries.modules import get_module
from app.queries.releases import get_release, list_release_module_ids
from app.queries.standing import standing_of
from app.queries.waiting import find_release_gate
from app.services.change import About, Change
from app.services.checklists import MadeFor, make_checklist, make_checklists
from app.services.due import move_due_dates
from app.services.facts import change_facts
from app.services.write_path import write_path


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """What is typed about a release."""

    name: str
    planned_on: date | None = None
    notes: str = ""


def _about(release: Release) -> About:
    return About("release", release.id, release.name, release_id=release.id)


@write_path
def create_release(change: Change, key: str, facts: ReleaseFacts, *, copy_from: str = "") -> str:
    """Add a release with its own checklist, and the modules of an earlier one if asked. Gives the key."""
    change.actor.require(Permission.RELEASE_MANAGE, None)
    if not is_key(key):
        raise InvalidInput(key=key_rule("2026.11"))
    if key in RESERVED:
        raise InvalidInput(key=f"“{key}” is the address of another page. Choose another key.")
    if change.session.scalar(select(Release.id).where(Release.key == key)) is not None:
        raise InvalidInput(key=f"There is a release “{key}” already.")
    release = Release(key=key, name=facts.name, planned_on=facts.planned_on, notes=facts.notes, created_at=change.at)
    change.session.add(release)
    change.session.flush()
    stream = change.new_stream("release", release.id)
    change.record(AuditAction.RELEASE_CREATED, _about(release), stream=stream, under=Permission.RELEASE_MANAGE)
    make_checklist(change, BelongsTo.RELEASE, release.id, label=f"release {release.name}", release_id=release.id)
    if copy_from:
        earlier = get_release(copy_from, change.actor)
        _add_modules(change, release, stream, list_release_module_ids(earlier.id))
    return key


_streams, _releases = table_of(Stream).c, table_of(Release).c
_STREAM = (
    select(_streams.id)
    .join(table_of(Release), and_(_streams.kind == "release", _streams.subject_id == _releases.id))
    .where(_releases.key == bindparam("key"))
)


def _take(change: Change, key: str, revision: int | None = None) -> tuple[Release, int]:
    """Take the release's stream and read the release as it is now."""
    change.actor.require(Permission.RELEASE_MANAGE, None)
    stream = change.connection.scalar(_STREAM, {"key": key})
    if stream is None:
        raise NotFound(UNSEEN)
    change.take(stream)
    release = get_release(key, change.actor)
    if revision is not None and release.revision != revision:
        raise Conflict("Somebody else changed this release while you were typing.", theirs=release.name)
    release.revision += 1
    return release, stream


@write_path
def update_release(change: Change, key: str, facts: ReleaseFacts, *, revision: int) -> bool:
    """Change name, date or notes."""
    release, stream = _take(change, key, revision)
    planned = release.planned_on
    change_facts(
        change,
        release,
        {"name": ("name", facts.name), "date": ("planned_on", facts.planned_on), "notes": ("notes", facts.notes)},
        action=AuditAction.RELEASE_CHANGED,
        about=_about(release),
        stream=stream,
        under=Permission.RELEASE_MANAGE,
    )
    if release.planned_on != planned:
        move_due_dates(change, release, planned, under=Permission.RELEASE_MANAGE)
    return True


@write_path
def add_modules(change: Change, key: str, module_ids: tuple[int, ...]) -> int:
    """Put modules into a release; each gets its checklist. Gives how many were added."""
    release, stream = _take(change, key)
    _check_open(release)
    return _add_modules(change, release, stream, module_ids)


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


def _add_modules(change: Change, release: Release, stream: int, module_ids: Sequence[int]) -> int:
    chosen = change.connection.execute(_CHOSEN, {"release": release.id, "modules": module_ids}).all()
    back = [row.member_id for row in chosen if row.removed_at is not None]
    if back:
        change.connection.execute(_REJOIN, {"members": back})
    _begin(change, release, [row for row in chosen if row.member_id is None])
    added = [row for row in chosen if row.member_id is None or row.removed_at is not None]
    for module in added:
        change.record(
            AuditAction.RELEASE_MODULE_ADDED,
            About("release", release.id, release.name, module.id, release.id),
            stream=stream,
            new=module.name,
            under=Permission.RELEASE_MANAGE,
        )
    return len(added)


def _begin(change: Change, release: Release, modules: Sequence[Any]) -> None:
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
    release, stream = _take(change, key)
    _check_open(release)
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
        About("release", release.id, release.name, module.id, release.id),
        stream=stream,
        old=module.name,
        under=Permission.RELEASE_MANAGE,
    )
    return True


def _check_open(release: Release) -> None:
    if release.shipped_at is not None:
        raise RuleViolation("This release has shipped. Reopen it first.")


@write_path
def ship_release(change: Change, key: str) -> bool:
    """Mark a release as shipped: it is no longer the current one."""
    release, stream = _take(change, key)
    if release.shipped_at is not None:
        return False
    release.shipped_at = change.at
    gate = find_release_gate(release.id)
    state = standing_of(get_gate(gate), server_now()).verdict.state if gate else None
    change.record(
        AuditAction.RELEASE_SHIPPED,
        _about(release),
        stream=stream,
        new=f"its gate {STATE_WORDS[state]}" if state else "",
        under=Permission.RELEASE_MANAGE,
        after={"release_gate": state.value if state else None},
    )
    return True


@write_path
def reopen_release(change: Change, key: str, reason: str) -> bool:
    """Take the mark back, with a reason."""
    release, stream = _take(change, key)
    if not reason:
        raise InvalidInput(reason="Say why it is open again.")
    if release.shipped_at is None:
        return False
    release.shipped_at = None
    change.record(
        AuditAction.RELEASE_REOPENED, _about(release), stream=stream, reason=reason, under=Permission.RELEASE_MANAGE
    )
    return True


@write_path
def archive_release(change: Change, key: str) -> bool:
    """Take a release out of the lists; its pages stay."""
    release, stream = _take(change, key)
    if release.archived_at is not None:
        return False
    release.archived_at = change.at
    change.record(AuditAction.RELEASE_ARCHIVED, _about(release), stream=stream, under=Permission.RELEASE_MANAGE)
    return True


@write_path
def restore_release(change: Change, key: str) -> bool:
    """Bring an archived release back."""
    release, stream = _take(change, key)
    if release.archived_at is None:
        return False
    release.archived_at = None
    change.record(AuditAction.RELEASE_RESTORED, _about(release), stream=stream, under=Permission.RELEASE_MANAGE)
    return True


@write_path
def add_change(change: Change, release_key: str, module_key: str, number: int, *, title: str, link: str) -> int:
    """Name a merge request of a module in a release; its checklist is made with it. Gives its number."""
    release = get_release(release_key, change.actor)
    module = get_module(module_key, change.actor)
    change.actor.require(Permission.ITEM_WORK, module.id)
    stream = change.take_subject("release", release.id)
    if module.id not in list_release_module_ids(release.id):
        raise NotFound("This module is not in the release.")
    if link and not is_link(link):
        raise InvalidInput(link=LINK_RULE)
    same = select(MergeRequest.id).where(
        MergeRequest.release_id == release.id, MergeRequest.module_id == module.id, MergeRequest.number == number
    )
    if change.session.scalar(same) is not None:
        raise InvalidInput(number=f"The change {number} is here already.")
    row = MergeRequest(
        release_id=release.id, module_id=module.id, number=number, title=title, link=link, created_at=change.at
    )
    change.session.add(row)
    change.session.flush()
    label = f"!{number} {title}".strip()
    about = About("change", row.id, label, module.id, release.id)
    change.record(AuditAction.CHANGE_ADDED, about, stream=stream, new=link, under=Permission.ITEM_WORK)
    make_checklist(
        change,
        BelongsTo.CHANGE,
        row.id,
        label=f"{module.name} in {release.name}, change {label}",
        release_id=release.id,
        module_id=module.id,
    )
    return number
