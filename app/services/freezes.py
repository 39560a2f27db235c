"""Freezes: times in which nothing is deployed, and ending one early."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update

from app.database import server_now
from app.domain.audit import AuditAction, moment_text
from app.domain.errors import UNSEEN, InvalidInput, NotFound, RuleViolation
from app.domain.permissions import Permission
from app.models import Environment, Freeze, Module
from app.models.base import table_of
from app.services.change import SETTINGS, About, Change
from app.services.write_path import write_path

_all = table_of(Freeze)
MANAGE = Permission.RELEASE_MANAGE


@dataclass(frozen=True, slots=True)
class FreezeFacts:
    """What is typed about a freeze; without an environment or a module it is for all of them."""

    starts_at: datetime
    ends_at: datetime
    reason: str
    environment_id: int | None = None
    module_id: int | None = None


@write_path
def add_freeze(change: Change, facts: FreezeFacts) -> int:
    """Say that nothing is deployed for a while; gives the number of the freeze."""
    change.actor.require(MANAGE, facts.module_id)
    stream = change.take_subject(*SETTINGS)
    _check(change, facts)
    values = {name: getattr(facts, name) for name in FreezeFacts.__dataclass_fields__}
    number = change.put(
        insert(_all), {**values, "created_at": change.at, "created_by_id": change.actor_id, "ended_reason": ""}
    )
    change.record(
        AuditAction.FREEZE_ADDED,
        About("freeze", number, f"freeze {number}", facts.module_id),
        stream=stream,
        new=f"{facts.starts_at:%Y-%m-%d %H:%M} to {facts.ends_at:%Y-%m-%d %H:%M} UTC",
        reason=facts.reason,
        after={
            "starts_at": moment_text(facts.starts_at),
            "ends_at": moment_text(facts.ends_at),
            "environment": facts.environment_id,
            "module": facts.module_id,
        },
        under=MANAGE,
    )
    return number


def _check(change: Change, facts: FreezeFacts) -> None:
    if facts.ends_at <= facts.starts_at:
        raise InvalidInput(ends_at="It ends before it begins.")
    if facts.ends_at <= server_now():
        raise InvalidInput(ends_at="It would be over already.")
    if not facts.reason:
        raise InvalidInput(reason="Say why nothing is deployed then.")
    if facts.environment_id is not None and change.session.get(Environment, facts.environment_id) is None:
        raise InvalidInput(environment_id="There is no such environment.")
    if facts.module_id is not None and change.session.get(Module, facts.module_id) is None:
        raise InvalidInput(module_id="There is no such module.")


@write_path
def end_freeze(change: Change, freeze_id: int, *, reason: str) -> bool:
    """End a freeze before its time, or call one off that has not begun."""
    module_id = _module_of(change, freeze_id)
    change.actor.require(MANAGE, module_id)
    stream = change.take_subject(*SETTINGS)
    now = server_now()
    row = change.session.execute(select(_all.c.ends_at, _all.c.ended_at).where(_all.c.id == freeze_id)).one()
    if row.ended_at is not None or row.ends_at <= now:
        raise RuleViolation("This freeze is over already.")
    if not reason:
        raise InvalidInput(end_reason="Say why it is not needed any more.")
    change.session.execute(
        update(_all)
        .where(_all.c.id == freeze_id)
        .values(ended_at=now, ended_by_id=change.actor_id, ended_reason=reason)
    )
    change.record(
        AuditAction.FREEZE_ENDED,
        About("freeze", freeze_id, f"freeze {freeze_id}", module_id),
        stream=stream,
        reason=reason,
        before={"ends_at": moment_text(row.ends_at)},
        after={"ended_at": moment_text(now)},
        under=MANAGE,
    )
    return True


def _module_of(change: Change, freeze_id: int) -> int | None:
    row = change.session.execute(select(_all.c.module_id).where(_all.c.id == freeze_id)).one_or_none()
    if row is None:
        raise NotFound(UNSEEN)
    return int(row.module_id) if row.module_id is not None else None
