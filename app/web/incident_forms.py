"""What the forms of incidents let one choose from."""

from collections.abc import Iterable
from typing import Any

from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from app.domain.actors import Actor
from app.domain.escalations import CALLED_FIRST, FIRST_TO_CALL, SOMEBODY_ELSE
from app.queries.escalation import Callee
from app.queries.incident_choices import (
    Happened,
    list_deployments_to_name,
    list_modules_to_report,
    list_releases_to_name,
    list_rollbacks_to_name,
)
from app.queries.modules import list_environments
from app.web.forms import options

NONE = ("", "none, or not known")


def with_choices(form: Any, actor: Actor, module_key: str) -> Any:
    """Let a report be about what there is; with a module, only about what is its own."""
    form.module_key.choices = options([("", "choose a module"), *list_modules_to_report(actor)])
    form.release_key.choices = options([NONE, *list_releases_to_name(actor, module_key)])
    form.environment_key.choices = options([NONE, *((one.key, one.name) for one in list_environments())])
    deployments, rollbacks = list_deployments_to_name(actor, module_key), list_rollbacks_to_name(actor, module_key)
    form.deployment_id.choices = _happened(deployments, form.deployment_id.data)
    form.rollback_id.choices = _happened(rollbacks, form.rollback_id.data)
    return form


def _happened(found: Iterable[Happened], chosen: object) -> list[SelectChoice]:
    """The newest; and what is chosen already, however old it is."""
    known = {
        str(one.id): f"No. {one.id}: {one.module_name}, {one.release_name} to {one.environment_name}" for one in found
    }
    if chosen and str(chosen) not in known:
        known[str(chosen)] = f"No. {chosen}"
    return options([NONE, *known.items()])


def callee_choices(level: int, callees: dict[str, Callee]) -> tuple[list[SelectChoice], str]:
    """Who can be called by a step, and whom it calls first."""
    known = [(key, one.words) for key, one in callees.items()]
    first = CALLED_FIRST.get(level, "") if level >= FIRST_TO_CALL else ""
    chosen = first if first in callees else SOMEBODY_ELSE
    return options([*known, (SOMEBODY_ELSE, "Somebody else, named below")]), chosen
