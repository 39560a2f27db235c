"""Waivers: which wait, who asked, approve or refuse."""

from collections.abc import Callable

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.blueprints.waivers.forms import DecisionForm, EmptyForm
from app.domain.errors import Conflict, InvalidInput, KeyReused, NotPermitted, RuleViolation
from app.domain.permissions import Permission
from app.queries.items import get_place, get_waiver
from app.queries.lines import WaiverRow, list_waivers
from app.services.items import Saved
from app.services.waivers import decide_waiver, withdraw_waiver
from app.web.access import requires
from app.web.checklist_pages import is_fragment_wanted
from app.web.errors import status_of
from app.web.forms import RowForm, text_of
from app.web.messages import say
from app.web.origin import actor, origin
from app.web.saving import saved_or_refused

bp = Blueprint("waivers", __name__, url_prefix="/waivers")


@bp.get("/")
@requires(Permission.CHECKLIST_VIEW)
def index() -> ResponseReturnValue:
    """What is asked for and waits, or all that was ever asked."""
    return _page(pending=request.args.get("show") != "all")


def _page(*, pending: bool, refused: dict[str, str] | None = None) -> str:
    """The list; `refused` says of one request what was wrong and what had been typed."""
    rows = list_waivers(actor(), pending=pending)
    return render_template(
        "waivers/index.html",
        waivers=[(row, _may_decide(row), row.requested_by_id == actor().id) for row in rows],
        pending=pending,
        refused=refused,
        is_refused_here=refused is not None and any(str(row.id) == refused["id"] for row in rows),
    )


def _may_decide(row: WaiverRow) -> bool:
    """For showing the buttons; the rule itself is asked again when one is pressed."""
    is_other = row.requested_by_id != actor().id
    return is_other and row.decision.value == "pending" and actor().may_for(Permission.WAIVER_DECIDE, row.module_id)


@bp.post("/<int:waiver_id>/decision/")
@requires(Permission.WAIVER_DECIDE)
def decide(waiver_id: int) -> ResponseReturnValue:
    """Approve or refuse somebody else's request."""
    form = DecisionForm()
    approve = form.decision.data == "approve"
    done = "Approved. The item counts as not applicable." if approve else "Refused. The item applies."

    def save() -> Saved:
        return decide_waiver(origin(), waiver_id, approve=approve, note=text_of(form.note))

    return _answer(waiver_id, form, save, done)


@bp.post("/<int:waiver_id>/withdraw/")
@requires(Permission.ITEM_WORK)
def withdraw(waiver_id: int) -> ResponseReturnValue:
    """Take one's own request back."""
    return _answer(waiver_id, EmptyForm(), lambda: withdraw_waiver(origin(), waiver_id), "Withdrawn. The item is open.")


def _answer(waiver_id: int, form: RowForm, save: Callable[[], Saved], done: str) -> ResponseReturnValue:
    """The item's row or page; the list again when that is where the form stood."""
    item_id = get_place(get_waiver(waiver_id).item_id).id
    ways = {url_for(".index"): True, url_for(".index", show="all"): False}
    back = request.form.get("back", "")
    if is_fragment_wanted() or back not in ways:
        return saved_or_refused(item_id, form, save, done, may_undo=False)
    try:
        _check(form)
        save()
    except (RuleViolation, Conflict, InvalidInput, KeyReused, NotPermitted) as refusal:
        refused = {"id": str(waiver_id), "sentence": refusal.sentence, "note": request.form.get("note", "")}
        return _page(pending=ways[back], refused=refused), status_of(refusal)
    say(done)
    return redirect(back, 303)


def _check(form: RowForm) -> None:
    if not form.validate():
        raise InvalidInput(form=" ".join(str(text) for texts in form.errors.values() for text in texts))
