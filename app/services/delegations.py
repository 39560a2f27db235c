"""Asking somebody to sign for oneself for a while, answering that, and ending it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert

from app.database import server_now
from app.domain.audit import AuditAction, moment_text
from app.domain.delegations import Answer, DelegationStanding, delegable_roles, fault_of
from app.domain.errors import UNSEEN, InvalidInput, NotFound, NotPermitted, RuleViolation
from app.domain.permissions import Grant, Permission, Role, is_granted_for
from app.models import Delegation, DelegationAnswer
from app.models.base import table_of
from app.queries.delegations import DelegationRow, get_delegation, list_delegations_of
from app.queries.gates import find_grant
from app.queries.people import get_person, list_grants
from app.services.change import About, Change
from app.services.write_path import write_path


@dataclass(frozen=True, slots=True)
class DelegationFacts:
    """Whom somebody asks to sign for them: in which role, for which module, from when until when, and why."""

    delegate_id: int
    role: Role
    module_id: int | None
    starts_at: datetime
    ends_at: datetime
    reason: str


@write_path
def delegate(change: Change, facts: DelegationFacts) -> int:
    """Ask somebody to sign in one's own role for a while; gives the number. It holds once they have accepted."""
    me, now = change.actor_id, server_now()
    if facts.delegate_id == me:
        raise InvalidInput(delegate_id="Choose somebody else: you sign for yourself anyway.")
    if fault := fault_of(facts.starts_at, facts.ends_at, now):
        raise InvalidInput(ends_at=fault)
    person = get_person(facts.delegate_id)
    stream, theirs = (change.find_stream("person", one) for one in (me, person.id))
    change.take(stream, theirs)
    # A role that one was lent cannot be lent on: only a grant of one's own counts.
    if facts.role not in delegable_roles() or find_grant(me, facts.role, facts.module_id) is None:
        raise NotPermitted(f"You do not hold the role {facts.role.label} there yourself.")
    _check_delegate(person.id, facts)
    if any(_is_same(one, me, facts) and one.standing(now).is_open for one in list_delegations_of(me)):
        raise RuleViolation("You have asked this person for the same already. End that one first.")
    row = {name: getattr(facts, name) for name in DelegationFacts.__dataclass_fields__}
    number = change.put(insert(table_of(Delegation)), {**row, "principal_id": me, "created_at": now})
    change.record(
        AuditAction.DELEGATION_GIVEN,
        About("delegation", number, f"person {person.id}", module_id=facts.module_id),
        stream=stream,
        new=f"{facts.role.label}, {moment_text(facts.starts_at)} to {moment_text(facts.ends_at)}",
        reason=facts.reason,
        after={
            "role": facts.role.value,
            "delegate": person.id,
            "starts_at": moment_text(facts.starts_at),
            "ends_at": moment_text(facts.ends_at),
        },
    )
    return number


def _is_same(one: DelegationRow, principal_id: int, facts: DelegationFacts) -> bool:
    mine = (principal_id, facts.delegate_id, facts.role, facts.module_id)
    return (one.principal_id, one.delegate_id, one.role, one.module_id) == mine


def _check_delegate(person_id: int, facts: DelegationFacts) -> None:
    person = get_person(person_id)
    grants = [Grant(one.role, one.module_id) for one in list_grants(person_id)]
    if person.deactivated_at is not None or not is_granted_for(grants, Permission.GATE_SIGN, facts.module_id):
        raise InvalidInput(delegate_id="This person cannot sign there: they need a role of their own that signs.")


@write_path
def answer_delegation(change: Change, delegation_id: int, *, is_accepted: bool, reason: str = "") -> bool:
    """Say whether one signs for somebody who asked for it."""
    found = _take(change, delegation_id)
    if found.delegate_id != change.actor_id:
        raise NotPermitted("Who was asked answers.")
    if found.standing(server_now()) is not DelegationStanding.ASKED:
        raise RuleViolation("This has been answered, or its time is over.")
    _say(change, found, Answer.ACCEPTED if is_accepted else Answer.DECLINED, reason)
    return True


@write_path
def end_delegation(change: Change, delegation_id: int, *, reason: str) -> bool:
    """End a delegation before its time is over; by either of the two. What was signed by it stays signed."""
    found = _take(change, delegation_id)
    if not found.standing(server_now()).is_open:
        raise RuleViolation("This has ended already.")
    if not reason:
        raise InvalidInput(reason="Say why it ends.")
    _say(change, found, Answer.ENDED, reason)
    return True


def _take(change: Change, delegation_id: int) -> DelegationRow:
    """Take the streams of both people; what they signed by it meanwhile has been signed before or is refused."""
    found = get_delegation(delegation_id)
    if change.actor_id not in {found.principal_id, found.delegate_id}:
        raise NotFound(UNSEEN)
    change.take(*(change.find_stream("person", one) for one in (found.principal_id, found.delegate_id)))
    return get_delegation(delegation_id)


def _say(change: Change, found: DelegationRow, answer: Answer, reason: str) -> None:
    change.put(
        insert(table_of(DelegationAnswer)),
        {
            "delegation_id": found.id,
            "answer": answer,
            "person_id": change.actor_id,
            "reason": reason,
            "answered_at": server_now(),
        },
    )
    change.record(
        AuditAction.DELEGATION_ANSWERED,
        About("delegation", found.id, f"person {found.principal_id}", module_id=found.module_id),
        stream=change.find_stream("person", found.principal_id),
        fact=answer.value,
        new=found.role.label,
        reason=reason,
        after={"answer": answer.value, "delegate": found.delegate_id},
    )
