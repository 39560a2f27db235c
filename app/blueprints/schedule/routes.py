"""The schedule: which duties are late, what became of one of them, and a calendar of all."""

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.blueprints.schedule.forms import ReasonForm, TickForm
from app.domain.audit import moment_text
from app.domain.duties import DutyState, summary
from app.domain.permissions import Permission
from app.domain.recurrence import grace_words, schedule_words
from app.exports.csv_rows import csv_bytes
from app.queries.duties import get_duty, list_duties, names_in
from app.queries.duty_history import list_records_of, list_turns
from app.queries.duty_places import list_place_choices
from app.services import throttle
from app.services.duty_records import strike_record, tick_duty
from app.services.exports import record_duty_export
from app.web.access import requires
from app.web.errors import form_status, refusals_shown_in
from app.web.forms import Form, text_of
from app.web.messages import say
from app.web.origin import actor, origin
from app.web.parts import part_of
from app.web.schedule_pages import (
    HEADER,
    OUTCOME_SIGNS,
    OWN,
    STATE_SIGNS,
    csv_rows,
    in_order,
    month_asked,
    month_of,
    periods_of,
    server_now,
    wanted,
)

bp = Blueprint("schedule", __name__, url_prefix="/schedule")
PERIODS = 30


@bp.get("/")
@requires(Permission.CHECKLIST_VIEW)
def index() -> ResponseReturnValue:
    """The duties that one may see, late and missed ones first."""
    asked, now = wanted(), server_now()
    known = list_duties(actor(), now, is_archived=asked.show == "archived")
    rows = in_order([row for row in known if asked.fits(row, actor())])
    here = url_for(".index", **asked.query)
    return render_template(
        "schedule/index.html",
        part=part_of(rows, here),
        known=known,
        sentence=summary([row.state for row in rows]),
        wanted=asked,
        states=[(one, sum(row.state is one for row in known)) for one in DutyState],
        modules=names_in(known),
        signs=STATE_SIGNS,
        places=list_place_choices(actor()),
        may_work=lambda row: actor().may_for(Permission.ITEM_WORK, row.module_id),
    )


@bp.get("/calendar/")
@requires(Permission.CHECKLIST_VIEW)
def calendar() -> ResponseReturnValue:
    """A month with the days on which duties are due, and what became of them."""
    asked, now = wanted(), server_now()
    known = list_duties(actor(), now)
    rows = [row for row in known if asked.fits(row, actor())]
    first = month_asked(now.astimezone(current_user.zone).date())
    return render_template(
        "schedule/calendar.html",
        month=month_of(rows, first, now, current_user.zone),
        wanted=asked,
        modules=names_in(known),
        signs=OUTCOME_SIGNS,
    )


@bp.get("/export/")
@requires(Permission.CHECKLIST_VIEW)
def export() -> ResponseReturnValue:
    """All records of the duties that one may see, struck ones too."""
    throttle.count_or_refuse(throttle.EXPORTS, "export", str(current_user.id))
    record_duty_export(origin(), query=request.query_string.decode()[:500])
    asked, now = wanted(), server_now()
    rows = [row for row in list_duties(actor(), now) if asked.fits(row, actor())]
    name = f"countersign-duties-{moment_text(now)[:19].replace(':', '').replace('T', '-')}.csv"
    return Response(
        csv_bytes(HEADER, [csv_rows(rows, list_records_of(rows))], own=OWN),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@bp.get("/duties/<int:duty_id>/")
@requires(Permission.CHECKLIST_VIEW)
def show(duty_id: int) -> ResponseReturnValue:
    """One duty: what is to do now, and what became of each period before."""
    return _page(duty_id)


@bp.post("/duties/<int:duty_id>/tick/")
@requires(Permission.ITEM_WORK)
def tick(duty_id: int) -> ResponseReturnValue:
    """Record that it is done."""
    form = TickForm()
    get_duty(duty_id, actor(), server_now())
    if form.validate_on_submit():
        with refusals_shown_in(form):
            tick_duty(origin(), duty_id, on=form.on.data, value=text_of(form.value), note=text_of(form.note))
            say("It is recorded, with your name and the time.")
            return redirect(url_for(".show", duty_id=duty_id), 303)
    return _page(duty_id, tick_form=form), form_status(form)


@bp.post("/duties/<int:duty_id>/records/<int:record_id>/strike/")
@requires(Permission.ITEM_WORK)
def strike(duty_id: int, record_id: int) -> ResponseReturnValue:
    """Say that a record is wrong; both stay."""
    form = ReasonForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            strike_record(origin(), duty_id, record_id, reason=text_of(form.reason))
            say("The record is struck. It stays, with your reason.")
            return redirect(url_for(".show", duty_id=duty_id), 303)
    return _page(duty_id, refused=form, refused_record=record_id), form_status(form)


def _page(
    duty_id: int, *, tick_form: TickForm | None = None, refused: Form | None = None, refused_record: int = 0
) -> str:
    now = server_now()
    row = get_duty(duty_id, actor(), now)
    return render_template(
        "schedule/show.html",
        row=row,
        now=now,
        words=(schedule_words(row.schedule), grace_words(row.schedule)),
        part=part_of(periods_of(row, now), url_for(".show", duty_id=duty_id), at_once=PERIODS),
        turns=list_turns(duty_id),
        tick_form=tick_form or TickForm(formdata=None),
        refused=refused,
        refused_record=refused_record,
        state_signs=STATE_SIGNS,
        signs=OUTCOME_SIGNS,
        **_rights(row.module_id),
    )


def _rights(module_id: int | None) -> dict[str, Any]:
    me = actor()
    return {
        "may_work": me.may_for(Permission.ITEM_WORK, module_id),
        "may_manage": me.may_for(Permission.DUTY_MANAGE, module_id),
    }
