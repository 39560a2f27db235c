"""Which deployment used up what was signed at a gate in an earlier turn."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select

from app.database import db
from app.models import Deployment
from app.models.base import table_of

_all = table_of(Deployment).c


@dataclass(frozen=True, slots=True)
class GateUse:
    """A deployment that passed a gate, and the last cycle of the turn that it used up."""

    deployment_id: int
    cycle: int
    started_at: datetime

    @property
    def words(self) -> str:
        """What became of what was signed for it."""
        return f"used for deployment {self.deployment_id}"


def list_uses(*conditions: ColumnElement[bool]) -> dict[int, list[GateUse]]:
    """The deployments that passed gates, by gate, the earliest first."""
    found: dict[int, list[GateUse]] = defaultdict(list)
    rows = db.session.execute(
        select(_all.gate_id, _all.id, _all.gate_cycle, _all.started_at)
        .where(_all.started_at.is_not(None), *conditions)
        .order_by(_all.gate_cycle, _all.id)
    )
    for row in rows:
        found[row.gate_id].append(GateUse(row.id, row.gate_cycle, row.started_at))
    return found


def used_for(cycle: int, uses: Sequence[GateUse]) -> GateUse | None:
    """The deployment that used up a sign-off of a cycle: the first that passed the gate from then on."""
    return next((use for use in uses if use.cycle >= cycle), None)
