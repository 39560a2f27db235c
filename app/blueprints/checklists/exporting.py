"""A checklist taken out: as a file, or on paper."""

from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from app.blueprints.checklists.routes import CHANGE, DEPLOYMENT, INCIDENT, MODULE, RELEASE, ROLLBACK, TARGET, head_of
from app.domain.permissions import Permission
from app.queries.template_content import content_of_checklist, title_of
from app.services.exports import record_checklist_export
from app.web.access import requires
from app.web.checklist_pages import crumbs
from app.web.exporting import count_export, file_answer, note_of, wanted_format, ways_out
from app.web.origin import origin

bp = Blueprint("checklist_exports", __name__)


@bp.get(f"{MODULE}/export/", endpoint="export_module")
@bp.get(f"{CHANGE}/export/", endpoint="export_change")
@bp.get(f"{RELEASE}/export/", endpoint="export_release")
@bp.get(f"{TARGET}/export/", endpoint="export_target")
@bp.get(f"{DEPLOYMENT}/export/", endpoint="export_deployment")
@bp.get(f"{ROLLBACK}/export/", endpoint="export_rollback")
@bp.get(f"{INCIDENT}/export/", endpoint="export_incident")
@requires(Permission.CHECKLIST_VIEW)
def export(**where: Any) -> ResponseReturnValue:
    """The formats there are; or, when the address names one, the file."""
    checklist = head_of(where)
    chosen = wanted_format()
    content, standings = content_of_checklist(checklist)
    if chosen is None:
        ways = ways_out(content, standings)
        return render_template("checklists/export.html", checklist=checklist, crumbs=crumbs(checklist), formats=ways)
    count_export()
    note = note_of("Checklist", title_of(checklist), checklist.version_label)
    answer = file_answer(chosen, content, standings, note)
    record_checklist_export(origin(), checklist.id, form=chosen.title)
    return answer


@bp.get(f"{MODULE}/print/", endpoint="print_module")
@bp.get(f"{CHANGE}/print/", endpoint="print_change")
@bp.get(f"{RELEASE}/print/", endpoint="print_release")
@bp.get(f"{TARGET}/print/", endpoint="print_target")
@bp.get(f"{DEPLOYMENT}/print/", endpoint="print_deployment")
@bp.get(f"{ROLLBACK}/print/", endpoint="print_rollback")
@bp.get(f"{INCIDENT}/print/", endpoint="print_incident")
@requires(Permission.CHECKLIST_VIEW)
def on_paper(**where: Any) -> ResponseReturnValue:
    """The checklist as a sheet of paper, with boxes to tick by hand."""
    checklist = head_of(where)
    content, standings = content_of_checklist(checklist)
    return render_template(
        "checklists/paper.html",
        checklist=checklist,
        crumbs=crumbs(checklist),
        content=content,
        standings=standings,
        note=note_of("Checklist", title_of(checklist), checklist.version_label),
    )
