"""Gates in words: where one stands, what its policy says, and what is looked at before one signs."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from app.domain.audit import AuditAction
from app.domain.checklist import OPEN, WAIVED, ItemState, Severity
from app.domain.gates import CoveredItem, GateState, Policy, RequiredSignoff, Separation
from app.domain.permissions import Role
from app.domain.readiness import Counts, count

STATE_WORDS: dict[GateState, str] = {
    GateState.UNSATISFIABLE: "cannot be opened",
    GateState.BLOCKED: "blocked",
    GateState.OPEN: "waits for sign-offs",
    GateState.PARTIAL: "partly signed",
    GateState.SATISFIED: "open",
    GateState.REJECTED: "rejected",
    GateState.OVERRIDDEN: "overridden",
    GateState.CONSUMED: "passed",
}
SEPARATION_WORDS: dict[Separation, str] = {
    Separation.NOT_BEHIND_ITEMS: "Who ticked, proved or waived something that it covers does not sign it.",
    Separation.NOT_ALONE_READY_AND_DEPLOY: "Nobody is the only signer of both “ready” and “deploy”.",
    Separation.DEPLOYER_NOT_ALONE: "Whoever deploys is not its only signer.",
}


def named_roles(roles: Iterable[Role]) -> str:
    """Roles as a sentence names them: “Team lead or QA”."""
    titles = [role.label for role in sorted(roles, key=list(Role).index)]
    return " or ".join([", ".join(titles[:-1]), titles[-1]] if titles[1:] else titles)


def asked_words(required: Sequence[RequiredSignoff]) -> str:
    """Who is asked: “1 sign-off of Team lead and 1 of QA”."""
    if not required:
        return "nobody"
    words = [f"{one.quorum} of {one.role.label}" for one in required]
    words[0] = words[0].replace(" of", f" sign-off{'' if required[0].quorum == 1 else 's'} of", 1)
    return " and ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)


def policy_sentences(policy: Policy) -> list[str]:
    """What a policy asks, sentence by sentence."""
    told = [f"It asks for {asked_words(policy.required)}. A person counts once."]
    told += [SEPARATION_WORDS[rule] for rule in Separation if rule in policy.separation]
    told.append(
        f"A sign-off lasts {time_words(policy.lasts)}, and ends at once when what it covers changes."
        if policy.lasts
        else "A sign-off ends at once when what it covers changes."
    )
    if policy.sign_within:
        told.append(f"Who signs has typed the password within {time_words(policy.sign_within)}.")
    return told


def time_words(time: timedelta) -> str:
    """A time in its largest unit."""
    if time >= timedelta(days=1):
        return f"{time.days} {'day' if time.days == 1 else 'days'}"
    minutes = int(time.total_seconds() // 60)
    return f"{minutes} {'minute' if minutes == 1 else 'minutes'}"


def is_exception(item: CoveredItem) -> bool:
    """Whether one looks at it before all others: waived, failed, or advice that is still open."""
    if item.state in WAIVED or item.state is ItemState.FAILED:
        return True
    return item.severity is Severity.ADVISORY and item.state in OPEN


def counts_of(items: Iterable[CoveredItem]) -> Counts:
    """How many of what a gate covers stand where."""
    return count((item.state, item.severity, 1) for item in items)


def cause_words(text: str) -> str:
    """What ended a sign-off, with the action that was its cause in words: “evidence added: …”."""
    action, colon, rest = text.partition(": ")
    return f"{action.replace('.', ' ').replace('_', ' ')}{colon}{rest}" if action in set(AuditAction) else text
