"""Delegations: who signs for whom, in which role, and from when until when."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.delegations import Answer
from app.domain.permissions import Role
from app.models.base import Base, CreatedAt, IntPK, table


class Delegation(Base):
    """Somebody asks somebody else to sign for them for a while. Only ever added."""

    __tablename__ = "delegations"

    id: Mapped[IntPK]
    # Whose role it is, and who signs in their place.
    principal_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    delegate_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    role: Mapped[Role]
    # Empty: for everything that the role reaches.
    module_id: Mapped[int | None] = mapped_column(ForeignKey("modules.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(1000))
    created_at: Mapped[CreatedAt]


class DelegationAnswer(Base):
    """What was said to a delegation: at most one row of a kind each. Only ever added."""

    __tablename__ = "delegation_answers"
    __table_args__ = table(UniqueConstraint("delegation_id", "answer"))

    id: Mapped[IntPK]
    delegation_id: Mapped[int] = mapped_column(ForeignKey("delegations.id"))
    answer: Mapped[Answer]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    reason: Mapped[str] = mapped_column(String(1000), default="")
    answered_at: Mapped[CreatedAt]
