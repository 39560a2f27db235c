"""Windows of deployments as entries of a calendar feed."""

from datetime import datetime, timedelta

from flask import url_for

from app.domain.actors import Actor
from app.exports.calendar_file import CalendarEntry
from app.queries.deployments import PlannedWindow, list_windows_between

# So far back and ahead.
BACK, AHEAD = timedelta(days=60), timedelta(days=400)


def deployment_entries(actor: Actor, at: datetime, *, only_own: bool = False) -> list[CalendarEntry]:
    """The windows that somebody may see now, or those of them in which they decide or do a step."""
    planned = list_windows_between(actor, at - BACK, at + AHEAD)
    return [_entry(one) for one in planned if actor.id in one.slot.people or not only_own]


def _entry(planned: PlannedWindow) -> CalendarEntry:
    row = planned.row
    word = row.outcome.label if row.outcome else "runs" if row.started_at else "is planned"
    return CalendarEntry(
        f"deployment-{row.id}@countersign",
        f"Deployment: {planned.title}",
        row.window_starts_at,
        row.window_ends_at,
        f"{row.module_name} in {row.release_name}, to {row.environment_name}. It {word}.",
        url_for("deployments.show", deployment_id=row.id, _external=True),
        max(moment for moment in (row.planned_at, row.started_at, row.finished_at) if moment is not None),
    )
