"""Figures that people typed, and those that somebody struck."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Date, ForeignKey, Index, Numeric, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.figures import FigureKind
from app.models.base import Base, CreatedAt, IntPK, table


class Figure(Base):
    """A number about a module that somebody measured elsewhere and typed. Only ever added."""

    __tablename__ = "figures"
    __table_args__ = table(
        Index("ix_figures_module_id_kind_measured_on", "module_id", "kind", "measured_on"),
        Index("ix_figures_measured_on", "measured_on"),
    )

    id: Mapped[IntPK]
    module_id: Mapped[int] = mapped_column(ForeignKey("modules.id"))
    release_id: Mapped[int | None] = mapped_column(ForeignKey("releases.id"))
    kind: Mapped[FigureKind]
    value: Mapped[Decimal] = mapped_column(Numeric(14, 4))
    # Of how many people it is the mean, where it is what they said.
    answers: Mapped[int | None]
    # The first of several days, of which the other is the last.
    starts_on: Mapped[date | None] = mapped_column(Date)
    measured_on: Mapped[date] = mapped_column(Date)
    source: Mapped[str] = mapped_column(String(300))
    link: Mapped[str] = mapped_column(String(500), default="")
    typed_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    typed_at: Mapped[CreatedAt]


class FigureStrike(Base):
    """That a figure was wrong: at most one row each. Only ever added."""

    __tablename__ = "figure_strikes"
    __table_args__ = table(UniqueConstraint("figure_id"))

    id: Mapped[IntPK]
    figure_id: Mapped[int] = mapped_column(ForeignKey("figures.id"))
    reason: Mapped[str] = mapped_column(String(1000))
    struck_by_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    struck_at: Mapped[datetime]
