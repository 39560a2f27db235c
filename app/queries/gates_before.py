"""Which other gates a gate asks for, and how those stand: signed, overridden, or in the way."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import exists, func, or_, select

from app.database import db
from app.domain.checklist import BelongsTo
from app.domain.gates import ActiveSignoff, Decision, GateKind, missing_signoffs
from app.domain.readiness import is_blocking
from app.domain.windows import LAST_GROUP
from app.models import Checklist, ChecklistItem, DeploymentWindow, Gate, ReleaseModule
from app.models.base import table_of
from app.queries.changes_asked import AskedOfChange, list_asked_of_changes
from app.queries.covered import content_of, list_covered_of
from app.queries.expiry import list_expired_items
from app.queries.gates import GateRow, list_active, list_gates_where
from app.queries.override_facts import LettingOn, list_letting_on

NO_READY = "The module is not signed as ready."
NOT_SHIPPED = "The release has not shipped."
STILL_WATCHED = "The time in which it is watched is not over."
NO_RELEASE = "The release gate is not satisfied."
_windows = table_of(DeploymentWindow).c


@dataclass(slots=True)
class Before:
    """Other gates, as one gate looks at them: what is in the way, and which are overridden instead of signed."""

    lacking: list[str] = field(default_factory=list)
    leans_on: list[tuple[GateRow, LettingOn]] = field(default_factory=list)
    of_changes: list[AskedOfChange] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The gates that others ask for, and which of them are open by signatures or by break-glass."""

    ready: dict[int, GateRow]
    of_modules: dict[int | None, list[GateRow]]
    wholes: dict[int | None, GateRow]
    signed: set[int]
    let_on: dict[int, LettingOn]
    of_changes: dict[int, list[AskedOfChange]]

    def is_open(self, gate: GateRow | None) -> bool:
        """Whether a gate lets on those that ask for it."""
        return gate is not None and (gate.id in self.signed or gate.id in self.let_on)

    def lean(self, before: Before, gate: GateRow) -> None:
        """Say of a gate that it is overridden, where no signatures open it."""
        one = self.let_on.get(gate.id)
        if one is not None and (one.is_used or gate.id not in self.signed):
            before.leans_on.append((gate, one))

    def unready(self, release_id: int | None) -> int:
        """How many modules of a release are not ready."""
        return sum(not self.is_open(gate) for gate in self.of_modules[release_id])

    def is_whole(self, release_id: int) -> bool:
        """Whether all that the gate of a release asks of others is there."""
        return not self.unready(release_id) and not self.of_changes.get(release_id)


def gates_before(gates: Sequence[GateRow], at: datetime) -> dict[int, Before]:
    """Which other gates are in the way, and which are overridden, by gate; as many statements for many as for one."""
    asked, watched = _asked(gates, at), _watched_until(gates)
    found = {gate.id: Before() for gate in gates}
    for gate in gates:
        before = found[gate.id]
        if gate.kind is GateKind.DEPLOY:
            _look_at_ready(before, asked, gate)
        if gate.kind is GateKind.DEPLOY and gate.is_last_environment and gate.release_id:
            _look_at_release(before, asked, gate)
        elif gate.kind is GateKind.RELEASE:
            _look_at_modules(before, asked, gate)
        elif gate.kind is GateKind.CLOSE and gate.module_id is None and not gate.is_shipped:
            before.lacking.append(NOT_SHIPPED)
        elif gate.kind is GateKind.CLOSE and watched.get(gate.subject_id, at) > at:
            before.lacking.append(STILL_WATCHED)
    return found


def _watched_until(gates: Sequence[GateRow]) -> dict[int, datetime]:
    """Until when deployments are watched before they can be closed, by deployment."""
    closing = [gate.subject_id for gate in gates if gate.kind is GateKind.CLOSE and gate.module_id is not None]
    if not closing:
        return {}
    rows = db.session.execute(
        select(_windows.deployment_id, _windows.due_at).where(
            _windows.deployment_id.in_(closing), _windows.group_key == LAST_GROUP
        )
    )
    return {row.deployment_id: row.due_at for row in rows}


def _look_at_ready(before: Before, asked: _Asked, gate: GateRow) -> None:
    ready = asked.ready.get(gate.checklist_id)
    if ready is not None and asked.is_open(ready):
        asked.lean(before, ready)
    else:
        before.lacking.append(NO_READY)


def _look_at_release(before: Before, asked: _Asked, gate: GateRow) -> None:
    """The last environment: the release is signed and all of it is ready, or the release gate is overridden."""
    whole, number = asked.wholes.get(gate.release_id), gate.release_id or 0
    if whole is not None and asked.is_open(whole) and (whole.id in asked.let_on or asked.is_whole(number)):
        asked.lean(before, whole)
    else:
        before.lacking.append(NO_RELEASE)


def _look_at_modules(before: Before, asked: _Asked, gate: GateRow) -> None:
    for one in asked.of_modules[gate.release_id]:
        asked.lean(before, one)
    if number := asked.unready(gate.release_id):
        before.lacking.append(f"{number} {'module is' if number == 1 else 'modules are'} not signed as ready.")
    before.of_changes += asked.of_changes.get(gate.release_id or 0, [])
    before.lacking += [one.sentence for one in before.of_changes]


def _asked(gates: Sequence[GateRow], at: datetime) -> _Asked:
    deploy = [gate.checklist_id for gate in gates if gate.kind is GateKind.DEPLOY]
    wide = [gate for gate in gates if gate.kind is GateKind.RELEASE or gate.is_last_environment]
    releases = sorted({gate.release_id for gate in wide if gate.release_id is not None})
    own = list_ready_gates(deploy) if deploy else []
    modules = _gates_of_releases(releases, BelongsTo.MODULE, GateKind.READY) if releases else []
    wholes = _gates_of_releases(releases, BelongsTo.RELEASE, GateKind.RELEASE) if releases else []
    every = [*own, *modules, *wholes]
    of_modules: dict[int | None, list[GateRow]] = defaultdict(list)
    for gate in modules:
        of_modules[gate.release_id].append(gate)
    return _Asked(
        {gate.checklist_id: gate for gate in own},
        of_modules,
        {gate.release_id: gate for gate in wholes},
        signed=_signed(every, at) if every else set(),
        let_on=list_letting_on([gate.id for gate in every], at) if every else {},
        of_changes=list_asked_of_changes(releases) if releases else {},
    )


def list_ready_gates(checklist_ids: Sequence[int]) -> list[GateRow]:
    """The ready gates of checklists."""
    gates = table_of(Gate).c
    return list_gates_where(gates.checklist_id.in_(checklist_ids), gates.kind == GateKind.READY)


def _gates_of_releases(release_ids: Sequence[int], belongs_to: BelongsTo, kind: GateKind) -> list[GateRow]:
    lists = table_of(Checklist).c
    members = table_of(ReleaseModule).c
    return list_gates_where(
        lists.release_id.in_(release_ids),
        lists.belongs_to == belongs_to,
        table_of(Gate).c.kind == kind,
        or_(
            lists.belongs_to != BelongsTo.MODULE,
            exists().where(members.id == lists.subject_id, members.removed_at.is_(None)),
        ),
    )


def _signed(gates: Sequence[GateRow], at: datetime) -> set[int]:
    """Of gates that need no record those that are satisfied; as many statements for many as for one.

    What changed after a sign-off has ended it: so the quorum and no open item are enough, but where time has passed by
    over something that is covered and nobody has ended what was signed yet.
    """
    active: dict[int, list[ActiveSignoff]] = defaultdict(list)
    lapsed = _lapsed(gates)
    for one in list_active([gate.id for gate in gates], at=at):
        if one.gate_id not in lapsed or one.decision is Decision.REJECT or one.digest == lapsed[one.gate_id]:
            active[one.gate_id].append(one.facts)
    in_the_way = _in_the_way([gate.checklist_id for gate in gates])
    return {
        gate.id
        for gate in gates
        if gate.consumed_at is not None
        or not (
            missing_signoffs(gate.policy, active[gate.id])
            or any(one.decision is Decision.REJECT for one in active[gate.id])
            or in_the_way[gate.checklist_id, gate.kind.value]
        )
    }


def _lapsed(gates: Sequence[GateRow]) -> dict[int, bytes]:
    """What gates are about now over which a waiver has run out, by gate; as good as always empty."""
    lists = {item.checklist_id for item in list_expired_items([gate.checklist_id for gate in gates])}
    touched = [gate for gate in gates if gate.checklist_id in lists]
    if not touched:
        return {}
    covered = list_covered_of(touched)
    return {gate.id: content_of(gate, covered[gate.id], {}).digest for gate in touched}


def _in_the_way(checklist_ids: Sequence[int]) -> Counter[tuple[int, str]]:
    """How many items keep a gate shut, by checklist and gate."""
    items = table_of(ChecklistItem).c
    found: Counter[tuple[int, str]] = Counter()
    for number, gate, state, severity, count in db.session.execute(
        select(items.checklist_id, items.gate, items.state, items.severity, func.count())
        .where(items.checklist_id.in_(checklist_ids))
        .group_by(items.checklist_id, items.gate, items.state, items.severity)
    ):
        found[number, gate] += count if is_blocking(state, severity) else 0
    expired = [item.id for item in list_expired_items(checklist_ids) if is_blocking(item.now, item.severity)]
    if expired:  # they count as open, whether they have been opened again or not
        found.update(
            tuple(row)
            for row in db.session.execute(select(items.checklist_id, items.gate).where(items.id.in_(expired)))
        )
    return found
