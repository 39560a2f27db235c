"""Releases: create, edit, ship, archive; and the changes under a module. Their modules: release_modules.py."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from app.database import server_now
from app.domain.audit import AuditAction
from app.domain.checklist import LINK_RULE, BelongsTo, is_link
from app.domain.errors import Conflict, InvalidInput, NotFound
from app.domain.gate_words import STATE_WORDS
from app.domain.modules import RESERVED, is_key, key_rule
from app.domain.permissions import Permission
from app.models import Change as MergeRequest
from app.models import Release
from app.queries.gates import get_gate
from app.queries.modules import get_module
from app.queries.releases import get_release, list_release_module_ids
from app.queries.standing import standing_of
from app.queries.waiting import find_release_gate
from app.services.change import About, Change
from app.services.checklists import make_checklist
from app.services.due import move_due_dates
from app.services.facts import change_facts
from app.services.release_modules import ReleaseHead, put_those_of, take_release
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
        put_those_of(change, copy_from, ReleaseHead(release.id, release.name, None, stream))
    return key


def _take(change: Change, key: str) -> tuple[Release, int]:
    """Take the release's stream and read the release as it is now."""
    stream = take_release(change, key).stream_id
    return get_release(key, change.actor), stream


@write_path
def update_release(change: Change, key: str, facts: ReleaseFacts, *, revision: int) -> bool:
    """Change name, date or notes."""
    release, stream = _take(change, key)
    if release.revision != revision:
        raise Conflict("Somebody else changed this release while you were typing.", theirs=release.name)
    release.revision += 1
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
