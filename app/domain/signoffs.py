"""Sign-offs: what exactly is signed, in which words, and what ends one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any

from app.domain.audit import moment_text
from app.domain.canonical import canonical
from app.domain.gates import Decision, GateKind

# The form of the bytes. It moves when other facts go into them; what was signed before keeps its own bytes.
CONTENT_VERSION = 1
REASON_LIMIT = 1000


class EndKind(StrEnum):
    """Why a sign-off no longer counts. Values are stored: never rename one."""

    STALE = "stale"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    ROLE_LOST = "role_lost"

    @property
    def word(self) -> str:
        """As it is written beside a sign-off."""
        return self.value.replace("_", " ")


@dataclass(frozen=True, slots=True)
class SignedItem:
    """One covered item as it is signed: what it asks, how it stands, and whose word that is."""

    key: str
    text: str
    severity: str
    state: str
    since: datetime
    by_id: int | None
    note: str = ""
    value: str = ""
    link: str = ""
    evidence: tuple[str, ...] = ()
    waiver: str = ""

    def as_plain(self) -> dict[str, Any]:
        """As it stands in the canonical bytes."""
        return {
            "key": self.key,
            "text": self.text,
            "severity": self.severity,
            "state": self.state,
            "since": moment_text(self.since),
            "by": self.by_id,
            "note": self.note,
            "value": self.value,
            "link": self.link,
            "evidence": sorted(self.evidence),
            "waiver": self.waiver,
        }


@dataclass(frozen=True, slots=True)
class GateContent:
    """All that a sign-off of a gate is about."""

    kind: GateKind
    environment: str
    cycle: int
    subject: Mapping[str, Any]
    policy: str
    items: Sequence[SignedItem]
    records: Mapping[str, str]

    @property
    def body(self) -> bytes:
        """The canonical bytes (RFC 8785). The order in which items were read does not show in them."""
        return canonical(
            {
                "v": CONTENT_VERSION,
                "gate": self.kind.value,
                "environment": self.environment,
                "cycle": self.cycle,
                "subject": dict(self.subject),
                "policy": self.policy,
                "items": [item.as_plain() for item in sorted(self.items, key=lambda item: item.key)],
                "records": dict(self.records),
            }
        )

    @property
    def digest(self) -> bytes:
        """What the form carries and the row keeps."""
        return digest_of(self.body)


def digest_of(body: bytes) -> bytes:
    """The digest of signed bytes."""
    return sha256(body).digest()


STATEMENTS = {
    Decision.APPROVE: "I have looked at what this gate covers, and I answer for it that {opens}.",
    Decision.REJECT: "I have looked at what this gate covers: it does not go on like this.",
}


def ends_at(
    decision: Decision, signed_at: datetime, lasts: timedelta | None, condition_ends_on: date | None
) -> datetime | None:
    """The moment from which a sign-off no longer counts by itself; None: never by time.

    Time answers no rejection: it stands until who gave it, or a lead, takes it back.
    """
    if decision is Decision.REJECT:
        return None
    ends = [signed_at + lasts] if lasts is not None else []
    if condition_ends_on is not None and condition_ends_on < date.max:  # no calendar has the day after that one
        day_after = condition_ends_on + timedelta(days=1)
        ends.append(datetime(day_after.year, day_after.month, day_after.day, tzinfo=signed_at.tzinfo))
    return min(ends, default=None)
