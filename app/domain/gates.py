"""Gates: what each asks, who may still sign it, and where it stands. All of it follows from facts; nothing is kept."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from app.domain.checklist import BelongsTo, ItemState, Severity
from app.domain.permissions import Role
from app.domain.readiness import is_blocking

REJECTED = "It is rejected."


class GateKind(StrEnum):
    """A point that items and sign-offs have to open. Values are stored: never rename one."""

    MERGE = "merge"
    READY = "ready"
    DEPLOY = "deploy"
    RELEASE = "release"
    FIRST_HOUR = "first-hour"
    FIRST_DAY = "first-day"
    FIRST_WEEK = "first-week"
    CLOSE = "close"
    ROLL_BACK = "roll-back"
    INCIDENT_CLOSE = "incident-close"

    @property
    def label(self) -> str:
        """The gate in words."""
        return GATE_TITLES[self]

    @property
    def opens(self) -> str:
        """What is so when it is open, as the second half of a sentence."""
        return GATE_OPENS[self]


GATE_TITLES: dict[GateKind, str] = {
    GateKind.MERGE: "Merge",
    GateKind.READY: "Ready",
    GateKind.DEPLOY: "Deploy",
    GateKind.RELEASE: "Release",
    GateKind.FIRST_HOUR: "First hour",
    GateKind.FIRST_DAY: "First day",
    GateKind.FIRST_WEEK: "First week",
    GateKind.CLOSE: "Close",
    GateKind.ROLL_BACK: "Roll back",
    GateKind.INCIDENT_CLOSE: "Close the incident",
}
GATE_OPENS: dict[GateKind, str] = {
    GateKind.MERGE: "the change may be merged",
    GateKind.READY: "the module is ready for release",
    GateKind.DEPLOY: "a deployment may start",
    GateKind.RELEASE: "the release goes",
    GateKind.FIRST_HOUR: "the first hour is over",
    GateKind.FIRST_DAY: "the first day is over",
    GateKind.FIRST_WEEK: "the first week is over",
    GateKind.CLOSE: "nothing is left to watch",
    GateKind.ROLL_BACK: "the rollback is complete",
    GateKind.INCIDENT_CLOSE: "the incident is resolved",
}
_GATES_OF: dict[BelongsTo, frozenset[GateKind]] = {
    BelongsTo.CHANGE: frozenset({GateKind.MERGE}),
    BelongsTo.MODULE: frozenset({GateKind.READY, GateKind.DEPLOY}),
    BelongsTo.RELEASE: frozenset({GateKind.RELEASE, GateKind.CLOSE}),
    BelongsTo.DEPLOYMENT: frozenset({GateKind.FIRST_HOUR, GateKind.FIRST_DAY, GateKind.FIRST_WEEK, GateKind.CLOSE}),
    BelongsTo.ROLLBACK: frozenset({GateKind.ROLL_BACK}),
    BelongsTo.INCIDENT: frozenset({GateKind.INCIDENT_CLOSE}),
}


def gates_of(belongs_to: BelongsTo) -> frozenset[GateKind]:
    """The gates that a checklist of a kind has."""
    return _GATES_OF.get(belongs_to, frozenset())


class Separation(StrEnum):
    """A rule about who may not sign what. Values are stored: never rename one."""

    NOT_BEHIND_ITEMS = "not-behind-items"  # who ticked, proved or waived a covered item does not sign
    NOT_ALONE_READY_AND_DEPLOY = "not-alone-ready-and-deploy"
    DEPLOYER_NOT_ALONE = "deployer-not-alone"


@dataclass(frozen=True, slots=True)
class RequiredSignoff:
    """So many different persons of a role."""

    role: Role
    quorum: int


@dataclass(frozen=True, slots=True)
class Policy:
    """What a gate asks beside its items, at one revision."""

    kind: GateKind
    required: tuple[RequiredSignoff, ...]
    separation: frozenset[Separation] = frozenset()
    # How long a sign-off counts, and how long ago its signer may have given the password. None: not limited.
    lasts: timedelta | None = None
    sign_within: timedelta | None = None

    @property
    def roles(self) -> frozenset[Role]:
        """The roles that it asks."""
        return frozenset(one.role for one in self.required)


@dataclass(frozen=True, slots=True)
class CoveredItem:
    """An item that a gate covers, and the persons who stand behind it as it is now."""

    key: str
    text: str
    state: ItemState
    severity: Severity
    behind: frozenset[int] = frozenset()

    @property
    def is_in_the_way(self) -> bool:
        """Whether the gate stays shut because of it."""
        return is_blocking(self.state, self.severity)

    @property
    def in_the_way(self) -> str:
        """Why the gate stays shut because of it, as a sentence."""
        return f"“{self.text}” is {self.state.word}."


class Decision(StrEnum):
    """What a sign-off says. Values are stored: never rename one."""

    APPROVE = "approve"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class ActiveSignoff:
    """A sign-off that nothing has ended: whose it counts as, in which role, and what it says."""

    person_id: int
    role: Role
    decision: Decision
    # Whose role it is, where somebody signed for somebody else.
    principal_id: int | None = None

    @property
    def people(self) -> frozenset[int]:
        """Who has had their word by it: who signed, and for whom. Neither has another."""
        return frozenset(one for one in (self.person_id, self.principal_id) if one is not None)


class GateState(StrEnum):
    """Where a gate stands."""

    UNSATISFIABLE = "unsatisfiable"
    BLOCKED = "blocked"
    OPEN = "open"
    PARTIAL = "partial"
    SATISFIED = "satisfied"
    REJECTED = "rejected"
    OVERRIDDEN = "overridden"
    CONSUMED = "consumed"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where a gate stands, and every reason why it is not further."""

    state: GateState
    reasons: tuple[str, ...] = ()
    missing: tuple[RequiredSignoff, ...] = ()
    # Where it would stand without the break-glass that is in force; None where there is none.
    beneath: GateState | None = None
    # Whether an earlier break-glass of the module, which nobody has reviewed yet, holds this one back.
    is_held: bool = False

    @property
    def by_itself(self) -> GateState:
        """Where it stands by its items and sign-offs alone."""
        return self.beneath or self.state

    @property
    def may_approve(self) -> bool:
        """Whether an approval can be taken now: a break-glass keeps nobody from signing."""
        return self.by_itself in {GateState.OPEN, GateState.PARTIAL}

    @property
    def may_pass(self) -> bool:
        """Whether what it guards may start."""
        return self.state in {GateState.SATISFIED, GateState.OVERRIDDEN} and not self.is_held


def barred(policy: Policy, items: Iterable[CoveredItem]) -> frozenset[int]:
    """The persons who may not sign, because they stand behind something that the gate covers."""
    if Separation.NOT_BEHIND_ITEMS not in policy.separation:
        return frozenset()
    return frozenset().union(*(item.behind for item in items))


def can_be_met(required: Sequence[RequiredSignoff], holders: Mapping[Role, Collection[int]]) -> bool:
    """Whether there are enough different persons for all that is asked, when each counts once.

    A person who holds two roles can be counted for either, so that counting role by role would be wrong.
    """
    seats = [one.role for one in required for _ in range(one.quorum)]
    taken: dict[int, int] = {}

    def seat(place: int, tried: set[int]) -> bool:
        for person in holders.get(seats[place], ()):
            if person in tried:
                continue
            tried.add(person)
            if person not in taken or seat(taken[person], tried):
                taken[person] = place
                return True
        return False

    return all(seat(place, set()) for place in range(len(seats)))


def counted(signoffs: Iterable[ActiveSignoff]) -> dict[int, Role]:
    """Who has approved, each person once: in the role in which they did it first, whoever held the pen."""
    roles: dict[int, Role] = {}
    for one in _counting(signoffs):
        roles[one.person_id] = one.role
    return roles


def _counting(signoffs: Iterable[ActiveSignoff]) -> Iterable[ActiveSignoff]:
    heard: set[int] = set()
    for one in signoffs:
        if one.decision is Decision.APPROVE and not one.people & heard:
            heard |= one.people
            yield one


def missing_signoffs(policy: Policy, signoffs: Iterable[ActiveSignoff]) -> tuple[RequiredSignoff, ...]:
    """What is still asked; a person counts once, whatever hats they wear."""
    given = Counter(counted(signoffs).values())
    left = (RequiredSignoff(one.role, one.quorum - given[one.role]) for one in policy.required)
    return tuple(one for one in left if one.quorum > 0)


def judge(
    policy: Policy,
    items: Sequence[CoveredItem],
    signoffs: Sequence[ActiveSignoff],
    holders: Mapping[Role, Collection[int]],
    *,
    lacking: Sequence[str] = (),
) -> Verdict:
    """Where a gate stands that is neither consumed nor overridden. `lacking`: what else is missing, in sentences."""
    shut = (*(item.in_the_way for item in items if item.is_in_the_way), *lacking)
    if faults := tuple(faults_of(policy, items, signoffs, holders)):
        return Verdict(GateState.UNSATISFIABLE, (*faults, *shut))
    missing = missing_signoffs(policy, signoffs)
    if any(one.decision is Decision.REJECT for one in signoffs):
        return Verdict(GateState.REJECTED, (REJECTED, *shut), missing)
    if shut:
        return Verdict(GateState.BLOCKED, shut, missing)
    if not missing:
        return Verdict(GateState.SATISFIED)
    state = GateState.PARTIAL if any(one.decision is Decision.APPROVE for one in signoffs) else GateState.OPEN
    return Verdict(state, tuple(asked_sentence(one) for one in missing), missing)


def faults_of(
    policy: Policy,
    items: Sequence[CoveredItem],
    signoffs: Sequence[ActiveSignoff],
    holders: Mapping[Role, Collection[int]],
) -> Iterable[str]:
    """Why nobody could ever satisfy it as things are. Never open by having nothing to ask."""
    if not items:
        yield "It covers no item."
    if not policy.required:
        yield "Its policy asks nobody."
    if any(one.quorum <= 0 for one in policy.required):
        yield "Its policy asks for no person of a role."
        return
    out = barred(policy, items)
    able = {role: set(holders.get(role, ())) - out for role in policy.roles}
    for one in _counting(signoffs):  # who has signed counts, and for nothing else
        for role, people in able.items():
            people.difference_update(one.people)
            if role is one.role:
                people.add(one.person_id)
    if policy.required and not can_be_met(policy.required, able):
        yield "There are too few people who may sign it."


def asked_sentence(one: RequiredSignoff) -> str:
    """What is still asked of one role."""
    return f"{one.quorum} sign-off{'' if one.quorum == 1 else 's'} of {one.role.label} missing."
