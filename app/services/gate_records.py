"""What a deploy gate needs beside its items, by hand: a rollback plan, its rehearsal, a backup. Only ever added."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import insert, select

from app.domain.audit import AuditAction, moment_text
from app.domain.checklist import BelongsTo
from app.domain.errors import Conflict, InvalidInput, NotFound
from app.domain.permissions import Permission
from app.models import BackupRecord, Environment, Rehearsal, RollbackPlan
from app.models.base import table_of
from app.queries.checklists import ChecklistHead, get_checklist
from app.queries.standing import get_plan
from app.services.change import About, Change
from app.services.write_path import write_path

# What the column holds. A letter may take up to four bytes: what fits is not seen by counting letters.
PLAN_BYTES = 65_535


@dataclass(frozen=True, slots=True)
class BackupFacts:
    """A backup, as whoever took it says."""

    environment_key: str
    target: str
    taken_at: datetime
    size_bytes: int
    checksum: str
    is_restore_tested: bool
    note: str = ""


@write_path
def write_rollback_plan(change: Change, checklist_id: int, *, body: str, revision: int) -> int:
    """Write how a module goes back, after the revision that one has seen; gives the number of the new revision."""
    checklist = _take(change, checklist_id)
    if not body:
        raise InvalidInput(body="Write the steps that bring everything back, and how one sees that they did.")
    if len(body.encode()) > PLAN_BYTES:
        raise InvalidInput(body="This is too long to be kept whole: shorten it, or add the rest as a file of evidence.")
    before = get_plan(checklist_id)
    if (before.revision if before else 0) != revision:
        raise Conflict(
            "Somebody else wrote the plan since you opened it.", theirs=before.body if before else "", yours=body
        )
    digest = sha256(body.encode()).digest()
    change.put(
        insert(table_of(RollbackPlan)),
        {
            "checklist_id": checklist_id,
            "revision": revision + 1,
            "body": body,
            "digest": digest,
            "written_by_id": change.actor_id,
            "written_at": change.at,
        },
    )
    change.record(
        AuditAction.ROLLBACK_PLAN_WRITTEN,
        _about(checklist),
        stream=checklist.stream_id,
        fact="rollback plan",
        new=str(revision + 1),
        before={"digest": before.digest.hex() if before else None},
        after={"digest": digest.hex()},
        under=Permission.ITEM_WORK,
    )
    return revision + 1


@write_path
def add_rehearsal(
    change: Change, checklist_id: int, *, ran_at: datetime, minutes: int, has_passed: bool, note: str = ""
) -> int:
    """Record that somebody went forward and back by the plan as it is now; gives the number of the record."""
    checklist = _take(change, checklist_id)
    plan = get_plan(checklist_id)
    if plan is None:
        raise InvalidInput(plan="There is no rollback plan to rehearse. Write it first.")
    _check_past(change, ran_at=ran_at)
    if minutes < 0:
        raise InvalidInput(minutes="Say how many minutes it took.")
    outcome = "passed" if has_passed else "failed"
    number = change.put(
        insert(table_of(Rehearsal)),
        {
            "checklist_id": checklist_id,
            "plan_id": plan.id,
            "ran_at": ran_at,
            "minutes": minutes,
            "has_passed": has_passed,
            "note": note,
            "added_by_id": change.actor_id,
            "added_at": change.at,
        },
    )
    change.record(
        AuditAction.REHEARSAL_ADDED,
        _about(checklist),
        stream=checklist.stream_id,
        fact="rehearsal",
        new=f"{outcome} in {minutes} min, plan revision {plan.revision}",
        reason=note,
        after={"rehearsal": number, "plan": plan.digest.hex(), "ran_at": moment_text(ran_at), "outcome": outcome},
        under=Permission.ITEM_WORK,
    )
    return number


@write_path
def add_backup(change: Change, checklist_id: int, facts: BackupFacts) -> int:
    """Record a backup of a target; gives the number of the record."""
    checklist = _take(change, checklist_id)
    if change.session.scalar(select(Environment.id).where(Environment.key == facts.environment_key)) is None:
        raise InvalidInput(environment_key="There is no such environment.")
    _check_past(change, taken_at=facts.taken_at)
    if facts.size_bytes <= 0:
        raise InvalidInput(size_bytes="A backup of no bytes is none.")
    if not facts.checksum:
        raise InvalidInput(checksum="Give the checksum, so that it can be found to be whole.")
    said = {name: getattr(facts, name) for name in BackupFacts.__dataclass_fields__}
    number = change.put(
        insert(table_of(BackupRecord)),
        {**said, "checklist_id": checklist_id, "added_by_id": change.actor_id, "added_at": change.at},
    )
    change.record(
        AuditAction.BACKUP_ADDED,
        _about(checklist),
        stream=checklist.stream_id,
        fact="backup",
        new=f"{facts.target}, {facts.environment_key}, {facts.size_bytes:,} bytes",
        reason=facts.note,
        after={**said, "backup": number, "taken_at": moment_text(facts.taken_at)},
        under=Permission.ITEM_WORK,
    )
    return number


def _take(change: Change, checklist_id: int) -> ChecklistHead:
    checklist = get_checklist(checklist_id, change.actor)
    if checklist.belongs_to is not BelongsTo.MODULE:
        raise NotFound("Only a module in a release is deployed.")
    change.actor.require(Permission.ITEM_WORK, checklist.module_id)
    change.take(checklist.stream_id)
    return checklist


def _check_past(change: Change, **moment: datetime) -> None:
    ((name, at),) = moment.items()
    if at > change.at:
        raise InvalidInput(**{name: "This moment has not come yet."})


def _about(checklist: ChecklistHead) -> About:
    return About(
        *("checklist", checklist.id, checklist.label), checklist.module_id, checklist.release_id, checklist.version_id
    )
