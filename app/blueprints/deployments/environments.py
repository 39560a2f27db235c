"""Environments: their names and the order in which modules go through them."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.blueprints.deployments.forms import AddForm, MoveForm, RenameForm
from app.domain.permissions import Permission
from app.queries.deployments import list_environments_in_order
from app.services.environments import add_environment, move_environment, rename_environment
from app.web.access import requires
from app.web.errors import form_status, refusals_shown_in
from app.web.forms import Form, small_number, text_of
from app.web.messages import say
from app.web.origin import actor, origin

bp = Blueprint("environments", __name__, url_prefix="/environments")


@bp.get("/")
@requires(Permission.CHECKLIST_VIEW)
def index() -> ResponseReturnValue:
    """The environments in their order."""
    return _page()


@bp.post("/")
@requires(Permission.MODULE_MANAGE, everywhere=True)
def create() -> ResponseReturnValue:
    """Add an environment behind the others."""
    form = AddForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            add_environment(origin(), text_of(form.environment), text_of(form.environment_name))
            say("The environment is added, behind the others. Every module in a release has a deploy gate for it now.")
            return redirect(url_for(".index"), 303)
    return _page(add=form), form_status(form)


@bp.post("/<int:environment_id>/rename/")
@requires(Permission.MODULE_MANAGE, everywhere=True)
def rename(environment_id: int) -> ResponseReturnValue:
    """Give an environment another name."""
    form = RenameForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            rename_environment(origin(), environment_id, text_of(form.environment_name), seen=text_of(form.seen))
            say("The environment is renamed.")
            return redirect(url_for(".index"), 303)
    return _page(refused=form, number=environment_id), form_status(form)


@bp.post("/<int:environment_id>/move/")
@requires(Permission.MODULE_MANAGE, everywhere=True)
def move(environment_id: int) -> ResponseReturnValue:
    """Put an environment at another place."""
    form = MoveForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            seen = [small_number(one) for one in text_of(form.seen).split(",") if one]
            move_environment(origin(), environment_id, place=form.place.data or 1, seen=seen)
            say("The order is changed. It counts for what starts from now on.")
            return redirect(url_for(".index"), 303)
    return _page(refused=form, number=environment_id), form_status(form)


def _page(add: AddForm | None = None, refused: Form | None = None, number: int = 0) -> str:
    return render_template(
        "deployments/environments.html",
        environments=list_environments_in_order(),
        add=add or AddForm(formdata=None),
        refused=refused,
        number=number,
        may_manage=actor().may_for(Permission.MODULE_MANAGE, None),
    )
