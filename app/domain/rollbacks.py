"""Rollbacks: how one ends, in words."""

from enum import StrEnum


class RollbackOutcome(StrEnum):
    """How a rollback ended. Values are stored: never rename one."""

    COMPLETED = "completed"
    ABORTED = "aborted"

    @property
    def label(self) -> str:
        """The outcome in words."""
        return self.value
