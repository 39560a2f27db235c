from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.checklist import BelongsTo, Mode
from app.models.base import Base, CreatedAt, Digest, IntPK, exact, table
from app.models.box import Box


class Template(Base):
    """The definition of checklists."""

    __tablename__ = "templates"
    __table_args__ = table(UniqueConstraint("key"))

    id: Mapped[IntPK]
    key: Mapped[str] = mapped_column(exact(60))
    name: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[CreatedAt]


class TemplateVersion(Base):
    """One published state of a template. Never changed afterwards."""

    __tablename__ = "template_versions"
    __table_args__ = table(UniqueConstraint("template_id", "number"))

    id: Mapped[IntPK]
    template_id: Mapped[int] = mapped_column(ForeignKey("templates.id"))
    number: Mapped[int]
    note: Mapped[str] = mapped_column(String(500), default="")
    digest: Mapped[bytes] = mapped_column(Digest)
    published_at: Mapped[datetime]


class TemplateGroup(Base):
    """Five to eight items done at one pause point."""

    __tablename__ = "template_groups"
    __table_args__ = table(UniqueConstraint("version_id", "key"))

    id: Mapped[IntPK]
    version_id: Mapped[int] = mapped_column(ForeignKey("template_versions.id"))
    key: Mapped[str] = mapped_column(exact(60))
    title: Mapped[str] = mapped_column(String(120))
    section: Mapped[str] = mapped_column(String(120))
    belongs_to: Mapped[BelongsTo]
    mode: Mapped[Mode]
    position: Mapped[int]


class TemplateItem(Box, Base):
    """One box, with a stable key that never changes."""

    __tablename__ = "template_items"
    __table_args__ = table(UniqueConstraint("version_id", "key"))

    id: Mapped[IntPK]
    version_id: Mapped[int] = mapped_column(ForeignKey("template_versions.id"))
    group_id: Mapped[int] = mapped_column(ForeignKey("template_groups.id"))
    belongs_to: Mapped[BelongsTo]
