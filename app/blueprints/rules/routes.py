"""The twelve rules of the starting document, and one of them with everything that it keeps shut."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from app.domain.always_never import RULES, find_rule
from app.domain.errors import UNSEEN, NotFound
from app.domain.permissions import Permission
from app.queries.rules import count_rules
from app.web.access import requires
from app.web.gate_pages import server_now
from app.web.origin import actor
from app.web.rule_pages import cards_of_rules
from app.web.waiver_views import utc_today

bp = Blueprint("rules", __name__, url_prefix="/rules")


@bp.get("/")
@requires(Permission.CHECKLIST_VIEW)
def index() -> ResponseReturnValue:
    """What is always done and what never, how each is enforced, and how often that was overridden."""
    counted = count_rules(RULES, actor(), server_now(), utc_today())
    return render_template("rules/index.html", cards=cards_of_rules(RULES, counted), counted=counted)


@bp.get("/<string:rule_key>/")
@requires(Permission.CHECKLIST_VIEW)
def show(rule_key: str) -> ResponseReturnValue:
    """One rule, and every gate that it keeps shut now."""
    rule = find_rule(rule_key)
    if rule is None:
        raise NotFound(UNSEEN)
    counted = count_rules([rule], actor(), server_now(), utc_today())
    (card,) = cards_of_rules([rule], counted)
    return render_template("rules/show.html", card=card, counted=counted)
