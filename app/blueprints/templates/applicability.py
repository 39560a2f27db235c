"""Trying out the rules of a template version."""

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue

from app.domain.permissions import Permission
from app.queries.template_content import content_of_version
from app.queries.templates import get_version
from app.web.access import requires
from app.web.rule_tester import RuledGroup, tester_page

bp = Blueprint("template_rules", __name__, url_prefix="/templates")


@bp.get("/<string:template_key>/versions/<int:number>/applicability/")
@requires(Permission.CHECKLIST_VIEW)
def show_version(template_key: str, number: int) -> ResponseReturnValue:
    """What applies to a module that answers so."""
    version = get_version(template_key, number)
    groups = [
        RuledGroup(
            group.title,
            group.belongs_to,
            group.applies_when,
            tuple((item.text, item.applies_when) for item in group.items),
        )
        for group in content_of_version(version.id).groups
    ]
    way = [
        ("Templates", url_for("templates.index")),
        (version.label, url_for("templates.show", template_key=template_key, number=number)),
    ]
    return tester_page(f"What applies by {version.label}", way, groups)
