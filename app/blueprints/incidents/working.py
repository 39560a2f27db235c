"""Working on an incident: who has it, since when it works again, why it could happen, how it ends."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.blueprints.incidents.forms import CauseForm, CloseForm, OwnerForm, RecoveredForm, ReopenForm, ResolveForm
from app.domain.checklist import BelongsTo
from app.domain.incidents import RootCause
from app.domain.permissions import Permission
from app.queries.checklists import get_occasion_checklist
from app.queries.gates import get_gate, list_gates
from app.queries.incidents import IncidentRow, get_incident
from app.queries.standing import standing_of
from app.services.incident_ends import close_incident, explain, reopen_incident, resolve, set_recovered
from app.services.incidents import give_incident
from app.web.access import requires
from app.web.errors import form_status, refusals_shown_in
from app.web.forms import Form, optional_number, text_of, utc_of
from app.web.gate_pages import reasons_of
from app.web.incident_pages import card_of, server_now, told_of
from app.web.messages import say
from app.web.origin import actor, origin

bp = Blueprint("incident_work", __name__, url_prefix="/incidents/<int:incident_id>")


def _to_work(incident_id: int) -> IncidentRow:
    row = get_incident(incident_id, actor())
    actor().require(Permission.INCIDENT_WORK, row.module_id)
    return row


def _back(incident_id: int) -> ResponseReturnValue:
    return redirect(url_for("incidents.show", incident_id=incident_id), 303)


def _page(name: str, row: IncidentRow, form: Form, **more: Any) -> str:
    return render_template(f"incidents/{name}.html", row=row, card=card_of(row, server_now()), form=form, **more)


def _saved(incident_id: int, form: Form, save: Callable[[], str], page: Callable[[], str]) -> ResponseReturnValue:
    """Save and go back to the incident, or show the form again with what was refused."""
    if form.validate_on_submit():
        with refusals_shown_in(form):
            say(save())
            return _back(incident_id)
    return page(), form_status(form)


@bp.post("/owner/")
@requires(Permission.INCIDENT_WORK)
def give(incident_id: int) -> ResponseReturnValue:
    """Say who has it; whoever asks takes it themselves."""
    _to_work(incident_id)
    form = OwnerForm()
    mine = request.form.get("take") == "1"
    give_incident(origin(), incident_id, current_user.id if mine else optional_number(form.owner_id.data))
    say("You have it now." if mine else "Saved who has it.")
    return _back(incident_id)


@bp.get("/recovered/")
@requires(Permission.INCIDENT_WORK)
def ask_when(incident_id: int) -> ResponseReturnValue:
    """Ask since when it works again."""
    row = _to_work(incident_id)
    at = row.recovered_at or server_now()
    local = at.astimezone(current_user.zone).replace(tzinfo=None, second=0, microsecond=0)
    return _page("recovered", row, RecoveredForm(formdata=None, data={"recovered_at": local}))


@bp.post("/recovered/")
@requires(Permission.INCIDENT_WORK)
def recover(incident_id: int) -> ResponseReturnValue:
    """Say since when it works again for its users."""
    row, form = _to_work(incident_id), RecoveredForm()

    def save() -> str:
        set_recovered(origin(), incident_id, recovered_at=utc_of(form.recovered_at.data))
        return "Saved since when it works again. What is left is to find out why, and to say how it was resolved."

    return _saved(incident_id, form, save, lambda: _page("recovered", row, form))


@bp.get("/cause/")
@requires(Permission.INCIDENT_WORK)
def ask_why(incident_id: int) -> ResponseReturnValue:
    """Ask why it could happen."""
    row = _to_work(incident_id)
    known = {"revision": str(row.revision), "cause": row.root_cause, "category": row.root_cause_category or ""}
    return _cause_page(row, CauseForm(formdata=None, data=known))


@bp.post("/cause/")
@requires(Permission.INCIDENT_WORK)
def save_cause(incident_id: int) -> ResponseReturnValue:
    """Say why it could happen."""
    row, form = _to_work(incident_id), CauseForm()

    def save() -> str:
        category = RootCause(form.category.data) if form.category.data else None
        cause = text_of(form.cause)
        masked = explain(origin(), incident_id, revision=form.seen_revision, cause=cause, category=category)
        return f"The cause is saved.{told_of(masked)}"

    return _saved(incident_id, form, save, lambda: _cause_page(row, form))


def _cause_page(row: IncidentRow, form: CauseForm) -> str:
    is_stale = form.seen_revision != row.revision
    # Whoever has seen both may decide for theirs.
    form.revision.data = str(row.revision)
    return _page("cause", row, form, is_stale=is_stale)


@bp.get("/resolve/")
@requires(Permission.INCIDENT_WORK)
def ask_how(incident_id: int) -> ResponseReturnValue:
    """Ask how it was resolved."""
    row = _to_work(incident_id)
    return _page("resolve", row, ResolveForm(formdata=None, data={"resolution": row.resolution}))


@bp.post("/resolve/")
@requires(Permission.INCIDENT_WORK)
def save_resolution(incident_id: int) -> ResponseReturnValue:
    """Say how it was resolved."""
    row, form = _to_work(incident_id), ResolveForm()

    def save() -> str:
        masked = resolve(origin(), incident_id, resolution=text_of(form.resolution))
        return f"Resolved. When the rest of its list is done a team lead signs, and it can be closed.{told_of(masked)}"

    return _saved(incident_id, form, save, lambda: _page("resolve", row, form))


@bp.get("/close/")
@requires(Permission.INCIDENT_WORK)
def ask_to_close(incident_id: int) -> ResponseReturnValue:
    """Show what is still in the way of closing it."""
    return _close_page(_to_work(incident_id), CloseForm(formdata=None))


@bp.post("/close/")
@requires(Permission.INCIDENT_WORK)
def close(incident_id: int) -> ResponseReturnValue:
    """Close it: nothing is left to do."""
    row, form = _to_work(incident_id), CloseForm()

    def save() -> str:
        close_incident(origin(), incident_id)
        return "The incident is closed."

    return _saved(incident_id, form, save, lambda: _close_page(row, form))


def _close_page(row: IncidentRow, form: CloseForm) -> str:
    checklist = get_occasion_checklist(BelongsTo.INCIDENT, row.id, actor())
    gate = get_gate(list_gates(row.checklist_id)[0].id)
    standing = standing_of(gate, server_now())
    reasons = reasons_of(standing, checklist, actor())
    return _page("close", row, form, gate=gate, standing=standing, reasons=reasons)


@bp.get("/reopen/")
@requires(Permission.INCIDENT_WORK)
def ask_to_reopen(incident_id: int) -> ResponseReturnValue:
    """Ask why it is open again."""
    return _page("reopen", _to_work(incident_id), ReopenForm(formdata=None))


@bp.post("/reopen/")
@requires(Permission.INCIDENT_WORK)
def reopen(incident_id: int) -> ResponseReturnValue:
    """Open a closed one again."""
    row, form = _to_work(incident_id), ReopenForm()

    def save() -> str:
        down = bool(form.is_down_again.data)
        reopen_incident(origin(), incident_id, reason=text_of(form.reason), is_down_again=down)
        return "It is open again. It has to be resolved and signed anew."

    return _saved(incident_id, form, save, lambda: _page("reopen", row, form))
