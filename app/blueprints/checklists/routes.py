"""The pages of a checklist, whatever it belongs to: overview, one group, everything."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.blueprints.checklists.forms import WAIVE, ChangeForm, SeveralForm
from app.domain.checklist import BelongsTo, ItemState
from app.domain.permissions import Permission
from app.queries.checklists import (
    ChecklistHead,
    get_change_checklist,
    get_checklist,
    get_module_checklist,
    get_occasion_checklist,
    get_release_checklist,
    get_target_checklist,
)
from app.queries.deployments import list_of_gates
from app.queries.groups import list_groups
from app.queries.overrides import list_unsettled_of_module
from app.queries.readiness import list_blockers
from app.queries.releases import get_release, list_changes
from app.queries.rows import count_asked_again
from app.queries.waiting import list_standings_of
from app.services.item_states import set_states
from app.services.items import Saved
from app.services.releases import add_change
from app.services.waivers import request_waivers
from app.web.access import requires
from app.web.checklist_pages import (
    chosen_rows,
    crumbs,
    fatigue_of,
    group_page,
    sections_of,
    total_of,
)
from app.web.errors import form_status, refusals_shown_in
from app.web.etag import is_unchanged, tag_of, tagged, unchanged
from app.web.everything import everything_page
from app.web.forms import pair_of_numbers, text_of
from app.web.messages import say
from app.web.newer import newer_version_of
from app.web.origin import actor, origin
from app.web.override_pages import cards_of, server_now
from app.web.paths import safe_next

bp = Blueprint("checklists", __name__)

MODULE = "/releases/<string:release_key>/modules/<string:module_key>"
CHANGE = f"{MODULE}/changes/<int:number>"
RELEASE = "/releases/<string:release_key>/checklist"
DEPLOYMENT = "/deployments/<int:deployment_id>/checklist"
ROLLBACK = "/rollbacks/<int:rollback_id>/checklist"
INCIDENT = "/incidents/<int:incident_id>/checklist"
# By which number an address names what happened.
OCCASION_IDS = {
    "deployment_id": BelongsTo.DEPLOYMENT,
    "rollback_id": BelongsTo.ROLLBACK,
    "incident_id": BelongsTo.INCIDENT,
}
TARGET = "/modules/<string:module_key>/targets/<string:environment_key>/<string:target_key>"


def head_of(where: dict[str, Any]) -> ChecklistHead:
    """The checklist that an address names."""
    for name, belongs_to in OCCASION_IDS.items():
        if name in where:
            return get_occasion_checklist(belongs_to, where[name], actor())
    if "target_key" in where:
        return get_target_checklist(where["module_key"], where["environment_key"], where["target_key"], actor())
    if "number" in where:
        return get_change_checklist(where["release_key"], where["module_key"], where["number"], actor())
    if "module_key" in where:
        return get_module_checklist(where["release_key"], where["module_key"], actor())
    get_release(where["release_key"], actor())
    return get_release_checklist(where["release_key"], actor())


@bp.get(f"{MODULE}/", endpoint="show_module")
@bp.get(f"{CHANGE}/", endpoint="show_change")
@bp.get(f"{RELEASE}/", endpoint="show_release")
@bp.get(f"{TARGET}/", endpoint="show_target")
@bp.get(f"{DEPLOYMENT}/", endpoint="show_deployment")
@bp.get(f"{ROLLBACK}/", endpoint="show_rollback")
@bp.get(f"{INCIDENT}/", endpoint="show_incident")
@requires(Permission.CHECKLIST_VIEW)
def show(**where: Any) -> ResponseReturnValue:
    """What is left, and who has it."""
    checklist = head_of(where)
    tag = tag_of("checklist", checklist.id, checklist.version, checklist.newer_version_id)
    if is_unchanged(tag):
        return unchanged(tag)
    return tagged(_overview(checklist), tag)


def _overview(checklist: ChecklistHead) -> str:
    groups = list_groups(checklist)
    is_module, now = checklist.belongs_to is BelongsTo.MODULE, server_now()
    blockers, standings = [], list_standings_of(checklist.id, now)
    if checklist.belongs_to in {BelongsTo.MODULE, BelongsTo.RELEASE}:
        release = get_release(checklist.subject.release_key, actor())
        blockers = list_blockers(release, actor(), checklist_id=checklist.id)
    return render_template(
        "checklists/show.html",
        checklist=checklist,
        crumbs=crumbs(checklist),
        sections=sections_of(groups),
        counts=total_of(groups),
        blockers=blockers,
        is_module=is_module,
        changes=list_changes(checklist.release_id or 0, checklist.module_id or 0) if is_module else [],
        may_work=actor().may_for(Permission.ITEM_WORK, checklist.module_id),
        **fatigue_of(checklist, actor()),
        gates=standings,
        deployments=list_of_gates([one.gate.id for one in standings]) if is_module else {},
        overrides=cards_of(list_unsettled_of_module(actor(), checklist.module_id or 0, now), actor(), now),
        newer=newer_version_of(checklist, actor()),
        asked_again=count_asked_again(checklist.id),
    )


@bp.get(f"{MODULE}/groups/<string:group_key>/", endpoint="show_module_group")
@bp.get(f"{CHANGE}/groups/<string:group_key>/", endpoint="show_change_group")
@bp.get(f"{RELEASE}/groups/<string:group_key>/", endpoint="show_release_group")
@bp.get(f"{TARGET}/groups/<string:group_key>/", endpoint="show_target_group")
@bp.get(f"{DEPLOYMENT}/groups/<string:group_key>/", endpoint="show_deployment_group")
@bp.get(f"{ROLLBACK}/groups/<string:group_key>/", endpoint="show_rollback_group")
@bp.get(f"{INCIDENT}/groups/<string:group_key>/", endpoint="show_incident_group")
@requires(Permission.CHECKLIST_VIEW)
def show_group(group_key: str, **where: Any) -> ResponseReturnValue:
    """One pause point, which asks whether these five to eight things have really been done."""
    checklist = head_of(where)
    tag = tag_of("group", checklist.id, group_key, checklist.version)
    if is_unchanged(tag):
        return unchanged(tag)
    return tagged(group_page(checklist, group_key, actor()), tag)


@bp.get(f"{MODULE}/everything/", endpoint="everything_module")
@bp.get(f"{CHANGE}/everything/", endpoint="everything_change")
@bp.get(f"{RELEASE}/everything/", endpoint="everything_release")
@bp.get(f"{TARGET}/everything/", endpoint="everything_target")
@bp.get(f"{DEPLOYMENT}/everything/", endpoint="everything_deployment")
@bp.get(f"{ROLLBACK}/everything/", endpoint="everything_rollback")
@bp.get(f"{INCIDENT}/everything/", endpoint="everything_incident")
@requires(Permission.CHECKLIST_VIEW)
def everything(**where: Any) -> ResponseReturnValue:
    """All groups on one page, or only what is left of them."""
    checklist = head_of(where)
    tag = tag_of("everything", checklist.id, checklist.version)
    return unchanged(tag) if is_unchanged(tag) else tagged(everything_page(checklist, actor()), tag)


@bp.post("/checklists/<int:checklist_id>/several/")
@requires(Permission.ITEM_WORK)
def set_several(checklist_id: int) -> ResponseReturnValue:
    """Change several items at once, with one sentence for all."""
    checklist = get_checklist(checklist_id, actor())
    form = SeveralForm()
    back = safe_next(request.form.get("back")) or checklist.path
    chosen = tuple(pair_of_numbers(text) for text in request.form.getlist("item_ids"))
    if form.validate_on_submit():
        with refusals_shown_in(form):
            saved = _act(checklist, chosen, form)
            _say_saved(saved, is_waiver=form.action.data == WAIVE)
            return redirect(back)
    page = render_template(
        "checklists/several.html",
        checklist=checklist,
        crumbs=crumbs(checklist),
        form=form,
        chosen=chosen_rows(checklist, dict(chosen)),
        back=back,
    )
    return page, form_status(form)


def _say_saved(saved: list[Saved], *, is_waiver: bool) -> None:
    items = "1 item" if len(saved) == 1 else f"{len(saved)} items"
    if is_waiver:
        say(f"Approval is asked for {items}. Until somebody else approves, they count as open.")
    else:
        twins = sum(len(one.twins) for one in saved)
        along = f" {twins} more {'states' if twins == 1 else 'state'} the same, and went along." if twins else ""
        say(f"{items} saved.{along}", undo=next((one for one in saved if one.event), None))


def _act(checklist: ChecklistHead, chosen: tuple[tuple[int, int], ...], form: SeveralForm) -> Any:
    if form.action.data == WAIVE:
        return request_waivers(
            origin(), checklist.id, chosen, reason=form.waiver_reason.data, explanation=text_of(form.reason)
        )
    return set_states(
        origin(),
        checklist.id,
        chosen,
        state=ItemState(form.action.data),
        reason=text_of(form.reason),
        even_so=bool(form.even_so.data),
    )


@bp.get(f"{MODULE}/changes/new/")
@requires(Permission.ITEM_WORK)
def new_change(release_key: str, module_key: str) -> ResponseReturnValue:
    """Ask for a merge request."""
    checklist = get_module_checklist(release_key, module_key, actor())
    form = ChangeForm()
    return render_template("checklists/new_change.html", checklist=checklist, crumbs=crumbs(checklist), form=form)


@bp.post(f"{MODULE}/changes/new/")
@requires(Permission.ITEM_WORK)
def create_change(release_key: str, module_key: str) -> ResponseReturnValue:
    """Add a merge request with its checklist."""
    checklist = get_module_checklist(release_key, module_key, actor())
    form = ChangeForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            number = add_change(
                origin(),
                release_key,
                module_key,
                form.number.data or 0,
                title=text_of(form.title),
                link=text_of(form.link),
            )
            say("The change is added, with its checklist.")
            return redirect(url_for(".show_change", release_key=release_key, module_key=module_key, number=number))
    page = render_template("checklists/new_change.html", checklist=checklist, crumbs=crumbs(checklist), form=form)
    return page, form_status(form)
