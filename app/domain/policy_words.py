"""Gate policies in words: which gate one is for, and what is different between two."""

from collections.abc import Iterator

from app.domain.gate_policies import RELAXED
from app.domain.gate_words import SEPARATION_WORDS, time_words
from app.domain.gates import GateKind, Policy, Separation
from app.domain.permissions import Role
from app.domain.policy_changes import rules_for


def line_title(kind: GateKind, environment_key: str) -> str:
    """The gate that a policy is for."""
    if kind is not GateKind.DEPLOY:
        return kind.label
    return f"{kind.label} to {environment_key or 'every environment without a policy of its own'}"


def line_label(kind: GateKind, environment_key: str, revision: int) -> str:
    """A revision of a policy, as the history names it."""
    return f"revision {revision} of the policy of the gate {kind.label} {environment_key}".strip()


def rule_choices(kind: GateKind) -> list[tuple[Separation, str, str]]:
    """The rules of a kind, each with what it says and with what becomes possible without it."""
    return [(rule, SEPARATION_WORDS[rule], RELAXED[rule]) for rule in rules_for(kind)]


def differences(old: Policy, new: Policy) -> list[str]:
    """What a new policy asks otherwise than the old one, sentence by sentence."""
    return [*_roles(old, new), *_rules(old, new), *_times(old, new)]


def _roles(old: Policy, new: Policy) -> Iterator[str]:
    before = {one.role: one.quorum for one in old.required}
    after = {one.role: one.quorum for one in new.required}
    for role in Role:
        was, now = before.get(role, 0), after.get(role, 0)
        if was == now:
            continue
        if not now:
            yield f"{role.label} is no longer asked."
        elif not was:
            yield f"{now} of {role.label} {'is' if now == 1 else 'are'} asked, nobody before."
        else:
            yield f"{now} of {role.label} instead of {was}."


def _rules(old: Policy, new: Policy) -> Iterator[str]:
    for rule in rules_for(new.kind):
        if rule in old.separation and rule not in new.separation:
            yield f"Relaxed: {RELAXED[rule]}"
        elif rule in new.separation and rule not in old.separation:
            yield f"No longer relaxed: {SEPARATION_WORDS[rule]}"


def _times(old: Policy, new: Policy) -> Iterator[str]:
    if old.lasts != new.lasts:
        now = f"lasts {time_words(new.lasts)}" if new.lasts else "lasts until something changes"
        yield f"A sign-off {now}, before: {time_words(old.lasts) if old.lasts else 'no limit'}."
    if old.sign_within != new.sign_within:
        now = f"within {time_words(new.sign_within)}" if new.sign_within else "at any time of the session"
        before = time_words(old.sign_within) if old.sign_within else "no limit"
        yield f"Who signs has typed the password {now}, before: {before}."
