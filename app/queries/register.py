"""The register of waivers: all that were ever asked for, narrowed, counted, and read a page or a part at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from app.database import db
from app.domain.actors import Actor
from app.domain.always_never import find_rule
from app.domain.checklist import TAKEN_AWAY, BelongsTo
from app.domain.permissions import Permission
from app.domain.waiver_kinds import WaiverKind, WaiverReason
from app.domain.waivers import ANNOUNCED, GRANTED, WaiverDecision, WaiverStanding, standing_of
from app.models import Checklist, ChecklistItem, Module, Person, Release, Waiver
from app.queries.about_rules import is_about
from app.queries.lines import ItemLine, item_lines, line_of

PAGE, PART = 50, 500


@dataclass(frozen=True, slots=True)
class WaiverFilter:
    """Which waivers are asked for. Empty means all."""

    standing: str = ""
    kind: str = ""
    release_key: str = ""
    module_key: str = ""
    rule_key: str = ""


@dataclass(frozen=True, slots=True)
class WaiverRow:
    """One waiver with the item that it is about."""

    id: int
    line: ItemLine
    item_key: str
    kind: WaiverKind
    reason: WaiverReason
    explanation: str
    ends_on: date | None
    decision: WaiverDecision
    standing: WaiverStanding
    requested_by_id: int
    requested_by_name: str
    requested_at: datetime
    decided_by_id: int | None
    decided_by_name: str | None
    decided_at: datetime | None
    note: str
    ended_at: datetime | None
    ended_by_name: str | None
    ended_reason: str
    belongs_to: BelongsTo
    module_id: int | None
    release_id: int | None


@dataclass(frozen=True, slots=True)
class WaiverPage:
    """One page of the register, with the keys of its neighbours."""

    rows: list[WaiverRow]
    total: int
    older: int | None
    newer: int | None


_ASKER, _DECIDER, _ENDER = aliased(Person), aliased(Person), aliased(Person)


def _rows() -> Select[*tuple[Any, ...]]:
    return (
        item_lines()
        .join(Waiver, Waiver.item_id == ChecklistItem.id)
        .join(_ASKER, _ASKER.id == Waiver.requested_by_id)
        .outerjoin(_DECIDER, _DECIDER.id == Waiver.decided_by_id)
        .outerjoin(_ENDER, _ENDER.id == Waiver.ended_by_id)
        .add_columns(
            Waiver,
            ChecklistItem.key.label("item_key"),
            Checklist.module_id,
            Checklist.release_id,
            _ASKER.name.label("requested_by_name"),
            _DECIDER.name.label("decided_by_name"),
            _ENDER.name.label("ended_by_name"),
        )
    )


def _conditions(wanted: WaiverFilter, actor: Actor, today: date) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.standing:
        found.append(_STANDINGS[wanted.standing](today))
    if wanted.kind:
        found.append(Waiver.kind == WaiverKind(wanted.kind))
    if wanted.release_key:
        found.append(Release.key == wanted.release_key)
    if wanted.module_key:
        found.append(Module.key == wanted.module_key)
    if rule := find_rule(wanted.rule_key):
        found += [is_about(rule, ChecklistItem.key), Waiver.decision.in_(GRANTED)]
    visible = actor.modules(Permission.CHECKLIST_VIEW)
    if visible is not None:
        found.append(Checklist.module_id.in_(visible))
    return found


def _is(decision: WaiverDecision) -> ColumnElement[bool]:
    return Waiver.decision == decision


def _holds(today: date) -> ColumnElement[bool]:
    return and_(_is(WaiverDecision.APPROVED), or_(Waiver.ends_on.is_(None), Waiver.ends_on >= today))


# What may stand in the address, and what it means on a day. What is reopening has expired.
_STANDINGS: dict[str, Callable[[date], ColumnElement[bool]]] = {
    "waiting": lambda _today: _is(WaiverDecision.PENDING),
    "in-force": _holds,
    "expiring": lambda today: and_(_holds(today), Waiver.ends_on <= today + ANNOUNCED),
    "expired": lambda today: or_(
        _is(WaiverDecision.EXPIRED), and_(_is(WaiverDecision.APPROVED), Waiver.ends_on < today)
    ),
    "ended": lambda _today: _is(WaiverDecision.ENDED),
    "refused": lambda _today: _is(WaiverDecision.REFUSED),
    "withdrawn": lambda _today: _is(WaiverDecision.WITHDRAWN),
}
STANDINGS = tuple(_STANDINGS)


def read_waivers(wanted: WaiverFilter, actor: Actor, today: date, *, before: int = 0, after: int = 0) -> WaiverPage:
    """A page of the register, the newest first, by key: as fast at its end as at its beginning; two statements."""
    conditions = _conditions(wanted, actor, today)
    statement = _rows().where(*conditions)
    if after:
        rows = _read(statement.where(Waiver.id > after).order_by(Waiver.id).limit(PAGE + 1), today)
        newer, rows = len(rows) > PAGE, rows[:PAGE][::-1]
        older = bool(rows)
    else:
        statement = statement.where(Waiver.id < before) if before else statement
        rows = _read(statement.order_by(Waiver.id.desc()).limit(PAGE + 1), today)
        older, rows = len(rows) > PAGE, rows[:PAGE]
        newer = bool(before and rows)
    total = _count(conditions)
    return WaiverPage(rows, total, rows[-1].id if older else None, rows[0].id if newer else None)


def _count(conditions: Sequence[ColumnElement[bool]]) -> int:
    counted = (
        select(func.count(Waiver.id))
        .join(ChecklistItem, ChecklistItem.id == Waiver.item_id)
        .join(Checklist, Checklist.id == ChecklistItem.checklist_id)
        .outerjoin(Release, Release.id == Checklist.release_id)
        .outerjoin(Module, Module.id == Checklist.module_id)
        .where(*conditions)
    )
    return db.session.scalar(counted) or 0


def read_part(wanted: WaiverFilter, actor: Actor, today: date, *, before: int = 0) -> list[WaiverRow]:
    """The next part of all that fits, the newest first, by key."""
    statement = _rows().where(*_conditions(wanted, actor, today))
    statement = statement.where(Waiver.id < before) if before else statement
    return _read(statement.order_by(Waiver.id.desc()).limit(PART), today)


def list_pending(actor: Actor, today: date, *, after: int = 0, most: int | None = None) -> list[WaiverRow]:
    """The requests that wait and that a person may see, the oldest first.

    What a rule or an adopted version took away waits for nobody; its request is there again when it comes back.
    """
    found = _conditions(WaiverFilter("waiting"), actor, today)
    is_asked = ChecklistItem.state.not_in(sorted(TAKEN_AWAY))
    return _read(_rows().where(*found, is_asked, Waiver.id > after).order_by(Waiver.id).limit(most), today)


def list_expiring(actor: Actor, today: date) -> list[WaiverRow]:
    """The waivers that a person asked for or approved and that expire soon, or have and are not open again yet."""
    mine = or_(Waiver.requested_by_id == actor.id, Waiver.decided_by_id == actor.id)
    found = _conditions(WaiverFilter(), actor, today)
    soon = (_is(WaiverDecision.APPROVED), Waiver.ends_on <= today + ANNOUNCED, mine)
    return _read(_rows().where(*found, *soon).order_by(Waiver.ends_on, Waiver.id), today)


def _read(statement: Select[*tuple[Any, ...]], today: date) -> list[WaiverRow]:
    return [_waiver(row, today) for row in db.session.execute(statement)]


def _waiver(row: Any, today: date) -> WaiverRow:
    waiver = row.Waiver
    return WaiverRow(
        id=waiver.id,
        line=line_of(row),
        item_key=row.item_key,
        kind=waiver.kind,
        reason=waiver.reason,
        explanation=waiver.explanation,
        ends_on=waiver.ends_on,
        decision=waiver.decision,
        standing=standing_of(waiver.decision, waiver.ends_on, today),
        requested_by_id=waiver.requested_by_id,
        requested_by_name=row.requested_by_name,
        requested_at=waiver.requested_at,
        decided_by_id=waiver.decided_by_id,
        decided_by_name=row.decided_by_name,
        decided_at=waiver.decided_at,
        note=waiver.note,
        ended_at=waiver.ended_at,
        ended_by_name=row.ended_by_name,
        ended_reason=waiver.ended_reason,
        belongs_to=row.belongs_to,
        module_id=row.module_id,
        release_id=row.release_id,
    )
