from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.applicability import Question
from app.domain.modules import ContactKind
from app.models.base import Base, CreatedAt, IntPK, exact, table


class Module(Base):
    """A part of an application that owns database tables."""

    __tablename__ = "modules"
    __table_args__ = table(UniqueConstraint("key"))

    id: Mapped[IntPK]
    key: Mapped[str] = mapped_column(exact(60))
    name: Mapped[str] = mapped_column(String(120))
    purpose: Mapped[str] = mapped_column(Text, default="")
    team: Mapped[str] = mapped_column(String(120), default="")
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    repository: Mapped[str] = mapped_column(String(500), default="")
    schema_name: Mapped[str] = mapped_column(String(64), default="")
    # Where its team has morning and weekend: due times after a deployment are counted there.
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    created_at: Mapped[CreatedAt]
    archived_at: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column(default=1)


class ModuleContact(Base):
    """Whom to call about a module, and when that was last checked."""

    __tablename__ = "module_contacts"
    __table_args__ = table(UniqueConstraint("module_id", "kind"))

    id: Mapped[IntPK]
    module_id: Mapped[int] = mapped_column(ForeignKey("modules.id"))
    kind: Mapped[ContactKind]
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(254), default="")
    phone: Mapped[str] = mapped_column(String(60), default="")
    hours: Mapped[str] = mapped_column(String(120), default="")
    verified_on: Mapped[date | None] = mapped_column(Date)


class Environment(Base):
    """Where modules are deployed to, in the order in which they go there."""

    __tablename__ = "environments"
    __table_args__ = table(UniqueConstraint("key"))

    id: Mapped[IntPK]
    key: Mapped[str] = mapped_column(exact(60))
    name: Mapped[str] = mapped_column(String(120))
    position: Mapped[int]


class Target(Base):
    """A database of a module in an environment, by name."""

    __tablename__ = "targets"
    __table_args__ = table(UniqueConstraint("module_id", "environment_id", "key"))

    id: Mapped[IntPK]
    module_id: Mapped[int] = mapped_column(ForeignKey("modules.id"))
    environment_id: Mapped[int] = mapped_column(ForeignKey("environments.id"))
    key: Mapped[str] = mapped_column(exact(60))
    name: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[CreatedAt]
    archived_at: Mapped[datetime | None]


class ModuleAnswer(Base):
    """What a module answered to one of the questions that rules of templates ask."""

    __tablename__ = "module_answers"
    __table_args__ = table(UniqueConstraint("module_id", "question"))

    id: Mapped[IntPK]
    module_id: Mapped[int] = mapped_column(ForeignKey("modules.id"))
    question: Mapped[Question]
    is_yes: Mapped[bool]
    answered_at: Mapped[CreatedAt]
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    revision: Mapped[int] = mapped_column(default=1)
