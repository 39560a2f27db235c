"""Which versions a template has, and what is different between two of them."""

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from app.domain.checklist import BelongsTo
from app.domain.errors import NotFound
from app.domain.permissions import Permission
from app.domain.template_diff import compare as compare_contents
from app.queries.template_content import content_of_version
from app.queries.template_history import get_template, list_kinds, list_published
from app.web.access import requires
from app.web.comparison import comparison_of
from app.web.content_parts import differences_part
from app.web.origin import actor

bp = Blueprint("template_history", __name__, url_prefix="/templates/<string:template_key>")

# The kinds of thing that checklists are made for.
MADE_FOR = (BelongsTo.MODULE, BelongsTo.RELEASE, BelongsTo.CHANGE, BelongsTo.TARGET)


@bp.get("/")
@requires(Permission.CHECKLIST_VIEW)
def index(template_key: str) -> ResponseReturnValue:
    """The versions of one template."""
    template = get_template(template_key)
    versions = list_published(template_key, actor())
    kinds = list_kinds(versions[0].line.id) if versions else set()
    return render_template(
        "templates/history.html",
        template=template,
        versions=versions,
        lacking=[kind.value for kind in MADE_FOR if kind not in kinds],
        may_adopt=actor().may(Permission.TEMPLATE_ADOPT),
        may_choose=actor().may_for(Permission.TEMPLATE_ADOPT, None),
    )


@bp.get("/versions/<int:older>/compare/<int:newer>/")
@requires(Permission.CHECKLIST_VIEW)
def compare(template_key: str, older: int, newer: int) -> ResponseReturnValue:
    """What one version says and another does not, side by side."""
    published = {version.line.number: version for version in list_published(template_key, actor())}
    if older not in published or newer not in published:
        raise NotFound("There is no such template version.")
    old, new = published[older], published[newer]
    diff = compare_contents(content_of_version(old.line.id), content_of_version(new.line.id))
    here = url_for(".compare", template_key=template_key, older=older, newer=newer)
    told, part = differences_part(comparison_of(diff), here)
    return render_template(
        "templates/compare.html", template=get_template(template_key), old=old, new=new, told=told, part=part
    )
