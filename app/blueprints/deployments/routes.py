"""Deployments: what runs and what is next, the calendar, and one with the hours after it."""

from datetime import date

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.blueprints.deployments.forms import StepForm
from app.domain.deployment_calendar import month_of, next_month
from app.domain.deployments import DeploymentState, Obstacle
from app.domain.permissions import Permission
from app.queries.audit import list_events_since
from app.queries.deployment_facts import DeploymentRow, list_steps
from app.queries.deployment_windows import list_windows_of
from app.queries.deployments import (
    find_used,
    get_deployment,
    list_ended,
    list_freezes_between,
    list_unfinished,
    list_windows_between,
    stream_of_deployment,
)
from app.queries.people import names_of
from app.queries.rollbacks import list_rollbacks_of
from app.queries.standing import standing_of
from app.services.deployments import do_step, obstacles_of
from app.web.access import requires
from app.web.deployment_pages import (
    ToldConflict,
    calendar_of,
    cards_of,
    headline,
    list_cards,
    mended_at,
    next_of,
    server_now,
    span_of,
    told_conflicts,
)
from app.web.errors import form_status, refusals_shown_in
from app.web.forms import optional_number, text_of
from app.web.gate_pages import gate_of, reasons_of
from app.web.history import told
from app.web.origin import actor, origin

bp = Blueprint("deployments", __name__, url_prefix="/deployments")
# So much of what happened is shown; the history has all of it.
SHOWN = 60


@bp.get("/")
@requires(Permission.CHECKLIST_VIEW)
def index() -> ResponseReturnValue:
    """What runs now, what is next, and what was."""
    now = server_now()
    unfinished = list_cards(list_unfinished(actor()), now)
    ended, older = list_ended(actor(), before=optional_number(request.args.get("before")) or 0)
    return render_template(
        "deployments/index.html",
        headline=headline(unfinished),
        running=[card for card in unfinished if card.line.state is DeploymentState.RUNNING],
        planned=[card for card in unfinished if card.line.state is DeploymentState.PLANNED],
        ended=list_cards(ended, now),
        older=older,
        may_run=actor().may(Permission.DEPLOYMENT_RUN),
        now=now,
    )


@bp.get("/calendar/")
@requires(Permission.CHECKLIST_VIEW)
def calendar() -> ResponseReturnValue:
    """The windows of a month, with what gets in each other's way."""
    today = server_now().astimezone(current_user.zone).date()
    first = month_of(request.args.get("month", ""), today)
    if not date.min.year < first.year < date.max.year:
        first = today.replace(day=1)
    begins, ends = span_of(first)
    windows = list_windows_between(actor(), begins, ends)
    weeks = calendar_of(first, today, windows, list_freezes_between(actor(), begins, ends))
    entries = {entry.row.id: entry for week in weeks for day in week for entry in day.entries}
    before = first.replace(year=first.year - 1, month=12) if first.month == 1 else first.replace(month=first.month - 1)
    return render_template(
        "deployments/calendar.html",
        first=first,
        weeks=weeks,
        before=f"{before:%Y-%m}",
        after=f"{next_month(first):%Y-%m}",
        is_empty=not any(day.entries or day.freezes for week in weeks for day in week),
        conflicting=[entry for entry in entries.values() if entry.conflicts],
        may_run=actor().may(Permission.DEPLOYMENT_RUN),
    )


@bp.get("/<int:deployment_id>/")
@requires(Permission.CHECKLIST_VIEW)
def show(deployment_id: int) -> ResponseReturnValue:
    """Whether this deployment is healthy, and what is due next."""
    return _page(deployment_id, StepForm(formdata=None))


@bp.post("/<int:deployment_id>/steps/<int:step_id>/")
@requires(Permission.DEPLOYMENT_RUN)
def done(deployment_id: int, step_id: int) -> ResponseReturnValue:
    """Say that a step is done."""
    get_deployment(deployment_id, actor())
    form = StepForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            do_step(origin(), deployment_id, step_id, note=text_of(form.note))
            return redirect(url_for(".show", deployment_id=deployment_id, _anchor="steps"), 303)
    return _page(deployment_id, form, step_id), form_status(form)


def _page(deployment_id: int, form: StepForm, refused: int = 0) -> str:
    row, now = get_deployment(deployment_id, actor()), server_now()
    cards = cards_of(list_windows_of([row.id]).get(row.id, []), now)
    steps, (plan, backup) = list_steps(row.id), find_used(row)
    events = list_events_since(stream_of_deployment(row.id), row.planned_at, most=SHOWN + 1)
    return render_template(
        "deployments/show.html",
        row=row,
        names=names_of({row.decider_id, row.created_by_id, row.started_by_id, row.finished_by_id}),
        cards=cards,
        next_card=next_of(cards),
        missed=[card for card in cards if card.state == "missed"],
        steps=steps,
        steps_done=sum(step.done_at is not None for step in steps),
        plan=plan,
        backup=backup,
        obstacles=_obstacles(row) if row.state is DeploymentState.PLANNED else [],
        conflicts=_conflicts(row),
        events=told(events[:SHOWN]),
        has_more=len(events) > SHOWN,
        form=form,
        refused=refused,
        now=now,
        may_run=actor().may_for(Permission.DEPLOYMENT_RUN, row.module_id),
        rollbacks=list_rollbacks_of(row.id),
    )


def _obstacles(row: DeploymentRow) -> list[Obstacle]:
    gate, checklist = gate_of(row.gate_id, actor())
    standing = standing_of(gate, server_now())
    return mended_at(obstacles_of(row, standing, actor().id or 0), reasons_of(standing, checklist, actor()))


def _conflicts(row: DeploymentRow) -> list[ToldConflict]:
    """What gets in the way of a window that is to come."""
    if row.state is not DeploymentState.PLANNED:
        return []
    windows = list_windows_between(actor(), row.window_starts_at, row.window_ends_at)
    freezes = list_freezes_between(actor(), row.window_starts_at, row.window_ends_at)
    return told_conflicts(windows, freezes).get(row.id, [])


@bp.get("/<int:deployment_id>/print/")
@requires(Permission.CHECKLIST_VIEW)
def on_paper(deployment_id: int) -> ResponseReturnValue:
    """The plan as a sheet of paper, for when the network is gone too."""
    row = get_deployment(deployment_id, actor())
    plan, backup = find_used(row)
    return render_template(
        "deployments/paper.html",
        row=row,
        steps=list_steps(row.id),
        plan=plan,
        backup=backup,
        names=names_of({row.decider_id, row.created_by_id, row.started_by_id}),
        now=server_now(),
    )
