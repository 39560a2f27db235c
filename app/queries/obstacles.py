"""What is in the way of a gate, each with a key that does not change with its words, and who is passed over."""

from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256

from app.domain.gates import Decision, asked_sentence, missing_signoffs
from app.domain.overrides import debt_sentence
from app.domain.permissions import Role
from app.queries.gates import list_holders
from app.queries.gates_before import NO_READY, NO_RELEASE, NOT_SHIPPED
from app.queries.overrides import Obstacle
from app.queries.standing import BACKUP_OLD, NO_BACKUP, NO_PLAN, NOT_REHEARSED, REHEARSAL_FAILED, Standing

# Values are stored: never rename one.
KEYS = {
    NO_PLAN: "record.plan",
    NOT_REHEARSED: "record.rehearsal",
    REHEARSAL_FAILED: "record.rehearsal-failed",
    NO_BACKUP: "record.backup",
    BACKUP_OLD: "record.backup",
    NO_READY: "gate.ready",
    NO_RELEASE: "gate.release",
    NOT_SHIPPED: "gate.shipped",
}
OTHER, REVIEW_OWED = "gate.other", "override.review"


@dataclass(frozen=True, slots=True)
class Skipped:
    """Somebody whose word is not waited for."""

    person_id: int
    role: Role


def obstacles_of(standing: Standing) -> list[Obstacle]:
    """Every reason why a gate is shut, the sign-offs that are missing among them."""
    found, items = [], set()
    for one in standing.covered:
        if one.facts.is_in_the_way:
            items.add(one.facts.in_the_way)
            found.append(Obstacle(one.facts.key, one.facts.in_the_way, one.id))
    for asked_of in standing.of_changes:
        items.add(asked_of.sentence)
        found.append(Obstacle(asked_of.key, asked_of.sentence, asked_of.id))
    missing = missing_signoffs(standing.gate.policy, [one.facts for one in standing.signoffs])
    asked = {asked_sentence(one): f"signoff.{one.role.value}" for one in missing}
    owed = {debt_sentence(number): REVIEW_OWED for number in standing.debts}
    known = {**KEYS, **owed}
    others = [text for text in standing.verdict.reasons if text not in items and text not in asked]
    found += [Obstacle(known.get(text, OTHER), text, None) for text in others]
    return [*found, *(Obstacle(key, text, None) for text, key in asked.items())]


def seen_at(standing: Standing) -> bytes:
    """What a second person has in front of them: what the gate covers, and all that is in its way."""
    texts = "\n".join(one.text for one in obstacles_of(standing))
    return sha256(standing.content.digest + texts.encode()).digest()


def skipped_at(standing: Standing, *, besides: Collection[int]) -> list[Skipped]:
    """Who is passed over: who holds a role that is still asked, and who rejected; never who has approved."""
    policy = standing.gate.policy
    missing = missing_signoffs(policy, [one.facts for one in standing.signoffs])
    holders = list_holders([standing.gate])[standing.gate.id]
    found: dict[int, Role] = {}
    for one in standing.signoffs:
        if one.decision is Decision.REJECT:
            found[one.person_id] = one.role
    for asked in missing:
        for person in sorted(holders.get(asked.role, ())):
            found.setdefault(person, asked.role)
    out = set(besides) | {one.person_id for one in standing.signoffs if one.decision is Decision.APPROVE}
    return [Skipped(person, role) for person, role in found.items() if person not in out]
