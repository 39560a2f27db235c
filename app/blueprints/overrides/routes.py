"""Break-glass: the register, opening one at a gate, confirming, ending and reviewing it."""

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.blueprints.overrides.forms import ConfirmForm, EndForm, OpenForm, ReviewForm
from app.domain.always_never import find_rule
from app.domain.overrides import OverrideState, ReviewOutcome
from app.domain.permissions import Permission
from app.exports.csv_rows import csv_bytes
from app.queries.audit import list_events_since
from app.queries.obstacles import obstacles_of, seen_at, skipped_at
from app.queries.override_rows import OverrideRow
from app.queries.overrides import (
    OverrideFilter,
    count_overrides,
    get_override,
    list_live_of_gate,
    list_obstacles,
    list_tellings,
    read_register,
)
from app.queries.people import names_of
from app.queries.standing import standing_of
from app.services import throttle
from app.services.exports import record_override_export
from app.services.overrides import confirm_override, end_override, open_override, review_override
from app.services.proof import PROVE_AGAIN
from app.web.access import password_again, requires
from app.web.errors import form_status, refusals_shown_in
from app.web.forms import Form, optional_number, text_of
from app.web.gate_pages import gate_of, reasons_of, server_now
from app.web.history import told
from app.web.messages import say
from app.web.origin import actor, origin
from app.web.override_pages import HEADER, OWN, card_of, cards_of, csv_rows
from app.web.rule_pages import rule_words

bp = Blueprint("overrides", __name__)
# So much of what happened is shown; the history has all of it.
SHOWN = 60


@bp.get("/overrides/")
@requires(Permission.CHECKLIST_VIEW)
def index() -> ResponseReturnValue:
    """Every break-glass that there was, the newest first."""
    now, wanted = server_now(), _wanted()
    before = optional_number(request.args.get("before")) or 0
    rows, older = read_register(wanted, actor(), now, before=before)
    return render_template(
        "overrides/index.html",
        cards=cards_of(rows, actor(), now),
        older=older,
        wanted=wanted,
        query=request.args.to_dict() | {"before": None},
        numbers=count_overrides(actor(), now),
        states=list(OverrideState),
        rule=rule_words(wanted.rule_key),
    )


@bp.get("/overrides/export/")
@requires(Permission.CHECKLIST_VIEW)
def export() -> ResponseReturnValue:
    """The same rows as in the register, all of them."""
    throttle.count_or_refuse(throttle.EXPORTS, "export", str(current_user.id))
    record_override_export(origin(), query=request.query_string.decode()[:500])
    now = datetime.now(UTC)
    rows, _ = read_register(_wanted(), actor(), now, most=None)
    name = f"countersign-break-glass-{now:%Y%m%d-%H%M%S}.csv"
    return Response(
        csv_bytes(HEADER, [csv_rows(rows, now)], own=OWN),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _wanted() -> OverrideFilter:
    """The filter in an address; what it does not know narrows nothing."""
    state = request.args.get("state", "")
    release, rule = request.args.get("release", ""), find_rule(request.args.get("rule", ""))
    return OverrideFilter(state if state in set(OverrideState) else "", release, rule.key if rule else "")


@bp.get("/gates/<int:gate_id>/break-glass/")
@requires(Permission.GATE_OVERRIDE)
def new(gate_id: int) -> ResponseReturnValue:
    """Show what would be skipped, and whom that passes over."""
    return _open_page(gate_id, OpenForm(formdata=None))


@bp.post("/gates/<int:gate_id>/break-glass/")
@requires(Permission.GATE_OVERRIDE)
def create(gate_id: int) -> ResponseReturnValue:
    """Open a break-glass; it does nothing before a second person has confirmed it."""
    gate_of(gate_id, actor())
    form = OpenForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            number = open_override(origin(), gate_id, form.wish())
            say("Opened. It lets nothing on yet: a second person confirms it on this page, within 30 minutes.")
            return redirect(url_for(".show", override_id=number), 303)
    return _again(form) or (_open_page(gate_id, form), form_status(form))


def _again(form: Form) -> ResponseReturnValue | None:
    """The page that asks for the password, where that is what was missing."""
    return password_again(PROVE_AGAIN) if PROVE_AGAIN in form.form_errors else None


def _open_page(gate_id: int, form: OpenForm) -> str:
    gate, checklist = gate_of(gate_id, actor())
    actor().require(Permission.GATE_OVERRIDE, gate.module_id)
    standing, who = standing_of(gate, server_now()), actor()
    skipped = skipped_at(standing, besides={who.id or 0})
    return render_template(
        "overrides/open.html",
        gate=gate,
        checklist=checklist,
        form=form,
        verdict=standing.verdict,
        obstacles=obstacles_of(standing),
        reasons=reasons_of(standing, checklist, who),
        skipped=skipped,
        names=names_of({one.person_id for one in skipped}),
        live=cards_of(list_live_of_gate(gate_id, server_now()), who, server_now()),
    )


@bp.get("/overrides/<int:override_id>/")
@requires(Permission.CHECKLIST_VIEW)
def show(override_id: int) -> ResponseReturnValue:
    """One break-glass: who, why, what was in the way, what happened since."""
    return _page(override_id, "show", EndForm(formdata=None))


@bp.post("/overrides/<int:override_id>/end/")
@requires(Permission.GATE_OVERRIDE)
def end(override_id: int) -> ResponseReturnValue:
    """Call one off, or end it before its time."""
    _require(override_id)
    form = EndForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            end_override(origin(), override_id, reason=text_of(form.end_reason))
            say("It is over. The gate stands where it stands without it.")
            return redirect(url_for(".show", override_id=override_id), 303)
    return _page(override_id, "show", form), form_status(form)


@bp.get("/overrides/<int:override_id>/confirm/")
@requires(Permission.GATE_OVERRIDE)
def ask_to_confirm(override_id: int) -> ResponseReturnValue:
    """Show a second person what they would confirm."""
    _require(override_id)
    return _confirm_page(override_id, ConfirmForm(formdata=None))


@bp.post("/overrides/<int:override_id>/confirm/")
@requires(Permission.GATE_OVERRIDE)
def confirm(override_id: int) -> ResponseReturnValue:
    """Confirm what another person opened: the gate is overridden from now on."""
    _require(override_id)
    form = ConfirmForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            confirm_override(origin(), override_id, seen=form.digest)
            say("Confirmed. The gate is overridden; who was passed over has been told.")
            return redirect(url_for(".show", override_id=override_id), 303)
    return _again(form) or (_confirm_page(override_id, form), form_status(form))


def _confirm_page(override_id: int, form: ConfirmForm) -> str:
    row = get_override(override_id, actor())
    gate, checklist = gate_of(row.gate_id, actor())
    standing = standing_of(gate, server_now())
    # From here on it is what is in the way now that is confirmed.
    form.seen.data = seen_at(standing).hex()
    skipped = skipped_at(standing, besides={actor().id or 0, row.opened.person_id or 0})
    return _page(
        override_id,
        "confirm",
        form,
        verdict=standing.verdict,
        now_in_the_way=obstacles_of(standing),
        reasons=reasons_of(standing, checklist, actor()),
        skipped=skipped,
        skipped_names=names_of({one.person_id for one in skipped}),
    )


@bp.get("/overrides/<int:override_id>/review/")
@requires(Permission.GATE_OVERRIDE)
def ask_to_review(override_id: int) -> ResponseReturnValue:
    """Show a third person what happened."""
    _require(override_id)
    return _page(override_id, "review", ReviewForm(formdata=None))


@bp.post("/overrides/<int:override_id>/review/")
@requires(Permission.GATE_OVERRIDE)
def review(override_id: int) -> ResponseReturnValue:
    """Say what one found; the module may be deployed again."""
    _require(override_id)
    form = ReviewForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            review_override(origin(), override_id, outcome=ReviewOutcome(form.outcome.data), text=text_of(form.text))
            say("Reviewed. It holds no deployment back any more.")
            return redirect(url_for(".show", override_id=override_id), 303)
    return _again(form) or (_page(override_id, "review", form), form_status(form))


def _require(override_id: int) -> OverrideRow:
    row = get_override(override_id, actor())
    actor().require(Permission.GATE_OVERRIDE, row.module_id)
    return row


def _page(override_id: int, name: str, form: Form, **more: Any) -> str:
    row, now = get_override(override_id, actor()), server_now()
    gate, checklist = gate_of(row.gate_id, actor())
    events = list_events_since(row.stream_id, row.opened.at, most=SHOWN + 1)
    return render_template(
        f"overrides/{name}.html",
        card=card_of(row, actor(), now),
        gate=gate,
        checklist=checklist,
        obstacles=list_obstacles([row.id]).get(row.id, []),
        told=list_tellings([row.id]).get(row.id, []),
        events=told(events[:SHOWN]),
        has_more=len(events) > SHOWN,
        form=form,
        **more,
    )
