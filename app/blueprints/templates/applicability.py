"""Trying out the rules of a template version."""

from collections import defaultdict

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue

from app.domain.permissions import Permission
from app.queries.templates import get_version, list_version_groups, list_version_items
from app.web.access import requires
from app.web.rule_tester import RuledGroup, tester_page

bp = Blueprint("template_rules", __name__, url_prefix="/templates")


@bp.get("/<string:template_key>/versions/<int:number>/applicability/")
@requires(Permission.CHECKLIST_VIEW)
def show_version(template_key: str, number: int) -> ResponseReturnValue:
    """What applies to a module that answers so."""
    version = get_version(template_key, number)
    items: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for item in list_version_items(version.id):
        items[item.group_id].append((item.text, item.applies_when))
    groups = [
        RuledGroup(group.title, group.belongs_to, group.applies_when, tuple(items[group.id]))
        for group in list_version_groups(version.id)
    ]
    way = [
        ("Templates", url_for("templates.index")),
        (version.label, url_for("templates.show", template_key=template_key, number=number)),
    ]
    return tester_page(f"What applies by {version.label}", way, groups)
