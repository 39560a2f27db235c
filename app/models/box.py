"""What a box says: the same columns where it is defined and where it is copied to."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.checklist import Phase, Severity
from app.domain.permissions import Role
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
