"""Incidents: the list with its filters, reporting one, one of them, and changing what its report says."""

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.blueprints.incidents.forms import TEXTS, OwnerForm, ReportForm
from app.domain.actors import Actor
from app.domain.checklist import BelongsTo
from app.domain.escalations import current_level, states_of
from app.domain.incidents import IncidentSeverity, record_verdicts
from app.domain.permissions import Permission
from app.exports.csv_rows import csv_bytes
from app.queries.audit import list_events_of_two
from app.queries.checklists import get_occasion_checklist
from app.queries.escalation import list_callees, list_similar, list_steps
from app.queries.groups import list_groups
from app.queries.incident_choices import find_module_key_of, list_releases_to_name
from app.queries.incidents import (
    IncidentFilter,
    IncidentRow,
    count_incidents,
    get_incident,
    list_incidents,
    record_facts_of,
)
from app.queries.people import list_active_people
from app.queries.rows import list_rows
from app.queries.waiting import list_standings_of
from app.services import throttle
from app.services.exports import record_incident_export
from app.services.incidents import change_incident, report_with_files
from app.web.access import requires
from app.web.errors import form_status, refusals_shown_in
from app.web.evidence_pages import evidence_views
from app.web.forms import optional_number, options, small_number, text_of
from app.web.history import told
from app.web.incident_forms import with_choices
from app.web.incident_pages import HEADER, OWN, card_of, cards_of, csv_rows, levels_of, sentence_of, server_now, told_of
from app.web.messages import say
from app.web.origin import actor, origin
from app.web.past import modules_ever
from app.web.rows import today
from app.web.uploads import evidence_limits, evidence_store, file_limit, takes_file

bp = Blueprint("incidents", __name__, url_prefix="/incidents")
# So much of what happened is shown; the history has all of it.
SHOWN = 80
# What may stand in the address of the list.
ASKED = ("q", "state", "severity", "module", "release")


@bp.get("/")
@requires(Permission.CHECKLIST_VIEW)
def index() -> ResponseReturnValue:
    """Every incident of one's modules, the open ones first."""
    wanted, now = _wanted(), server_now()
    numbers = count_incidents(actor())
    page = list_incidents(wanted, actor(), page=max(1, small_number(request.args.get("page", ""))))
    return render_template(
        "incidents/index.html",
        sentence=sentence_of(numbers, now),
        numbers=numbers,
        cards=cards_of(page.rows, now),
        page=page,
        wanted=wanted,
        query={name: text for name in ASKED if (text := request.args.get(name, ""))},
        severities=list(IncidentSeverity),
        modules=modules_ever(actor()),
        releases=list_releases_to_name(actor(), ""),
        may_report=actor().may(Permission.INCIDENT_WORK),
    )


@bp.get("/export/")
@requires(Permission.CHECKLIST_VIEW)
def export() -> ResponseReturnValue:
    """The same rows as in the list, all of them."""
    throttle.count_or_refuse(throttle.EXPORTS, "export", str(current_user.id))
    record_incident_export(origin(), query=request.query_string.decode()[:500])
    rows = list_incidents(_wanted(), actor(), most=None).rows
    name = f"countersign-incidents-{datetime.now(UTC):%Y%m%d-%H%M%S}.csv"
    return Response(
        csv_bytes(HEADER, [csv_rows(rows)], own=OWN),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _wanted() -> IncidentFilter:
    """The filter in an address; what it does not know narrows nothing."""
    state, severity = request.args.get("state", ""), request.args.get("severity", "")
    return IncidentFilter(
        state if state in {"open", "closed"} else "",
        severity if severity in set(IncidentSeverity) else "",
        request.args.get("module", ""),
        request.args.get("release", ""),
        request.args.get("q", "").strip()[:200],
    )


@bp.get("/new/")
@requires(Permission.INCIDENT_WORK)
def new() -> ResponseReturnValue:
    """Show the report, with what the page before knew already filled in."""
    deployment, rollback = (optional_number(request.args.get(name)) for name in ("deployment", "rollback"))
    key = request.args.get("module") or find_module_key_of(deployment_id=deployment, rollback_id=rollback)
    known = {"module_key": key, "deployment_id": str(deployment or ""), "rollback_id": str(rollback or "")}
    return _new_page(ReportForm(formdata=None, data=known))


@bp.post("/new/")
@requires(Permission.INCIDENT_WORK)
@takes_file
def create() -> ResponseReturnValue:
    """Report an incident, with its files."""
    form = ReportForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            number, masked = _report(form)
            say(f"Incident {number} is reported.{told_of(masked)}")
            return redirect(url_for(".show", incident_id=number), 303)
    return _new_page(form), form_status(form)


def _report(form: ReportForm) -> tuple[int, int]:
    files = [file for file in request.files.getlist("files") if file.filename]
    reported = report_with_files(
        origin(),
        text_of(form.module_key),
        form.report(),
        [(file.stream, file.filename or "") for file in files],
        store=evidence_store(),
        at_most=file_limit(),
        limits=evidence_limits(),
        today=today(),
    )
    return reported.incident_id, reported.masked


def _new_page(form: ReportForm) -> str:
    with_choices(form, actor(), text_of(form.module_key))
    return render_template(
        "incidents/report.html",
        form=form,
        row=None,
        file_limit=file_limit(),
        had_files=bool(request.files),
        is_stale=False,
    )


@bp.get("/<int:incident_id>/")
@requires(Permission.CHECKLIST_VIEW)
def show(incident_id: int) -> ResponseReturnValue:
    """One incident: since when, who has it, how far its escalation and its resolution are."""
    row = get_incident(incident_id, actor())
    return render_template("incidents/show.html", **_shown(row, actor()))


def _shown(row: IncidentRow, who: Actor) -> dict[str, Any]:
    now = server_now()
    checklist = get_occasion_checklist(BelongsTo.INCIDENT, row.id, who)
    items = list_rows(row.checklist_id)
    events = list_events_of_two(row.own_stream_id, row.stream_id, most=SHOWN + 1)
    may_work = who.may_for(Permission.INCIDENT_WORK, row.module_id)
    form = OwnerForm(formdata=None, data={"owner_id": str(row.owner_id or "")})
    form.owner_id.choices = options([("", "nobody"), *list_active_people()]) if may_work else []
    verdicts, steps = record_verdicts(record_facts_of(row)), list_steps(row.id, row.turn)
    return {
        "card": card_of(row, now),
        "row": row,
        "checklist": checklist,
        "groups": [(group, [item for item in items if item.group_id == group.id]) for group in list_groups(checklist)],
        "faults": {key: verdict.fault for key, verdict in verdicts.items()},
        "evidence": [piece for piece in evidence_views([item.id for item in items]) if not piece.is_withdrawn],
        "gates": list_standings_of(row.checklist_id, now),
        "levels": levels_of(row, steps, who, now),
        "at_level": current_level(states_of(step.facts for step in steps)),
        "similar": list_similar(row, who),
        "callees": list_callees(row.module_id),
        "events": told(events[-SHOWN:]),
        "has_more": len(events) > SHOWN,
        "may_work": may_work and row.closed_at is None,
        "may_reopen": may_work and row.closed_at is not None,
        "owner_form": form,
    }


@bp.get("/<int:incident_id>/edit/")
@requires(Permission.INCIDENT_WORK)
def edit(incident_id: int) -> ResponseReturnValue:
    """Show what the report says, for changing."""
    row = _to_work(incident_id)
    known = {name: getattr(row, name) for name in TEXTS} | {
        "revision": str(row.revision),
        "module_key": row.module_key,
        "severity": row.severity.value,
        "began_at": row.began_at.astimezone(current_user.zone).replace(tzinfo=None),
        "is_without_error": row.is_without_error,
        "release_key": row.release_key or "",
        "environment_key": row.environment_key or "",
        "deployment_id": str(row.deployment_id or ""),
        "rollback_id": str(row.rollback_id or ""),
    }
    return _edit_page(row, ReportForm(formdata=None, data=known))


@bp.post("/<int:incident_id>/edit/")
@requires(Permission.INCIDENT_WORK)
def update(incident_id: int) -> ResponseReturnValue:
    """Change what the report says."""
    row, form = _to_work(incident_id), ReportForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            masked = change_incident(origin(), incident_id, form.report(), revision=form.seen_revision)
            say(f"The report is saved.{told_of(masked)}")
            return redirect(url_for(".show", incident_id=incident_id), 303)
    return _edit_page(row, form), form_status(form)


def _edit_page(row: IncidentRow, form: ReportForm) -> str:
    with_choices(form, actor(), row.module_key)
    is_stale = form.seen_revision != row.revision
    # Whoever has seen both may decide for theirs.
    form.revision.data = str(row.revision)
    return render_template(
        "incidents/report.html", form=form, row=row, file_limit=file_limit(), had_files=False, is_stale=is_stale
    )


def _to_work(incident_id: int) -> IncidentRow:
    row = get_incident(incident_id, actor())
    actor().require(Permission.INCIDENT_WORK, row.module_id)
    return row
