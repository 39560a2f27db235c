"""Changing the facts of a thing: one event for each that is different."""

from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from typing import Any

from app.domain.audit import AuditAction
from app.domain.permissions import Permission
from app.services.change import About, Change

# An event has room for a text up to here; a longer one stands in it by its beginning and its digest.
WHOLE, TOLD = 2000, 300


def change_facts(
    change: Change,
    thing: Any,
    facts: Mapping[str, tuple[str, Any]],
    *,
    action: AuditAction,
    about: About,
    stream: int,
    under: Permission,
) -> int:
    """Set attributes that differ, and record each. `facts`: words of the fact → attribute and new value."""
    changed = 0
    for fact, (attribute, new) in facts.items():
        old = getattr(thing, attribute)
        if old == new:
            continue
        setattr(thing, attribute, new)
        change.record(
            action,
            about,
            stream=stream,
            fact=fact,
            old=in_words(attribute, old),
            new=in_words(attribute, new),
            before={attribute: plain(old)},
            after={attribute: plain(new)},
            under=under,
        )
        changed += 1
    return changed


def plain(value: Any) -> Any:
    """A value as it can stand in a canonical body."""
    if isinstance(value, str) and len(value) > WHOLE:
        return {"sha256": sha256(value.encode()).hexdigest(), "letters": len(value)}
    return value.isoformat() if isinstance(value, date) else value


def in_words(attribute: str, value: Any) -> str:
    """A value as it stands in the history. A person stands there by number: names stay erasable."""
    if value is None:
        return ""
    if attribute.endswith("_id"):
        return f"person {value}"
    text = value.isoformat() if isinstance(value, date) else str(value)
    return text if len(text) <= WHOLE else f"{text[:TOLD]}… ({len(text):,} letters)"
