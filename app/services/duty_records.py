"""Doing a duty, striking a record that was wrong, and telling the history of what nobody did."""

from datetime import date, datetime

from sqlalchemy import func, insert, select, update

from app.database import server_now
from app.domain.audit import AuditAction, moment_text
from app.domain.duties import Outcome, Window, check_may_tick
from app.domain.errors import InvalidInput, NotPermitted, RuleViolation
from app.domain.permissions import Permission
from app.models import Duty, DutyOmission, DutyRecord, DutyStrike
from app.models.base import table_of
from app.queries.duties import DutyRow, find_in_use, get_duty
from app.queries.duty_history import find_record, get_record, list_untold
from app.services.change import Change
from app.services.duties import about_duty
from app.services.write_path import write_path

VALUE_LIMIT, NOTE_LIMIT = 200, 1000


@write_path
def tick_duty(change: Change, duty_id: int, *, on: date | None, value: str = "", note: str = "") -> int:
    """Record that it is done, in the period that is open now; gives the number of the record.

    `on` is the period that was seen: a form that was left open until the next one does nothing.
    """
    seen = get_duty(duty_id, change.actor, server_now())
    change.actor.require(Permission.ITEM_WORK, seen.module_id)
    stream = change.take_subject("duty", duty_id)
    now = server_now()
    row = get_duty(duty_id, change.actor, now)
    window = check_may_tick(row.standing, on=on)
    if window.record is not None:
        known = find_record(window.record.id)
        raise RuleViolation(f"{known.recorded_by_name} did it already, at {known.recorded_at:%Y-%m-%d %H:%M} UTC.")
    number = change.put(
        insert(table_of(DutyRecord)),
        {
            "duty_id": duty_id,
            "schedule_id": window.revision_id,
            "period_on": window.on,
            "turn": _turn(change, window),
            "due_at": window.due_at,
            "ends_at": window.ends_at,
            "value": value,
            "note": note,
            "recorded_by_id": change.actor_id,
            "recorded_at": now,
        },
    )
    outcome = Outcome.ON_TIME if now <= window.due_at else Outcome.DONE_LATE
    change.record(
        AuditAction.DUTY_TICKED,
        about_duty(row),
        stream=stream,
        fact=window.on.isoformat(),
        new=f"{outcome.value}, {value}" if value else outcome.value,
        reason=note,
        after={
            **_told(window),
            "record": number,
            "recorded_at": moment_text(now),
            "outcome": outcome.value,
            "value": value,
        },
        under=Permission.ITEM_WORK,
    )
    return number


def _turn(change: Change, window: Window) -> int:
    """The first time of a period, or one more than the records of it that were struck."""
    rows = table_of(DutyRecord).c
    of_period = (rows.schedule_id == window.revision_id, rows.period_on == window.on)
    return 1 + (change.session.scalar(select(func.count(rows.id)).where(*of_period)) or 0)


def _told(window: Window) -> dict[str, str | int]:
    moments = {"due_at": moment_text(window.due_at), "ends_at": moment_text(window.ends_at)}
    return {"schedule": window.revision_id, "on": window.on.isoformat(), **moments}


@write_path
def strike_record(change: Change, duty_id: int, record_id: int, *, reason: str) -> bool:
    """Say that a record is wrong, as whoever made it or who manages duties there.

    Both stay. While there is grace the period is open again; afterwards it was missed.
    """
    seen = get_duty(duty_id, change.actor, server_now())
    _check_may_strike(change, seen, get_record(duty_id, record_id).recorded_by_id)
    stream = change.take_subject("duty", duty_id)
    row, record = get_duty(duty_id, change.actor, server_now()), get_record(duty_id, record_id)
    if record.struck_at is not None:
        raise RuleViolation("This record has been struck already.")
    if not reason:
        raise InvalidInput(reason="Say what is wrong with it.")
    now = server_now()
    values = {"record_id": record_id, "reason": reason, "struck_by_id": change.actor_id, "struck_at": now}
    change.put(insert(table_of(DutyStrike)), values)
    under = _permission(change, row)
    change.record(
        AuditAction.DUTY_STRUCK,
        about_duty(row),
        stream=stream,
        fact=record.period_on.isoformat(),
        old=record.value or "no value",
        reason=reason,
        before={"record": record_id, "schedule": record.schedule_id, "on": record.period_on.isoformat()},
        after={"struck_at": moment_text(now)},
        under=under,
    )
    # What was over may be missed now: the worker looks at it again.
    reach = max(one.schedule.period.reach for one in row.facts.revisions)
    _mark_told(change, row.id, max(row.created_at, min(row.told_until_at, record.due_at - reach)))
    return True


def _check_may_strike(change: Change, row: DutyRow, recorded_by_id: int) -> None:
    change.actor.require(Permission.ITEM_WORK, row.module_id)
    if recorded_by_id != change.actor_id and not change.actor.may_for(Permission.DUTY_MANAGE, row.module_id):
        raise NotPermitted("A record is struck by who made it, or by a team lead.")


def _permission(change: Change, row: DutyRow) -> Permission:
    is_lead = change.actor.may_for(Permission.DUTY_MANAGE, row.module_id)
    return Permission.DUTY_MANAGE if is_lead else Permission.ITEM_WORK


@write_path
def tell_missed(change: Change, duty_id: int) -> int:
    """Tell the history of the periods of a duty that are over and were not done; each once. Gives how many."""
    change.take_subject("duty", duty_id)
    now = server_now()
    row = find_in_use(duty_id, now)
    if row is None:
        return 0
    untold = list_untold(row, now)
    for window in untold:
        _tell_miss(change, row, window)
    _mark_told(change, duty_id, now)
    return len(untold)


def _mark_told(change: Change, duty_id: int, until: datetime) -> None:
    duties = table_of(Duty)
    change.session.execute(update(duties).where(duties.c.id == duty_id).values(told_until_at=until))


def _tell_miss(change: Change, row: DutyRow, window: Window) -> None:
    values = {"duty_id": row.id, "schedule_id": window.revision_id, "period_on": window.on, "ends_at": window.ends_at}
    change.put(insert(table_of(DutyOmission)), {**values, "told_at": server_now()})
    change.record(
        AuditAction.DUTY_MISSED,
        about_duty(row),
        stream=change.take_subject("duty", row.id),
        fact=window.on.isoformat(),
        new=f"due {moment_text(window.due_at)}, over {moment_text(window.ends_at)}",
        after=_told(window),
    )
