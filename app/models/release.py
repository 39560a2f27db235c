from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, CreatedAt, IntPK, exact, table


class Release(Base):
    """A named version with a date, holding modules."""

    __tablename__ = "releases"
    __table_args__ = table(UniqueConstraint("key"))

    id: Mapped[IntPK]
    key: Mapped[str] = mapped_column(exact(60))
    name: Mapped[str] = mapped_column(String(120))
    planned_on: Mapped[date | None] = mapped_column(Date, index=True)
    notes: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[CreatedAt]
    shipped_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column(default=1)


class ReleaseModule(Base):
    """That a module is part of a release. Taken out, never deleted."""

    __tablename__ = "release_modules"
    __table_args__ = table(UniqueConstraint("release_id", "module_id"))

    id: Mapped[IntPK]
    release_id: Mapped[int] = mapped_column(ForeignKey("releases.id"))
    module_id: Mapped[int] = mapped_column(ForeignKey("modules.id"), index=True)
    added_at: Mapped[CreatedAt]
    removed_at: Mapped[datetime | None]


class Change(Base):
    """A merge request of a module in a release."""

    __tablename__ = "changes"
    __table_args__ = table(UniqueConstraint("release_id", "module_id", "number"))

    id: Mapped[IntPK]
    release_id: Mapped[int] = mapped_column(ForeignKey("releases.id"))
    module_id: Mapped[int] = mapped_column(ForeignKey("modules.id"))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(String(200), default="")
    link: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[CreatedAt]
