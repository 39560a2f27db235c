"""Rollbacks on paper: the sheet for the day when the network is gone too, and typing in what stands on it."""

from flask import Blueprint, current_app, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from pydantic import SecretStr

from app.blueprints.rollbacks.forms import CodesForm
from app.domain.permissions import Permission
from app.services.rollback_work import type_in_later
from app.web.access import requires
from app.web.errors import form_status, refusals_shown_in
from app.web.messages import say
from app.web.origin import actor, origin
from app.web.rollback_pages import require_run, run_view, seen_deployment
from app.web.run_sheets import sheet_of, sheet_to_come

bp = Blueprint("rollback_paper", __name__)


@bp.get("/deployments/<int:deployment_id>/rollback/print/")
@requires(Permission.CHECKLIST_VIEW)
def sheet_before(deployment_id: int) -> ResponseReturnValue:
    """The sheet of the rollback that may come: printed while there is a network."""
    row = seen_deployment(deployment_id, actor())
    return render_template("rollbacks/sheet.html", sheet=sheet_to_come(row), back=f"/deployments/{row.id}/")


@bp.get("/rollbacks/<int:rollback_id>/print/")
@requires(Permission.CHECKLIST_VIEW)
def sheet(rollback_id: int) -> ResponseReturnValue:
    """The sheet of a rollback, with what was done so far."""
    view = run_view(rollback_id, actor())
    return render_template("rollbacks/sheet.html", sheet=sheet_of(view), back=view.row.path)


@bp.get("/rollbacks/<int:rollback_id>/codes/")
@requires(Permission.DEPLOYMENT_RUN)
def ask_for_codes(rollback_id: int) -> ResponseReturnValue:
    """Ask what stands on the sheet."""
    require_run(rollback_id, actor())
    return _page(rollback_id, CodesForm(formdata=None))


@bp.post("/rollbacks/<int:rollback_id>/codes/")
@requires(Permission.DEPLOYMENT_RUN)
def type_in(rollback_id: int) -> ResponseReturnValue:
    """Take it over: all of it, or nothing."""
    require_run(rollback_id, actor())
    form = CodesForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            secret = SecretStr(str(current_app.secret_key))
            taken = type_in_later(origin(), rollback_id, form.claims(), secret=secret)
            say(f"{taken} {'step' if taken == 1 else 'steps'} taken over from the paper.")
            return redirect(url_for("rollbacks.show", rollback_id=rollback_id), 303)
    return _page(rollback_id, form), form_status(form)


def _page(rollback_id: int, form: CodesForm) -> str:
    view = run_view(rollback_id, actor())
    still_open = [step for step in view.steps if step.step.is_open]
    asked = [str(step.step.item_id) for step in still_open]
    typed = {entry.form.item_id.data: entry.data for entry in form.steps}
    fresh = form if list(typed) == asked else CodesForm(formdata=None)
    if fresh is not form:
        # Some were taken meanwhile: what was typed for the others stays, the rest is shown below.
        for item in asked:
            fresh.steps.append_entry(typed.get(item) or {"item_id": item})
        fresh.form_errors = form.form_errors
    by_item = {str(step.step.item_id): step for step in view.steps}
    gone = [(by_item[item], data) for item, data in typed.items() if item in by_item and item not in asked]
    return render_template("rollbacks/codes.html", view=view, form=fresh, by_item=by_item, gone=gone)
