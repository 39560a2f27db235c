"""Break-glass: who opened, confirmed, ended, used and reviewed it, and who was passed over. All of it is only added."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.overrides import OverrideEnd, ReviewOutcome
from app.domain.permissions import Role
from app.models.base import Base, IntPK, exact, table


class Override(Base):
    """Somebody opened a break-glass at a gate. Until a second person confirms it, it lets nothing on."""

    __tablename__ = "overrides"

    id: Mapped[IntPK]
    gate_id: Mapped[int] = mapped_column(ForeignKey("gates.id"), index=True)
    cycle: Mapped[int]
    reason: Mapped[str] = mapped_column(String(1000))
    incident: Mapped[str] = mapped_column(String(200))
    # How long it holds from the confirmation on.
    minutes: Mapped[int]
    opened_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    # The name as it was then; erased where names are erased.
    name_id: Mapped[int] = mapped_column(ForeignKey("person_names.id"))
    role: Mapped[Role]
    opened_at: Mapped[datetime]
    lapses_at: Mapped[datetime]


class OverrideConfirmation(Base):
    """A second person confirmed it: from now on, and until it ends, the gate is overridden."""

    __tablename__ = "override_confirmations"
    __table_args__ = table(UniqueConstraint("override_id"))

    id: Mapped[IntPK]
    override_id: Mapped[int] = mapped_column(ForeignKey("overrides.id"))
    confirmed_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    name_id: Mapped[int] = mapped_column(ForeignKey("person_names.id"))
    role: Mapped[Role]
    confirmed_at: Mapped[datetime]
    ends_at: Mapped[datetime]


class OverrideObstacle(Base):
    """One thing that was in the way of the gate when it was confirmed."""

    __tablename__ = "override_obstacles"

    id: Mapped[IntPK]
    override_id: Mapped[int] = mapped_column(ForeignKey("overrides.id"), index=True)
    # The item's own key, or what the record or the gate that was lacking is called in `app/queries/obstacles.py`.
    key: Mapped[str] = mapped_column(exact(120), index=True)
    item_id: Mapped[int | None] = mapped_column(ForeignKey("checklist_items.id"))
    text: Mapped[str] = mapped_column(String(1000))


class OverrideTelling(Base):
    """A person whose sign-off was still asked for, or who had rejected: passed over, and told so."""

    __tablename__ = "override_tellings"
    __table_args__ = table(UniqueConstraint("override_id", "person_id"))

    id: Mapped[IntPK]
    override_id: Mapped[int] = mapped_column(ForeignKey("overrides.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    name_id: Mapped[int] = mapped_column(ForeignKey("person_names.id"))
    role: Mapped[Role]
    told_at: Mapped[datetime]


class OverrideEnding(Base):
    """What ended it before it was used: at most one row each."""

    __tablename__ = "override_endings"
    __table_args__ = table(UniqueConstraint("override_id"))

    id: Mapped[IntPK]
    override_id: Mapped[int] = mapped_column(ForeignKey("overrides.id"))
    kind: Mapped[OverrideEnd]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    name_id: Mapped[int | None] = mapped_column(ForeignKey("person_names.id"))
    reason: Mapped[str] = mapped_column(String(1000), default="")
    ended_at: Mapped[datetime]


class OverrideUse(Base):
    """A gate was passed by it. One use each, and a gate is passed once in each of its turns."""

    __tablename__ = "override_uses"
    __table_args__ = table(UniqueConstraint("override_id"))

    id: Mapped[IntPK]
    override_id: Mapped[int] = mapped_column(ForeignKey("overrides.id"))
    gate_id: Mapped[int] = mapped_column(ForeignKey("gates.id"), index=True)
    used_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    name_id: Mapped[int] = mapped_column(ForeignKey("person_names.id"))
    used_at: Mapped[datetime]


class OverrideReview(Base):
    """A third person looked at what happened, and said what they found."""

    __tablename__ = "override_reviews"
    __table_args__ = table(UniqueConstraint("override_id"))

    id: Mapped[IntPK]
    override_id: Mapped[int] = mapped_column(ForeignKey("overrides.id"))
    reviewed_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    name_id: Mapped[int] = mapped_column(ForeignKey("person_names.id"))
    role: Mapped[Role]
    outcome: Mapped[ReviewOutcome]
    text: Mapped[str] = mapped_column(String(1000))
    reviewed_at: Mapped[datetime]
