from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.checklist import BelongsTo, ItemState
from app.domain.waiver_kinds import WaiverKind, WaiverReason
from app.domain.waivers import WaiverDecision
from app.models.base import Base, Bytes16, CreatedAt, Digest, IntPK, table
from app.models.box import Box, PausePoint


class Stream(Base):
    """The thing whose order matters. Every change takes its row by UPDATE first."""

    __tablename__ = "streams"
    __table_args__ = table(UniqueConstraint("kind", "subject_id"))

    id: Mapped[IntPK]
    kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    version: Mapped[int] = mapped_column(default=0)
    sequence: Mapped[int] = mapped_column(default=0)
    tail_digest: Mapped[bytes | None] = mapped_column(Digest)
    # Somebody has signed over what belongs to it: each change looks whether that is still what was signed.
    is_signed: Mapped[bool] = mapped_column(default=False)


class Checklist(Base):
    """A template version applied to something: a frozen copy of what it said then."""

    __tablename__ = "checklists"
    __table_args__ = table(
        UniqueConstraint("belongs_to", "subject_id"),
        Index("ix_checklists_release_id_belongs_to", "release_id", "belongs_to"),
    )

    id: Mapped[IntPK]
    belongs_to: Mapped[BelongsTo]
    subject_id: Mapped[int]
    release_id: Mapped[int | None] = mapped_column(ForeignKey("releases.id"))
    module_id: Mapped[int | None] = mapped_column(ForeignKey("modules.id"))
    template_version_id: Mapped[int] = mapped_column(ForeignKey("template_versions.id"))
    stream_id: Mapped[int] = mapped_column(ForeignKey("streams.id"))
    created_at: Mapped[CreatedAt]


class ChecklistGroup(PausePoint, Base):
    """A group of a checklist, copied from its template version."""

    __tablename__ = "checklist_groups"
    __table_args__ = table(UniqueConstraint("checklist_id", "key"))

    id: Mapped[IntPK]
    checklist_id: Mapped[int] = mapped_column(ForeignKey("checklists.id"))


class ChecklistItem(Box, Base):
    """One box of a checklist: what it asks, copied; and where it stands."""

    __tablename__ = "checklist_items"
    __table_args__ = table(
        UniqueConstraint("checklist_id", "key"),
        # Covers the one aggregate behind the matrix: it never touches a row.
        Index("ix_checklist_items_readiness", "checklist_id", "phase", "state", "severity", "position", "group_id"),
        Index("ix_checklist_items_assignee_id_state", "assignee_id", "state"),
    )

    id: Mapped[IntPK]
    checklist_id: Mapped[int] = mapped_column(ForeignKey("checklists.id"))
    group_id: Mapped[int] = mapped_column(ForeignKey("checklist_groups.id"))
    state: Mapped[ItemState] = mapped_column(default=ItemState.TODO)
    revision: Mapped[int] = mapped_column(default=1)
    reason: Mapped[str] = mapped_column(String(1000), default="")
    value: Mapped[str] = mapped_column(String(500), default="")
    link: Mapped[str] = mapped_column(String(500), default="")
    comment_count: Mapped[int] = mapped_column(default=0)
    # What stands of its evidence, summed up anew with each change of it: how much, the newest, the first to expire.
    evidence_count: Mapped[int] = mapped_column(default=0)
    evidence_at: Mapped[datetime | None]
    evidence_expires_on: Mapped[date | None] = mapped_column(Date)
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    due_on: Mapped[date | None] = mapped_column(Date)
    state_since: Mapped[CreatedAt]
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    # Where it stood before the template or a rule took it away; it comes back to that.
    state_before: Mapped[ItemState | None]
    # Ticked before its text was changed by an adopted version: somebody has to look whether it is still true.
    is_reworded: Mapped[bool] = mapped_column(default=False)


class ItemComment(Base):
    """What somebody said about an item. Only ever added."""

    __tablename__ = "item_comments"

    id: Mapped[IntPK]
    item_id: Mapped[int] = mapped_column(ForeignKey("checklist_items.id"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[CreatedAt]


class Waiver(Base):
    """A request that an item need not be done, what another person decided, and how long it held."""

    __tablename__ = "waivers"
    __table_args__ = table(
        Index("ix_waivers_decision_requested_at", "decision", "requested_at"),
        # Whoever looks for what has expired, every few minutes and for each page, finds nothing at once.
        Index("ix_waivers_decision_ends_on", "decision", "ends_on"),
    )

    id: Mapped[IntPK]
    item_id: Mapped[int] = mapped_column(ForeignKey("checklist_items.id"), index=True)
    kind: Mapped[WaiverKind] = mapped_column(default=WaiverKind.NOT_APPLICABLE)
    reason: Mapped[WaiverReason]
    explanation: Mapped[str] = mapped_column(String(1000))
    state_before: Mapped[ItemState]
    reason_before: Mapped[str] = mapped_column(String(1000), default="")
    batch: Mapped[bytes | None] = mapped_column(Bytes16)
    requested_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    requested_at: Mapped[CreatedAt]
    decision: Mapped[WaiverDecision] = mapped_column(default=WaiverDecision.PENDING)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    decided_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(String(1000), default="")
    # The last day on which it holds, in UTC.
    ends_on: Mapped[date | None] = mapped_column(Date)
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    ended_reason: Mapped[str] = mapped_column(String(1000), default="")
