"""Twins: items that their author linked because they state one fact. One tick is enough for all of them."""

from app.domain.checklist import SETTABLE, ItemFacts, ItemState, Severity, untick_needs_reason
from app.domain.errors import RuleViolation


def follows(twin: ItemFacts, led_by: ItemFacts, new: ItemState) -> bool:
    """Whether an item goes where its twin goes: to done while it is open, and away from done with it.

    What is dangerous to skip is ticked along only with what is as dangerous: the look at the other was not for it.
    Waivers, rules and adopted versions are decided for each item alone.
    """
    if new is led_by.state:
        return False
    if new is ItemState.DONE:
        is_looked_at = twin.severity is not Severity.KILLER or led_by.severity is Severity.KILLER
        return is_looked_at and twin.state in SETTABLE - {ItemState.DONE}
    return led_by.state is ItemState.DONE and twin.state is ItemState.DONE


def check_may_follow(twin: ItemFacts, new: ItemState, *, actor_id: int, reason: str) -> None:
    """Raise RuleViolation when a tick of somebody else would go along without a word."""
    if untick_needs_reason(twin, actor_id=actor_id) and new is not ItemState.DONE and not reason:
        raise RuleViolation(f"Somebody else ticked “{twin.text}”, which states the same. Say why it is not done.")
