"""Reads of what became of the twelve rules: how often each was met, stood in the way, was waived and was overridden.

As many statements for one rule as for all of them, however much there is to count.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, case, func, or_, select, true

from app.database import db
from app.domain.actors import Actor
from app.domain.always_never import Rule
from app.domain.checklist import BelongsTo, ItemState
from app.domain.gates import GateKind
from app.domain.permissions import Permission
from app.domain.waivers import GRANTED, WaiverDecision
from app.models import (
    Checklist,
    ChecklistItem,
    Deployment,
    Gate,
    Override,
    OverrideConfirmation,
    OverrideObstacle,
    OverrideUse,
    Release,
    ReleaseModule,
    Waiver,
)
from app.models.base import table_of
from app.queries.about_rules import is_about
from app.queries.checklists import HEAD, ChecklistHead, head_of
from app.queries.deployment_windows import count_windows
from app.queries.gates import GateRow, list_gates_where
from app.queries.obstacles import obstacles_of
from app.queries.overrides import Obstacle
from app.queries.standing import standings_of
from app.queries.waiting import is_waiting

_gates, _lists, _items = table_of(Gate).c, table_of(Checklist).c, table_of(ChecklistItem).c
_waivers, _releases, _members = table_of(Waiver).c, table_of(Release).c, table_of(ReleaseModule).c
_all, _confirmed = table_of(Override).c, table_of(OverrideConfirmation).c
_obstacles, _uses = table_of(OverrideObstacle).c, table_of(OverrideUse).c
_deployments = table_of(Deployment).c


@dataclass(frozen=True, slots=True)
class ShutGate:
    """A gate of a live release that a rule keeps shut, and by what."""

    gate: GateRow
    checklist: ChecklistHead
    obstacles: Sequence[Obstacle]


@dataclass(slots=True)
class RuleNumbers:
    """What became of one rule."""

    shut: list[ShutGate] = field(default_factory=list)
    # Gates that hold it and are worked on now.
    live: int = 0
    passed: int = 0
    overridden: int = 0
    waivers_in_force: int = 0
    waivers_ever: int = 0
    removed: int = 0
    # Windows after deployments that are over, and those of them that were missed; for the rule that they hold.
    windows_over: int = 0
    windows_missed: int = 0


@dataclass(frozen=True, slots=True)
class Counted:
    """All numbers, by the key of their rule, and over what they were counted."""

    numbers: Mapping[str, RuleNumbers]
    releases: int
    since: datetime | None


def count_rules(rules: Sequence[Rule], actor: Actor, at: datetime, today: date) -> Counted:
    """What became of some rules, as far as this person may see it."""
    numbers = {rule.key: RuleNumbers() for rule in rules}
    _add_shut(rules, numbers, actor, at)
    _add_passed(rules, numbers, actor)
    _add_overridden(rules, numbers, actor)
    _add_waivers(rules, numbers, actor, today)
    _add_windows(rules, numbers, actor, at)
    releases, since = db.session.execute(
        select(func.count(_lists.release_id.distinct()), func.min(_lists.created_at)).where(
            _lists.release_id.is_not(None), _seen_by(actor)
        )
    ).one()
    return Counted(numbers, releases, since)


def _seen_by(actor: Actor) -> ColumnElement[bool]:
    """Of checklists: those of one's modules, and of releases that hold one of them."""
    visible = actor.modules(Permission.CHECKLIST_VIEW)
    if visible is None:
        return true()
    mine = select(_members.release_id).where(_members.module_id.in_(visible), _members.removed_at.is_(None))
    return or_(_lists.module_id.in_(visible), and_(_lists.module_id.is_(None), _lists.release_id.in_(mine)))


def _add_shut(rules: Sequence[Rule], numbers: dict[str, RuleNumbers], actor: Actor, at: datetime) -> None:
    """Which gates of live releases each rule keeps shut now."""
    live = list_gates_where(_gates.consumed_at.is_(None), is_waiting, _seen_by(actor))
    standings = standings_of(live, at)
    ids = sorted({gate.checklist_id for gate in live})
    heads = {row.id: head_of(row) for row in db.session.execute(HEAD.where(_lists.id.in_(ids)))}
    for gate in live:
        found = obstacles_of(standings[gate.id])
        for rule in rules:
            if gate.kind not in rule.gates:
                continue
            numbers[rule.key].live += 1
            if own := [one for one in found if rule.is_about(one.key)]:
                numbers[rule.key].shut.append(ShutGate(gate, heads[gate.checklist_id], own))


def _add_passed(rules: Sequence[Rule], numbers: dict[str, RuleNumbers], actor: Actor) -> None:
    """How many gates that hold a rule were passed, and not by break-glass over it."""
    rows = db.session.execute(
        select(_gates.kind, func.count().label("number"))
        .join(table_of(Checklist), _lists.id == _gates.checklist_id)
        .where(_gates.consumed_at.is_not(None), _seen_by(actor))
        .group_by(_gates.kind)
    )
    passed = Counter({row.kind: row.number for row in rows})
    # Those that were opened anew since are passed no more, and were.
    passed[GateKind.DEPLOY] += (
        db.session.scalar(
            select(func.count())
            .select_from(table_of(Deployment))
            .join(table_of(Gate), _gates.id == _deployments.gate_id)
            .join(table_of(Checklist), _lists.id == _gates.checklist_id)
            .where(_deployments.gate_cycle < _gates.first_cycle, _seen_by(actor))
        )
        or 0
    )
    for rule in rules:
        numbers[rule.key].passed = sum(passed[kind] for kind in rule.gates)


def _add_overridden(rules: Sequence[Rule], numbers: dict[str, RuleNumbers], actor: Actor) -> None:
    """How many confirmed break-glass went over a rule, and how many of them passed a gate."""
    columns = []
    for rule in rules:
        over = and_(_gates.kind.in_(sorted(rule.gates)), is_about(rule, _obstacles.key))
        columns.append(func.count(case((over, _all.id)).distinct()))
        columns.append(func.count(case((over, _uses.override_id)).distinct()))
    row = db.session.execute(
        select(*columns)
        .select_from(table_of(OverrideObstacle))
        .join(table_of(Override), _all.id == _obstacles.override_id)
        .join(table_of(OverrideConfirmation), _confirmed.override_id == _all.id)
        .join(table_of(Gate), _gates.id == _all.gate_id)
        .join(table_of(Checklist), _lists.id == _gates.checklist_id)
        .outerjoin(table_of(OverrideUse), _uses.override_id == _all.id)
        .where(_seen_by(actor))
    ).one()
    for place, rule in enumerate(rules):
        numbers[rule.key].overridden = row[2 * place]
        numbers[rule.key].passed -= row[2 * place + 1]


def _add_waivers(rules: Sequence[Rule], numbers: dict[str, RuleNumbers], actor: Actor, today: date) -> None:
    """How many items of a rule are waived, were ever waived, and were taken out by an adopted version."""
    holds = and_(
        _waivers.decision == WaiverDecision.APPROVED, or_(_waivers.ends_on.is_(None), _waivers.ends_on >= today)
    )
    rows = db.session.execute(
        select(_items.key, func.count(), func.count(case((holds, _waivers.id))))
        .join(table_of(ChecklistItem), _items.id == _waivers.item_id)
        .join(table_of(Checklist), _lists.id == _items.checklist_id)
        .where(_waivers.decision.in_(GRANTED), _seen_by(actor))
        .group_by(_items.key)
    )
    ever: Counter[str] = Counter()
    in_force: Counter[str] = Counter()
    for key, number, holding in rows:
        ever[key], in_force[key] = number, holding
    removed = db.session.execute(
        select(_items.key, func.count().label("number"))
        .join(table_of(Checklist), _lists.id == _items.checklist_id)
        .where(_items.state == ItemState.REMOVED, _lists.belongs_to != BelongsTo.TARGET, _seen_by(actor))
        .group_by(_items.key)
    )
    gone = {row.key: row.number for row in removed}
    for rule in rules:
        mine = numbers[rule.key]
        mine.waivers_ever = sum(number for key, number in ever.items() if rule.is_about(key))
        mine.waivers_in_force = sum(number for key, number in in_force.items() if rule.is_about(key))
        mine.removed = sum(number for key, number in gone.items() if rule.is_about(key))


def _add_windows(rules: Sequence[Rule], numbers: dict[str, RuleNumbers], actor: Actor, at: datetime) -> None:
    """How many windows after deployments are over, and how many of them were missed."""
    watching = [rule.key for rule in rules if rule.watches_windows]
    if not watching:
        return
    over, missed = count_windows(actor.modules(Permission.CHECKLIST_VIEW), at)
    for key in watching:
        numbers[key].windows_over, numbers[key].windows_missed = over, missed
