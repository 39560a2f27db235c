"""What becomes of a proposed gate policy: who agreed, who took that back, what was adopted or withdrawn."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.permissions import Role
from app.models.base import Base, CreatedAt, IntPK, table


class PolicyAgreement(Base):
    """A named person's word that gates may ask this instead. Only ever added: what ends it is a row of its own."""

    __tablename__ = "policy_agreements"
    __table_args__ = table(UniqueConstraint("policy_id", "person_id", "place"))

    id: Mapped[IntPK]
    policy_id: Mapped[int] = mapped_column(ForeignKey("gate_policies.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    # 1, and one more after each that the same person took back, or gave while another policy was in force.
    place: Mapped[int]
    role: Mapped[Role]
    grant_id: Mapped[int] = mapped_column(ForeignKey("role_grants.id"))
    # The policy that was in force then: the word was about going from that one to this one.
    instead_of_id: Mapped[int] = mapped_column(ForeignKey("gate_policies.id"))
    # The name as it was then; erased where names are erased.
    name_id: Mapped[int] = mapped_column(ForeignKey("person_names.id"))
    authenticated_at: Mapped[datetime]
    session_id: Mapped[int | None]
    agreed_at: Mapped[datetime]


class PolicyAgreementEnd(Base):
    """An agreement that was taken back: at most one row each. Only ever added."""

    __tablename__ = "policy_agreement_ends"
    __table_args__ = table(UniqueConstraint("agreement_id"))

    id: Mapped[IntPK]
    agreement_id: Mapped[int] = mapped_column(ForeignKey("policy_agreements.id"))
    reason: Mapped[str] = mapped_column(String(500), default="")
    ended_at: Mapped[datetime]


class PolicyWithdrawal(Base):
    """A proposal that nobody follows any more. Only ever added."""

    __tablename__ = "policy_withdrawals"
    __table_args__ = table(UniqueConstraint("policy_id"))

    id: Mapped[IntPK]
    policy_id: Mapped[int] = mapped_column(ForeignKey("gate_policies.id"))
    withdrawn_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    reason: Mapped[str] = mapped_column(String(500), default="")
    withdrawn_at: Mapped[datetime]


class PolicyAdoption(Base):
    """From now on new gates have this policy: the newest row of a gate and environment is in force. Only ever added."""

    __tablename__ = "policy_adoptions"
    __table_args__ = table(UniqueConstraint("policy_id"))

    id: Mapped[IntPK]
    policy_id: Mapped[int] = mapped_column(ForeignKey("gate_policies.id"))
    # Nobody: it comes with the product.
    adopted_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    adopted_at: Mapped[CreatedAt]
