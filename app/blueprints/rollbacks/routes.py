"""Rollbacks: beginning one from the page of its deployment, and its own page with the step that is to be done now."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.blueprints.rollbacks.forms import AbortForm, FinishForm, PauseForm, PressedForm, StartForm
from app.blueprints.rollbacks.pages import run_page
from app.domain.incidents import IncidentSeverity
from app.domain.permissions import Permission
from app.queries.rollbacks import find_running, list_rollbacks_of
from app.services.rollbacks import (
    StartFacts,
    abort_rollback,
    finish_rollback,
    pause_rollback,
    resume_rollback,
    start_rollback,
)
from app.web.access import requires
from app.web.errors import form_status, refusals_shown_in
from app.web.etag import is_unchanged, tag_of, tagged, unchanged
from app.web.forms import text_of
from app.web.messages import say
from app.web.origin import actor, origin
from app.web.rollback_pages import require_run, run_view, runnable_deployment
from app.web.run_sheets import sheet_to_come

bp = Blueprint("rollbacks", __name__)


@bp.get("/deployments/<int:deployment_id>/rollback/")
@requires(Permission.DEPLOYMENT_RUN)
def new(deployment_id: int) -> ResponseReturnValue:
    """Ask why, and show what will happen; lead to the rollback where one runs."""
    runnable_deployment(deployment_id, actor())
    running = find_running(deployment_id)
    if running:
        return redirect(running.path)
    return _new_page(deployment_id, StartForm(formdata=None))


@bp.post("/deployments/<int:deployment_id>/rollback/")
@requires(Permission.DEPLOYMENT_RUN)
def create(deployment_id: int) -> ResponseReturnValue:
    """Begin it; or lead to the one that a colleague has begun at the same moment."""
    runnable_deployment(deployment_id, actor())
    form = StartForm()
    if form.validate_on_submit():
        severity = IncidentSeverity(form.severity.data)
        facts = StartFacts(text_of(form.reason), severity, text_of(form.state_before))
        with refusals_shown_in(form):
            started = start_rollback(origin(), deployment_id, facts)
            if not started.is_new:
                say(f"It was begun already: this is that rollback. Your reason was not kept: {facts.reason[:300]}")
            return redirect(url_for(".show", rollback_id=started.rollback_id), 303)
    return _new_page(deployment_id, form), form_status(form)


def _new_page(deployment_id: int, form: StartForm) -> str:
    row = runnable_deployment(deployment_id, actor())
    return render_template(
        "rollbacks/new.html",
        deployment=row,
        form=form,
        sheet=sheet_to_come(row),
        earlier=list_rollbacks_of(deployment_id),
    )


@bp.get("/rollbacks/<int:rollback_id>/")
@requires(Permission.CHECKLIST_VIEW)
def show(rollback_id: int) -> ResponseReturnValue:
    """The step that is to be done now."""
    view = run_view(rollback_id, actor())
    tag = tag_of("rollback", view)
    if is_unchanged(tag):
        return unchanged(tag)
    return tagged(run_page(view), tag)


@bp.post("/rollbacks/<int:rollback_id>/pause/")
@requires(Permission.DEPLOYMENT_RUN)
def pause(rollback_id: int) -> ResponseReturnValue:
    """Stop the clock, with a reason."""
    require_run(rollback_id, actor())
    form = PauseForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            pause_rollback(origin(), rollback_id, reason=text_of(form.pause_reason))
            return redirect(url_for(".show", rollback_id=rollback_id), 303)
    return run_page(run_view(rollback_id, actor()), pause=form), form_status(form)


@bp.post("/rollbacks/<int:rollback_id>/resume/")
@requires(Permission.DEPLOYMENT_RUN)
def resume(rollback_id: int) -> ResponseReturnValue:
    """Go on."""
    require_run(rollback_id, actor())
    form = PressedForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            resume_rollback(origin(), rollback_id)
            return redirect(url_for(".show", rollback_id=rollback_id), 303)
    return run_page(run_view(rollback_id, actor()), pressed=form), form_status(form)


@bp.post("/rollbacks/<int:rollback_id>/abort/")
@requires(Permission.DEPLOYMENT_RUN)
def abort(rollback_id: int) -> ResponseReturnValue:
    """Give it up, with a reason."""
    require_run(rollback_id, actor())
    form = AbortForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            abort_rollback(origin(), rollback_id, reason=text_of(form.abort_reason))
            say("It is given up. Nothing was said of the deployment: finish that with what it came to.")
            return redirect(url_for(".show", rollback_id=rollback_id), 303)
    return run_page(run_view(rollback_id, actor()), abort=form), form_status(form)


@bp.post("/rollbacks/<int:rollback_id>/finish/")
@requires(Permission.DEPLOYMENT_RUN)
def finish(rollback_id: int) -> ResponseReturnValue:
    """Say that it is complete."""
    require_run(rollback_id, actor())
    form = FinishForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            finish_rollback(origin(), rollback_id, note=text_of(form.note))
            say("The rollback is complete, and its deployment counts as rolled back.")
            return redirect(url_for(".show", rollback_id=rollback_id), 303)
    return run_page(run_view(rollback_id, actor()), finish=form), form_status(form)
