"""One item: its page, and every form that changes it."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.blueprints.items.forms import AssignForm, CommentForm, RevisionForm, StateForm, ValueForm, WaiverForm
from app.domain.errors import NotFound
from app.domain.permissions import Permission
from app.domain.waiver_kinds import WaiverKind, WaiverReason
from app.queries.checklists import get_checklist
from app.queries.items import get_place
from app.services.adoption import confirm_item
from app.services.item_states import set_state as set_item_state
from app.services.items import Saved
from app.services.items import add_comment as add_comment_to
from app.services.items import assign as assign_item
from app.services.items import set_value as set_item_value
from app.services.undo import undo as undo_event
from app.services.waivers import request_waiver as ask_for_waiver
from app.web.access import requires
from app.web.checklist_pages import choices_of, is_fragment_wanted, one_view
from app.web.forms import text_of
from app.web.item_page import item_page
from app.web.messages import say
from app.web.origin import actor, origin
from app.web.saving import back_to, render_row, saved_or_refused

bp = Blueprint("items", __name__, url_prefix="/items/<int:item_id>")


@bp.get("/")
@requires(Permission.CHECKLIST_VIEW)
def show(item_id: int) -> ResponseReturnValue:
    """Why this box is here, and what happened to it."""
    if is_fragment_wanted():
        view = one_view(item_id, actor())
        return render_row(view, choices_of(view.module_id, actor()))
    return item_page(item_id, actor())


@bp.get("/rule/")
@requires(Permission.CHECKLIST_VIEW)
def show_rule(item_id: int) -> ResponseReturnValue:
    """The answers of the module, by which an item applies or not."""
    checklist = get_checklist(get_place(item_id).checklist_id, actor())
    if checklist.module_id is None:
        raise NotFound("A release answers no questions: no rule takes anything of its own checklist away.")
    return redirect(url_for("modules.show", module_key=checklist.subject.module_key, _anchor="answers"))


@bp.post("/state/")
@requires(Permission.ITEM_WORK)
def set_state(item_id: int) -> ResponseReturnValue:
    """Tick, un-tick, or say how it stands."""
    form = StateForm()

    def save() -> Saved:
        return set_item_state(
            origin(),
            item_id,
            revision=form.revision.data or 0,
            state=form.state.data,
            reason=text_of(form.reason),
            value=text_of(form.value) if "value" in request.form else None,
            even_so=bool(request.form.get("even_so")),
        )

    return saved_or_refused(item_id, form, save, "Saved.")


@bp.post("/still-true/")
@requires(Permission.ITEM_WORK)
def confirm(item_id: int) -> ResponseReturnValue:
    """Say that a tick is still true with the new words."""
    form = RevisionForm()

    def save() -> Saved:
        return confirm_item(origin(), item_id, revision=form.revision.data or 0)

    return saved_or_refused(item_id, form, save, "Saved: still true.", may_undo=False)


@bp.post("/value/")
@requires(Permission.ITEM_WORK)
def set_value(item_id: int) -> ResponseReturnValue:
    """Keep a value and a link."""
    form = ValueForm()
    return saved_or_refused(
        item_id,
        form,
        lambda: set_item_value(
            origin(),
            item_id,
            revision=form.revision.data or 0,
            value=text_of(form.value),
            link=text_of(form.link),
        ),
        "Saved.",
    )


@bp.post("/comments/")
@requires(Permission.ITEM_WORK)
def add_comment(item_id: int) -> ResponseReturnValue:
    """Say something about it."""
    form = CommentForm()
    return saved_or_refused(
        item_id, form, lambda: add_comment_to(origin(), item_id, text=text_of(form.text)), "Your comment is there."
    )


@bp.post("/owner/")
@requires(Permission.ITEM_ASSIGN)
def assign(item_id: int) -> ResponseReturnValue:
    """Give it an owner and a due date."""
    form = AssignForm()
    return saved_or_refused(
        item_id,
        form,
        lambda: assign_item(
            origin(),
            item_id,
            revision=form.revision.data or 0,
            assignee_id=form.assignee_id.data,
            due_on=form.due_on.data,
        ),
        "Saved.",
    )


@bp.post("/waiver/")
@requires(Permission.ITEM_WORK)
def request_waiver(item_id: int) -> ResponseReturnValue:
    """Ask that it be waived."""
    form = WaiverForm()
    return saved_or_refused(
        item_id,
        form,
        lambda: ask_for_waiver(
            origin(),
            item_id,
            revision=form.revision.data or 0,
            kind=WaiverKind(form.kind.data),
            reason=WaiverReason(form.reason_code.data),
            explanation=text_of(form.explanation),
            ends_on=form.ends_on.data,
        ),
        "Asked. It holds only when somebody else approves it.",
        may_undo=False,
    )


@bp.post("/undo/<string:event_id>/")
@requires(Permission.ITEM_WORK)
def undo(item_id: int, event_id: str) -> ResponseReturnValue:
    """Take one's last change back."""
    who = actor()
    who.require(Permission.CHECKLIST_VIEW, get_place(item_id).module_id)
    undo_event(origin(), item_id, _event(event_id))
    if is_fragment_wanted():
        return render_row(one_view(item_id, who))
    say("Taken back. Both are in the history.")
    return redirect(back_to(item_id, who), 303)


def _event(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise NotFound("There is nothing of yours to take back.") from None
