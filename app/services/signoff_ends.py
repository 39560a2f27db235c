"""What ends sign-offs: part of the very change that is the cause, so that no moment lies between the two."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, update

from app.database import server_now
from app.domain.audit import AuditAction
from app.domain.audit_words import tell
from app.domain.gates import Decision, barred
from app.domain.signoffs import REASON_LIMIT, EndKind
from app.models import Gate, SignoffEnd
from app.models.base import table_of
from app.queries.covered import content_of, list_covered
from app.queries.gates import GateRow, SignoffRow, find_grant, list_active, list_gates_of_person, list_signed_gates
from app.queries.people import get_person
from app.queries.standing import records_of
from app.services.change import About, Change

_END = insert(table_of(SignoffEnd))
_NEXT_CYCLE = (
    update(table_of(Gate)).where(table_of(Gate).c.id == bindparam("gate")).values(cycle=table_of(Gate).c.cycle + 1)
)


def about_gate(gate: GateRow) -> About:
    """A gate as the object of an event."""
    label = f"the gate {gate.kind.label} {gate.environment_key}".strip()
    return About("gate", gate.id, label, gate.module_id, gate.release_id, gate.template_version_id)


def gate_words(gate: GateRow) -> dict[str, str]:
    """Which gate it is, for a reader who has the events alone."""
    return {"kind": gate.kind.value, "environment": gate.environment_key}


def end_stale(change: Change) -> None:
    """End the approvals of gates that cover something else now than what was signed, and those of people who stand
    behind something there by now; called at the end of each change.

    Rejections stay: a change of the content is no answer to them.
    """
    change.read_tails()
    streams = change.signed & {stream for stream, _, _ in change.pending}
    if not streams:
        return
    change.session.flush()
    for gate in list_signed_gates(sorted(streams)):
        covered = list_covered(gate)
        digest, out = (
            content_of(gate, covered, records_of(gate)).digest,
            barred(gate.policy, [c.facts for c in covered]),
        )
        approvals = [one for one in list_active([gate.id]) if one.decision is Decision.APPROVE]
        stale = [one for one in approvals if one.digest != digest or one.facts.people & out]
        if stale:
            cause, words = _cause(change, gate)
            end(change, gate, stale, EndKind.STALE, reason=words, cause=cause)
            # Else this very change is an approval of what is there now, or what is there is still the same.
            if stale == approvals and any(one.digest != digest for one in stale):
                change.session.execute(_NEXT_CYCLE, {"gate": gate.id})


def _cause(change: Change, gate: GateRow) -> tuple[bytes, str]:
    """The first thing that this change recorded of the gate itself, else of what stands where it belongs."""
    there: list[dict[str, Any]] = [columns for stream, columns, _ in change.pending if stream == gate.stream_id]
    own = [columns for columns in there if (columns["object_kind"], columns["object_id"]) == ("gate", gate.id)]
    columns = (own or there)[0]
    words = tell(
        columns["action"],
        label=columns["object_label"],
        fact=columns["fact"],
        old=columns["old_value"],
        new=columns["new_value"],
    )
    return columns["id"], words[:REASON_LIMIT]


def end(
    change: Change,
    gate: GateRow,
    signoffs: Iterable[SignoffRow],
    kind: EndKind,
    *,
    reason: str = "",
    cause: bytes | None = None,
) -> None:
    """End sign-offs of a gate whose stream is taken: a row and an event for each."""
    now = server_now()
    for one in signoffs:
        change.session.execute(
            _END,
            {
                "signoff_id": one.id,
                "kind": kind,
                "actor_id": change.actor.id,
                "name_id": change.actor.name_id,
                "cause": cause,
                "reason": reason,
                "ended_at": now,
            },
        )
        change.record(
            AuditAction.SIGNOFF_ENDED,
            about_gate(gate),
            stream=gate.stream_id,
            fact=kind.value,
            new=f"that of {one.role.label}",
            reason=reason,
            before={
                "signoff": one.id,
                "digest": one.digest.hex(),
                "cycle": one.cycle,
                "person": one.person_id,
                "role": one.role.value,
            },
            after={"signoff": one.id, "ended": kind.value, "cause": cause.hex() if cause else None},
        )


def end_of_lost_role(change: Change, person_id: int, reason: str) -> None:
    """End the sign-offs that a person gave in a role which they no longer have; consumed gates stay as they were."""
    change.take(*(gate.stream_id for gate in list_gates_of_person(person_id)))
    change.session.flush()
    # Asked again: one that was passed while its stream was waited for keeps what was signed.
    for gate in list_gates_of_person(person_id):
        own = [one for one in list_active([gate.id]) if person_id in one.facts.people]
        lost = [one for one in own if not _still_may(one, gate.module_id)]
        end(change, gate, lost, EndKind.ROLE_LOST, reason=reason)


def _still_may(one: SignoffRow, module_id: int | None) -> bool:
    """Whether the role is still held; who signs for somebody else needs none, but an account that is open."""
    holder = one.principal_id or one.person_id
    return find_grant(holder, one.role, module_id) is not None and get_person(one.person_id).deactivated_at is None


def end_expired(change: Change, gate: GateRow, at: datetime) -> int:
    """End the sign-offs of a gate that no longer count by time; how many."""
    ended = 0
    for one in list_active([gate.id]):
        if one.counts_until is not None and one.counts_until <= at:
            end(change, gate, [one], EndKind.EXPIRED, reason=f"It counted until {one.counts_until:%Y-%m-%d %H:%M} UTC.")
            ended += 1
    return ended
