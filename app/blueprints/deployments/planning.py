"""Planning a deployment, changing its plan, calling it off."""

from datetime import timedelta

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.blueprints.deployments.forms import CancelForm, PlanForm, data_of
from app.domain.deployments import DeploymentState
from app.domain.gates import GateKind
from app.domain.permissions import Permission
from app.queries.deployment_facts import DeploymentRow, find_unfinished, get_place, list_steps
from app.queries.deployments import get_deployment, list_freezes_between, list_places_to_plan
from app.queries.people import names_of
from app.queries.standing import standing_of
from app.services.deployment_plans import cancel_deployment, change_deployment, plan_deployment
from app.web.access import requires
from app.web.deployment_pages import server_now
from app.web.errors import form_status, refusals_shown_in
from app.web.forms import small_number, text_of
from app.web.gate_pages import gate_of, reasons_of
from app.web.messages import say
from app.web.origin import actor, origin

bp = Blueprint("deployment_plans", __name__, url_prefix="/deployments")
# So far ahead freezes are shown beside an empty plan.
AHEAD = timedelta(days=90)
CONFLICT = 409
NO_MOMENT = "Write a day and a time that a calendar knows."


@bp.get("/new/")
@requires(Permission.DEPLOYMENT_RUN)
def new() -> ResponseReturnValue:
    """Show an empty plan for what a gate lets start; without a gate, what could be planned."""
    if "gate" not in request.args:
        return render_template("deployments/choose.html", places=list_places_to_plan(actor()))
    form = PlanForm(formdata=None).offer(chosen=actor().id)
    return _new_page(small_number(request.args["gate"]), form)


@bp.post("/new/")
@requires(Permission.DEPLOYMENT_RUN)
def create() -> ResponseReturnValue:
    """Plan a deployment."""
    gate_id, form = small_number(request.args.get("gate", "")), PlanForm().offer()
    gate_of(gate_id, actor())
    if form.more.data:
        return _new_page(gate_id, form)
    if form.validate_on_submit():
        with refusals_shown_in(form):
            facts = form.facts()
            if facts is not None:
                number = plan_deployment(origin(), gate_id, facts)
                say("The deployment is planned. What its gate asks has to be there when it starts.")
                return redirect(url_for("deployments.show", deployment_id=number), 303)
            form.form_errors.append(NO_MOMENT)
    return _new_page(gate_id, form), form_status(form)


def _new_page(gate_id: int, form: PlanForm) -> str:
    gate, checklist = gate_of(gate_id, actor())
    actor().require(Permission.DEPLOYMENT_RUN, gate.module_id)
    place, now = get_place(gate_id), server_now()
    standing = standing_of(gate, now)
    return render_template(
        "deployments/new.html",
        form=form,
        gate=gate,
        checklist=checklist,
        place=place,
        standing=standing,
        reasons=reasons_of(standing, checklist, actor()),
        unfinished=find_unfinished(gate_id) if gate.kind is GateKind.DEPLOY else None,
        freezes=[
            one
            for one in list_freezes_between(actor(), now, now + AHEAD)
            if one.environment_id in {None, place.environment_id} and one.module_id in {None, gate.module_id}
        ],
    )


@bp.get("/<int:deployment_id>/edit/")
@requires(Permission.DEPLOYMENT_RUN)
def edit(deployment_id: int) -> ResponseReturnValue:
    """Show a plan for changing."""
    row = _planned(deployment_id)
    form = PlanForm(formdata=None, data=data_of(row, list_steps(row.id), current_user.zone))
    return _edit_page(row, form.offer())


@bp.post("/<int:deployment_id>/edit/")
@requires(Permission.DEPLOYMENT_RUN)
def update(deployment_id: int) -> ResponseReturnValue:
    """Change the plan."""
    row, form = _planned(deployment_id), PlanForm().offer()
    if form.more.data:
        return _edit_page(row, form)
    if form.validate_on_submit():
        with refusals_shown_in(form):
            facts = form.facts()
            if facts is not None:
                change_deployment(origin(), deployment_id, facts, revision=form.revision.data or 0)
                say("The plan is saved.")
                return redirect(url_for("deployments.show", deployment_id=deployment_id), 303)
            form.form_errors.append(NO_MOMENT)
    status = form_status(form)
    if status == CONFLICT:
        # Both are shown; sent again, what was typed takes the place of what is there now.
        form.revision.data, form.revision.raw_data = row.revision, None
    return _edit_page(row, form, is_stale=status == CONFLICT), status


def _planned(deployment_id: int) -> DeploymentRow:
    """A deployment whose plan this person may change."""
    row = get_deployment(deployment_id, actor())
    actor().require(Permission.DEPLOYMENT_RUN, row.module_id)
    return row


def _edit_page(row: DeploymentRow, form: PlanForm, *, is_stale: bool = False) -> str:
    return render_template(
        "deployments/edit.html",
        row=row,
        form=form,
        is_stale=is_stale,
        steps=list_steps(row.id) if is_stale else [],
        names=names_of({row.decider_id}),
        is_planned=row.state is DeploymentState.PLANNED,
    )


@bp.get("/<int:deployment_id>/cancel/")
@requires(Permission.DEPLOYMENT_RUN)
def ask_to_cancel(deployment_id: int) -> ResponseReturnValue:
    """Ask why it does not take place."""
    return render_template("deployments/cancel.html", row=_planned(deployment_id), form=CancelForm(formdata=None))


@bp.post("/<int:deployment_id>/cancel/")
@requires(Permission.DEPLOYMENT_RUN)
def cancel(deployment_id: int) -> ResponseReturnValue:
    """Call a deployment off."""
    row, form = _planned(deployment_id), CancelForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            cancel_deployment(origin(), deployment_id, reason=text_of(form.reason))
            say("It is called off. What was signed still counts.")
            return redirect(url_for("deployments.show", deployment_id=deployment_id), 303)
    return render_template("deployments/cancel.html", row=row, form=form), form_status(form)
