"""Reads of break-glass: one of them, the register of all, whom they passed over."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select, true

from app.database import db
from app.domain.actors import Actor
from app.domain.always_never import find_rule
from app.domain.errors import UNSEEN, NotFound
from app.domain.overrides import OverrideEnd, OverrideState
from app.domain.permissions import Permission, Role
from app.models import (
    Checklist,
    Gate,
    Override,
    OverrideConfirmation,
    OverrideEnding,
    OverrideObstacle,
    OverrideReview,
    OverrideTelling,
    OverrideUse,
    PersonName,
    Release,
    ReleaseModule,
)
from app.models.base import table_of
from app.queries.about_rules import is_about
from app.queries.override_rows import ROWS, OverrideRow, read_rows

PAGE = 50
_all, _confirmed = table_of(Override).c, table_of(OverrideConfirmation).c
_endings, _uses, _reviews = table_of(OverrideEnding).c, table_of(OverrideUse).c, table_of(OverrideReview).c
_gates = table_of(Gate).c
_lists, _releases, _members = table_of(Checklist).c, table_of(Release).c, table_of(ReleaseModule).c
_tellings, _obstacles, _names = table_of(OverrideTelling).c, table_of(OverrideObstacle).c, table_of(PersonName).c


def _seen_by(actor: Actor) -> ColumnElement[bool]:
    """Those of one's modules, and those of releases that hold one of them."""
    visible = actor.modules(Permission.CHECKLIST_VIEW) if actor.may(Permission.CHECKLIST_VIEW) else frozenset()
    if visible is None:
        return true()
    mine = select(_members.release_id).where(_members.module_id.in_(visible), _members.removed_at.is_(None))
    return or_(_lists.module_id.in_(visible), and_(_lists.module_id.is_(None), _lists.release_id.in_(mine)))


def get_override(override_id: int, actor: Actor) -> OverrideRow:
    """One break-glass, or NotFound where there is none or it is not this person's to see."""
    found = read_rows(ROWS.where(_all.id == override_id, _seen_by(actor)))
    if not found:
        raise NotFound(UNSEEN)
    return found[0]


def find_override(override_id: int) -> OverrideRow | None:
    """One break-glass, whoever asks: for what is done by itself."""
    return next(iter(read_rows(ROWS.where(_all.id == override_id))), None)


def list_overrides_of(gate_ids: Sequence[int]) -> list[OverrideRow]:
    """All that were ever opened at gates, the newest first."""
    return read_rows(ROWS.where(_all.gate_id.in_(gate_ids)).order_by(_all.id.desc()))


def list_confirmed_of_release(release_id: int) -> list[OverrideRow]:
    """All that were ever confirmed at gates of a release, the oldest first."""
    return read_rows(ROWS.where(_lists.release_id == release_id, _confirmed.id.is_not(None)).order_by(_all.id))


def list_live_of_gate(gate_id: int, at: datetime) -> list[OverrideRow]:
    """Those of a gate that wait or are in force."""
    live = {OverrideState.WAITING, OverrideState.IN_FORCE}
    return [one for one in list_overrides_of([gate_id]) if one.state(at) in live]


_is_confirmed = _confirmed.id.is_not(None)
_is_over = or_(_uses.id.is_not(None), _endings.id.is_not(None))


def _conditions(at: datetime) -> dict[str, ColumnElement[bool]]:
    """What may stand in the address, and what it means at a moment; the same as `OverrideFacts.state`."""
    not_reviewed = and_(_is_confirmed, _reviews.id.is_(None))
    in_force = and_(not_reviewed, ~_is_over, _confirmed.ends_at > at)
    waiting = and_(~_is_confirmed, _endings.id.is_(None), _all.lapses_at > at)
    called_off = and_(~_is_confirmed, func.coalesce(_endings.kind, "") == OverrideEnd.CALLED_OFF.value)
    return {
        OverrideState.WAITING: waiting,
        OverrideState.IN_FORCE: in_force,
        OverrideState.TO_REVIEW: and_(not_reviewed, or_(_is_over, _confirmed.ends_at <= at)),
        OverrideState.REVIEWED: _reviews.id.is_not(None),
        OverrideState.CALLED_OFF: called_off,
        OverrideState.LAPSED: and_(~_is_confirmed, ~waiting, ~called_off),
    }


def count_overrides(actor: Actor, at: datetime) -> dict[str, int]:
    """How many there are in each state; one statement."""
    conditions = _conditions(at)
    numbers = [
        func.count(case((condition, 1))).label(f"n{place}") for place, condition in enumerate(conditions.values())
    ]
    row = db.session.execute(ROWS.with_only_columns(*numbers).where(_seen_by(actor))).one()
    return dict(zip(conditions, row, strict=True))


@dataclass(frozen=True, slots=True)
class OverrideFilter:
    """Which ones are asked for. Empty means all."""

    state: str = ""
    release_key: str = ""
    # Those that went over one of the twelve rules.
    rule_key: str = ""


def read_register(
    wanted: OverrideFilter, actor: Actor, at: datetime, *, before: int = 0, most: int | None = PAGE
) -> tuple[list[OverrideRow], int | None]:
    """A page of the register, the newest first, and the key of the next; one statement."""
    statement = ROWS.where(_seen_by(actor)).order_by(_all.id.desc())
    if wanted.state:
        statement = statement.where(_conditions(at)[wanted.state])
    if wanted.release_key:
        statement = statement.where(_releases.key == wanted.release_key)
    if rule := find_rule(wanted.rule_key):
        met = select(_obstacles.override_id).where(is_about(rule, _obstacles.key))
        statement = statement.where(_all.id.in_(met), _gates.kind.in_(sorted(rule.gates)))
    if before:
        statement = statement.where(_all.id < before)
    rows = read_rows(statement.limit(most + 1) if most else statement)
    return (rows[:most], rows[most - 1].id) if most and len(rows) > most else (rows, None)


def list_unsettled(actor: Actor, at: datetime) -> list[OverrideRow]:
    """All that wait, are in force or are to be reviewed."""
    return _unsettled(actor, at, true())


def list_unsettled_of_module(actor: Actor, module_id: int, at: datetime) -> list[OverrideRow]:
    """Those of a module, and of the releases that hold it, that wait, are in force or are to be reviewed."""
    return _unsettled(actor, at, _of_modules(select(literal(module_id))))


def list_unsettled_of_release(actor: Actor, release: Release, at: datetime) -> list[OverrideRow]:
    """The same of a release; while it has not shipped, also those of its modules elsewhere: they hold it back."""
    here = _lists.release_id == release.id
    if release.shipped_at is not None:
        return _unsettled(actor, at, here)
    own = select(_members.module_id).where(_members.release_id == release.id, _members.removed_at.is_(None))
    return _unsettled(actor, at, or_(here, _of_modules(own)))


def _of_modules(modules: Select[int]) -> ColumnElement[bool]:
    """Those at gates of some modules, or of releases that hold one of them."""
    holding = select(_members.release_id).where(_members.module_id.in_(modules), _members.removed_at.is_(None))
    return or_(_lists.module_id.in_(modules), and_(_lists.module_id.is_(None), _lists.release_id.in_(holding)))


def _unsettled(actor: Actor, at: datetime, here: ColumnElement[bool]) -> list[OverrideRow]:
    conditions = _conditions(at)
    live = or_(
        *(conditions[state] for state in (OverrideState.WAITING, OverrideState.IN_FORCE, OverrideState.TO_REVIEW))
    )
    return read_rows(ROWS.where(here, live, _seen_by(actor)).order_by(_all.id))


def list_passed_over(actor: Actor) -> list[OverrideRow]:
    """Those by which a gate went on without a person, until they are reviewed, the newest first."""
    told = select(_tellings.override_id).where(_tellings.person_id == actor.id)
    return read_rows(ROWS.where(_all.id.in_(told), _reviews.id.is_(None), _seen_by(actor)).order_by(_all.id.desc()))


def list_due(at: datetime, *, after: int, most: int) -> Sequence[int]:
    """The next that time has ended and of which no row says so."""
    due = or_(
        and_(~_is_confirmed, _all.lapses_at <= at), and_(_is_confirmed, _uses.id.is_(None), _confirmed.ends_at <= at)
    )
    found = (
        ROWS.with_only_columns(_all.id)
        .where(_all.id > after, _endings.id.is_(None), _reviews.id.is_(None), due)
        .order_by(_all.id)
        .limit(most)
    )
    return db.session.scalars(found).all()


@dataclass(frozen=True, slots=True)
class PassedOver:
    """Somebody who was told, and in which role they were asked."""

    person_id: int
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What was in the way when it was confirmed, and where it is seen."""

    key: str
    text: str
    item_id: int | None


def list_obstacles(override_ids: Sequence[int]) -> dict[int, list[Obstacle]]:
    """What was in the way, by break-glass; one statement."""
    found: dict[int, list[Obstacle]] = defaultdict(list)
    for row in db.session.execute(
        select(_obstacles.override_id, _obstacles.key, _obstacles.text, _obstacles.item_id)
        .where(_obstacles.override_id.in_(override_ids))
        .order_by(_obstacles.id)
    ):
        found[row.override_id].append(Obstacle(row.key, row.text, row.item_id))
    return found


def list_tellings(override_ids: Sequence[int]) -> dict[int, list[PassedOver]]:
    """Who was passed over and told, by break-glass, under the names of then; one statement."""
    found: dict[int, list[PassedOver]] = defaultdict(list)
    for row in db.session.execute(
        select(_tellings.override_id, _tellings.person_id, _names.name, _tellings.role)
        .outerjoin(table_of(PersonName), _names.id == _tellings.name_id)
        .where(_tellings.override_id.in_(override_ids))
        .order_by(_tellings.id)
    ):
        found[row.override_id].append(PassedOver(row.person_id, row.name or f"Person {row.person_id}", row.role))
    return found
