"""Waivers: which wait, the register of all, approve or refuse, withdraw, end early."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

from flask import Blueprint, Response, redirect, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.blueprints.waivers.forms import DecisionForm, EmptyForm, EndForm
from app.domain.always_never import find_rule
from app.domain.errors import Conflict, InvalidInput, KeyReused, NotPermitted, RuleViolation
from app.domain.permissions import Permission
from app.domain.waiver_kinds import WaiverKind
from app.exports.csv_rows import csv_bytes
from app.queries.items import get_place, get_waiver
from app.queries.register import PAGE, STANDINGS, WaiverFilter, list_pending, read_waivers
from app.queries.repeats import stream_waivers
from app.services import throttle
from app.services.exports import record_waiver_export
from app.services.items import Saved
from app.services.waivers import decide_waiver, end_waiver, withdraw_waiver
from app.web.access import requires
from app.web.checklist_pages import is_fragment_wanted
from app.web.errors import status_of
from app.web.forms import RowForm, optional_number, text_of
from app.web.messages import say
from app.web.origin import actor, origin
from app.web.past import modules_ever, releases_ever
from app.web.paths import safe_next
from app.web.rule_pages import rule_words
from app.web.saving import saved_or_refused
from app.web.waiver_cards import HEADER, OWN, cards_of, csv_cells
from app.web.waiver_views import utc_today

bp = Blueprint("waivers", __name__, url_prefix="/waivers")

Refused = dict[str, str]
# Of a page of the register, what narrows it.
FILTERS = ("standing", "kind", "release", "module", "rule")


@bp.get("/")
@requires(Permission.CHECKLIST_VIEW)
def index() -> ResponseReturnValue:
    """What is asked for and waits."""
    return _waiting(request.args)


@bp.get("/register/")
@requires(Permission.CHECKLIST_VIEW)
def register() -> ResponseReturnValue:
    """All that was ever asked for, narrowed as the address says."""
    wanted = _wanted(request.args)
    before, after = (optional_number(request.args.get(name)) or 0 for name in ("before", "after"))
    page = read_waivers(wanted, actor(), utc_today(), before=before, after=after)
    return render_template(
        "waivers/register.html",
        page=page,
        cards=cards_of(page.rows, actor()),
        wanted=wanted,
        rule=rule_words(wanted.rule_key),
        query={name: request.args[name] for name in FILTERS if request.args.get(name)},
        standings=STANDINGS,
        kinds=[(kind.value, kind.label) for kind in WaiverKind],
        releases=releases_ever(actor()),
        modules=modules_ever(actor()),
    )


@bp.get("/export/")
@requires(Permission.CHECKLIST_VIEW)
def export() -> ResponseReturnValue:
    """The same rows as in the register, all of them, streamed."""
    throttle.count_or_refuse(throttle.EXPORTS, "export", str(current_user.id))
    wanted, who, today = _wanted(request.args), actor(), utc_today()
    record_waiver_export(origin(), query=request.query_string.decode()[:500])
    parts = ([csv_cells(*pair, today) for pair in part] for part in stream_waivers(wanted, who, today))
    name = f"countersign-waivers-{datetime.now(UTC):%Y%m%d-%H%M%S}.csv"
    return Response(
        stream_with_context(csv_bytes(HEADER, parts, own=OWN)),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _waiting(args: Mapping[str, str], refused: Refused | None = None) -> str:
    """The requests that wait, the oldest first; `refused` says of one what was wrong and what had been typed."""
    after = optional_number(args.get("after")) or 0
    rows = list_pending(actor(), utc_today(), after=after, most=PAGE + 1)
    if after and not rows:
        # The last of this page has just been decided; the first page may have more.
        return _waiting({}, refused)
    following = url_for(".index", after=rows[PAGE - 1].id) if len(rows) > PAGE else None
    return render_template(
        "waivers/index.html",
        cards=cards_of(rows[:PAGE], actor()),
        here=url_for(".index", after=after or None),
        following=following,
        refused=refused,
    )


def _wanted(args: Mapping[str, str]) -> WaiverFilter:
    """The filter in an address; what it does not know narrows nothing."""
    standing, kind, release, module, rule = (args.get(name, "") for name in FILTERS)
    return WaiverFilter(
        standing if standing in STANDINGS else "",
        kind if kind in set(WaiverKind) else "",
        *(release, module),
        rule_key=rule if find_rule(rule) else "",
    )


@bp.post("/<int:waiver_id>/decision/")
@requires(Permission.WAIVER_DECIDE)
def decide(waiver_id: int) -> ResponseReturnValue:
    """Approve or refuse somebody else's request."""
    form = DecisionForm()
    approve = form.decision.data == "approve"
    done = "Approved. It holds from now on." if approve else "Refused. The item applies."

    def save() -> Saved:
        return decide_waiver(origin(), waiver_id, approve=approve, note=text_of(form.note))

    return _answer(waiver_id, form, save, done)


@bp.post("/<int:waiver_id>/withdraw/")
@requires(Permission.ITEM_WORK)
def withdraw(waiver_id: int) -> ResponseReturnValue:
    """Take one's own request back."""
    return _answer(waiver_id, EmptyForm(), lambda: withdraw_waiver(origin(), waiver_id), "Withdrawn.")


@bp.post("/<int:waiver_id>/end/")
@requires(Permission.WAIVER_DECIDE)
def end(waiver_id: int) -> ResponseReturnValue:
    """End a waiver in force before its day."""
    form = EndForm()
    return saved_or_refused(
        get_place(get_waiver(waiver_id).item_id).id,
        form,
        lambda: end_waiver(origin(), waiver_id, reason=text_of(form.end_reason)),
        "Ended. The item is open again.",
        may_undo=False,
    )


def _answer(waiver_id: int, form: RowForm, save: Callable[[], Saved], done: str) -> ResponseReturnValue:
    """The item's row or page; the list again when that is where the form stood."""
    item_id = get_place(get_waiver(waiver_id).item_id).id
    back = safe_next(request.form.get("back")) or ""
    is_list = urlsplit(back).path == url_for(".index")
    if is_fragment_wanted() or not is_list:
        return saved_or_refused(item_id, form, save, done, may_undo=False)
    try:
        _check(form)
        save()
    except (RuleViolation, Conflict, InvalidInput, KeyReused, NotPermitted) as refusal:
        refused = {"id": str(waiver_id), "sentence": refusal.sentence, "note": request.form.get("note", "")}
        return _waiting(dict(parse_qsl(urlsplit(back).query)), refused), status_of(refusal)
    say(done)
    return redirect(back, 303)


def _check(form: RowForm) -> None:
    if not form.validate():
        raise InvalidInput(form=" ".join(str(text) for texts in form.errors.values() for text in texts))
