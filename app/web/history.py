"""Events as sentences. People stand in the history by number; here they get their names."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.audit import tell
from app.domain.permissions import Role
from app.queries.audit import names_of_everybody

PERSON = re.compile(r"\bperson (\d+)\b")
ERASED = "a person whose name was erased"


@dataclass(frozen=True, slots=True)
class ToldEvent:
    """One event as a page shows it."""

    id: str
    at: datetime
    actor_name: str
    actor_role: str
    sentence: str
    reason: str
    old: str
    new: str
    label: str
    module_name: str
    release_name: str
    request_id: str
    place: str


def namer() -> Callable[[str], str]:
    """What puts names in the place of numbers."""
    names = names_of_everybody()

    def name(text: str) -> str:
        return PERSON.sub(lambda found: names.get(int(found[1]), found[0]), text)

    return name


def role_title(role: str) -> str:
    """A stored role in words."""
    return Role(role).label if role in set(Role) else role


def actor_words(row: Any) -> str:
    """Who did it."""
    if row.actor_id is None:
        return "Countersign" if row.actor_role == "system" else "Somebody not signed in"
    return row.actor_name or ERASED


def told(rows: Sequence[Any]) -> list[ToldEvent]:
    """Events as sentences."""
    name = namer()
    return [
        ToldEvent(
            id=row.id.hex(),
            at=row.occurred_at,
            actor_name=actor_words(row),
            actor_role=role_title(row.actor_role),
            sentence=name(
                tell(row.action, label=row.object_label, fact=row.fact, old=row.old_value, new=row.new_value)
            ),
            reason=row.reason,
            old=name(row.old_value),
            new=name(row.new_value),
            label=name(row.object_label),
            module_name=row.module_name or "",
            release_name=row.release_name or "",
            request_id=row.request_id,
            place=f"{row.stream_id}.{row.stream_sequence}",
        )
        for row in rows
    ]
