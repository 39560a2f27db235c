"""The states of a waiver."""

from enum import StrEnum


class WaiverDecision(StrEnum):
    """What became of a request. Values are stored: never rename one."""

    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"

    @property
    def word(self) -> str:
        """The decision in words."""
        return "waiting for approval" if self is WaiverDecision.PENDING else self.value
