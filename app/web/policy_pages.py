"""The pages of gate policies: what each asks, who agrees to another, and what that would do, release by release."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.domain.actors import Actor
from app.domain.addresses import gate_path
from app.domain.gate_policies import relaxed_rules
from app.domain.gate_words import policy_sentences
from app.domain.gates import GateKind, Policy, RequiredSignoff
from app.domain.permissions import Permission, Role
from app.domain.policy_changes import ProposalState
from app.domain.policy_words import differences
from app.queries.adoption import list_heads
from app.queries.policies import (
    AgreementRow,
    Policies,
    PolicyRow,
    is_standing,
    list_agreements,
    list_environment_keys,
    read_policies,
)
from app.queries.policy_preview import (
    GateChange,
    NewChange,
    list_signer_names,
    old_policies,
    preview_of,
    roles_to_agree_in,
)


@dataclass(frozen=True, slots=True)
class Words:
    """What a policy asks, in sentences, and what it lets people do that the strict one does not."""

    sentences: list[str]
    relaxed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PolicyLine:
    """A gate, what is in force for it, what is proposed instead, and all revisions."""

    title: str
    now: PolicyRow
    # An environment may have proposals before it has a policy of its own.
    has_own: bool
    words: Words
    waiting: list[PolicyRow]
    revisions: list[tuple[PolicyRow, ProposalState]]


def words_of(policy: Policy) -> Words:
    """A policy in words."""
    return Words(policy_sentences(policy), relaxed_rules(policy))


def lines_of(policies: Policies) -> list[PolicyLine]:
    """All gates with their policies, in the order in which gates are passed."""
    kinds, places = list(GateKind), ["", *list_environment_keys()]
    lines = sorted(
        {row.line for row in policies.rows.values()}, key=lambda line: (kinds.index(line[0]), _place(line[1], places))
    )
    found = []
    for line in lines:
        now, revisions = policies.in_force(line), policies.revisions(line)
        if now is not None:
            stated = [(row, policies.state_of(row)) for row in revisions]
            waiting = [row for row, state in stated if state is ProposalState.WAITING]
            has_own = now.line == line
            found.append(PolicyLine(revisions[0].title, now, has_own, words_of(now.policy), waiting, stated))
    return found


def _place(environment_key: str, places: Sequence[str]) -> int:
    return places.index(environment_key) if environment_key in places else len(places)


@dataclass(frozen=True, slots=True)
class GateLine:
    """One gate of the preview, with its names and the way to it."""

    title: str
    url: str
    change: GateChange
    is_mine: bool
    signers: list[tuple[str | None, Role]]
    mark: str


@dataclass(frozen=True, slots=True)
class ReleaseChange:
    """What would become of the gates of one release."""

    id: int
    name: str
    gates: list[GateLine]

    @property
    def changing(self) -> list[GateLine]:
        """The gates that would get the policy."""
        return [one for one in self.gates if one.is_mine]

    @property
    def staying(self) -> list[GateLine]:
        """The gates that would stay as they are."""
        return [one for one in self.gates if not one.is_mine]

    @property
    def ending(self) -> int:
        """How many sign-offs would end."""
        return sum(len(one.signers) for one in self.changing)

    @property
    def faulty(self) -> int:
        """How many gates nobody could open then."""
        return sum(bool(one.change.faults) for one in self.changing)


@dataclass(frozen=True, slots=True)
class Agreed:
    """An agreement, and whether it counts: not taken back, and about leaving what is in force."""

    row: AgreementRow
    is_standing: bool


@dataclass(frozen=True, slots=True)
class PolicyView:
    """All that the page of one revision shows."""

    row: PolicyRow
    state: ProposalState
    words: Words
    now: PolicyRow | None
    different: list[str]
    agreements: list[Agreed]
    missing: tuple[RequiredSignoff, ...]
    roles: list[Role]
    has_agreed: bool
    releases: list[ReleaseChange]
    for_new: NewChange | None
    may_adopt_for_new: bool

    @property
    def seen(self) -> str:
        """What is shown of each gate, as marks."""
        return " ".join(f"{one.id}.{gate.change.gate.id}.{gate.mark}" for one in self.releases for gate in one.gates)

    @property
    def seen_new(self) -> str:
        """What is shown of new gates, as a mark."""
        return self.for_new.mark if self.for_new else ""

    @property
    def may_be_adopted(self) -> bool:
        """Whether there is anything that this person could decide now."""
        return self.may_adopt_for_new or any(one.changing for one in self.releases)


def view_of(policy_id: int, actor: Actor, at: datetime) -> PolicyView:
    """One revision, for somebody who looks at it; as many statements for many gates as for one."""
    policies = read_policies()
    row = policies.get(policy_id)
    state, now = policies.state_of(row), policies.in_force(row.line)
    agreements = list_agreements([row.id])
    preview = preview_of(row, policies, agreements, at) if state.is_open else None
    changes = preview.gates if preview else ()
    old = old_policies(row, policies, [one.gate for one in changes])
    agreed = [Agreed(one, is_standing(one, policies)) for one in agreements]
    for_new = preview.for_new if preview else None
    return PolicyView(
        row,
        state,
        words_of(row.policy),
        now if now is not None and now.id != row.id else None,
        differences(now.policy, row.policy) if now is not None and now.id != row.id else [],
        agreed,
        for_new.missing if for_new else (),
        sorted(roles_to_agree_in(actor, old), key=list(Role).index),
        any(one.is_standing and one.row.person_id == actor.id for one in agreed),
        _by_release([one for one in changes if actor.may_for(Permission.CHECKLIST_VIEW, one.gate.module_id)], actor),
        for_new,
        for_new is not None and not for_new.obstacles and actor.may_for(Permission.POLICY_PROPOSE, None),
    )


def _by_release(changes: Sequence[GateChange], actor: Actor) -> list[ReleaseChange]:
    heads = {head.id: head for head in list_heads(sorted({one.gate.checklist_id for one in changes}))}
    names = list_signer_names({signoff.id for one in changes for signoff in one.ending})
    found: dict[int, ReleaseChange] = {}
    for one in sorted(changes, key=lambda one: (heads[one.gate.checklist_id].name, one.gate.id)):
        head = heads[one.gate.checklist_id]
        title = f"{head.name}: {one.gate.title}"
        signers = [(names.get(signoff.id), signoff.role) for signoff in one.ending]
        line = GateLine(title, gate_path(one.gate.id), one, one.may_be_made_by(actor), signers, one.mark_for(actor))
        release = one.gate.release_id or 0
        found.setdefault(release, ReleaseChange(release, head.release_name, [])).gates.append(line)
    return sorted(found.values(), key=lambda one: (one.name, one.id))


Seen = tuple[int, int, str]


def read_seen(text: str) -> list[Seen]:
    """What a page showed: releases, gates and marks; what is none is left out."""
    parts = (one.split(".") for one in text.split())
    return [
        (int(one[0]), int(one[1]), one[2])
        for one in parts
        if len(one) == 3 and all(number.isascii() and number.isdecimal() and len(number) < 19 for number in one[:2])
    ]


@dataclass(frozen=True, slots=True)
class Changed:
    """Something that is not as the page showed it."""

    text: str
    url: str


def changed_since(seen: Iterable[Seen], seen_new: str, view: PolicyView) -> list[Changed]:
    """What is not as it was on the page that somebody adopted from."""
    before = {(release, gate): mark for release, gate, mark in seen}
    found = []
    for release in view.releases:
        for gate in release.gates:
            was = before.pop((release.id, gate.change.gate.id), None)
            if was != gate.mark:
                told = "its sign-offs, its policy or who agrees are others now" if was else "it is new here"
                found.append(Changed(f"{gate.title} in {release.name}: {told}.", gate.url))
    gone = [
        Changed("A gate was passed, has this policy already, or is no longer worked on.", gate_path(number))
        for _, number in before
    ]
    if seen_new != view.seen_new:
        found.append(Changed("For new gates another policy is in force, or others agree.", "#agreed"))
    return [*found, *gone]
