"""What happened in a rollback: its steps as they were taken, and its pauses."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.rollbacks import StepOutcome
from app.models.base import Base, IntPK


class RollbackStep(Base):
    """A step that was done, skipped, taken back or repeated. Only ever added."""

    __tablename__ = "rollback_steps"

    id: Mapped[IntPK]
    rollback_id: Mapped[int] = mapped_column(ForeignKey("rollbacks.id"), index=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("checklist_items.id"), index=True)
    outcome: Mapped[StepOutcome]
    # When it became the current one, and when this was said of it.
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    taken_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    value: Mapped[str] = mapped_column(String(500), default="")
    note: Mapped[str] = mapped_column(String(1000), default="")
    # What stood on paper, where it was typed in later: a claim, never the time of anything.
    claimed_at: Mapped[datetime | None]
    claimed_by: Mapped[str] = mapped_column(String(120), default="")


class RollbackPause(Base):
    """A time in which nobody worked on a rollback, and why."""

    __tablename__ = "rollback_pauses"

    id: Mapped[IntPK]
    rollback_id: Mapped[int] = mapped_column(ForeignKey("rollbacks.id"), index=True)
    began_at: Mapped[datetime]
    began_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    reason: Mapped[str] = mapped_column(String(1000))
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
