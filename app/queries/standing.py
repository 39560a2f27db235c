"""Where a gate stands now: its verdict, with all that the verdict follows from."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, or_, select

from app.database import db
from app.domain.checklist import BelongsTo
from app.domain.gates import ActiveSignoff, Decision, GateKind, GateState, Verdict, judge, missing_signoffs
from app.domain.readiness import is_blocking
from app.domain.separation import is_alone
from app.domain.signoffs import GateContent
from app.models import BackupRecord, Checklist, ChecklistItem, Gate, Rehearsal, ReleaseModule, RollbackPlan
from app.models.base import table_of
from app.queries.covered import Covered, content_of, list_covered_of
from app.queries.expiry import list_expired_items
from app.queries.gates import GateRow, SignoffRow, list_active, list_gates_where, list_holders

NO_PLAN = "There is no rollback plan."
NOT_REHEARSED = "The rollback plan was not rehearsed as it is now."
REHEARSAL_FAILED = "The last rehearsal of the rollback plan failed."
NO_BACKUP = "There is no record of a backup."
NO_READY = "The module is not signed as ready."
NOT_SHIPPED = "The release has not shipped."
NO_RELEASE = "The release gate is not satisfied."


@dataclass(frozen=True, slots=True)
class Standing:
    """A gate as it is now."""

    gate: GateRow
    verdict: Verdict
    covered: Sequence[Covered]
    signoffs: Sequence[SignoffRow]
    content: GateContent


def get_plan(checklist_id: int) -> RollbackPlan | None:
    """The rollback plan of a checklist as it is now, if there is one."""
    return db.session.scalar(
        select(RollbackPlan)
        .where(RollbackPlan.checklist_id == checklist_id)
        .order_by(RollbackPlan.revision.desc())
        .limit(1)
    )


def standing_of(gate: GateRow, at: datetime) -> Standing:
    """Where a gate stands at a moment."""
    return standings_of([gate], at)[gate.id]


def standings_of(gates: Sequence[GateRow], at: datetime) -> dict[int, Standing]:
    """Where gates stand at a moment, by gate; as many statements for many as for one."""
    if not gates:
        return {}
    covered, holders = list_covered_of(gates), list_holders(gates)
    signoffs: dict[int, list[SignoffRow]] = defaultdict(list)
    for one in list_active([gate.id for gate in gates], at=at):
        signoffs[one.gate_id].append(one)
    records, lacking = _records(gates), _lacking_gates(gates, at)
    found = {}
    for gate in gates:
        asked, told = records[gate.id]
        content = content_of(gate, covered[gate.id], asked)
        # What passes by itself, as the last day of a waiver, changes the content before anybody ends what was signed.
        counting = [one for one in signoffs[gate.id] if one.decision is Decision.REJECT or one.digest == content.digest]
        if gate.consumed_at is not None:
            counting = signoffs[gate.id]
        facts = [one.facts for one in covered[gate.id]]
        given = [one.facts for one in counting]
        verdict = judge(gate.policy, facts, given, holders[gate.id], lacking=[*told, *lacking[gate.id]])
        if gate.consumed_at is not None:
            verdict = Verdict(GateState.CONSUMED)
        found[gate.id] = Standing(gate, verdict, covered[gate.id], counting, content)
    return found


def records_of(gate: GateRow) -> Mapping[str, str]:
    """What is signed beside the items: the rollback plan of a deploy gate."""
    if gate.kind is not GateKind.DEPLOY:
        return {}
    plan = get_plan(gate.checklist_id)
    return {"rollback_plan": plan.digest.hex() if plan else ""}


def _records(gates: Sequence[GateRow]) -> dict[int, tuple[Mapping[str, str], list[str]]]:
    """What is signed beside the items, and which records are missing, by gate."""
    found: dict[int, tuple[Mapping[str, str], list[str]]] = {gate.id: ({}, []) for gate in gates}
    deploy = [gate for gate in gates if gate.kind is GateKind.DEPLOY]
    if not deploy:
        return found
    checklists = [gate.checklist_id for gate in deploy]
    written, ran, backups = table_of(RollbackPlan).c, table_of(Rehearsal).c, table_of(BackupRecord).c
    plans = {
        row.checklist_id: row
        for row in db.session.execute(
            select(written.id, written.checklist_id, written.digest)
            .where(written.checklist_id.in_(checklists))
            .order_by(written.revision)
        )
    }
    last = select(ran.plan_id, ran.has_passed).where(ran.checklist_id.in_(checklists)).order_by(ran.id)
    outcomes = {row.plan_id: row.has_passed for row in db.session.execute(last)}
    taken = select(backups.checklist_id, backups.environment_key).where(backups.checklist_id.in_(checklists)).distinct()
    kept = {tuple(row) for row in db.session.execute(taken)}
    for gate in deploy:
        plan = plans.get(gate.checklist_id)
        told = [] if (gate.checklist_id, gate.environment_key) in kept else [NO_BACKUP]
        if plan is None:
            told.insert(0, NO_PLAN)
        elif not outcomes.get(plan.id):
            told.insert(0, REHEARSAL_FAILED if plan.id in outcomes else NOT_REHEARSED)
        found[gate.id] = ({"rollback_plan": plan.digest.hex() if plan else ""}, told)
    return found


def _lacking_gates(gates: Sequence[GateRow], at: datetime) -> dict[int, list[str]]:
    """Which other gates are in the way, each as a sentence, by gate."""
    found: dict[int, list[str]] = {gate.id: [] for gate in gates}
    deploy = [gate for gate in gates if gate.kind is GateKind.DEPLOY]
    wide = [gate for gate in gates if gate.kind is GateKind.RELEASE or gate.is_last_environment]
    releases = sorted({gate.release_id for gate in wide if gate.release_id is not None})
    own = _ready_gates([gate.checklist_id for gate in deploy]) if deploy else []
    modules = _gates_of_releases(releases, BelongsTo.MODULE, GateKind.READY) if releases else []
    wholes = _gates_of_releases(releases, BelongsTo.RELEASE, GateKind.RELEASE) if releases else []
    signed = _signed([*own, *modules, *wholes], at) if own or modules or wholes else set()
    ready = {gate.checklist_id for gate in own if gate.id in signed}
    passed = {gate.release_id for gate in wholes if gate.id in signed}
    unready = Counter(gate.release_id for gate in modules if gate.id not in signed)
    for gate in deploy:
        if gate.checklist_id not in ready:
            found[gate.id].append(NO_READY)
    for gate in gates:
        if gate.kind is GateKind.CLOSE and not gate.is_shipped:
            found[gate.id].append(NOT_SHIPPED)
    for gate in wide:
        number = unready[gate.release_id]
        if gate.kind is GateKind.RELEASE and number:
            found[gate.id].append(f"{number} {'module is' if number == 1 else 'modules are'} not signed as ready.")
        elif gate.kind is GateKind.DEPLOY and gate.release_id and (number or gate.release_id not in passed):
            found[gate.id].append(NO_RELEASE)
    return found


def _ready_gates(checklist_ids: Sequence[int]) -> list[GateRow]:
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


def has_alone_signed_ready(gate: GateRow, people: Collection[int]) -> bool:
    """Whether nobody but these people signed that what this gate deploys is ready."""
    ready = [one.id for one in _ready_gates([gate.checklist_id])]
    return is_alone(people, [one.facts for one in list_active(ready)])


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
