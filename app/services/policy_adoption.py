"""Adopting a gate policy: bringing gates to one that those agree to whom their own policy asks."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, insert, select, update

from app.domain.actors import Actor, missing_role
from app.domain.audit import AuditAction
from app.domain.errors import Conflict, InvalidInput, NotPermitted, RuleViolation
from app.domain.gate_policies import words_of
from app.domain.identifiers import time_ordered_id
from app.domain.permissions import Permission
from app.domain.policy_changes import asks_nobody
from app.models import Checklist, Gate, PolicyAdoption
from app.models.base import table_of
from app.queries.policies import Policies, PolicyRow, list_agreements, read_policies
from app.queries.policy_preview import GateChange, Preview, preview_of
from app.services.change import SYSTEM_STREAM, Change
from app.services.policies import CLOSED, about_policy, check_enough_hold
from app.services.signoff_ends import about_gate
from app.services.write_path import write_path

CHANGED = "What this policy would do has changed since you opened the page."
NOTHING = "Choose at least one release, or that new gates get it."
_gates, _lists = table_of(Gate).c, table_of(Checklist).c
_BRING = update(table_of(Gate)).where(_gates.id == bindparam("gate"))


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody chose on the page, and what it showed of each gate and of new ones, as marks."""

    releases: tuple[int, ...]
    is_for_new: bool
    seen: tuple[tuple[int, str], ...]
    seen_new: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Adopted:
    """What adopting did."""

    gates: int
    signoffs: int
    is_for_new: bool


@write_path
def adopt(change: Change, policy_id: int, choice: Choice) -> Adopted:
    """Bring the gates of some releases to a policy, as far as it is agreed to and they are this person's to change;
    and let new gates have it, which is a decision of its own. All of what the page showed, or nothing.
    """
    if not change.actor.may(Permission.POLICY_PROPOSE):
        raise NotPermitted(missing_role(Permission.POLICY_PROPOSE))
    if not (choice.releases or choice.is_for_new):
        raise InvalidInput(releases=NOTHING)
    _take(change, policy_id, choice)
    policies = read_policies()
    row = _adoptable(policies, policy_id)
    preview = preview_of(row, policies, list_agreements([row.id]), change.at)
    chosen = [one for one in preview.gates if one.gate.release_id in choice.releases and _is_seen(change, one)]
    _check_still_true(change.actor, choice, preview, chosen)
    mine = [one for one in chosen if one.may_be_made_by(change.actor)]
    if choice.is_for_new:
        _adopt_for_new(change, preview, choice.reason)
    elif not mine:
        raise RuleViolation(" ".join(dict.fromkeys(_why_not(chosen))) or "None of these gates would change.")
    check_enough_hold(row.policy)
    _bring(change, row, mine, choice.reason)
    return Adopted(len(mine), sum(len(one.ending) for one in mine), choice.is_for_new)


def _take(change: Change, policy_id: int, choice: Choice) -> None:
    """Take the system's stream, then those of checklists and of who agreed: nobody signs or loses a role meanwhile."""
    change.take(change.find_stream(*SYSTEM_STREAM))
    gates = [number for number, _ in choice.seen]
    checklists = change.session.scalars(
        select(_lists.stream_id).join(table_of(Gate), _gates.checklist_id == _lists.id).where(_gates.id.in_(gates))
    )
    people = {one.person_id for one in list_agreements([policy_id]) if one.ended_at is None}
    change.take(*checklists, *(change.find_stream("person", number) for number in people))


def _adoptable(policies: Policies, policy_id: int) -> PolicyRow:
    row = policies.get(policy_id)
    state = policies.state_of(row)
    if not state.is_open:
        raise RuleViolation(CLOSED.format(word=state.word))
    if asks_nobody(row.policy):
        raise RuleViolation("It asks nobody: a gate that asks nobody could never be opened.")
    return row


def _is_seen(change: Change, one: GateChange) -> bool:
    return change.actor.may_for(Permission.CHECKLIST_VIEW, one.gate.module_id)


def _check_still_true(actor: Actor, choice: Choice, preview: Preview, chosen: Sequence[GateChange]) -> None:
    """Raise Conflict unless all that was chosen is as the page showed it."""
    seen = dict(choice.seen)
    if seen != {one.gate.id: one.mark_for(actor) for one in chosen}:
        raise Conflict(CHANGED, yours=choice.reason)
    if choice.is_for_new and choice.seen_new != (preview.for_new.mark if preview.for_new else ""):
        raise Conflict(CHANGED, yours=choice.reason)


def _why_not(chosen: Sequence[GateChange]) -> list[str]:
    told = [sentence for one in chosen for sentence in one.obstacles]
    return told or ([missing_role(Permission.POLICY_PROPOSE)] if chosen else [])


def _adopt_for_new(change: Change, preview: Preview, reason: str) -> None:
    if not change.actor.may_for(Permission.POLICY_PROPOSE, None):
        raise NotPermitted("What new gates get is decided with a role for everything, not for one module.")
    if preview.for_new is None:
        raise RuleViolation("New gates have it already.")
    if preview.for_new.obstacles:
        raise RuleViolation(f"New gates cannot get it yet. {' '.join(preview.for_new.obstacles)}")
    row, before = preview.row, preview.for_new.in_force
    change.session.execute(
        insert(table_of(PolicyAdoption)),
        {"policy_id": row.id, "adopted_by_id": change.actor_id, "adopted_at": change.at},
    )
    change.record(
        AuditAction.POLICY_ADOPTED,
        about_policy(row),
        stream=change.find_stream(*SYSTEM_STREAM),
        old=f"revision {before.revision}",
        reason=reason,
        before={"policy_id": before.id},
        after={"policy_id": row.id},
        under=Permission.POLICY_PROPOSE,
    )


def _bring(change: Change, row: PolicyRow, changes: Sequence[GateChange], reason: str) -> None:
    batch = time_ordered_id()
    for one in changes:
        gate = one.gate
        change.session.execute(_BRING.values(policy_id=row.id), {"gate": gate.id})
        change.record(
            AuditAction.GATE_POLICY_CHANGED,
            about_gate(gate),
            stream=gate.stream_id,
            old=f"revision {gate.policy_revision}: {words_of(gate.policy.required)}",
            new=f"revision {row.revision} of its policy: {words_of(row.policy.required)}",
            reason=reason,
            before={"policy_id": gate.policy_id},
            after={"policy_id": row.id, "ending": [signoff.id for signoff in one.ending]},
            under=Permission.POLICY_PROPOSE,
            batch=batch,
        )
