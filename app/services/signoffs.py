"""Giving a sign-off, taking it back, and passing a gate."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, insert, select, update

from app.database import server_now
from app.domain.audit import AuditAction, moment_text
from app.domain.delegations import DelegationStanding
from app.domain.errors import UNSEEN, Conflict, InvalidInput, NotFound, NotPermitted, RuleViolation
from app.domain.gates import Decision, GateState, barred, missing_signoffs
from app.domain.permissions import Role
from app.domain.separation import is_deployer_alone, must_not_be_alone
from app.domain.signoffs import STATEMENTS, EndKind, GateContent
from app.models import Gate, SignedContent, Signoff
from app.models.base import table_of
from app.queries.delegations import DelegationRow, get_delegation
from app.queries.gates import GateRow, find_grant, get_gate, list_active
from app.queries.signed import is_touched_since
from app.queries.standing import Standing, has_alone_signed_ready, standing_of
from app.services.change import Change
from app.services.gate_access import streams_of_debt, take_gate
from app.services.override_uses import use_override
from app.services.proof import proved_at
from app.services.signoff_ends import about_gate, end, end_expired, gate_words
from app.services.write_path import write_path

SIGNED_READY_ALONE = "You alone signed that it is ready: somebody else has to sign that it is deployed."
READY_ALONE_TOO = "One person alone signed both that it is ready and this gate: somebody else has to sign one of them."
DEPLOYER_ALONE = "You alone signed it: somebody else has to sign it too, or to deploy."
BACK_AND_FORTH = "Something that this gate covers was changed and changed back since you opened the page."
NOT_FOR_THEM = "You do not sign for this person now."
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
    # Where they sign for somebody else: by which delegation.
    delegation_id: int | None = None
    # How far the history of the checklist had come when they looked; None where nobody kept that.
    seen_up_to: int | None = None


@dataclass(frozen=True, slots=True)
class Seat:
    """In whose place somebody signs: by which grant and, where it is for somebody else, by which delegation."""

    grant_id: int
    people: frozenset[int]
    by: DelegationRow | None
    authenticated_at: datetime
    signed_at: datetime

    @property
    def who(self) -> str:
        """Whose word it is, as a sentence begins."""
        return f"{self.by.principal_name} or you" if self.by else "You"


@write_path
def sign(change: Change, gate_id: int, wish: Wish) -> int:
    """Approve or reject what a gate covers, exactly as it was seen; gives the number of the sign-off."""
    if change.actor.means != "session":
        raise NotPermitted("Only a person who is signed in signs.")
    asked_by = [] if wish.delegation_id is None else [get_delegation(wish.delegation_id).principal_id]
    gate = take_gate(change, gate_id, people=asked_by)
    seat = _seat(change, gate, wish)
    standing = standing_of(gate, seat.signed_at)
    if standing.content.digest != wish.digest:
        raise Conflict("What this gate covers has changed since you opened the page.", theirs="", yours=wish.reason)
    if wish.seen_up_to is not None and is_touched_since(standing, wish.seen_up_to):
        raise Conflict(BACK_AND_FORTH, theirs="", yours=wish.reason)
    _check(standing, wish, seat)
    return _write(change, standing, wish, seat)


def _seat(change: Change, gate: GateRow, wish: Wish) -> Seat:
    """Whether this person signs in this role now, in their own place or in somebody else's."""
    now = server_now()
    by = None if wish.delegation_id is None else get_delegation(wish.delegation_id)
    if by is not None:
        if change.actor_id not in {by.delegate_id, by.principal_id}:
            raise NotFound(UNSEEN)
        is_meant = by.delegate_id == change.actor_id and by.role is wish.role and by.reaches(gate.module_id)
        if not is_meant or by.standing(now) is not DelegationStanding.IN_FORCE:
            raise NotPermitted(NOT_FOR_THEM)
    holder = by.principal_id if by else change.actor_id
    grant = find_grant(holder, wish.role, gate.module_id)
    if grant is None or wish.role not in gate.policy.roles:
        raise NotPermitted(f"This gate is not signed as {wish.role.label} by {by.principal_name if by else 'you'}.")
    return Seat(grant, frozenset({change.actor_id, holder}), by, proved_at(change, gate.policy.sign_within), now)


def _check(standing: Standing, wish: Wish, seat: Seat) -> None:
    if standing.gate.consumed_at is not None:
        raise RuleViolation("This gate has been passed. What was signed stays as it was.")
    if any(one.facts.people & seat.people for one in standing.signoffs):
        raise RuleViolation(f"{seat.who} have signed this already. A person counts once.")
    if wish.decision is Decision.APPROVE:
        _check_approval(standing, wish, seat)
    elif not wish.reason:
        raise InvalidInput(reason="Say why it does not go on like this.")


def _check_approval(standing: Standing, wish: Wish, seat: Seat) -> None:
    gate = standing.gate
    if wish.on_condition and wish.condition_ends_on is None:
        raise InvalidInput(condition_ends_on="Say until when the condition has to be met.")
    if seat.people & barred(gate.policy, [one.facts for one in standing.covered]):
        raise NotPermitted(f"{seat.who} stand behind something that this gate covers: somebody else has to sign it.")
    if not standing.verdict.may_approve:
        raise RuleViolation(f"It cannot be approved now. {' '.join(standing.verdict.reasons)}")
    if not any(one.role is wish.role for one in missing_signoffs(gate.policy, [s.facts for s in standing.signoffs])):
        raise RuleViolation(f"As {wish.role.label} enough people have signed.")
    if must_not_be_alone(gate.policy) and has_alone_signed_ready(gate, seat.people):
        raise NotPermitted(SIGNED_READY_ALONE)


def _write(change: Change, standing: Standing, wish: Wish, seat: Seat) -> int:
    gate, content, by = standing.gate, standing.content, seat.by
    _keep(change, content)
    statement = STATEMENTS[wish.decision].format(opens=gate.kind.opens)
    event = change.record(
        AuditAction.SIGNOFF_GIVEN,
        about_gate(gate),
        stream=gate.stream_id,
        fact=wish.decision.value,
        new=f"{wish.decision.value} as {wish.role.label}{f' for person {by.principal_id}' if by else ''}",
        reason=wish.reason or wish.on_condition,
        after=_facts_of(standing, wish, seat, statement),
    )
    change.mark_signed(gate.stream_id)
    said = {name: getattr(wish, name) for name in Wish.__dataclass_fields__ if name != "seen_up_to"}
    return change.put(
        insert(_signoffs),
        {
            **said,
            "gate_id": gate.id,
            "cycle": gate.cycle,
            "person_id": change.actor_id,
            "place": _next_place(change, gate),
            "grant_id": seat.grant_id,
            "principal_name_id": by.principal_name_id if by else None,
            "statement": statement,
            "name_id": change.actor.name_id,
            "policy_id": gate.policy_id,
            "stream_version": change.version_of(gate.stream_id),
            "authenticated_at": seat.authenticated_at,
            "session_id": change.actor.session_id,
            "signed_at": seat.signed_at,
            "event_id": event,
        },
    )


def _facts_of(standing: Standing, wish: Wish, seat: Seat, statement: str) -> dict[str, Any]:
    return {
        "digest": standing.content.digest.hex(),
        **gate_words(standing.gate),
        "signed_at": moment_text(seat.signed_at),
        "cycle": standing.gate.cycle,
        "role": wish.role.value,
        "policy": standing.gate.policy_id,
        "statement": statement,
        "on_condition": wish.on_condition,
        "condition_ends_on": wish.condition_ends_on.isoformat() if wish.condition_ends_on else None,
        "for": seat.by.principal_id if seat.by else None,
        "delegation": wish.delegation_id,
    }


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
    """Take a sign-off back; by who gave it, for whom it was given, or a lead of the module. It stays in the history."""
    gate_id = change.session.scalar(select(_signoffs.c.gate_id).where(_signoffs.c.id == signoff_id))
    if gate_id is None:
        raise NotFound("There is no such sign-off.")
    gate = take_gate(change, gate_id)
    own = [one for one in list_active([gate_id]) if one.id == signoff_id]
    if not own:
        raise RuleViolation("This sign-off has ended already.")
    is_own = change.actor_id in own[0].facts.people
    may = is_own or find_grant(change.actor_id, Role.TEAM_LEAD, gate.module_id) is not None
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
    return 0 if gate.consumed_at is not None else end_expired(change, gate, server_now())


def why_not_passed(standing: Standing, actor_id: int) -> list[str]:
    """Every reason why this person cannot pass a gate now; none: they can."""
    verdict, policy = standing.verdict, standing.gate.policy
    if not verdict.may_pass:
        return list(verdict.reasons) or ["It has been passed already."]
    if verdict.state is not GateState.SATISFIED:
        return []
    told, given = [], [one.facts for one in standing.signoffs]
    if is_deployer_alone(policy, actor_id, given):
        told.append(DEPLOYER_ALONE)
    # Asked again: who signed that it is ready may have been somebody else when this was signed.
    signers = frozenset().union(*(one.people for one in given))
    if must_not_be_alone(policy) and has_alone_signed_ready(standing.gate, signers):
        told.append(READY_ALONE_TOO)
    return told


def consume(change: Change, gate_id: int) -> GateRow:
    """Pass a gate that is satisfied or overridden now, never twice; part of the change that starts what it guards."""
    gate = take_gate(change, gate_id, *streams_of_debt(change, gate_id))
    standing = standing_of(gate, server_now())
    if told := why_not_passed(standing, change.actor_id):
        raise RuleViolation(f"The gate {gate.kind.label} is not open. {' '.join(told)}")
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
            **gate_words(gate),
            "signoffs": [one.id for one in standing.signoffs],
            "override": standing.override.id if standing.override else None,
        },
    )
    return gate
