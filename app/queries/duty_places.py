"""What duties can be for: everything, a module, one of its targets."""

from sqlalchemy import select

from app.database import db
from app.domain.actors import Actor
from app.domain.permissions import Permission
from app.models import Environment, Module, Target
from app.models.base import table_of

_modules, _targets, _places = table_of(Module).c, table_of(Target).c, table_of(Environment).c
_ROWS = (
    select(_modules.id, _modules.name, _targets.id.label("target_id"), _targets.name.label("target"), _places.name)
    .outerjoin(table_of(Target), (_targets.module_id == _modules.id) & _targets.archived_at.is_(None))
    .outerjoin(table_of(Environment), _places.id == _targets.environment_id)
    .where(_modules.archived_at.is_(None))
    .order_by(_modules.name, _modules.id, _places.position, _targets.name)
)


def list_place_choices(actor: Actor) -> list[tuple[str, str]]:
    """The places for which somebody may manage duties, each as a form sends it and in words."""
    if not actor.may(Permission.DUTY_MANAGE):
        return []
    mine = actor.modules(Permission.DUTY_MANAGE)
    found = {"": "everything"} if mine is None else {}
    for number, name, target_id, target, environment in db.session.execute(
        _ROWS if mine is None else _ROWS.where(_modules.id.in_(mine))
    ):
        found[f"{number}"] = name
        if target_id is not None:
            found[f"{number}:{target_id}"] = f"{name}: {target}, {environment}"
    return list(found.items())
