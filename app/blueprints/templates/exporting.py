"""A template version taken out: as a file, or on paper."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from app.domain.permissions import Permission
from app.queries.template_content import content_of_version
from app.queries.templates import get_version
from app.services.exports import record_version_export
from app.web.access import requires
from app.web.exporting import count_export, file_answer, note_of, wanted_format, ways_out
from app.web.origin import origin

bp = Blueprint("template_exports", __name__, url_prefix="/templates/<string:template_key>/versions/<int:number>")


@bp.get("/export/")
@requires(Permission.CHECKLIST_VIEW)
def export(template_key: str, number: int) -> ResponseReturnValue:
    """The formats there are; or, when the address names one, the file."""
    version = get_version(template_key, number)
    chosen = wanted_format()
    content = content_of_version(version.id)
    if chosen is None:
        return render_template("templates/export.html", version=version, formats=ways_out(content))
    count_export()
    note = note_of("Template", version.template_name, f"version {version.number}")
    answer = file_answer(chosen, content, None, note)
    record_version_export(origin(), template_key, number, form=chosen.title)
    return answer


@bp.get("/print/")
@requires(Permission.CHECKLIST_VIEW)
def on_paper(template_key: str, number: int) -> ResponseReturnValue:
    """The version as a sheet of paper, with boxes to tick by hand."""
    version = get_version(template_key, number)
    return render_template(
        "templates/paper.html",
        version=version,
        content=content_of_version(version.id),
        note=note_of("Template", version.template_name, f"version {version.number}"),
    )
