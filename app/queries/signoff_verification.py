"""Recomputing what was signed from its stored bytes, and comparing it with the row and with the event beside it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from app.database import db
from app.domain.audit import AuditAction, leaf_of, moment_text, name_digest
from app.domain.canonical import canonical
from app.domain.signoffs import digest_of
from app.models import AuditEvent, Gate, PersonName, SignedContent, Signoff, SignoffEnd
from app.models.base import table_of

_signoffs, _contents, _gates = table_of(Signoff).c, table_of(SignedContent).c, table_of(Gate).c
_ends = table_of(SignoffEnd).c
_events, _names = table_of(AuditEvent).c, table_of(PersonName).c
_ALL = (
    select(
        table_of(Signoff),
        _contents.body.label("content"),
        *(_gates.kind, _gates.environment_key, _gates.checklist_id, _ends.kind.label("ended")),
        *(_events.body.label("event"), _events.leaf, _names.name, _names.salt, _names.digest.label("name_sha256")),
    )
    .outerjoin(table_of(SignedContent), _contents.digest == _signoffs.digest)
    .outerjoin(table_of(Gate), _gates.id == _signoffs.gate_id)
    .outerjoin(table_of(PersonName), _names.id == _signoffs.name_id)
    .outerjoin(table_of(AuditEvent), _events.id == _signoffs.event_id)
    .outerjoin(table_of(SignoffEnd), _ends.signoff_id == _signoffs.id)
    .order_by(_signoffs.id)
)

_ENDED = select(_events.body).where(_events.action == AuditAction.SIGNOFF_ENDED).order_by(_events.id)


@dataclass(frozen=True, slots=True)
class Verified:
    """One sign-off with what does not fit, and the bytes that are kept."""

    id: int
    faults: tuple[str, ...]
    content: bytes


def verify_signoffs(signoff_id: int | None = None) -> Iterator[Verified]:
    """Each sign-off, or one, looked at anew."""
    told = _told_ends()
    wanted = _ALL if signoff_id is None else _ALL.where(_signoffs.id == signoff_id)
    for row in db.session.execute(wanted.execution_options(yield_per=500)):
        faults = (*_faults_of_content(row), *_faults_of_event(row), *_faults_of_end(row, told.get(row.id)))
        yield Verified(row.id, faults, bytes(row.content or b""))


def _told_ends() -> dict[int, str]:
    """What the history says of ended sign-offs: the kind of end, by number."""
    found = {}
    for body in db.session.scalars(_ENDED.execution_options(yield_per=500)):
        event = _read(body) or {}
        after = event.get("after") or {}
        found[int(after.get("signoff") or 0)] = str(after.get("ended"))
    return found


def _faults_of_end(row: Any, told: str | None) -> Iterator[str]:
    kept = row.ended.value if row.ended else None
    if kept != told:
        yield f"its end differs from the history: {told or 'none'} there, {kept or 'none'} in the table"


def _faults_of_content(row: Any) -> Iterator[str]:
    if row.content is None:
        yield "the content that was signed is gone"
        return
    if digest_of(row.content) != row.digest:
        yield "the content that is kept does not have the digest that was signed"
    content = _read(row.content)
    if content is None:
        yield "the content that is kept is not in canonical form"
        return
    subject = content.get("subject") or {}
    beside = {
        "gate": (content.get("gate"), row.kind and row.kind.value),
        "environment": (content.get("environment"), row.environment_key),
        "checklist": (subject.get("checklist"), row.checklist_id),
        "cycle": (content.get("cycle"), row.cycle),
    }
    yield from (f"the {name} differs from the content" for name, (said, kept) in beside.items() if said != kept)


def _faults_of_event(row: Any) -> Iterator[str]:
    if row.event is None:
        yield "there is no event that says it was given"
        return
    if row.name is not None and name_digest(row.salt, row.name) != row.name_sha256:
        yield "the name of the person then was changed"
    if leaf_of(row.event) != row.leaf:
        yield "the bytes of its event do not have the hash that is stored"
    event = _read(row.event)
    if event is None:
        yield "the event is not in canonical form"
        return
    after, by = event.get("after") or {}, event.get("actor") or {}
    until = row.condition_ends_on
    beside = {
        "kind of event": (event.get("op"), AuditAction.SIGNOFF_GIVEN.value),
        "person": (by.get("id"), row.person_id),
        "name": (by.get("name_sha256"), row.name_sha256 and row.name_sha256.hex()),
        "gate": (event.get("object"), {**(event.get("object") or {}), "kind": "gate", "id": row.gate_id}),
        "decision": (event.get("fact"), row.decision.value),
        # An event of before the database's clock was taken tells its own time.
        "time": (after.get("signed_at", event.get("at")), moment_text(row.signed_at)),
        "delegation": (after.get("delegation"), row.delegation_id),
        "reason": (event.get("why"), row.reason or row.on_condition),
        "digest": (after.get("digest"), row.digest.hex()),
        "cycle": (after.get("cycle"), row.cycle),
        "role": (after.get("role"), row.role.value),
        "policy": (after.get("policy"), row.policy_id),
        "statement": (after.get("statement"), row.statement),
        "condition": (after.get("on_condition"), row.on_condition),
        "day of the condition": (after.get("condition_ends_on"), until.isoformat() if until else None),
    }
    yield from (f"the {name} differs from its event" for name, (said, kept) in beside.items() if said != kept)


def _read(body: bytes) -> dict[str, Any] | None:
    """What canonical bytes say; None when they are not such bytes."""
    try:
        found = json.loads(body)
        return found if isinstance(found, dict) and canonical(found) == bytes(body) else None
    except ValueError:
        return None
