"""Reads of break-glass as gates are judged by it: what lets one on now, and which review is owed first."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import add

from sqlalchemy import and_, bindparam, func, or_, select

from app.database import db
from app.domain.gates import GateKind
from app.models import (
    Checklist,
    Gate,
    Override,
    OverrideConfirmation,
    OverrideEnding,
    OverrideReview,
    OverrideUse,
    ReleaseModule,
)
from app.models.base import table_of
from app.queries.gates import GateRow


@dataclass(frozen=True, slots=True)
class LettingOn:
    """A break-glass that lets a gate on, or by which it was passed."""

    id: int
    gate_id: int
    confirmed_at: datetime
    ends_at: datetime
    is_used: bool
    is_reviewed: bool


_all, _confirmed = table_of(Override).c, table_of(OverrideConfirmation).c
_endings, _uses, _reviews = table_of(OverrideEnding).c, table_of(OverrideUse).c, table_of(OverrideReview).c
_gates, _lists, _members = table_of(Gate).c, table_of(Checklist).c, table_of(ReleaseModule).c
# One that was opened in an earlier turn of its gate was about an earlier deployment.
_OF_THIS_TURN = _all.cycle >= _gates.first_cycle
_LETTING_ON = (
    select(
        *(_all.id, _all.gate_id, _confirmed.confirmed_at, _confirmed.ends_at),
        _uses.id.is_not(None).label("is_used"),
        _reviews.id.is_not(None).label("is_reviewed"),
    )
    .join(table_of(OverrideConfirmation), _confirmed.override_id == _all.id)
    .join(table_of(Gate), _gates.id == _all.gate_id)
    .outerjoin(table_of(OverrideEnding), _endings.override_id == _all.id)
    .outerjoin(table_of(OverrideUse), _uses.override_id == _all.id)
    .outerjoin(table_of(OverrideReview), _reviews.override_id == _all.id)
    .where(
        _OF_THIS_TURN,
        _all.gate_id.in_(bindparam("gates", expanding=True)),
        or_(
            _uses.id.is_not(None),
            and_(_endings.id.is_(None), _reviews.id.is_(None), _confirmed.ends_at > bindparam("at")),
        ),
    )
    .order_by(_uses.id.is_(None), _all.id)
)
# A gate of a release is one of each module that was in it when it was overridden.
_of_module = func.coalesce(_lists.module_id, _members.module_id)
_OWED = (
    select(
        *(_all.id, _all.gate_id, _gates.kind, _gates.checklist_id),
        *(_lists.release_id, _lists.module_id, _of_module.label("of_module")),
        *(_confirmed.ends_at, _endings.id.label("ending_id"), _uses.id.label("use_id")),
        _OF_THIS_TURN.label("is_of_this_turn"),
    )
    .join(table_of(OverrideConfirmation), _confirmed.override_id == _all.id)
    .join(table_of(Gate), _gates.id == _all.gate_id)
    .join(table_of(Checklist), _lists.id == _gates.checklist_id)
    .outerjoin(
        table_of(ReleaseModule),
        and_(
            _lists.module_id.is_(None),
            _members.release_id == _lists.release_id,
            or_(_members.removed_at.is_(None), _members.removed_at > _confirmed.confirmed_at),
        ),
    )
    .outerjoin(table_of(OverrideEnding), _endings.override_id == _all.id)
    .outerjoin(table_of(OverrideUse), _uses.override_id == _all.id)
    .outerjoin(table_of(OverrideReview), _reviews.override_id == _all.id)
    .where(_reviews.id.is_(None), _of_module.in_(bindparam("modules", expanding=True)))
    .order_by(_all.id)
)


# One number that grows with anything that happens to any break-glass, for what is kept until something changes.
OVERRIDES_VERSION = reduce(
    add,
    (
        select(func.coalesce(func.max(table_of(one).c.id), 0)).scalar_subquery()
        for one in (Override, OverrideConfirmation, OverrideEnding, OverrideUse, OverrideReview)
    ),
).label("overrides_version")


def list_letting_on(gate_ids: Iterable[int], at: datetime) -> dict[int, LettingOn]:
    """The break-glass that lets gates on at a moment, or by which they were passed, by gate; one statement."""
    found: dict[int, LettingOn] = {}
    for row in db.session.execute(_LETTING_ON, {"gates": sorted(set(gate_ids)), "at": at}):
        one = LettingOn(
            row.id, row.gate_id, row.confirmed_at, row.ends_at, bool(row.is_used), is_reviewed=bool(row.is_reviewed)
        )
        found.setdefault(one.gate_id, one)
    return found


def list_debts(gates: Sequence[GateRow], at: datetime) -> dict[int, list[int]]:
    """Which break-glass has to be reviewed before deploy gates open, by gate; one statement.

    Not held back while it lets on, or once it was used: the gate that it was for, those of the same checklist when that
    was made ready by it, and those of the same release when the release was let go by it. All others of the module are
    its next deployment, and so is that gate itself when it was over without having been used.
    """
    found: dict[int, list[int]] = {gate.id: [] for gate in gates}
    of_module: dict[int | None, list[GateRow]] = defaultdict(list)
    for gate in gates:
        if gate.kind is GateKind.DEPLOY:
            of_module[gate.module_id].append(gate)
    if not of_module:
        return found
    for owed in db.session.execute(_OWED, {"modules": sorted(number for number in of_module if number)}):
        for gate in of_module[owed.of_module]:
            lets_on = owed.use_id is not None or (owed.ending_id is None and owed.ends_at > at)
            is_its_own = lets_on and (
                (owed.gate_id == gate.id and owed.is_of_this_turn)
                or (owed.kind is GateKind.READY and owed.checklist_id == gate.checklist_id)
                or (owed.module_id is None and owed.release_id == gate.release_id)
            )
            if not is_its_own:
                found[gate.id].append(owed.id)
    return found


def list_owed_of_module(module_id: int) -> list[int]:
    """Which break-glass of a module waits for its review."""
    return [row.id for row in db.session.execute(_OWED, {"modules": [module_id]})]


def list_modules_owing(gate: GateRow) -> Sequence[int]:
    """The modules whose next deployment a break-glass of a gate holds back."""
    if gate.module_id is not None:
        return [gate.module_id]
    return db.session.scalars(
        select(_members.module_id).where(_members.release_id == gate.release_id, _members.removed_at.is_(None))
    ).all()
