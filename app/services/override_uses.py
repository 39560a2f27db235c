"""Passing a gate by break-glass: remembered beside the gate, for good."""

from sqlalchemy import insert

from app.models import OverrideUse
from app.models.base import table_of
from app.queries.standing import Standing
from app.services.change import Change

_USE = insert(table_of(OverrideUse))


def use_override(change: Change, standing: Standing) -> str:
    """Remember by which break-glass a gate is passed, where it is; gives what it is passed with, in words."""
    signed = f"{len(standing.signoffs)} sign-offs"
    if standing.override is None:
        return signed
    change.session.execute(
        _USE,
        {
            "override_id": standing.override.id,
            "gate_id": standing.gate.id,
            "used_by_id": change.actor_id,
            "name_id": change.actor.name_id,
            "used_at": change.at,
        },
    )
    return f"break-glass {standing.override.id} and {signed}"
