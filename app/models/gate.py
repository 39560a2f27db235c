"""Gates with their policies, and the sign-offs over exact contents."""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.dialects.mysql import MEDIUMBLOB
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.gates import Decision, GateKind
from app.domain.permissions import Role
from app.domain.signoffs import EndKind
from app.models.base import Base, Bytes16, CreatedAt, Digest, IntPK, exact, table


class GatePolicy(Base):
    """What a kind of gate asks, at one revision. Only ever added."""

    __tablename__ = "gate_policies"
    __table_args__ = table(UniqueConstraint("kind", "environment_key", "revision"))

    id: Mapped[IntPK]
    kind: Mapped[GateKind]
    # Empty where the kind has no environments, or for all that have no policy of their own.
    environment_key: Mapped[str] = mapped_column(exact(60), default="")
    revision: Mapped[int]
    body: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(String(500), default="")
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[CreatedAt]


class Gate(Base):
    """A gate of one checklist; one for each environment where its kind has them."""

    __tablename__ = "gates"
    __table_args__ = table(UniqueConstraint("checklist_id", "kind", "environment_key"))

    id: Mapped[IntPK]
    checklist_id: Mapped[int] = mapped_column(ForeignKey("checklists.id"))
    kind: Mapped[GateKind]
    environment_key: Mapped[str] = mapped_column(exact(60), default="")
    policy_id: Mapped[int] = mapped_column(ForeignKey("gate_policies.id"))
    # Moves when what it covers changes after somebody has signed.
    cycle: Mapped[int] = mapped_column(default=1)
    # The cycle with which its present turn began: what was signed before was used up by an earlier deployment.
    first_cycle: Mapped[int] = mapped_column(default=1, server_default="1")
    consumed_at: Mapped[datetime | None]
    consumed_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class RollbackPlan(Base):
    """How a module goes back, as it was written at one time. Only ever added."""

    __tablename__ = "rollback_plans"
    __table_args__ = table(UniqueConstraint("checklist_id", "revision"))

    id: Mapped[IntPK]
    checklist_id: Mapped[int] = mapped_column(ForeignKey("checklists.id"))
    revision: Mapped[int]
    body: Mapped[str] = mapped_column(Text)
    digest: Mapped[bytes] = mapped_column(Digest)
    written_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    written_at: Mapped[CreatedAt]


class Rehearsal(Base):
    """Somebody went forward and back by a plan, and how that ended. Only ever added."""

    __tablename__ = "rehearsals"

    id: Mapped[IntPK]
    checklist_id: Mapped[int] = mapped_column(ForeignKey("checklists.id"), index=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("rollback_plans.id"))
    ran_at: Mapped[datetime]
    minutes: Mapped[int]
    has_passed: Mapped[bool]
    note: Mapped[str] = mapped_column(String(1000), default="")
    added_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    added_at: Mapped[CreatedAt]


class BackupRecord(Base):
    """A backup that was taken of a target, by somebody's word. Only ever added."""

    __tablename__ = "backup_records"

    id: Mapped[IntPK]
    checklist_id: Mapped[int] = mapped_column(ForeignKey("checklists.id"), index=True)
    environment_key: Mapped[str] = mapped_column(exact(60))
    target: Mapped[str] = mapped_column(String(200))
    taken_at: Mapped[datetime]
    size_bytes: Mapped[int]
    checksum: Mapped[str] = mapped_column(String(128))
    is_restore_tested: Mapped[bool]
    note: Mapped[str] = mapped_column(String(1000), default="")
    added_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    added_at: Mapped[CreatedAt]


class SignedContent(Base):
    """The canonical bytes that somebody signed, by their digest. Only ever added."""

    __tablename__ = "signed_contents"

    digest: Mapped[bytes] = mapped_column(Digest, primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary().with_variant(MEDIUMBLOB(), "mysql"))
    created_at: Mapped[CreatedAt]


class Signoff(Base):
    """A named person's decision over an exact content. Only ever added: what ends it is a row of its own."""

    __tablename__ = "signoffs"
    __table_args__ = table(UniqueConstraint("gate_id", "cycle", "person_id", "place"))

    id: Mapped[IntPK]
    gate_id: Mapped[int] = mapped_column(ForeignKey("gates.id"))
    cycle: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    # 1, and one more after each that the same person withdrew in the same cycle.
    place: Mapped[int]
    role: Mapped[Role]
    grant_id: Mapped[int] = mapped_column(ForeignKey("role_grants.id"))
    # Where somebody signed for somebody else: by which delegation, and the name of whose role it is, as it was then.
    delegation_id: Mapped[int | None] = mapped_column(ForeignKey("delegations.id"))
    principal_name_id: Mapped[int | None] = mapped_column(ForeignKey("person_names.id"))
    decision: Mapped[Decision]
    statement: Mapped[str] = mapped_column(String(500))
    on_condition: Mapped[str] = mapped_column(String(1000), default="")
    condition_ends_on: Mapped[date | None] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(String(1000), default="")
    # The name as it was then; erased where names are erased.
    name_id: Mapped[int] = mapped_column(ForeignKey("person_names.id"))
    digest: Mapped[bytes] = mapped_column(Digest, ForeignKey("signed_contents.digest"))
    policy_id: Mapped[int] = mapped_column(ForeignKey("gate_policies.id"))
    stream_version: Mapped[int]
    authenticated_at: Mapped[datetime]
    session_id: Mapped[int | None]
    signed_at: Mapped[datetime]
    event_id: Mapped[bytes] = mapped_column(Bytes16)


class SignoffEnd(Base):
    """What ended a sign-off: at most one row each. Only ever added."""

    __tablename__ = "signoff_ends"
    __table_args__ = table(UniqueConstraint("signoff_id"))

    id: Mapped[IntPK]
    signoff_id: Mapped[int] = mapped_column(ForeignKey("signoffs.id"))
    kind: Mapped[EndKind]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    # The name as it was then.
    name_id: Mapped[int | None] = mapped_column(ForeignKey("person_names.id"))
    # The event that was the cause, where there is one.
    cause: Mapped[bytes | None] = mapped_column(Bytes16)
    reason: Mapped[str] = mapped_column(String(1000), default="")
    ended_at: Mapped[datetime]
