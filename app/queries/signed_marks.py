"""How far the modules of a release are signed, as the matrix says it in a word; three statements for all of them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from app.database import db
from app.domain.checklist import BelongsTo
from app.domain.gates import ActiveSignoff, Decision, GateKind, missing_signoffs
from app.domain.signoffs import EndKind
from app.models import Checklist, Signoff, SignoffEnd
from app.models.base import table_of
from app.queries.gates import GateRow, list_active, list_gates_where

_lists, _signoffs, _ends = table_of(Checklist).c, table_of(Signoff).c, table_of(SignoffEnd).c
# What nobody took back: it ended by itself, and somebody has to look again.
BY_CHANGE = (EndKind.STALE, EndKind.ROLE_LOST)
BY_ITSELF = (*BY_CHANGE, EndKind.EXPIRED)


@dataclass(frozen=True, slots=True)
class SignedMark:
    """How far a module is signed: at the gate that says most about it."""

    gate_id: int
    title: str
    given: int
    asked: int
    is_rejected: bool
    # Since when what was signed there no longer counts; None while it does, and where nothing was.
    stale_since: datetime | None


def list_signed_marks(release_id: int, at: datetime) -> dict[int, SignedMark]:
    """How far the modules of a release are signed, by module.

    Once it has shipped only of those where something changed, or was rejected: what time alone ends asks nobody then.
    """
    gates = list_gates_where(_lists.release_id == release_id, _lists.belongs_to == BelongsTo.MODULE)
    ids = [gate.id for gate in gates]
    given: dict[int, list[ActiveSignoff]] = defaultdict(list)
    for one in list_active(ids, at=at):
        given[one.gate_id].append(one.facts)
    has_shipped = any(gate.is_shipped for gate in gates)
    ended = _ended(ids, BY_CHANGE if has_shipped else BY_ITSELF)
    marks: dict[int, list[SignedMark]] = defaultdict(list)
    for gate in gates:
        if gate.module_id is not None:
            marks[gate.module_id].append(_mark(gate, given[gate.id], ended.get(gate.id)))
    told = {module: _most_telling(found) for module, found in marks.items()}
    return {module: one for module, one in told.items() if not has_shipped or one.stale_since or one.is_rejected}


def _ended(gate_ids: Sequence[int], kinds: Sequence[EndKind]) -> dict[int, datetime]:
    rows = db.session.execute(
        select(_signoffs.gate_id, func.max(_ends.ended_at).label("ended_at"))
        .join(table_of(SignoffEnd), _ends.signoff_id == _signoffs.id)
        .where(_signoffs.gate_id.in_(gate_ids), _ends.kind.in_(kinds))
        .group_by(_signoffs.gate_id)
    )
    return {row.gate_id: row.ended_at for row in rows}


def _mark(gate: GateRow, given: Sequence[ActiveSignoff], ended_at: datetime | None) -> SignedMark:
    missing = sum(one.quorum for one in missing_signoffs(gate.policy, given))
    asked = sum(one.quorum for one in gate.policy.required)
    return SignedMark(
        gate.id,
        gate.title,
        given=asked - missing,
        asked=asked,
        is_rejected=any(one.decision is Decision.REJECT for one in given),
        stale_since=ended_at if missing and gate.consumed_at is None else None,
    )


def _most_telling(marks: Sequence[SignedMark]) -> SignedMark:
    """What somebody has to do something about, before what is as it was: rejected, then stale, then ready."""
    ready = [one for one in marks if one.title == GateKind.READY.label]
    rejected = [one for one in marks if one.is_rejected]
    stale = [one for one in marks if one.stale_since is not None]
    return next(iter([*rejected, *stale, *ready, *marks]))
