"""The escalation of an incident: one step on a page, and earlier incidents that are like it."""

from collections.abc import Callable

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.blueprints.incidents.forms import FinishForm, PassOverForm, SimilarForm, StartForm
from app.domain.addresses import occasion_path
from app.domain.checklist import BelongsTo
from app.domain.errors import UNSEEN, NotFound
from app.domain.escalations import LEVELS, SIMILAR
from app.domain.permissions import Permission
from app.queries.escalation import list_callees, list_similar, list_steps
from app.queries.incidents import IncidentRow, get_incident
from app.services.escalation import finish_step, look_at_similar, pass_over_step, start_step
from app.web.access import requires
from app.web.errors import form_status, refusals_shown_in
from app.web.forms import Form, small_number, text_of
from app.web.incident_forms import callee_choices
from app.web.incident_pages import card_of, levels_of, mail_to, server_now, told_of
from app.web.messages import say
from app.web.origin import actor, origin

bp = Blueprint("incident_steps", __name__, url_prefix="/incidents/<int:incident_id>")
STEP = "/steps/<int:level>"


def _to_work(incident_id: int, level: int = 1) -> IncidentRow:
    row = get_incident(incident_id, actor())
    actor().require(Permission.INCIDENT_WORK, row.module_id)
    if level not in LEVELS:
        raise NotFound(UNSEEN)
    return row


@bp.get(f"{STEP}/")
@requires(Permission.INCIDENT_WORK)
def show(incident_id: int, level: int) -> ResponseReturnValue:
    """One step: what it is, whom it calls, and what can be done with it now."""
    return _page(_to_work(incident_id, level), level)


def _page(row: IncidentRow, level: int, refused: Form | None = None) -> str:
    now, callees = server_now(), list_callees(row.module_id)
    view = levels_of(row, list_steps(row.id, row.turn), actor(), now)[level - 1]
    forms: dict[str, Form] = {
        kind.__name__: refused if isinstance(refused, kind) else kind(formdata=None)
        for kind in (StartForm, FinishForm, PassOverForm)
    }
    start = forms["StartForm"]
    start.callee.choices, first = callee_choices(level, callees)
    start.callee.data = start.callee.data or first
    return render_template(
        "incidents/step.html",
        row=row,
        card=card_of(row, now),
        view=view,
        start=start,
        finish=forms["FinishForm"],
        pass_over=forms["PassOverForm"],
        refused=refused,
        callees=callees,
        mails={key: mail_to(row, one) for key, one in callees.items()},
        similar=list_similar(row, actor()) if level == SIMILAR else [],
    )


def _saved(row: IncidentRow, level: int, form: Form, save: Callable[[], str]) -> ResponseReturnValue:
    if form.validate_on_submit():
        with refusals_shown_in(form):
            say(save())
            return redirect(url_for("incidents.show", incident_id=row.id, _anchor=f"step-{level}"), 303)
    return _page(row, level, form), form_status(form)


@bp.post(f"{STEP}/start/")
@requires(Permission.INCIDENT_WORK)
def start(incident_id: int, level: int) -> ResponseReturnValue:
    """Begin a step; from the fourth on somebody is called."""
    row, form = _to_work(incident_id, level), StartForm()

    def save() -> str:
        callee, whom, text = text_of(form.callee), text_of(form.whom), text_of(form.text)
        sent = start_step(origin(), incident_id, level, callee=callee, whom=whom, text=text)
        return f"Step {level} is under way." + (" A mail is on its way." if sent else "")

    return _saved(row, level, form, save)


@bp.post(f"{STEP}/finish/")
@requires(Permission.INCIDENT_WORK)
def finish(incident_id: int, level: int) -> ResponseReturnValue:
    """Say what came of a step."""
    row, form = _to_work(incident_id, level), FinishForm()

    def save() -> str:
        helped = form.has_helped.data == "yes"
        masked = finish_step(origin(), incident_id, level, outcome=text_of(form.outcome), has_helped=helped)
        return f"Step {level} is done.{told_of(masked)}"

    return _saved(row, level, form, save)


@bp.post(f"{STEP}/pass-over/")
@requires(Permission.INCIDENT_WORK)
def pass_over(incident_id: int, level: int) -> ResponseReturnValue:
    """Leave a step out, with the reason."""
    row, form = _to_work(incident_id, level), PassOverForm()

    def save() -> str:
        pass_over_step(origin(), incident_id, level, reason=text_of(form.outcome))
        return f"Step {level} is passed over."

    return _saved(row, level, form, save)


@bp.post("/similar/")
@requires(Permission.INCIDENT_WORK)
def look(incident_id: int) -> ResponseReturnValue:
    """Open an earlier incident, and remember that somebody did."""
    _to_work(incident_id)
    other = look_at_similar(origin(), incident_id, small_number(text_of(SimilarForm().other_id)))
    return redirect(occasion_path(BelongsTo.INCIDENT, other), 303)
