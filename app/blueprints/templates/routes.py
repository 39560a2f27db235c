"""Templates: which there are, and what a version says."""

from datetime import UTC, datetime, timedelta

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.domain.fatigue import ENOUGH
from app.domain.permissions import Permission
from app.queries.drafts import get_template, list_templates
from app.queries.fatigue import list_uses
from app.queries.template_content import content_of_version
from app.queries.templates import (
    get_newest_version,
    get_version,
    list_versions,
)
from app.web.access import requires
from app.web.content_parts import content_part
from app.web.origin import actor
from app.web.parts import LINES, part_of

bp = Blueprint("templates", __name__, url_prefix="/templates")


@bp.get("/")
@requires(Permission.CHECKLIST_VIEW)
def index() -> ResponseReturnValue:
    """All published versions."""
    return render_template(
        "templates/index.html",
        versions=list_versions(),
        templates=list_templates(),
        may_edit=actor().may_for(Permission.TEMPLATE_EDIT, None),
    )


@bp.get("/<string:template_key>/versions/<int:number>/")
@requires(Permission.CHECKLIST_VIEW)
def show(template_key: str, number: int) -> ResponseReturnValue:
    """One version, whole."""
    version = get_version(template_key, number)
    here = url_for(".show", template_key=template_key, number=number)
    content, part = content_part(content_of_version(version.id), here)
    return render_template("templates/show.html", version=version, content=content, part=part)


@bp.get("/<string:template_key>/review/")
@requires(Permission.CHECKLIST_VIEW)
def review(template_key: str) -> ResponseReturnValue:
    """What became of each item in a year, and which may be retired."""
    version = get_newest_version(template_key)
    since = datetime.now(UTC) - timedelta(days=365)
    show_what = "all" if request.args.get("show") == "all" else "advice"
    uses = list_uses(get_template(template_key).id, version.id, since, actor().modules(Permission.CHECKLIST_VIEW))
    shown = [use for use in uses if show_what == "all" or use.advice]
    part = part_of(shown, url_for(".review", template_key=template_key, show=show_what), at_once=LINES)
    return render_template(
        "templates/review.html", version=version, since=since, part=part, show=show_what, enough=ENOUGH
    )
