from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.audit import AuditAction
from app.models.base import Base, Bytes16, Digest, table


class AuditEvent(Base):
    """One thing that somebody did. The body is the proof; the columns beside it are for searching.

    Rows are only ever added: triggers refuse anything else.
    """

    __tablename__ = "audit_events"
    __table_args__ = table(
        UniqueConstraint("stream_id", "stream_sequence"),
        Index("ix_audit_events_occurred_at_id", "occurred_at", "id"),
        Index("ix_audit_events_object", "object_kind", "object_id", "occurred_at"),
        Index("ix_audit_events_actor", "actor_id", "occurred_at"),
        Index("ix_audit_events_module", "module_id", "occurred_at"),
        Index("ix_audit_events_release", "release_id", "occurred_at"),
        Index("ix_audit_events_action", "action", "occurred_at"),
    )

    id: Mapped[bytes] = mapped_column(Bytes16, primary_key=True)
    stream_id: Mapped[int] = mapped_column(ForeignKey("streams.id"))
    stream_sequence: Mapped[int]
    occurred_at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    actor_name_id: Mapped[int | None] = mapped_column(ForeignKey("person_names.id"))
    actor_role: Mapped[str] = mapped_column(String(40), default="")
    action: Mapped[AuditAction]
    object_kind: Mapped[str] = mapped_column(String(40))
    object_id: Mapped[int]
    object_label: Mapped[str] = mapped_column(String(500), default="")
    fact: Mapped[str] = mapped_column(String(60), default="")
    module_id: Mapped[int | None]
    release_id: Mapped[int | None]
    old_value: Mapped[str] = mapped_column(Text, default="")
    new_value: Mapped[str] = mapped_column(Text, default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    request_id: Mapped[str] = mapped_column(String(40), default="")
    batch: Mapped[bytes | None] = mapped_column(Bytes16)
    body: Mapped[bytes] = mapped_column(LargeBinary(61440))
    leaf: Mapped[bytes] = mapped_column(Digest)
