"""Freezes: when nothing is deployed, and ending one early."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.blueprints.deployments.forms import EndFreezeForm, FreezeForm
from app.domain.errors import UNSEEN, NotFound
from app.domain.permissions import Permission
from app.queries.deployments import list_environments_in_order, list_freezes
from app.queries.modules import list_module_choices
from app.services.freezes import add_freeze, end_freeze
from app.web.access import requires
from app.web.deployment_pages import server_now
from app.web.errors import form_status, refusals_shown_in
from app.web.forms import options, text_of
from app.web.messages import say
from app.web.origin import actor, origin

bp = Blueprint("freezes", __name__, url_prefix="/deployments/freezes")


@bp.get("/")
@requires(Permission.CHECKLIST_VIEW)
def index() -> ResponseReturnValue:
    """The freezes that are, that come, and that were."""
    return _page(FreezeForm(formdata=None), EndFreezeForm(formdata=None))


@bp.post("/")
@requires(Permission.RELEASE_MANAGE)
def create() -> ResponseReturnValue:
    """Say that nothing is deployed for a while."""
    form = _with_choices(FreezeForm())
    if form.validate_on_submit():
        with refusals_shown_in(form):
            facts = form.facts()
            if facts is not None:
                add_freeze(origin(), facts)
                say("Nothing is deployed then, but by break-glass.")
                return redirect(url_for(".index"), 303)
            form.form_errors.append("Write days and times that a calendar knows.")
    return _page(form, EndFreezeForm(formdata=None)), form_status(form)


@bp.post("/<int:freeze_id>/end/")
@requires(Permission.RELEASE_MANAGE)
def end(freeze_id: int) -> ResponseReturnValue:
    """End a freeze before its time."""
    if freeze_id not in {one.id for one in list_freezes(actor())}:
        raise NotFound(UNSEEN)
    form = EndFreezeForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            end_freeze(origin(), freeze_id, reason=text_of(form.end_reason))
            say("The freeze is over.")
            return redirect(url_for(".index"), 303)
    return _page(FreezeForm(formdata=None), form, freeze_id), form_status(form)


def _with_choices(form: FreezeForm) -> FreezeForm:
    held = actor().modules(Permission.RELEASE_MANAGE)
    modules = [(one.id, one.name) for one in list_module_choices() if held is None or one.id in held]
    form.environment_id.choices = options(
        [("", "every environment"), *((one.id, one.name) for one in list_environments_in_order())]
    )
    form.module_id.choices = options([*([("", "every module")] if held is None else []), *modules])
    return form


def _page(form: FreezeForm, end_form: EndFreezeForm, refused: int = 0) -> str:
    now, who = server_now(), actor()
    freezes = list_freezes(who)
    return render_template(
        "deployments/freezes.html",
        form=_with_choices(form),
        end_form=end_form,
        refused=refused,
        ahead=sorted((one for one in freezes if not one.is_over(now)), key=lambda one: one.starts_at),
        over=[one for one in freezes if one.is_over(now)],
        now=now,
        may_manage=who.may(Permission.RELEASE_MANAGE),
        may_end={one.id for one in freezes if who.may_for(Permission.RELEASE_MANAGE, one.module_id)},
    )
