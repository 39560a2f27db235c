"""Events as sentences. People stand in the history by number; here they get their names."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from app.domain.audit import AuditAction
from app.domain.audit_words import tell
from app.domain.permissions import Role
from app.queries.audit import EventRow, read_names

PERSON = re.compile(r"\bperson (\d+)\b")
# Where people stand by number: as the object, or as whom a fact names: an owner, a lead, who was passed over.
NAMED_OBJECTS = {"person", "session"}
NAMED_FACTS = {"owner", "lead", "passed over", "go/no-go person"}
# What was done by telling people.
NAMED_ACTIONS = {AuditAction.ITEM_ESCALATED, AuditAction.WINDOW_REMINDED}
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


class Teller:
    """Puts names in the place of the numbers that stand in the history."""

    def __init__(self) -> None:
        self.names = read_names()

    def text(self, text: str) -> str:
        """A text with the names of the people in it."""
        if "person " not in text:
            return text
        return PERSON.sub(lambda found: self.names.people.get(int(found[1]), found[0]), text)

    def actor(self, row: EventRow) -> str:
        """Who did it."""
        if row.actor_id is None:
            return "Countersign" if row.actor_role == "system" else "Somebody not signed in"
        return self.names.as_they_were.get(row.actor_name_id) or ERASED

    def module(self, row: EventRow) -> str:
        """The module that it belongs to, if any."""
        return self.names.modules.get(row.module_id, "")

    def release(self, row: EventRow) -> str:
        """The release that it belongs to, if any."""
        return self.names.releases.get(row.release_id, "")

    def label(self, row: EventRow) -> str:
        """What it was done to. A name takes the place only of a number that the product wrote, never of typed words."""
        return self.text(row.object_label) if row.object_kind in NAMED_OBJECTS else str(row.object_label)

    def value(self, row: EventRow, text: str) -> str:
        """A value before or after."""
        is_named = row.fact in NAMED_FACTS or row.action in NAMED_ACTIONS
        return self.text(text) if is_named else text

    def sentence(self, row: EventRow) -> str:
        """What was done."""
        old, new = self.value(row, row.old_value), self.value(row, row.new_value)
        return tell(row.action, label=self.label(row), fact=row.fact, old=old, new=new)


@cache
def role_title(role: str) -> str:
    """A stored role in words."""
    return Role(role).label if role in set(Role) else role


def told(rows: Sequence[EventRow]) -> list[ToldEvent]:
    """Events as sentences."""
    teller = Teller()
    return [
        ToldEvent(
            id=row.id.hex(),
            at=row.occurred_at,
            actor_name=teller.actor(row),
            actor_role=role_title(row.actor_role),
            sentence=teller.sentence(row),
            reason=row.reason,
            old=teller.value(row, row.old_value),
            new=teller.value(row, row.new_value),
            label=teller.label(row),
            module_name=teller.module(row),
            release_name=teller.release(row),
            request_id=row.request_id,
            place=f"{row.stream_id}.{row.stream_sequence}",
        )
        for row in rows
    ]
