"""Giving a sign-off, taking it back, and passing a gate."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, insert, select, update

from app.database import server_now
from app.domain.audit import AuditAction
from app.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted, RuleViolation
from app.domain.gates import Decision, barred, missing_signoffs, must_not_be_alone
from app.domain.permissions import Role
from app.domain.signoffs import STATEMENTS, EndKind, GateContent
from app.models import Gate, SignedContent, Signoff
from app.models.base import table_of
from app.queries.gates import GateRow, find_grant, get_gate, list_active
from app.queries.standing import Standing, has_alone_signed_ready, standing_of
from app.services.change import Change
from app.services.gate_access import proven_at, streams_of_debt, take_gate
from app.services.override_uses import use_override
from app.services.signoff_ends import about_gate, end, end_expired
from app.services.write_path import write_path

SIGNED_READY_ALONE = "You alone signed that it is ready: somebody else has to sign that it is deployed."
_signoffs, _contents = table_of(Signoff), table_of(SignedContent)


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to sign: the decision, in which role, and what they saw when they decided."""

    role: Role
    decision: Decision
    digest: bytes
    on_condition: str = ""
    condition_ends_on: date | None = None
    reason: str = ""


@write_path
def sign(change: Change, gate_id: int, wish: Wish) -> int:
    """Approve or reject what a gate covers, exactly as it was seen; gives the number of the sign-off."""
    if change.actor.means != "session":
        raise NotPermitted("Only a person who is signed in signs.")
    gate = take_gate(change, gate_id)
    grant = find_grant(change.actor_id, wish.role, gate.module_id)
    if grant is None or wish.role not in gate.policy.roles:
        raise NotPermitted(f"This gate is not signed as {wish.role.label} by you.")
    authenticated_at = proven_at(change, gate.policy.sign_within)
    standing = standing_of(gate, change.at)
    if standing.content.digest != wish.digest:
        raise Conflict("What this gate covers has changed since you opened the page.", theirs="", yours=wish.reason)
    _check(change, standing, wish)
    return _write(change, standing, wish, grant, authenticated_at)


def _check(change: Change, standing: Standing, wish: Wish) -> None:
    gate, me = standing.gate, change.actor_id
    if gate.consumed_at is not None:
        raise RuleViolation("This gate has been passed. What was signed stays as it was.")
    if any(one.person_id == me for one in standing.signoffs):
        raise RuleViolation("You have signed this already. A person counts once.")
    if wish.decision is Decision.APPROVE:
        _check_approval(standing, wish, me)
    elif not wish.reason:
        raise InvalidInput(reason="Say why it does not go on like this.")


def _check_approval(standing: Standing, wish: Wish, me: int) -> None:
    gate = standing.gate
    if wish.on_condition and wish.condition_ends_on is None:
        raise InvalidInput(condition_ends_on="Say until when the condition has to be met.")
    if me in barred(gate.policy, [one.facts for one in standing.covered]):
        raise NotPermitted("You stand behind something that this gate covers: somebody else has to sign it.")
    if not standing.verdict.may_approve:
        raise RuleViolation(f"It cannot be approved now. {' '.join(standing.verdict.reasons)}")
    if not any(one.role is wish.role for one in missing_signoffs(gate.policy, [s.facts for s in standing.signoffs])):
        raise RuleViolation(f"As {wish.role.label} enough people have signed.")
    _check_not_alone(gate, me)


def _check_not_alone(gate: GateRow, me: int) -> None:
    if must_not_be_alone(gate.policy) and has_alone_signed_ready(gate, me):
        raise NotPermitted(SIGNED_READY_ALONE)


def _write(change: Change, standing: Standing, wish: Wish, grant: int, authenticated_at: datetime) -> int:
    gate, content = standing.gate, standing.content
    _keep(change, content)
    statement = STATEMENTS[wish.decision].format(opens=gate.kind.opens)
    event = change.record(
        AuditAction.SIGNOFF_GIVEN,
        about_gate(gate),
        stream=gate.stream_id,
        fact=wish.decision.value,
        new=f"{wish.decision.value} as {wish.role.label}",
        reason=wish.reason or wish.on_condition,
        after={
            "digest": content.digest.hex(),
            "cycle": gate.cycle,
            "role": wish.role.value,
            "policy": gate.policy_id,
            "statement": statement,
            "on_condition": wish.on_condition,
            "condition_ends_on": wish.condition_ends_on.isoformat() if wish.condition_ends_on else None,
        },
    )
    change.mark_signed(gate.stream_id)
    said = {name: getattr(wish, name) for name in Wish.__dataclass_fields__}
    return change.put(
        insert(_signoffs),
        {
            **said,
            "gate_id": gate.id,
            "cycle": gate.cycle,
            "person_id": change.actor_id,
            "place": _next_place(change, gate),
            "grant_id": grant,
            "statement": statement,
            "name_id": change.actor.name_id,
            "policy_id": gate.policy_id,
            "stream_version": change.version_of(gate.stream_id),
            "authenticated_at": authenticated_at,
            "session_id": change.actor.session_id,
            "signed_at": change.at,
            "event_id": event,
        },
    )


def _keep(change: Change, content: GateContent) -> None:
    """Keep the bytes that are signed, once however many sign them."""
    known = select(_contents.c.digest).where(_contents.c.digest == content.digest)
    if change.session.scalar(known) is None:
        row = {"digest": content.digest, "body": content.body, "created_at": change.at}
        change.session.execute(insert(_contents), row)


def _next_place(change: Change, gate: GateRow) -> int:
    """1, and one more for each that the same person gave in this cycle before and that has ended."""
    own = select(func.count()).where(
        _signoffs.c.gate_id == gate.id, _signoffs.c.cycle == gate.cycle, _signoffs.c.person_id == change.actor_id
    )
    return (change.session.scalar(own) or 0) + 1


@write_path
def withdraw(change: Change, signoff_id: int, *, reason: str) -> bool:
    """Take a sign-off back; by who gave it, or by a lead of the module. It stays in the history."""
    gate_id = change.session.scalar(select(_signoffs.c.gate_id).where(_signoffs.c.id == signoff_id))
    if gate_id is None:
        raise NotFound("There is no such sign-off.")
    gate = take_gate(change, gate_id)
    own = [one for one in list_active([gate_id]) if one.id == signoff_id]
    if not own:
        raise RuleViolation("This sign-off has ended already.")
    may = own[0].person_id == change.actor_id or find_grant(change.actor_id, Role.TEAM_LEAD, gate.module_id) is not None
    if not may:
        raise NotPermitted("A sign-off is taken back by who gave it, or by a team lead of the module.")
    if gate.consumed_at is not None:
        raise RuleViolation("This gate has been passed. What was signed stays as it was.")
    if not reason:
        raise InvalidInput(reason="Say why it no longer holds.")
    end(change, gate, own, EndKind.WITHDRAWN, reason=reason)
    return True


@write_path
def expire_signoffs(change: Change, gate_id: int) -> int:
    """End the sign-offs of a gate that no longer count by time; how many. Whoever comes second finds none."""
    change.take(get_gate(gate_id).stream_id)
    gate = get_gate(gate_id)
    return 0 if gate.consumed_at is not None else end_expired(change, gate, change.at)


def consume(change: Change, gate_id: int) -> GateRow:
    """Pass a gate that is satisfied or overridden now, never twice; part of the change that starts what it guards."""
    gate = take_gate(change, gate_id, *streams_of_debt(change, gate_id))
    standing = standing_of(gate, server_now())
    if not standing.verdict.may_pass:
        told = " ".join(standing.verdict.reasons) or "It has been passed already."
        raise RuleViolation(f"The gate {gate.kind.label} is not open. {told}")
    change.session.execute(
        update(table_of(Gate))
        .where(table_of(Gate).c.id == gate.id)
        .values(consumed_at=change.at, consumed_by_id=change.actor_id)
    )
    change.record(
        AuditAction.GATE_CONSUMED,
        about_gate(gate),
        stream=gate.stream_id,
        new=use_override(change, standing),
        after={
            "digest": standing.content.digest.hex(),
            "signoffs": [one.id for one in standing.signoffs],
            "override": standing.override.id if standing.override else None,
        },
    )
    return gate
