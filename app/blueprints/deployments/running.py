"""Starting a deployment, after a look at what that uses up, and saying how it ended."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.blueprints.deployments.forms import FinishForm
from app.domain.deployments import DeploymentState, NotStartable, Obstacle, Outcome
from app.domain.permissions import Permission
from app.queries.deployment_facts import DeploymentRow, list_steps
from app.queries.deployments import get_deployment
from app.queries.people import names_of
from app.queries.signed import find_records, list_given
from app.queries.standing import standing_of
from app.services.deployments import finish_deployment, obstacles_of, start_deployment
from app.web.access import requires
from app.web.deployment_pages import server_now
from app.web.errors import form_status, refusals_shown_in
from app.web.forms import Form, text_of
from app.web.gate_pages import gate_of
from app.web.messages import say
from app.web.origin import actor, origin

bp = Blueprint("deployment_runs", __name__, url_prefix="/deployments/<int:deployment_id>")


def _to_run(deployment_id: int) -> DeploymentRow:
    """A deployment that this person may run."""
    row = get_deployment(deployment_id, actor())
    actor().require(Permission.DEPLOYMENT_RUN, row.module_id)
    return row


@bp.get("/start/")
@requires(Permission.DEPLOYMENT_RUN)
def ask(deployment_id: int) -> ResponseReturnValue:
    """Show what a start would use up, and what is against it."""
    row = _to_run(deployment_id)
    if row.state is not DeploymentState.PLANNED:
        return redirect(url_for("deployments.show", deployment_id=deployment_id))
    return _start_page(row, Form(formdata=None))


@bp.post("/start/")
@requires(Permission.DEPLOYMENT_RUN)
def start(deployment_id: int) -> ResponseReturnValue:
    """Start it: its gate is passed, and the hours after begin."""
    row, form, refused = _to_run(deployment_id), Form(), None
    if form.validate_on_submit():
        with refusals_shown_in(form):
            try:
                start_deployment(origin(), deployment_id)
            except NotStartable as refusal:
                refused = refusal.obstacles
                raise
            say("Started. The checks of the first hour are open.")
            return redirect(url_for("deployments.show", deployment_id=deployment_id), 303)
    return _start_page(row, form, refused), form_status(form)


def _start_page(row: DeploymentRow, form: Form, refused: tuple[Obstacle, ...] | None = None) -> str:
    gate, checklist = gate_of(row.gate_id, actor())
    now = server_now()
    standing = standing_of(gate, now)
    return render_template(
        "deployments/start.html",
        row=row,
        form=form,
        gate=gate,
        checklist=checklist,
        standing=standing,
        active=[one for one in list_given(gate) if one.id in {signoff.id for signoff in standing.signoffs}],
        records=find_records(gate),
        steps=list_steps(row.id),
        obstacles=obstacles_of(row, standing, actor().id or 0) if refused is None else refused,
        was_refused=refused is not None,
        names=names_of({row.decider_id}),
        now=now,
    )


@bp.get("/finish/")
@requires(Permission.DEPLOYMENT_RUN)
def ask_how(deployment_id: int) -> ResponseReturnValue:
    """Ask how it ended."""
    return _finish_page(_to_run(deployment_id), FinishForm(formdata=None))


@bp.post("/finish/")
@requires(Permission.DEPLOYMENT_RUN)
def finish(deployment_id: int) -> ResponseReturnValue:
    """Say how it ended."""
    row, form = _to_run(deployment_id), FinishForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            finish_deployment(origin(), deployment_id, outcome=Outcome(form.outcome.data), note=text_of(form.note))
            say("It is finished. The checks of the hours after go on.")
            return redirect(url_for("deployments.show", deployment_id=deployment_id), 303)
    return _finish_page(row, form), form_status(form)


def _finish_page(row: DeploymentRow, form: FinishForm) -> str:
    steps = list_steps(row.id)
    return render_template(
        "deployments/finish.html",
        row=row,
        form=form,
        steps_left=[step for step in steps if step.done_at is None],
        is_running=row.state is DeploymentState.RUNNING,
    )
