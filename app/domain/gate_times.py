"""When a gate opened, from what stands of its sign-offs now."""

from collections.abc import Iterable
from datetime import datetime

from app.domain.gates import ActiveSignoff, Decision, Policy, missing_signoffs


def opened_at(
    passed_at: datetime | None, policy: Policy, given: Iterable[tuple[datetime, ActiveSignoff]]
) -> datetime | None:
    """When it was first passed, else when the last sign-off was given that it needs; None when it has not opened.

    `given`: the sign-offs that nothing but time has ended. One that went stale does not count, so that a gate which
    shut and opened again opened the second time; one that has run out since had opened it.
    """
    if passed_at is not None:
        return passed_at
    standing = sorted(given, key=lambda one: one[0])
    if not policy.required or any(one.decision is Decision.REJECT for _, one in standing):
        return None
    for number, (at, _) in enumerate(standing, start=1):
        if not missing_signoffs(policy, [one for _, one in standing[:number]]):
            return at
    return None
