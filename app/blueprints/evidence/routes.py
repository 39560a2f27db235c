"""Evidence of an item: added, given back as a file, withdrawn; and all of a group confirmed again."""

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app.blueprints.evidence.forms import EvidenceForm, ReconfirmForm, WithdrawForm
from app.domain.evidence import EvidenceFacts
from app.domain.permissions import Permission
from app.queries.checklists import ChecklistHead, get_checklist
from app.queries.evidence import get_file
from app.queries.items import get_place
from app.services.evidence import add_evidence, add_file, reconfirm, withdraw_evidence
from app.services.items import Saved
from app.web.access import requires
from app.web.checklist_pages import crumbs, get_group
from app.web.errors import form_status, refusals_shown_in
from app.web.evidence_pages import confirmable_rows, left_out
from app.web.forms import pair_of_numbers, small_number, text_of, utc_of
from app.web.item_page import item_page
from app.web.messages import say
from app.web.origin import actor, origin
from app.web.rows import today
from app.web.saving import saved_or_refused
from app.web.uploads import attachment, evidence_limits, evidence_store, file_limit, takes_file

bp = Blueprint("evidence", __name__)

ITEM = "/items/<int:item_id>/evidence"
GROUP = "/checklists/<int:checklist_id>/groups/<string:group_key>/reconfirm"


@bp.post(f"{ITEM}/")
@requires(Permission.ITEM_WORK)
@takes_file
def add(item_id: int) -> ResponseReturnValue:
    """Add a link, a file or a note."""
    form = EvidenceForm()
    done = "The evidence is there."
    return saved_or_refused(item_id, form, lambda: _add(item_id, form), done, may_undo=False, page=item_page)


def _add(item_id: int, form: EvidenceForm) -> Saved:
    facts = EvidenceFacts(utc_of(form.measured_at.data), form.expires_on.data, text_of(form.note))
    link, limits = text_of(form.link), evidence_limits()
    file = request.files.get("file")
    if file is None or not file.filename:
        return add_evidence(origin(), item_id, facts, link=link, limits=limits, today=today()).saved
    added = add_file(
        origin(),
        item_id,
        facts,
        (file.stream, file.filename),
        link=link,
        store=evidence_store(),
        at_most=file_limit(),
        limits=limits,
        today=today(),
    )
    if added.is_unseen:
        say("The scanner does not answer: nobody has looked whether this file does harm.")
    return added.saved


@bp.get(f"{ITEM}/<int:evidence_id>/file/")
@requires(Permission.CHECKLIST_VIEW)
def download(item_id: int, evidence_id: int) -> ResponseReturnValue:
    """Give a file back, when it is still the one that was added."""
    get_checklist(get_place(item_id).checklist_id, actor())
    found = get_file(item_id, evidence_id)
    return attachment(evidence_store().open_proved(found.stored_as, found.file_sha256), found.file_name)


@bp.post(f"{ITEM}/<int:evidence_id>/withdraw/")
@requires(Permission.ITEM_WORK)
def withdraw(item_id: int, evidence_id: int) -> ResponseReturnValue:
    """Say that it no longer counts."""
    form = WithdrawForm()
    return saved_or_refused(
        item_id,
        form,
        lambda: withdraw_evidence(origin(), item_id, evidence_id, reason=text_of(form.reason)),
        "Withdrawn. It stays in the list and in the history.",
        may_undo=False,
        page=item_page,
    )


@bp.get(f"{GROUP}/", endpoint="choose")
@requires(Permission.ITEM_WORK)
def choose(checklist_id: int, group_key: str) -> ResponseReturnValue:
    """Show what would be confirmed again."""
    return _page(get_checklist(checklist_id, actor()), group_key, ReconfirmForm())


@bp.post(f"{GROUP}/", endpoint="reconfirm")
@requires(Permission.ITEM_WORK)
def reconfirm_group(checklist_id: int, group_key: str) -> ResponseReturnValue:
    """Confirm that evidence is still true."""
    checklist = get_checklist(checklist_id, actor())
    group = get_group(checklist, group_key)
    form = ReconfirmForm()
    if form.validate_on_submit():
        chosen = tuple(pair_of_numbers(text) for text in request.form.getlist("evidence_ids"))
        with refusals_shown_in(form):
            saved = reconfirm(origin(), checklist_id, chosen, today=today())
            say(f"Confirmed again for {'1 item' if len(saved) == 1 else f'{len(saved)} items'}.")
            return redirect(group.path)
    return _page(checklist, group_key, form), form_status(form)


def _page(checklist: ChecklistHead, group_key: str, form: ReconfirmForm) -> str:
    group = get_group(checklist, group_key)
    only = small_number(request.values.get("item", ""))
    return render_template(
        "evidence/reconfirm.html",
        checklist=checklist,
        crumbs=crumbs(checklist),
        group=group,
        only=only,
        rows=confirmable_rows(checklist, group, only=only),
        left_out=[] if only else left_out(checklist, group),
        form=form,
    )
