"""Every sign-off that was ever given for a release, as a sheet to read, print and keep."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, func, or_, select, true

from app.database import db
from app.domain.actors import Actor
from app.domain.addresses import OCCASIONS
from app.domain.checklist import BelongsTo
from app.domain.errors import UNSEEN, NotFound, RuleViolation
from app.domain.gate_policies import read_policy, relaxed_rules
from app.domain.gates import Decision, GateKind
from app.domain.permissions import Permission, Role
from app.domain.signoffs import digest_of, ends_at
from app.models import (
    Change,
    Checklist,
    Delegation,
    Deployment,
    Gate,
    GatePolicy,
    Module,
    Person,
    PersonName,
    Release,
    SignedContent,
    Signoff,
    SignoffEnd,
)
from app.models.base import table_of
from app.queries.gate_uses import GateUse, list_uses, used_for
from app.queries.gates import get_gate
from app.queries.occasions import OCCASION, occasion_name
from app.queries.override_rows import OverrideRow
from app.queries.overrides import list_confirmed_of_release
from app.queries.releases import require_release

COUNTS = "counts"
_ORDER = list(GateKind)
CHANGED = "The content that was signed is not the one that is kept: it was changed beside the product."


@dataclass(frozen=True, slots=True)
class SheetSignoff:
    """One sign-off as it was given, and whether it counts."""

    id: int
    name: str
    # For whom, where it was given for somebody else.
    for_name: str
    role: Role
    decision: Decision
    signed_at: datetime
    statement: str
    reason: str
    on_condition: str
    condition_ends_on: date | None
    digest: str
    policy_revision: int
    relaxed: tuple[str, ...]
    status: str
    ended_at: datetime | None
    ended_by: str
    ended_reason: str
    # What is kept of what was signed has the digest that was signed.
    fits: bool


@dataclass(frozen=True, slots=True)
class SheetGate:
    """A gate with all sign-offs that it ever had, the oldest first."""

    id: int
    kind: GateKind
    environment: str
    subject: str
    policy_revision: int
    relaxed: tuple[str, ...]
    consumed_at: datetime | None
    signoffs: tuple[SheetSignoff, ...]
    # The break-glass that were confirmed there, the oldest first.
    overrides: tuple[OverrideRow, ...] = ()

    @property
    def title(self) -> str:
        """The gate with what it belongs to."""
        return f"{self.subject}: {self.kind.label}{f' to {self.environment}' if self.environment else ''}"


_gates, _policies, _lists = table_of(Gate).c, table_of(GatePolicy).c, table_of(Checklist).c
_delegations = table_of(Delegation).c
_signoffs, _ends, _names = table_of(Signoff).c, table_of(SignoffEnd).c, table_of(PersonName).c
_contents, _all_deployments = table_of(SignedContent).c, table_of(Deployment).c
_modules, _changes, _people = table_of(Module).c, table_of(Change).c, table_of(Person).c
_enders, _principals = table_of(PersonName).alias("enders"), table_of(PersonName).alias("principals")
_GATES = (
    select(
        *(_gates.id, _gates.kind, _gates.environment_key, _gates.consumed_at, _policies.revision, _policies.body),
        *(_gates.checklist_id, _modules.name.label("module_name"), _changes.number),
        *(_lists.belongs_to, _lists.subject_id, OCCASION.label("occasion")),
    )
    .join(table_of(GatePolicy), _policies.id == _gates.policy_id)
    .join(table_of(Checklist), _lists.id == _gates.checklist_id)
    .outerjoin(table_of(Module), _modules.id == _lists.module_id)
    .outerjoin(table_of(Change), and_(_lists.belongs_to == BelongsTo.CHANGE, _changes.id == _lists.subject_id))
    .order_by(_modules.name, _lists.id, _gates.id)
)
_SIGNOFFS = (
    select(
        table_of(Signoff),
        _names.name,
        *(_policies.revision, _policies.body, _policies.kind.label("gate_kind")),
        *(_ends.kind.label("ended"), _ends.ended_at, _ends.reason.label("ended_reason")),
        *(func.coalesce(_enders.c.name, _people.name).label("ended_by"), _gates.consumed_at),
        _gates.first_cycle,
        *(_principals.c.name.label("for_name"), _delegations.principal_id),
    )
    .join(table_of(Gate), _gates.id == _signoffs.gate_id)
    .join(table_of(Checklist), _lists.id == _gates.checklist_id)
    .join(table_of(GatePolicy), _policies.id == _signoffs.policy_id)
    .join(table_of(PersonName), _names.id == _signoffs.name_id)
    .outerjoin(table_of(SignoffEnd), _ends.signoff_id == _signoffs.id)
    # Ends of before names were kept with them have today's.
    .outerjoin(_enders, _enders.c.id == _ends.name_id)
    .outerjoin(table_of(Person), _people.id == _ends.actor_id)
    .outerjoin(table_of(Delegation), _delegations.id == _signoffs.delegation_id)
    .outerjoin(_principals, _principals.c.id == _signoffs.principal_name_id)
    .order_by(_signoffs.id)
)


def read_sheet(release: Release, actor: Actor, at: datetime) -> list[SheetGate]:
    """The gates of a release that somebody may see, with every sign-off and break-glass; five statements.

    Each digest is computed anew from the bytes that are kept: a sheet says nothing that it has not looked at.
    """
    visible = actor.modules(Permission.CHECKLIST_VIEW)
    seen = true() if visible is None else or_(_lists.module_id.is_(None), _lists.module_id.in_(visible))
    given: dict[int, list[SheetSignoff]] = defaultdict(list)
    rows = db.session.execute(_SIGNOFFS.where(_lists.release_id == release.id, seen)).all()
    fitting, uses = _fitting({row.digest for row in rows}), list_uses(_all_deployments.release_id == release.id)
    for row in rows:
        use = used_for(row.cycle, uses[row.gate_id]) if row.cycle < row.first_cycle else None
        given[row.gate_id].append(_signoff(row, at, use, fits=row.digest in fitting))
    rows = db.session.execute(_GATES.where(_lists.release_id == release.id, seen)).all()
    rows = sorted(rows, key=lambda row: (row.module_name or "", row.checklist_id, _ORDER.index(row.kind)))
    broken: dict[int, list[OverrideRow]] = defaultdict(list)
    for one in list_confirmed_of_release(release.id):
        broken[one.gate_id].append(one)
    return [_gate(row, release.name, tuple(given[row.id]), tuple(broken[row.id])) for row in rows]


def _fitting(digests: set[bytes]) -> set[bytes]:
    """Of some digests those that the kept bytes have; a few bodies at a time, because each may be large."""
    kept = select(_contents.digest, _contents.body).where(_contents.digest.in_(digests))
    rows = db.session.execute(kept.execution_options(yield_per=20))
    return {row.digest for row in rows if digest_of(row.body) == row.digest}


def _gate(
    row: Any, release_name: str, signoffs: tuple[SheetSignoff, ...], overrides: tuple[OverrideRow, ...]
) -> SheetGate:
    subject = row.module_name or release_name
    if row.belongs_to in OCCASIONS:
        subject = f"{subject}, {occasion_name(row.belongs_to, row.subject_id, row.occasion)}"
    return SheetGate(
        *(row.id, row.kind, row.environment_key),
        subject=f"{subject}, change {row.number}" if row.number is not None else subject,
        policy_revision=row.revision,
        relaxed=relaxed_rules(read_policy(row.kind, row.body)),
        consumed_at=row.consumed_at,
        signoffs=signoffs,
        overrides=overrides,
    )


def _signoff(row: Any, at: datetime, use: GateUse | None, *, fits: bool) -> SheetSignoff:
    policy = read_policy(row.gate_kind, row.body)
    over_at = ends_at(row.decision, row.signed_at, policy.lasts, row.condition_ends_on)
    # What counted when the gate was passed counts for ever; elsewhere time ends it before the worker says so.
    until = (use.started_at or row.signed_at) if use else row.consumed_at or at
    is_over = row.ended is None and over_at is not None and over_at <= until
    is_used = use is not None and row.ended is None and not is_over
    return SheetSignoff(
        *(row.id, _named(row.name, row.person_id), _named(row.for_name, row.principal_id), row.role, row.decision),
        *(row.signed_at, row.statement),
        reason=row.reason,
        on_condition=row.on_condition,
        condition_ends_on=row.condition_ends_on,
        digest=row.digest.hex(),
        policy_revision=row.revision,
        relaxed=relaxed_rules(policy),
        status="expired" if is_over else row.ended.word if row.ended else use.words if use else COUNTS,
        ended_at=over_at if is_over else use.started_at if use and is_used else row.ended_at,
        ended_by=row.ended_by or ("Countersign" if row.ended or is_over else ""),
        ended_reason=row.ended_reason or "",
        fits=fits,
    )


def _named(name: str | None, person_id: int | None) -> str:
    """A name as it was then; a number where it was erased."""
    return name or (f"Person {person_id}" if person_id is not None else "")


def get_signed_content(signoff_id: int, actor: Actor) -> bytes:
    """The bytes that somebody signed, when they are still those; only for who may see the gate."""
    found = db.session.execute(
        select(_signoffs.gate_id, _signoffs.digest, _contents.body)
        .join(table_of(SignedContent), _contents.digest == _signoffs.digest)
        .where(_signoffs.id == signoff_id)
    ).one_or_none()
    if found is None:
        raise NotFound(UNSEEN)
    gate = get_gate(found.gate_id)
    if gate.module_id is None:
        require_release(gate.release_id or 0, actor)
    else:
        actor.require(Permission.CHECKLIST_VIEW, gate.module_id)
    if digest_of(found.body) != found.digest:
        raise RuleViolation(CHANGED)
    return bytes(found.body)
