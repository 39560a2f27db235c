from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.evidence import EvidenceKind
from app.models.base import Base, Bytes16, CreatedAt, Digest, IntPK, exact, table


class Evidence(Base):
    """Why an item is what it is: a link, a file or a note. Only ever added, or withdrawn; nothing overwrites it."""

    __tablename__ = "evidence"
    __table_args__ = table(UniqueConstraint("stored_as"))

    id: Mapped[IntPK]
    item_id: Mapped[int] = mapped_column(ForeignKey("checklist_items.id"), index=True)
    kind: Mapped[EvidenceKind]
    link: Mapped[str] = mapped_column(String(500), default="")
    note: Mapped[str] = mapped_column(String(2000), default="")
    file_name: Mapped[str] = mapped_column(String(200), default="")
    file_kind: Mapped[str] = mapped_column(String(20), default="")
    file_size: Mapped[int] = mapped_column(default=0)
    file_sha256: Mapped[bytes | None] = mapped_column(Digest)
    # Its random name on the disk.
    stored_as: Mapped[str | None] = mapped_column(exact(32))
    measured_at: Mapped[datetime]
    # The last day on which it counts.
    expires_on: Mapped[date | None] = mapped_column(Date)
    added_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    added_at: Mapped[CreatedAt]
    withdrawn_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_reason: Mapped[str] = mapped_column(String(1000), default="")


class EvidenceConfirmation(Base):
    """Somebody looked again and said that a piece of evidence is still true. Only ever added."""

    __tablename__ = "evidence_confirmations"

    id: Mapped[IntPK]
    evidence_id: Mapped[int] = mapped_column(ForeignKey("evidence.id"), index=True)
    confirmed_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    confirmed_at: Mapped[CreatedAt]
    batch: Mapped[bytes] = mapped_column(Bytes16)
