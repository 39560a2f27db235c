"""How far the modules of a release have gone, and the hours after, as the matrix says it; two statements for all."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from app.database import db
from app.models import Deployment, Environment
from app.models.base import table_of
from app.queries.deployment_facts import DEPLOYMENTS, DeploymentRow, row_of
from app.queries.deployment_windows import WindowRow, list_windows_of

_all, _places = table_of(Deployment).c, table_of(Environment).c
_LAST = select(func.max(_places.position)).scalar_subquery()
# What the matrix has columns for.
SHOWN = ("first-hour", "first-day", "first-week")


@dataclass(frozen=True, slots=True)
class DeploymentMark:
    """The newest deployment of a module to the furthest environment that it has gone to."""

    row: DeploymentRow
    # Where that is; empty where it is the last environment there is.
    place: str
    windows: Sequence[WindowRow]


def list_deployment_marks(release_id: int) -> dict[int, DeploymentMark]:
    """How far the modules of a release have gone, by module: what has started before what is only planned."""
    rows = db.session.execute(
        DEPLOYMENTS.add_columns((_places.position == _LAST).label("is_last"))
        .where(_all.release_id == release_id, _all.cancelled_at.is_(None))
        .order_by(_all.started_at.is_not(None), _places.position, _all.id)
    ).all()
    furthest = {row.module_id: (row_of(row), bool(row.is_last)) for row in rows}
    windows = list_windows_of([row.id for row, _ in furthest.values()]) if furthest else {}
    return {
        module: DeploymentMark(
            row,
            "" if is_last else row.environment_name,
            [one for one in windows.get(row.id, []) if one.window.group_key in SHOWN],
        )
        for module, (row, is_last) in furthest.items()
    }
