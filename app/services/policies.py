"""Proposing what gates ask instead, agreeing to it, and taking either back. Nothing of it changes a gate."""

from sqlalchemy import func, insert, select

from app.domain.actors import missing_role
from app.domain.audit import AuditAction
from app.domain.errors import InvalidInput, NotPermitted, RuleViolation
from app.domain.gate_policies import policy_body, words_of
from app.domain.gates import GateKind, Policy, can_be_met
from app.domain.permissions import Permission, Role
from app.domain.policy_changes import ProposalState, Wanted, is_same, policy_wanted
from app.domain.policy_words import differences, line_label
from app.models import GatePolicy, PolicyAgreement, PolicyAgreementEnd, PolicyWithdrawal
from app.models.base import table_of
from app.queries.gates import list_holders_anywhere
from app.queries.policies import (
    AgreementRow,
    Policies,
    PolicyRow,
    find_any_grant,
    is_standing,
    list_agreements,
    list_environment_keys,
    read_policies,
)
from app.queries.policy_preview import list_gates_to_change, old_policies, roles_to_agree_in
from app.services.change import SYSTEM_STREAM, About, Change
from app.services.proof import proved_at
from app.services.write_path import write_path

_agreements = table_of(PolicyAgreement)
CLOSED = "This revision is {word}: propose it anew."


def about_policy(row: PolicyRow) -> About:
    """A revision of a policy as the object of an event."""
    return About("gate_policy", row.id, row.label)


@write_path
def propose(change: Change, kind: GateKind, environment_key: str, wanted: Wanted, *, note: str) -> int:
    """Lay down what gates of a kind could ask instead; it applies to nothing yet. Gives the number of the revision."""
    if not change.actor.may(Permission.POLICY_PROPOSE):
        raise NotPermitted(missing_role(Permission.POLICY_PROPOSE))
    stream = change.take_subject(*SYSTEM_STREAM)
    if environment_key and (kind is not GateKind.DEPLOY or environment_key not in list_environment_keys()):
        raise InvalidInput(environment_key="There is no such environment for this gate.")
    if not note:
        raise InvalidInput(note="Say why.")
    policy, policies = policy_wanted(kind, wanted), read_policies()
    check_enough_hold(policy)
    now = policies.in_force((kind, environment_key))
    if now is not None and is_same(now.policy, policy):
        raise RuleViolation("This is what is asked already.")
    revision = max((one.revision for one in policies.revisions((kind, environment_key))), default=0) + 1
    body = policy_body(policy)
    number = change.put(
        insert(table_of(GatePolicy)),
        {
            "kind": kind,
            "environment_key": environment_key,
            "revision": revision,
            "body": body,
            "note": note,
            "created_by_id": change.actor_id,
            "created_at": change.at,
        },
    )
    change.record(
        AuditAction.POLICY_PROPOSED,
        About("gate_policy", number, line_label(kind, environment_key, revision)),
        stream=stream,
        old=words_of(now.policy.required) if now else "",
        new=words_of(policy.required),
        reason=note,
        before={"policy_id": now.id} if now else None,
        after={"policy": body, "revision": revision, "different": differences(now.policy, policy) if now else []},
        under=Permission.POLICY_PROPOSE,
    )
    return number


def check_enough_hold(policy: Policy) -> None:
    """Refuse what more people would have to sign than hold its roles, over all modules together."""
    holders = list_holders_anywhere(policy.roles)
    if not can_be_met(policy.required, holders):
        there = ", ".join(
            f"{len(holders[role])} as {role.label}" for role in sorted(policy.roles, key=list(Role).index)
        )
        raise InvalidInput(required=f"It asks for more people than there are: {there}. Nobody could open such a gate.")


def _open_proposal(policies: Policies, policy_id: int) -> PolicyRow:
    row = policies.get(policy_id)
    state = policies.state_of(row)
    if not state.is_open:
        raise RuleViolation(CLOSED.format(word=state.word))
    return row


@write_path
def agree(change: Change, policy_id: int, role: Role) -> int:
    """Say that gates may ask this instead, in a role that the policy asks which they have now."""
    if change.actor.means != "session":
        raise NotPermitted("Only a person who is signed in agrees.")
    change.take(change.find_stream(*SYSTEM_STREAM), change.find_stream("person", change.actor_id))
    policies = read_policies()
    row = _open_proposal(policies, policy_id)
    old = old_policies(row, policies, list_gates_to_change([row]))
    # Asked anew: the roles that the request came with may have been taken back since.
    grant = find_any_grant(change.actor_id, role)
    if grant is None or role not in roles_to_agree_in(change.actor, old):
        raise NotPermitted(f"You do not agree to this as {role.label}: no gate asks that of you.")
    limits = [policy.sign_within for _, policy in old if role in policy.roles and policy.sign_within is not None]
    authenticated_at = proved_at(change, min(limits, default=None))
    own = [one for one in list_agreements([row.id]) if one.person_id == change.actor_id]
    if any(is_standing(one, policies) for one in own):
        raise RuleViolation("You agree to this already. A person counts once.")
    now = policies.in_force(row.line)
    change.record(
        AuditAction.POLICY_AGREED,
        about_policy(row),
        stream=change.find_stream(*SYSTEM_STREAM),
        new=role.label,
        after={"role": role.value, "instead_of": now.id if now else None, "grant": grant},
    )
    return change.put(
        insert(_agreements),
        {
            "policy_id": row.id,
            "person_id": change.actor_id,
            "place": _next_place(change, row.id),
            "role": role,
            "grant_id": grant,
            "instead_of_id": now.id if now else row.id,
            "name_id": change.actor.name_id,
            "authenticated_at": authenticated_at,
            "session_id": change.actor.session_id,
            "agreed_at": change.at,
        },
    )


def _next_place(change: Change, policy_id: int) -> int:
    own = select(func.count()).where(_agreements.c.policy_id == policy_id, _agreements.c.person_id == change.actor_id)
    return (change.session.scalar(own) or 0) + 1


@write_path
def take_agreement_back(change: Change, policy_id: int, *, reason: str) -> bool:
    """Take one's own agreement back. It stays in the history, and gates that were changed stay changed."""
    stream = change.take_subject(*SYSTEM_STREAM)
    policies = read_policies()
    row = policies.get(policy_id)
    own = [one for one in list_agreements([row.id]) if _is_own(one, change) and is_standing(one, policies)]
    if not own:
        raise RuleViolation("There is no agreement of yours that counts.")
    if not reason:
        raise InvalidInput(reason="Say why you no longer agree.")
    change.session.execute(
        insert(table_of(PolicyAgreementEnd)), {"agreement_id": own[0].id, "reason": reason, "ended_at": change.at}
    )
    change.record(
        AuditAction.POLICY_AGREEMENT_ENDED,
        about_policy(row),
        stream=stream,
        old=own[0].role.label,
        reason=reason,
        before={"agreement": own[0].id, "role": own[0].role.value},
    )
    return True


def _is_own(one: AgreementRow, change: Change) -> bool:
    return one.person_id == change.actor_id


@write_path
def withdraw_proposal(change: Change, policy_id: int, *, reason: str) -> bool:
    """Withdraw a proposal that waits; by who made it, or by who may propose for everything. It stays in the history."""
    if not change.actor.may(Permission.POLICY_PROPOSE):
        raise NotPermitted(missing_role(Permission.POLICY_PROPOSE))
    stream = change.take_subject(*SYSTEM_STREAM)
    policies = read_policies()
    row = policies.get(policy_id)
    state = policies.state_of(row)
    if state is not ProposalState.WAITING:
        raise RuleViolation(f"It does not wait: it is {state.word}.")
    if row.created_by_id != change.actor_id and not change.actor.may_for(Permission.POLICY_PROPOSE, None):
        raise NotPermitted("A proposal is withdrawn by who made it, or by a team lead or DBA of everything.")
    if not reason:
        raise InvalidInput(reason="Say why.")
    change.session.execute(
        insert(table_of(PolicyWithdrawal)),
        {"policy_id": row.id, "withdrawn_by_id": change.actor_id, "reason": reason, "withdrawn_at": change.at},
    )
    change.record(
        AuditAction.POLICY_WITHDRAWN,
        about_policy(row),
        stream=stream,
        reason=reason,
        under=Permission.POLICY_PROPOSE,
    )
    return True
