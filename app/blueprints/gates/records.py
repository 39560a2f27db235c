"""What a deploy gate needs beside its items: the rollback plan, a rehearsal of it, a backup."""

from datetime import datetime
from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.blueprints.gates.forms import BackupForm, PlanForm, RehearsalForm
from app.domain.errors import UNSEEN, InvalidInput, NotFound
from app.domain.permissions import Permission
from app.queries.checklists import ChecklistHead
from app.queries.gates import GateRow
from app.queries.signed import Records, find_records
from app.services.gate_records import BackupFacts, add_backup, add_rehearsal, write_rollback_plan
from app.web.access import requires
from app.web.errors import form_status, refusals_shown_in
from app.web.forms import Form, text_of, utc_of
from app.web.gate_pages import gate_of
from app.web.messages import say
from app.web.origin import actor, origin

bp = Blueprint("gate_records", __name__, url_prefix="/gates/<int:gate_id>")


def _place(gate_id: int) -> tuple[GateRow, ChecklistHead, Records]:
    """A deploy gate of a module on which one works."""
    gate, checklist = gate_of(gate_id, actor())
    records = find_records(gate)
    if records is None:
        raise NotFound(UNSEEN)
    actor().require(Permission.ITEM_WORK, gate.module_id)
    return gate, checklist, records


def _page(gate_id: int, name: str, form: Form, **more: Any) -> str:
    gate, checklist, records = _place(gate_id)
    return render_template(f"gates/{name}.html", gate=gate, checklist=checklist, records=records, form=form, **more)


@bp.get("/plan/")
@requires(Permission.ITEM_WORK)
def edit_plan(gate_id: int) -> ResponseReturnValue:
    """Show the rollback plan for writing."""
    plan = _place(gate_id)[2].plan
    data = {"body": plan.body if plan else "", "revision": plan.revision if plan else 0}
    return _page(gate_id, "plan", PlanForm(formdata=None, data=data), theirs=None)


@bp.post("/plan/")
@requires(Permission.ITEM_WORK)
def write_plan(gate_id: int) -> ResponseReturnValue:
    """Write the rollback plan anew."""
    gate = _place(gate_id)[0]
    form, theirs = PlanForm(), None
    if form.validate_on_submit():
        with refusals_shown_in(form):
            seen = form.revision.data or 0
            write_rollback_plan(origin(), gate.checklist_id, body=text_of(form.body), revision=seen)
            say("The rollback plan is written. What was signed over another one has ended.")
            return redirect(url_for("gates.show", gate_id=gate_id, _anchor="records"), 303)
    if form_status(form) == 409:
        theirs = _place(gate_id)[2].plan
        form.revision.data, form.revision.raw_data = (theirs.revision if theirs else 0), None
    return _page(gate_id, "plan", form, theirs=theirs), form_status(form)


@bp.get("/rehearsal/")
@requires(Permission.ITEM_WORK)
def new_rehearsal(gate_id: int) -> ResponseReturnValue:
    """Ask how a rehearsal of the plan went."""
    return _page(gate_id, "rehearsal", RehearsalForm(formdata=None))


@bp.post("/rehearsal/")
@requires(Permission.ITEM_WORK)
def create_rehearsal(gate_id: int) -> ResponseReturnValue:
    """Record a rehearsal of the plan as it is now."""
    gate = _place(gate_id)[0]
    form = RehearsalForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            add_rehearsal(
                origin(),
                gate.checklist_id,
                ran_at=_moment(form, "ran_at"),
                minutes=int(form.minutes.data or 0),
                has_passed=form.outcome.data == "passed",
                note=text_of(form.note),
            )
            say("The rehearsal is recorded.")
            return redirect(url_for("gates.show", gate_id=gate_id, _anchor="records"), 303)
    return _page(gate_id, "rehearsal", form), form_status(form)


@bp.get("/backup/")
@requires(Permission.ITEM_WORK)
def new_backup(gate_id: int) -> ResponseReturnValue:
    """Ask which backup was taken."""
    return _page(gate_id, "backup", BackupForm(formdata=None))


@bp.post("/backup/")
@requires(Permission.ITEM_WORK)
def create_backup(gate_id: int) -> ResponseReturnValue:
    """Record a backup for the environment of the gate."""
    gate = _place(gate_id)[0]
    form = BackupForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            add_backup(origin(), gate.checklist_id, _facts(form, gate))
            say("The backup is recorded.")
            return redirect(url_for("gates.show", gate_id=gate_id, _anchor="records"), 303)
    return _page(gate_id, "backup", form), form_status(form)


def _moment(form: Form, name: str) -> datetime:
    """What was typed; never another moment in its place."""
    moment = utc_of(form[name].data)
    if moment is None:
        raise InvalidInput(**{name: "Choose a moment that a calendar has."})
    return moment


def _facts(form: BackupForm, gate: GateRow) -> BackupFacts:
    return BackupFacts(
        environment_key=gate.environment_key,
        target=text_of(form.target),
        taken_at=_moment(form, "taken_at"),
        size_bytes=int(form.size_bytes.data or 0),
        checksum=text_of(form.checksum),
        is_restore_tested=bool(form.is_restore_tested.data),
        note=text_of(form.note),
    )
