"""Waivers: which wait, who asked, approve or refuse."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from app.blueprints.waivers.forms import DecisionForm, EmptyForm
from app.domain.permissions import Permission
from app.queries.items import get_place, get_waiver
from app.queries.lines import WaiverRow, list_waivers
from app.services.waivers import decide_waiver, withdraw_waiver
from app.web.access import requires
from app.web.forms import text_of
from app.web.origin import actor, origin
from app.web.saving import saved_or_refused

bp = Blueprint("waivers", __name__, url_prefix="/waivers")


@bp.get("/")
@requires(Permission.CHECKLIST_VIEW)
def index() -> ResponseReturnValue:
    """What is asked for and waits, or all that was ever asked."""
    pending = request.args.get("show") != "all"
    rows = list_waivers(actor(), pending=pending)
    return render_template(
        "waivers/index.html",
        waivers=[(row, _may_decide(row), row.requested_by_id == actor().id) for row in rows],
        pending=pending,
        may_decide_any=actor().may(Permission.WAIVER_DECIDE),
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
    item_id = get_place(get_waiver(waiver_id).item_id).id
    return saved_or_refused(
        item_id,
        form,
        lambda: decide_waiver(origin(), waiver_id, approve=form.decision.data == "approve", note=text_of(form.note)),
        "Decided.",
    )


@bp.post("/<int:waiver_id>/withdraw/")
@requires(Permission.ITEM_WORK)
def withdraw(waiver_id: int) -> ResponseReturnValue:
    """Take one's own request back."""
    form = EmptyForm()
    item_id = get_place(get_waiver(waiver_id).item_id).id
    return saved_or_refused(
        item_id, form, lambda: withdraw_waiver(origin(), waiver_id), "Withdrawn. The item is open.", may_undo=False
    )
