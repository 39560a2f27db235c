"""What boxes and their groups say: the same columns where it is defined and where it is copied to."""

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.checklist import Mode, Phase, Severity
from app.domain.permissions import Role
from app.domain.template_content import DueAnchor
from app.models.base import exact


class Box:
    """The words of one box. A checklist holds them as they were when it was made."""

    key: Mapped[str] = mapped_column(exact(80))
    text: Mapped[str] = mapped_column(String(500))
    guidance: Mapped[str] = mapped_column(String(500), default="")
    phase: Mapped[Phase]
    gate: Mapped[str] = mapped_column(String(40), default="")
    severity: Mapped[Severity]
    natural_role: Mapped[Role]
    value_prompt: Mapped[str] = mapped_column(String(200), default="")
    value_kind: Mapped[str] = mapped_column(String(20), default="")
    position: Mapped[int]
    depth: Mapped[int] = mapped_column(default=0)
    body: Mapped[str] = mapped_column(Text, default="")
    value_unit: Mapped[str] = mapped_column(String(40), default="")
    due_anchor: Mapped[DueAnchor | None]
    due_days: Mapped[int | None]
    due_weekdays_only: Mapped[bool] = mapped_column(default=False)
    origin: Mapped[str] = mapped_column(String(500), default="")
    origin_link: Mapped[str] = mapped_column(String(500), default="")
    applies_when: Mapped[str] = mapped_column(String(500), default="")
    fact: Mapped[str] = mapped_column(exact(80), default="")


class PausePoint:
    """What a group of boxes says: the same columns in a template, its draft and a checklist."""

    key: Mapped[str] = mapped_column(exact(60))
    title: Mapped[str] = mapped_column(String(120))
    section: Mapped[str] = mapped_column(String(120))
    mode: Mapped[Mode]
    body: Mapped[str] = mapped_column(Text, default="")
    applies_when: Mapped[str] = mapped_column(String(500), default="")
    position: Mapped[int]
