"""How an incident ends: it works again, somebody says why, it is resolved, closed, and perhaps opened again."""

from datetime import datetime

from sqlalchemy import select

from app.domain.audit import AuditAction, moment_text
from app.domain.gates import GateKind
from app.domain.incidents import (
    RootCause,
    check_may_close,
    check_may_reopen,
    check_may_resolve,
    check_recovered,
)
from app.domain.permissions import Permission
from app.models import Gate
from app.queries.gates import get_gate
from app.queries.incidents import IncidentRow, get_incident
from app.services.change import Change
from app.services.gate_access import streams_of_debt
from app.services.gate_turns import open_next_turn
from app.services.incident_records import (
    about_incident,
    check_revision,
    cover,
    moment_words,
    plain_fact,
    save_incident,
    take_incident,
)
from app.services.signoffs import consume
from app.services.write_path import write_path


@write_path
def set_recovered(change: Change, incident_id: int, *, recovered_at: datetime | None) -> bool:
    """Say since when it works again for those who use the product; said anew, it is put right."""
    row, stream = take_incident(change, incident_id)
    check_recovered(recovered_at, began_at=row.began_at, now=change.at)
    if recovered_at == row.recovered_at or recovered_at is None:
        return False
    change.record(
        AuditAction.INCIDENT_RECOVERED,
        about_incident(row),
        stream=stream,
        old=moment_words(row.recovered_at),
        new=moment_words(recovered_at),
        before={"recovered_at": moment_text(row.recovered_at) if row.recovered_at else None},
        after={
            "recovered_at": moment_text(recovered_at),
            "began_at": moment_text(row.began_at),
            "severity": row.severity.value,
        },
        under=Permission.INCIDENT_WORK,
    )
    save_incident(change, row, {"recovered_at": recovered_at})
    return True


@write_path
def explain(change: Change, incident_id: int, *, revision: int, cause: str, category: RootCause | None) -> int:
    """Say why it could happen; how many places were covered. Whoever saves it stands behind it."""
    row, stream = take_incident(change, incident_id)
    covered = cover(cause, "cause")
    check_revision(row, revision, theirs=row.root_cause, yours=covered.text)
    change.record(
        AuditAction.INCIDENT_EXPLAINED,
        about_incident(row),
        stream=stream,
        old=row.root_cause_category.label if row.root_cause_category else "",
        new=category.label if category else "without a category",
        reason=covered.text[:2000],
        before={"by": row.root_cause_by_id, "category": row.root_cause_category, "cause": plain_fact(row.root_cause)},
        after={"by": change.actor_id, "category": category, "cause": plain_fact(covered.text)},
        under=Permission.INCIDENT_WORK,
    )
    values = {"root_cause": covered.text, "root_cause_category": category, "root_cause_by_id": change.actor_id}
    save_incident(change, row, values)
    return covered.places


@write_path
def resolve(change: Change, incident_id: int, *, resolution: str) -> int:
    """Say how it was resolved: from now on a team lead can sign that it may be closed."""
    row, stream = take_incident(change, incident_id)
    covered = cover(resolution, "resolution")
    check_may_resolve(resolution=covered.text, recovered_at=row.recovered_at)
    change.record(
        AuditAction.INCIDENT_RESOLVED,
        about_incident(row),
        stream=stream,
        new=covered.text[:300],
        before={"resolution": plain_fact(row.resolution)},
        after={"resolution": plain_fact(covered.text), "by": change.actor_id},
        under=Permission.INCIDENT_WORK,
    )
    values = {"resolution": covered.text, "resolved_at": change.at, "resolved_by_id": change.actor_id}
    save_incident(change, row, values)
    return covered.places


@write_path
def close_incident(change: Change, incident_id: int) -> bool:
    """Close one whose gate is open, and use that up; refused with all that is in the way."""
    gate_id = _gate_of(change, incident_id)
    row, stream = take_incident(change, incident_id, *_streams_to_close(change, gate_id))
    check_may_close(row.state)
    consume(change, gate_id)
    change.record(
        AuditAction.INCIDENT_CLOSED,
        about_incident(row),
        stream=stream,
        reason=row.resolution[:2000],
        before={"closed_at": None},
        after={**_span(row), "closed_at": moment_text(change.at), "gate": gate_id, "turn": row.turn},
        under=Permission.INCIDENT_WORK,
    )
    save_incident(change, row, {"closed_at": change.at, "closed_by_id": change.actor_id})
    return True


def _gate_of(change: Change, incident_id: int) -> int:
    checklist = get_incident(incident_id, change.actor).checklist_id
    return change.session.execute(
        select(Gate.id).where(Gate.checklist_id == checklist, Gate.kind == GateKind.INCIDENT_CLOSE)
    ).scalar_one()


def _streams_to_close(change: Change, gate_id: int) -> list[int]:
    return [change.find_stream("person", change.actor_id), *streams_of_debt(change, gate_id)]


def _span(row: IncidentRow) -> dict[str, str | None]:
    return {
        "severity": row.severity.value,
        "began_at": moment_text(row.began_at),
        "recovered_at": moment_text(row.recovered_at) if row.recovered_at else None,
    }


@write_path
def reopen_incident(change: Change, incident_id: int, *, reason: str, is_down_again: bool = False) -> bool:
    """Open a closed one again: it has to be resolved and signed anew, and its escalation begins anew."""
    row, stream = take_incident(change, incident_id, is_closed=True)
    reason = cover(reason, "reason").text
    check_may_reopen(row.state, reason=reason)
    gate = get_gate(_gate_of(change, incident_id))
    if gate.consumed_at is not None:
        open_next_turn(change, gate, gate.consumed_at, used_by=f"the closing of incident {row.id}")
    change.record(
        AuditAction.INCIDENT_REOPENED,
        about_incident(row),
        stream=stream,
        new=str(row.turn + 1),
        reason=reason,
        before={**_span(row), "closed_at": moment_text(row.closed_at) if row.closed_at else None, "turn": row.turn},
        after={"closed_at": None, "turn": row.turn + 1, "is_down_again": is_down_again},
        under=Permission.INCIDENT_WORK,
    )
    ended = {"closed_at": None, "closed_by_id": None, "resolution": "", "resolved_at": None, "resolved_by_id": None}
    save_incident(change, row, ended | {"turn": row.turn + 1} | ({"recovered_at": None} if is_down_again else {}))
    return True
