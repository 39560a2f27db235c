"""Recurring duties: added, changed, paused and archived. What was due before a change stays judged as it was."""

import re
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from app.catalogue.duties import read_duties
from app.database import server_now
from app.domain.actors import missing_role
from app.domain.audit import AuditAction, moment_text
from app.domain.duties import TurnKind, check_may_turn
from app.domain.errors import Conflict, InvalidInput, NotPermitted
from app.domain.permissions import GRANTS, Permission, Role
from app.domain.recurrence import Schedule, check_schedule, grace_words, schedule_words
from app.models import Duty, DutySchedule, DutyTurn, Module, Target
from app.models.base import table_of
from app.queries.duties import DutyRow, get_duty, known_keys
from app.services.change import About, Change
from app.services.facts import change_facts
from app.services.write_path import write_path

REASON_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class DutyWish:
    """What is typed about a duty."""

    title: str
    guidance: str
    owner_role: Role
    schedule: Schedule


@dataclass(frozen=True, slots=True)
class Place:
    """What a duty is for: nothing named is everything."""

    module_id: int | None = None
    target_id: int | None = None

    @property
    def key(self) -> str:
        """The place in one word."""
        if self.target_id is not None:
            return f"target:{self.target_id}"
        return "everything" if self.module_id is None else f"module:{self.module_id}"


def owner_roles() -> list[Role]:
    """The roles that can be asked: those that may do it."""
    return [role for role in Role if Permission.ITEM_WORK in GRANTS[role]]


@write_path
def create_duty(change: Change, place: Place, wish: DutyWish) -> int:
    """Add a duty; gives its number."""
    place = _take_place(change, place)
    _check(wish)
    return _add(change, place, _free_key(wish.title, known_keys(place.key)), wish)


@write_path
def add_starting_duties(change: Change, place: Place, *, time_zone: str) -> int:
    """Add those of the starting document's duties that a place does not have; gives how many that were."""
    place = _take_place(change, place)
    known = known_keys(place.key)
    missing = [one for one in read_duties() if one.key not in known]
    for one in missing:
        wish = DutyWish(one.title, one.guidance, one.owner_role, one.in_zone(time_zone))
        _check(wish)
        _add(change, place, one.key, wish)
    return len(missing)


def _take_place(change: Change, place: Place) -> Place:
    """Take what the duties are for, so that two who add the same at once do it one after the other."""
    module_id = place.module_id
    if module_id is not None and not _is_seen(change, module_id):
        raise InvalidInput(place="Choose what it is for.")
    if not change.actor.may_for(Permission.DUTY_MANAGE, module_id):
        raise NotPermitted(missing_role(Permission.DUTY_MANAGE))
    if module_id is None:
        change.take_subject("settings", 0)
        return Place()
    change.take_subject("module", module_id)
    if place.target_id is not None:
        known = (Target.id == place.target_id, Target.module_id == module_id, Target.archived_at.is_(None))
        if change.session.scalar(select(Target.id).where(*known)) is None:
            raise InvalidInput(place="Choose what it is for.")
    return place


def _is_seen(change: Change, module_id: int) -> bool:
    known = select(Module.id).where(Module.id == module_id, Module.archived_at.is_(None))
    return change.session.scalar(known) is not None and change.actor.may_for(Permission.CHECKLIST_VIEW, module_id)


def _check(wish: DutyWish) -> None:
    if not wish.title:
        raise InvalidInput(title="Say in a few words what is to be done.")
    if wish.owner_role not in owner_roles():
        raise InvalidInput(owner_role="Choose a role that may do it.")
    check_schedule(wish.schedule)


def _free_key(title: str, known: set[str]) -> str:
    """A key made of the title that no other duty of the place has."""
    word = "own." + (re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60] or "duty")
    number, key = 1, word
    while key in known:
        number += 1
        key = f"{word}-{number}"
    return key


def _add(change: Change, place: Place, key: str, wish: DutyWish) -> int:
    now = server_now()
    said = {"key": key, "title": wish.title, "guidance": wish.guidance, "owner_role": wish.owner_role}
    where = {"module_id": place.module_id, "target_id": place.target_id}
    beside = {"place": place.key, "created_at": now, "created_by_id": change.actor.id, "told_until_at": now}
    number = change.put(insert(table_of(Duty)), {**said, **where, **beside, "revision": 1})
    stream = change.new_stream("duty", number)
    schedule_id = _put_schedule(change, number, 1, wish.schedule, now)
    change.record(
        AuditAction.DUTY_CREATED,
        About("duty", number, wish.title, module_id=place.module_id),
        stream=stream,
        new=f"{schedule_words(wish.schedule)}, {grace_words(wish.schedule)}",
        after={**said, **where, "schedule": _told(schedule_id, wish.schedule), "since_at": moment_text(now)},
        under=Permission.DUTY_MANAGE,
    )
    return number


def _put_schedule(change: Change, duty_id: int, number: int, schedule: Schedule, since_at: datetime) -> int:
    columns = asdict(schedule) | {"local_time": f"{schedule.at:%H:%M}"}
    del columns["at"]
    row = {**columns, "duty_id": duty_id, "number": number, "since_at": since_at, "set_by_id": change.actor.id}
    return change.put(insert(table_of(DutySchedule)), row)


def _told(schedule_id: int, schedule: Schedule) -> dict[str, Any]:
    """A schedule as it stands in the history: whoever has it can find every period again."""
    return {**asdict(schedule), "schedule": schedule_id, "period": schedule.period.value, "at": f"{schedule.at:%H:%M}"}


def _take(change: Change, duty_id: int, revision: int | None = None) -> tuple[DutyRow, int]:
    seen = get_duty(duty_id, change.actor, server_now())
    change.actor.require(Permission.DUTY_MANAGE, seen.module_id)
    stream = change.take_subject("duty", duty_id)
    row = get_duty(duty_id, change.actor, server_now())
    if revision is not None and row.revision != revision:
        raise Conflict("Somebody else changed this duty while you were typing.", theirs=row.title)
    return row, stream


def about_duty(row: DutyRow) -> About:
    """A duty as the history names it."""
    return About("duty", row.id, row.title, module_id=row.module_id)


@write_path
def update_duty(change: Change, duty_id: int, wish: DutyWish, *, revision: int) -> bool:
    """Change what a duty says and when it is due from now on."""
    row, stream = _take(change, duty_id, revision)
    _check(wish)
    duty = change.session.get_one(Duty, duty_id, populate_existing=True)
    duty.revision += 1
    facts = {
        "title": ("title", wish.title),
        "guidance": ("guidance", wish.guidance),
        "owner role": ("owner_role", wish.owner_role),
    }
    about, under = about_duty(row), Permission.DUTY_MANAGE
    change_facts(change, duty, facts, action=AuditAction.DUTY_CHANGED, about=about, stream=stream, under=under)
    if wish.schedule != row.schedule:
        _reschedule(change, row, wish.schedule, stream)
    return True


def _reschedule(change: Change, row: DutyRow, schedule: Schedule, stream: int) -> None:
    old, now = row.schedule, server_now()
    number = _put_schedule(change, row.id, len(row.facts.revisions) + 1, schedule, now)
    change.record(
        AuditAction.DUTY_RESCHEDULED,
        about_duty(row),
        stream=stream,
        old=f"{schedule_words(old)}, {grace_words(old)}",
        new=f"{schedule_words(schedule)}, {grace_words(schedule)}",
        before={"schedule": _told(row.facts.revision.id, old)},
        after={"schedule": _told(number, schedule), "since_at": moment_text(now)},
        under=Permission.DUTY_MANAGE,
    )


@write_path
def turn_duty(change: Change, duty_id: int, kind: TurnKind, *, reason: str = "") -> bool:
    """Pause, resume, archive or restore a duty. What was due before is judged all the same."""
    row, stream = _take(change, duty_id)
    check_may_turn(kind, row.facts)
    if kind.is_rest and not reason:
        raise InvalidInput(reason="Say why, for who reads it later.")
    now = server_now()
    turn = {"kind": kind, "reason": reason, "turned_by_id": change.actor_id, "turned_at": now}
    change.put(insert(table_of(DutyTurn)), {**turn, "duty_id": duty_id})
    change.record(
        AuditAction.DUTY_TURNED,
        about_duty(row),
        stream=stream,
        old=row.state.value,
        new=kind.value,
        reason=reason,
        after={"kind": kind.value, "turned_at": moment_text(now)},
        under=Permission.DUTY_MANAGE,
    )
    return True
