"""Reads of what was signed at one gate and of its records, as pages show them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, func, or_, select

from app.database import db
from app.domain.audit import AuditAction
from app.domain.gate_policies import read_policy
from app.domain.gates import Decision, GateKind
from app.domain.permissions import Role
from app.domain.signoffs import EndKind, ends_at
from app.models import (
    AuditEvent,
    BackupRecord,
    Delegation,
    Deployment,
    Evidence,
    GatePolicy,
    Person,
    PersonName,
    Rehearsal,
    RollbackPlan,
    SignedContent,
    Signoff,
    SignoffEnd,
    Stream,
)
from app.models.base import table_of
from app.queries.gate_uses import GateUse, list_uses, used_for
from app.queries.gates import GateRow
from app.queries.standing import Standing

_signoffs, _ends = table_of(Signoff).c, table_of(SignoffEnd).c
_policies, _people = table_of(GatePolicy).c, table_of(Person).c
_names, _enders = table_of(PersonName).c, table_of(PersonName).alias("enders")
_principals, _delegations = table_of(PersonName).alias("principals"), table_of(Delegation).c


@dataclass(frozen=True, slots=True)
class GivenSignoff:
    """A sign-off as it was given, and what ended it."""

    id: int
    person_id: int
    # As it was then; None when it was erased.
    name: str | None
    # For whom, where it was given for somebody else; the name likewise.
    principal_id: int | None
    principal_name: str | None
    role: Role
    decision: Decision
    statement: str
    on_condition: str
    condition_ends_on: date | None
    reason: str
    digest: bytes
    signed_at: datetime
    counts_until: datetime | None
    ended: EndKind | None
    ended_at: datetime | None
    ended_reason: str
    ended_by: str | None
    # What used it up, where that was in an earlier turn of the gate.
    use: GateUse | None = None

    def is_active(self, at: datetime) -> bool:
        """Whether it counts at a moment: no person, change or time has ended it, and nothing used it up."""
        return self.ended is None and self.use is None and (self.counts_until is None or at < self.counts_until)


def list_given(gate: GateRow) -> list[GivenSignoff]:
    """All sign-offs that were ever given at a gate, the newest first."""
    rows = db.session.execute(
        select(
            *(_signoffs.id, _signoffs.person_id, _names.name, _signoffs.role, _signoffs.decision),
            *(_delegations.principal_id, _principals.c.name.label("principal_name")),
            *(_signoffs.statement, _signoffs.on_condition, _signoffs.condition_ends_on, _signoffs.reason),
            *(_signoffs.digest, _signoffs.signed_at, _signoffs.cycle, _policies.body.label("policy_body")),
            *(_ends.kind, _ends.ended_at, _ends.reason.label("ended_reason")),
            func.coalesce(_enders.c.name, _people.name).label("ended_by"),
        )
        .join(table_of(PersonName), _names.id == _signoffs.name_id)
        .join(table_of(GatePolicy), _policies.id == _signoffs.policy_id)
        .outerjoin(table_of(SignoffEnd), _ends.signoff_id == _signoffs.id)
        # Ends of before names were kept with them have today's.
        .outerjoin(_enders, _enders.c.id == _ends.name_id)
        .outerjoin(table_of(Person), _people.id == _ends.actor_id)
        .outerjoin(table_of(Delegation), _delegations.id == _signoffs.delegation_id)
        .outerjoin(_principals, _principals.c.id == _signoffs.principal_name_id)
        .where(_signoffs.gate_id == gate.id)
        .order_by(_signoffs.id.desc())
    )
    uses = list_uses(table_of(Deployment).c.gate_id == gate.id)[gate.id] if gate.first_cycle > 1 else []
    return [_given(row, gate, uses) for row in rows]


def _given(row: Any, gate: GateRow, uses: Sequence[GateUse]) -> GivenSignoff:
    return GivenSignoff(
        *(row.id, row.person_id, row.name, row.principal_id, row.principal_name, row.role, row.decision),
        *(row.statement, row.on_condition, row.condition_ends_on, row.reason, row.digest, row.signed_at),
        counts_until=ends_at(
            *(row.decision, row.signed_at),
            *(read_policy(gate.kind, row.policy_body).lasts, row.condition_ends_on),
        ),
        ended=row.kind,
        ended_at=row.ended_at,
        ended_reason=row.ended_reason or "",
        ended_by=row.ended_by,
        use=used_for(row.cycle, uses) if row.cycle < gate.first_cycle and row.kind is None else None,
    )


# What changes nothing that is signed.
_BESIDE = (
    AuditAction.ITEM_ASSIGNED,
    AuditAction.ITEM_COMMENTED,
    AuditAction.ITEM_ESCALATED,
    AuditAction.EVIDENCE_RECONFIRMED,
)


def history_of(gate: GateRow) -> int:
    """How far the history of a gate's checklist has come."""
    streams = table_of(Stream).c
    return int(db.session.execute(select(streams.sequence).where(streams.id == gate.stream_id)).scalar_one())


def is_touched_since(standing: Standing, sequence: int) -> bool:
    """Whether something that a gate covers was changed since then, though it may look now as it did."""
    events, gate = table_of(AuditEvent).c, standing.gate
    of_items = and_(
        events.object_kind == "item",
        events.object_id.in_([one.id for one in standing.covered]),
        events.action.not_in(_BESIDE),
    )
    of_plan = events.action == AuditAction.ROLLBACK_PLAN_WRITTEN
    wanted = or_(of_items, of_plan) if gate.kind is GateKind.DEPLOY else of_items
    found = select(events.id).where(events.stream_id == gate.stream_id, events.stream_sequence > sequence, wanted)
    return db.session.scalar(found.limit(1)) is not None


def list_signed_items(digest: bytes) -> dict[str, dict[str, Any]]:
    """The items of a signed content, by key, as they were then."""
    body = db.session.scalar(select(table_of(SignedContent).c.body).where(table_of(SignedContent).c.digest == digest))
    return {item["key"]: item for item in json.loads(body)["items"]} if body else {}


def list_proofs(item_ids: Sequence[int]) -> dict[int, tuple[int, datetime]]:
    """How many pieces of evidence items have, and when the newest was measured, by item."""
    pieces = table_of(Evidence).c
    rows = db.session.execute(
        select(pieces.item_id, func.count(), func.max(pieces.measured_at))
        .where(pieces.item_id.in_(item_ids), pieces.withdrawn_at.is_(None))
        .group_by(pieces.item_id)
    )
    return {item: (number, newest) for item, number, newest in rows}


@dataclass(frozen=True, slots=True)
class Records:
    """What a deploy gate needs beside its items, as it is now."""

    plan: Any | None
    rehearsals: Sequence[Any]
    backups: Sequence[Any]


def find_records(gate: GateRow) -> Records | None:
    """The records of a deploy gate, the newest first; None for all other gates."""
    if gate.kind is not GateKind.DEPLOY:
        return None
    plans, ran, backups = table_of(RollbackPlan).c, table_of(Rehearsal).c, table_of(BackupRecord).c
    people = table_of(Person).c
    plan = db.session.execute(
        select(plans.id, plans.revision, plans.body, plans.written_at, people.name)
        .join(table_of(Person), people.id == plans.written_by_id)
        .where(plans.checklist_id == gate.checklist_id)
        .order_by(plans.revision.desc())
        .limit(1)
    ).one_or_none()
    rehearsals = db.session.execute(
        select(ran.ran_at, ran.minutes, ran.has_passed, ran.note, ran.plan_id, plans.revision, people.name)
        .join(table_of(RollbackPlan), plans.id == ran.plan_id)
        .join(table_of(Person), people.id == ran.added_by_id)
        .where(ran.checklist_id == gate.checklist_id)
        .order_by(ran.id.desc())
    ).all()
    kept = db.session.execute(
        select(backups.target, backups.taken_at, backups.size_bytes, backups.checksum, backups.is_restore_tested)
        .add_columns(backups.note, people.name)
        .join(table_of(Person), people.id == backups.added_by_id)
        .where(backups.checklist_id == gate.checklist_id, backups.environment_key == gate.environment_key)
        .order_by(backups.id.desc())
    ).all()
    return Records(plan, rehearsals, kept)
