from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.mails import MailKind
from app.models.base import Base, CreatedAt, IntPK, exact, table


class Mail(Base):
    """A message to one person, put here by the change that it tells of; the worker sends it."""

    __tablename__ = "mails"
    __table_args__ = table(
        UniqueConstraint("key"), Index("ix_mails_next_attempt_at_created_at", "next_attempt_at", "created_at")
    )

    id: Mapped[IntPK]
    # Not the address: it is looked up when it is sent, so that nobody's stays here.
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    kind: Mapped[MailKind]
    # Who puts the same again puts nothing.
    key: Mapped[str] = mapped_column(exact(190))
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[CreatedAt]
    # None: nothing is left to do, because it was sent or given up.
    next_attempt_at: Mapped[datetime | None]
    # A worker is at it until then; after that it was killed.
    claimed_until_at: Mapped[datetime | None]
    gives_up_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(String(500), default="")


class Escalation(Base):
    """That it was told of a dangerous item that it is late. Once for an item and its day. Only ever added."""

    __tablename__ = "escalations"
    __table_args__ = table(UniqueConstraint("item_id", "due_on"))

    id: Mapped[IntPK]
    item_id: Mapped[int] = mapped_column(ForeignKey("checklist_items.id"))
    due_on: Mapped[date] = mapped_column(Date)
    made_at: Mapped[CreatedAt]
