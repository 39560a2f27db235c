"""The body of a gate policy: what is kept as data, and read back as rules."""

import json
from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache

from app.domain.gates import GateKind, Policy, RequiredSignoff, Separation
from app.domain.permissions import Role


def policy_body(policy: Policy) -> str:
    """A policy as it is kept: sorted, so that the same policy is the same text."""
    return json.dumps(
        {
            "required": [{"role": one.role.value, "quorum": one.quorum} for one in policy.required],
            "separation": sorted(rule.value for rule in policy.separation),
            "lasts_s": _seconds(policy.lasts),
            "sign_within_s": _seconds(policy.sign_within),
        },
        sort_keys=True,
    )


@lru_cache(maxsize=256)
def read_policy(kind: GateKind, body: str) -> Policy:
    """A policy out of its body."""
    found = json.loads(body)
    return Policy(
        kind,
        tuple(RequiredSignoff(Role(one["role"]), one["quorum"]) for one in found["required"]),
        frozenset(Separation(rule) for rule in found["separation"]),
        _time(found["lasts_s"]),
        _time(found["sign_within_s"]),
    )


def _seconds(time: timedelta | None) -> int | None:
    return None if time is None else int(time.total_seconds())


def _time(seconds: int | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


def words_of(required: Sequence[RequiredSignoff]) -> str:
    """Who is asked, in words."""
    return ", ".join(f"{one.quorum} {one.role.label}" for one in required) or "nobody"


# What is possible where a policy does not have the rule.
RELAXED = {
    Separation.NOT_BEHIND_ITEMS: "Who ticked, proved or waived a covered item may sign.",
    Separation.NOT_ALONE_READY_AND_DEPLOY: "One person alone may sign that it is ready and that it is deployed.",
    Separation.DEPLOYER_NOT_ALONE: "Who deploys may be the only one who signs.",
}


def relaxed_rules(policy: Policy) -> tuple[str, ...]:
    """What a policy lets people do that the strict one does not; two of the rules are about deploy gates alone."""
    matter = set(Separation) if policy.kind is GateKind.DEPLOY else {Separation.NOT_BEHIND_ITEMS}
    return tuple(words for rule, words in RELAXED.items() if rule in matter - policy.separation)
