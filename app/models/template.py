from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.dialects.mysql import MEDIUMBLOB
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.checklist import BelongsTo
from app.models.base import Base, CreatedAt, Digest, IntPK, exact, table
from app.models.box import Box, PausePoint


class Template(Base):
    """The definition of checklists."""

    __tablename__ = "templates"
    __table_args__ = table(UniqueConstraint("key"))

    id: Mapped[IntPK]
    key: Mapped[str] = mapped_column(exact(60))
    name: Mapped[str] = mapped_column(String(120))
    is_default: Mapped[bool] = mapped_column(default=False)
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
    description: Mapped[str] = mapped_column(Text, default="")
    published_at: Mapped[datetime]
    published_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class TemplateGroup(PausePoint, Base):
    """Five to eight items done at one pause point."""

    __tablename__ = "template_groups"
    __table_args__ = table(UniqueConstraint("version_id", "key"))

    id: Mapped[IntPK]
    version_id: Mapped[int] = mapped_column(ForeignKey("template_versions.id"))
    belongs_to: Mapped[BelongsTo]


class TemplateItem(Box, Base):
    """One box, with a stable key that never changes."""

    __tablename__ = "template_items"
    __table_args__ = table(UniqueConstraint("version_id", "key"))

    id: Mapped[IntPK]
    version_id: Mapped[int] = mapped_column(ForeignKey("template_versions.id"))
    group_id: Mapped[int] = mapped_column(ForeignKey("template_groups.id"))
    belongs_to: Mapped[BelongsTo]
    # In the document that it was imported from; who adopts the version may bring these ticks along.
    was_ticked: Mapped[bool] = mapped_column(default=False)


class TemplateDraft(Base):
    """What the next version of a template is going to say. Goes when it is published or thrown away."""

    __tablename__ = "template_drafts"
    __table_args__ = table(UniqueConstraint("template_id"))

    id: Mapped[IntPK]
    template_id: Mapped[int] = mapped_column(ForeignKey("templates.id"))
    stream_id: Mapped[int] = mapped_column(ForeignKey("streams.id"))
    name: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[CreatedAt]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    revision: Mapped[int] = mapped_column(default=1)


class DraftGroup(PausePoint, Base):
    """A group of a draft. Its revision moves with every change, so that two editors see each other."""

    __tablename__ = "draft_groups"
    __table_args__ = table(UniqueConstraint("draft_id", "key"))

    id: Mapped[IntPK]
    draft_id: Mapped[int] = mapped_column(ForeignKey("template_drafts.id"))
    belongs_to: Mapped[BelongsTo]
    revision: Mapped[int] = mapped_column(default=1)


class DraftItem(Box, Base):
    """A box of a draft."""

    __tablename__ = "draft_items"
    __table_args__ = table(UniqueConstraint("draft_id", "key"))

    id: Mapped[IntPK]
    draft_id: Mapped[int] = mapped_column(ForeignKey("template_drafts.id"))
    group_id: Mapped[int] = mapped_column(ForeignKey("draft_groups.id"))
    revision: Mapped[int] = mapped_column(default=1)
    was_ticked: Mapped[bool] = mapped_column(default=False)


class TemplateImport(Base):
    """A document that somebody has sent and not yet imported. Goes when it is, and by itself after a day."""

    __tablename__ = "template_imports"

    id: Mapped[IntPK]
    file_name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    data: Mapped[bytes] = mapped_column(LargeBinary(6_000_000).with_variant(MEDIUMBLOB(), "mysql"))
    mapping: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[CreatedAt]
    created_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
