"""Deployments: how one ends, in words."""

from enum import StrEnum


class Outcome(StrEnum):
    """How a deployment ended. Values are stored: never rename one."""

    SUCCEEDED = "succeeded"
    DEGRADED = "degraded"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"

    @property
    def label(self) -> str:
        """The outcome in words."""
        return OUTCOME_TITLES[self]


OUTCOME_TITLES: dict[Outcome, str] = {
    Outcome.SUCCEEDED: "succeeded",
    Outcome.DEGRADED: "degraded",
    Outcome.FAILED: "failed",
    Outcome.ROLLED_BACK: "rolled back",
}
