"""What used up what was signed at a gate in an earlier turn: a deployment, or the end of an incident."""

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
    """What passed a gate, and the last cycle of the turn that it used up. Without a number it is no deployment."""

    cycle: int
    deployment_id: int | None = None
    started_at: datetime | None = None

    @property
    def words(self) -> str:
        """What became of what was signed for it."""
        return "used before" if self.deployment_id is None else f"used for deployment {self.deployment_id}"


def list_uses(*conditions: ColumnElement[bool]) -> dict[int, list[GateUse]]:
    """The deployments that passed gates, by gate, the earliest first."""
    found: dict[int, list[GateUse]] = defaultdict(list)
    rows = db.session.execute(
        select(_all.gate_id, _all.id, _all.gate_cycle, _all.started_at)
        .where(_all.started_at.is_not(None), *conditions)
        .order_by(_all.gate_cycle, _all.id)
    )
    for row in rows:
        found[row.gate_id].append(GateUse(row.gate_cycle, row.id, row.started_at))
    return found


def used_for(cycle: int, uses: Sequence[GateUse]) -> GateUse:
    """What used up a sign-off of a cycle: the first deployment that passed the gate from then on, where one did."""
    return next((use for use in uses if use.cycle >= cycle), GateUse(cycle))
