"""Changing what a gate asks: what may be proposed, who has to agree, and where a proposal stands."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256

from app.domain.errors import InvalidInput
from app.domain.gates import GateKind, Policy, RequiredSignoff, Separation, can_be_met
from app.domain.permissions import Permission, Role, roles_with

MOST_PERSONS = 9
MOST_DAYS = 366
MOST_MINUTES = 24 * 60
NOTE_LIMIT = 500

# Viewers and auditors read, administrators look after people: none of them answers for a release.
SIGNERS = tuple(roles_with(Permission.GATE_SIGN))

ASKS_NOBODY = "The policy that it has asks nobody, so nobody's agreement can change it."
TOO_FEW_LIVE = "Too few people hold the roles that it asks now: an administrator grants them."


@dataclass(frozen=True, slots=True)
class Wanted:
    """A policy as somebody typed it: roles with numbers, rules by name, times as numbers."""

    required: tuple[tuple[str, int], ...]
    separation: tuple[str, ...] = ()
    lasts_days: int | None = None
    sign_within_minutes: int | None = None


def rules_for(kind: GateKind) -> tuple[Separation, ...]:
    """The separation rules that mean something for a kind; two of them are about deploy gates alone."""
    return tuple(Separation) if kind is GateKind.DEPLOY else (Separation.NOT_BEHIND_ITEMS,)


def policy_wanted(kind: GateKind, wanted: Wanted) -> Policy:
    """The policy that was typed; raise InvalidInput with every field that makes no sense."""
    faults = dict(_faults(kind, wanted))
    if faults:
        raise InvalidInput(**faults)
    asked = dict(wanted.required)
    return Policy(
        kind,
        tuple(RequiredSignoff(role, asked[role.value]) for role in SIGNERS if role.value in asked),
        frozenset(Separation(rule) for rule in wanted.separation),
        timedelta(days=wanted.lasts_days) if wanted.lasts_days is not None else None,
        timedelta(minutes=wanted.sign_within_minutes) if wanted.sign_within_minutes is not None else None,
    )


def _faults(kind: GateKind, wanted: Wanted) -> Iterable[tuple[str, str]]:
    if not wanted.required:
        yield "required", "Somebody has to sign: ask for at least one person."
    names = [name for name, _ in wanted.required]
    if len(set(names)) < len(names):
        yield "required", "A role is asked once, with its number."
    if not set(names) <= {role.value for role in SIGNERS}:
        yield "required", "A role that is asked is one that can sign."
    if any(not 0 < number <= MOST_PERSONS for _, number in wanted.required):
        yield "required", f"Ask for 1 to {MOST_PERSONS} persons of a role."
    if not set(wanted.separation) <= {rule.value for rule in rules_for(kind)}:
        yield "separation", "There is no such rule for this gate."
    if wanted.lasts_days is not None and not 0 < wanted.lasts_days <= MOST_DAYS:
        yield "lasts_days", f"A sign-off lasts 1 to {MOST_DAYS} days; leave it empty for no limit."
    if wanted.sign_within_minutes is not None and not 0 < wanted.sign_within_minutes <= MOST_MINUTES:
        yield "sign_within_minutes", f"Say 1 to {MOST_MINUTES} minutes; leave it empty for no limit."


def is_same(one: Policy, other: Policy) -> bool:
    """Whether two policies ask the same, in whatever order they name the roles."""
    return (set(one.required), one.separation, one.lasts, one.sign_within) == (
        set(other.required),
        other.separation,
        other.lasts,
        other.sign_within,
    )


def asks_nobody(policy: Policy) -> bool:
    """Whether it could be met by nobody at all: then it is never open, and nobody's agreement changes it."""
    return not policy.required or any(one.quorum <= 0 for one in policy.required)


def still_to_agree(
    old: Policy, agreed: Mapping[int, Role], holders: Mapping[Role, Collection[int]]
) -> tuple[RequiredSignoff, ...]:
    """Of whom the old policy still asks an agreement; each person counts once, in the role in which they agreed.

    Only who holds that role now counts. Who ticked what does not matter: nobody agrees to their own work here.
    """
    left = (
        RequiredSignoff(
            one.role,
            one.quorum - sum(role is one.role and person in holders.get(role, ()) for person, role in agreed.items()),
        )
        for one in old.required
    )
    return tuple(one for one in left if one.quorum > 0)


def obstacles_to_change(
    old: Policy, agreed: Mapping[int, Role], holders: Mapping[Role, Collection[int]]
) -> tuple[str, ...]:
    """Why a gate that has the old policy cannot get another one yet; empty when the old quorum has agreed."""
    if asks_nobody(old):
        return (ASKS_NOBODY,)
    missing = still_to_agree(old, agreed, holders)
    told = tuple(_missing(one) for one in missing)
    return told if not missing or can_be_met(old.required, holders) else (*told, TOO_FEW_LIVE)


def _missing(one: RequiredSignoff) -> str:
    return f"{one.quorum} agreement{'' if one.quorum == 1 else 's'} of {one.role.label} missing."


class ProposalState(StrEnum):
    """Where a revision of a policy stands."""

    WAITING = "waiting"
    IN_FORCE = "in_force"
    REPLACED = "replaced"
    PASSED_OVER = "passed_over"
    WITHDRAWN = "withdrawn"

    @property
    def word(self) -> str:
        """The state in words."""
        return STATE_WORDS[self]

    @property
    def is_open(self) -> bool:
        """Whether people may agree to it and gates may get it."""
        return self in {ProposalState.WAITING, ProposalState.IN_FORCE}


STATE_WORDS: dict[ProposalState, str] = {
    ProposalState.WAITING: "waits for agreement",
    ProposalState.IN_FORCE: "in force",
    ProposalState.REPLACED: "replaced",
    ProposalState.PASSED_OVER: "passed over",
    ProposalState.WITHDRAWN: "withdrawn",
}


def state_of_revision(
    *, revision: int, is_adopted: bool, is_withdrawn: bool, in_force: int | None, is_in_force: bool
) -> ProposalState:
    """Where a revision stands; `in_force` is the revision of the same gate and environment that new gates get.

    There is no way back to an older revision: whoever wants it proposes it anew, and it is agreed to anew.
    """
    if is_in_force:
        return ProposalState.IN_FORCE
    if is_withdrawn:
        return ProposalState.WITHDRAWN
    if is_adopted:
        return ProposalState.REPLACED
    return ProposalState.PASSED_OVER if in_force is not None and in_force > revision else ProposalState.WAITING


def mark_of(*facts: object) -> str:
    """A short mark of what a page showed, by which a later look knows that it is another."""
    return sha256(repr(facts).encode()).hexdigest()[:12]
