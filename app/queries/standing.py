"""Where a gate stands now: its verdict, with all that the verdict follows from."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from app.database import db
from app.domain.gates import Decision, GateKind, GateState, Verdict, judge
from app.domain.overrides import debt_sentence, overridden
from app.domain.separation import is_alone
from app.domain.signoffs import GateContent
from app.models import BackupRecord, Rehearsal, RollbackPlan
from app.models.base import table_of
from app.queries.changes_asked import AskedOfChange
from app.queries.covered import Covered, content_of, list_covered_of
from app.queries.gates import GateRow, SignoffRow, list_active, list_holders
from app.queries.gates_before import gates_before, list_ready_gates
from app.queries.override_facts import LettingOn, list_debts, list_letting_on

NO_PLAN = "There is no rollback plan."
NOT_REHEARSED = "The rollback plan was not rehearsed as it is now."
REHEARSAL_FAILED = "The last rehearsal of the rollback plan failed."
NO_BACKUP = "There is no record of a backup."
BACKUP_OLD = "The newest backup is more than 24 hours old: what was written since would be lost."
# Older than this, a backup is not one of what is about to be changed.
BACKUP_LASTS = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Standing:
    """A gate as it is now."""

    gate: GateRow
    verdict: Verdict
    covered: Sequence[Covered]
    signoffs: Sequence[SignoffRow]
    content: GateContent
    # The break-glass that lets it on now, or by which it was passed.
    override: LettingOn | None = None
    # Which break-glass has to be reviewed first.
    debts: Sequence[int] = ()
    # Gates that it asks for and that are overridden: the gate, and what lets it on.
    leans_on: Sequence[tuple[GateRow, LettingOn]] = ()
    # Items of other checklists that keep it shut.
    of_changes: Sequence[AskedOfChange] = ()


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
    records, before = _records(gates, at), gates_before(gates, at)
    let_on, debts = list_letting_on([gate.id for gate in gates], at), list_debts(gates, at)
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
        owed = [debt_sentence(number) for number in debts[gate.id]]
        lacking = [*told, *before[gate.id].lacking, *owed]
        verdict = judge(gate.policy, facts, given, holders[gate.id], lacking=lacking)
        if gate.consumed_at is not None:
            verdict = Verdict(GateState.CONSUMED)
        elif gate.id in let_on:
            verdict = overridden(verdict, is_held=any(number < let_on[gate.id].id for number in debts[gate.id]))
        found[gate.id] = Standing(
            *(gate, verdict, covered[gate.id], counting, content),
            override=let_on.get(gate.id),
            debts=debts[gate.id],
            leans_on=before[gate.id].leans_on,
            of_changes=before[gate.id].of_changes,
        )
    return found


def records_of(gate: GateRow) -> Mapping[str, str]:
    """What is signed beside the items: the rollback plan of a deploy gate."""
    if gate.kind is not GateKind.DEPLOY:
        return {}
    plan = get_plan(gate.checklist_id)
    return {"rollback_plan": plan.digest.hex() if plan else ""}


def _records(gates: Sequence[GateRow], at: datetime) -> dict[int, tuple[Mapping[str, str], list[str]]]:
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
    taken = (
        select(backups.checklist_id, backups.environment_key, func.max(backups.taken_at))
        .where(backups.checklist_id.in_(checklists))
        .group_by(backups.checklist_id, backups.environment_key)
    )
    newest = {(checklist, environment): moment for checklist, environment, moment in db.session.execute(taken)}
    for gate in deploy:
        plan = plans.get(gate.checklist_id)
        taken_at = newest.get((gate.checklist_id, gate.environment_key))
        told = [NO_BACKUP] if taken_at is None else [BACKUP_OLD] if taken_at < at - BACKUP_LASTS else []
        if plan is None:
            told.insert(0, NO_PLAN)
        elif not outcomes.get(plan.id):
            told.insert(0, REHEARSAL_FAILED if plan.id in outcomes else NOT_REHEARSED)
        found[gate.id] = ({"rollback_plan": plan.digest.hex() if plan else ""}, told)
    return found


def has_alone_signed_ready(gate: GateRow, people: Collection[int]) -> bool:
    """Whether nobody but these people signed that what this gate deploys is ready."""
    ready = [one.id for one in list_ready_gates([gate.checklist_id])]
    return is_alone(people, [one.facts for one in list_active(ready)])
