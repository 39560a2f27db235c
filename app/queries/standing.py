"""Where a gate stands now: its verdict, with all that the verdict follows from."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, or_, select

from app.database import db
from app.domain.checklist import BelongsTo
from app.domain.gates import ActiveSignoff, Decision, GateKind, GateState, Verdict, judge, missing_signoffs
from app.domain.readiness import is_blocking
from app.domain.signoffs import GateContent
from app.models import BackupRecord, Checklist, ChecklistItem, Gate, Rehearsal, ReleaseModule, RollbackPlan
from app.models.base import table_of
from app.queries.covered import Covered, content_of, list_covered
from app.queries.expiry import list_expired_items
from app.queries.gates import GateRow, SignoffRow, list_active, list_gates, list_gates_where, list_holders

NO_PLAN = "There is no rollback plan."
NOT_REHEARSED = "The rollback plan was not rehearsed as it is now."
REHEARSAL_FAILED = "The last rehearsal of the rollback plan failed."
NO_BACKUP = "There is no record of a backup."
NO_READY = "The module is not signed as ready."
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
    covered, signoffs = list_covered(gate), list_active([gate.id], at=at)
    records, lacking = _records(gate, at)
    content = content_of(gate, covered, records)
    holders = list_holders(gate.policy.roles, gate.module_id)
    if gate.consumed_at is not None:
        verdict = Verdict(GateState.CONSUMED)
    else:
        # What passes by itself, as the last day of a waiver, changes the content before anybody ends what was signed.
        signoffs = [one for one in signoffs if one.decision is Decision.REJECT or one.digest == content.digest]
        facts = [one.facts for one in covered]
        verdict = judge(gate.policy, facts, [one.facts for one in signoffs], holders, lacking=lacking)
    return Standing(gate, verdict, covered, signoffs, content)


def records_of(gate: GateRow) -> Mapping[str, str]:
    """What is signed beside the items: the rollback plan of a deploy gate."""
    if gate.kind is not GateKind.DEPLOY:
        return {}
    plan = get_plan(gate.checklist_id)
    return {"rollback_plan": plan.digest.hex() if plan else ""}


def _records(gate: GateRow, at: datetime) -> tuple[Mapping[str, str], list[str]]:
    if gate.kind is not GateKind.DEPLOY:
        unready = _unready(gate.release_id, at) if gate.kind is GateKind.RELEASE and gate.release_id else 0
        return {}, [f"{unready} {'module is' if unready == 1 else 'modules are'} not signed as ready."] * bool(unready)
    return records_of(gate), [*_lacking_records(gate), *_lacking_gates(gate, at)]


def _lacking_records(gate: GateRow) -> list[str]:
    plan = get_plan(gate.checklist_id)
    backup = select(BackupRecord.id).where(
        BackupRecord.checklist_id == gate.checklist_id, BackupRecord.environment_key == gate.environment_key
    )
    told = [] if db.session.scalar(backup.limit(1)) is not None else [NO_BACKUP]
    if plan is None:
        return [NO_PLAN, *told]
    last = select(Rehearsal.has_passed).where(Rehearsal.plan_id == plan.id).order_by(Rehearsal.id.desc()).limit(1)
    has_passed = db.session.scalar(last)
    if has_passed is None:
        return [NOT_REHEARSED, *told]
    return told if has_passed else [REHEARSAL_FAILED, *told]


def _lacking_gates(gate: GateRow, at: datetime) -> list[str]:
    own = [one for one in list_gates(gate.checklist_id) if one.kind is GateKind.READY]
    told = [] if _signed(own, at) else [NO_READY]
    if gate.is_last_environment and gate.release_id is not None:
        release = _gates_of_release(gate.release_id, BelongsTo.RELEASE, GateKind.RELEASE)
        if not _signed(release, at) or _unready(gate.release_id, at):
            told.append(NO_RELEASE)
    return told


def _gates_of_release(release_id: int, belongs_to: BelongsTo, kind: GateKind) -> list[GateRow]:
    lists = table_of(Checklist).c
    members = table_of(ReleaseModule).c
    return list_gates_where(
        lists.release_id == release_id,
        lists.belongs_to == belongs_to,
        table_of(Gate).c.kind == kind,
        or_(
            lists.belongs_to != BelongsTo.MODULE,
            exists().where(members.id == lists.subject_id, members.removed_at.is_(None)),
        ),
    )


def _unready(release_id: int, at: datetime) -> int:
    """How many modules of a release are not signed as ready."""
    gates = _gates_of_release(release_id, BelongsTo.MODULE, GateKind.READY)
    return len(gates) - len(_signed(gates, at))


def _signed(gates: Sequence[GateRow], at: datetime) -> set[int]:
    """Of gates that need no record those that are satisfied; as many statements for many as for one.

    What changed after a sign-off has ended it: so the quorum and no open item are enough.
    """
    active: dict[int, list[ActiveSignoff]] = defaultdict(list)
    for one in list_active([gate.id for gate in gates], at=at):
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
    expired = [item.id for item in list_expired_items(checklist_ids)]
    if expired:  # they count as open, whether they have been opened again or not
        found.update(
            tuple(row)
            for row in db.session.execute(select(items.checklist_id, items.gate).where(items.id.in_(expired)))
        )
    return found
