"""Nobody alone: who else has to have signed, beside those whose word it is anyway."""

from collections.abc import Collection, Iterable

from app.domain.gates import ActiveSignoff, Decision, Policy, Separation


def must_not_be_alone(policy: Policy) -> bool:
    """Whether its one signer may not be the only one who signed that it is ready."""
    one_signs = sum(one.quorum for one in policy.required) <= 1
    return one_signs and Separation.NOT_ALONE_READY_AND_DEPLOY in policy.separation


def is_alone(people: Collection[int], signoffs: Iterable[ActiveSignoff]) -> bool:
    """Whether there are approvals, and each is by one of these people or for one of them."""
    given = [one for one in signoffs if one.decision is Decision.APPROVE]
    return bool(given) and all(not one.people.isdisjoint(people) for one in given)


def is_deployer_alone(policy: Policy, deployer: int, signoffs: Iterable[ActiveSignoff]) -> bool:
    """Whether somebody would pass the gate with nobody's sign-off but their own, where the policy forbids it."""
    return Separation.DEPLOYER_NOT_ALONE in policy.separation and is_alone({deployer}, signoffs)
