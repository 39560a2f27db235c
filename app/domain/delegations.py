"""Delegations: when one holds. It follows from its times and from what was said to it; nothing is kept."""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum

from app.domain.permissions import GRANTS, Permission, Role

# Longer than this somebody is not away: somebody else has the role.
LONGEST = timedelta(days=90)
REASON_LIMIT = 500


class Answer(StrEnum):
    """What was said to a delegation. Values are stored: never rename one."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    ENDED = "ended"  # by either of the two, before its time was over


class DelegationStanding(StrEnum):
    """Where a delegation stands at a moment."""

    ASKED = "waits for an answer"
    DECLINED = "declined"
    ENDED = "ended"
    OVER = "over"
    LATER = "accepted, begins later"
    IN_FORCE = "in force"

    @property
    def is_open(self) -> bool:
        """Whether it holds or may still come to hold."""
        return self in {DelegationStanding.ASKED, DelegationStanding.LATER, DelegationStanding.IN_FORCE}


def delegation_standing(
    answers: Collection[Answer], starts_at: datetime, ends_at: datetime, at: datetime
) -> DelegationStanding:
    """Where a delegation stands: only what was accepted, and not ended, holds, from its first moment until its last."""
    if Answer.ENDED in answers:
        return DelegationStanding.ENDED
    if Answer.DECLINED in answers:
        return DelegationStanding.DECLINED
    if at >= ends_at:
        return DelegationStanding.OVER
    if Answer.ACCEPTED not in answers:
        return DelegationStanding.ASKED
    return DelegationStanding.LATER if at < starts_at else DelegationStanding.IN_FORCE


def delegable_roles() -> list[Role]:
    """The roles in which somebody signs, and which somebody else can therefore sign for."""
    return [role for role in Role if Permission.GATE_SIGN in GRANTS[role]]


def fault_of(starts_at: datetime, ends_at: datetime, now: datetime) -> str:
    """What is wrong with the time of a delegation; empty when nothing is."""
    if ends_at <= starts_at:
        return "It ends before it begins."
    if ends_at <= now:
        return "This moment has passed."
    if ends_at - starts_at > LONGEST:
        return f"For longer than {LONGEST.days} days an administrator gives the role to somebody else."
    return ""
