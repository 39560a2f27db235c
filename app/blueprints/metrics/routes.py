"""Metrics: all of them for a period, each with its definition, its chart and the rows behind it."""

from datetime import UTC, datetime
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.blueprints.metrics.forms import ScopeForm
from app.domain.errors import UNSEEN, InvalidInput, NotFound
from app.domain.metric_keys import METRICS, MetricKey
from app.domain.metric_words import DEFINITIONS, DORA
from app.domain.metrics import FEW, SAYS_LITTLE, headline_of
from app.domain.periods import WINDOWS, Period, period_of, window_of
from app.domain.permissions import Permission
from app.exports.csv_rows import csv_bytes
from app.queries.metrics import ScopeModule, list_scope_modules, scope_of
from app.services import throttle
from app.services.exports import record_metric_export
from app.web.access import requires
from app.web.charts import chart_of
from app.web.forms import options, text_of
from app.web.metric_pages import HEADER, OWN, Asked, all_results, csv_rows, one_result, server_now, tiles_of
from app.web.origin import actor, origin
from app.web.parts import part_of

bp = Blueprint("metrics", __name__, url_prefix="/metrics")
# So many rows stand on a page.
ROWS = 200


@bp.get("/")
@requires(Permission.CHECKLIST_VIEW)
def index() -> ResponseReturnValue:
    """Whether it gets better: every metric for a period."""
    known = list_scope_modules(actor())
    form = _form(known)
    asked = _asked(form, known)
    results = all_results(asked) if asked else []
    better, worse, same = headline_of(results)
    page = render_template(
        "metrics/index.html",
        form=form,
        asked=asked,
        groups=tiles_of(results),
        better=better,
        worse=worse,
        same=same,
        few=FEW,
        windows=list(WINDOWS),
        definitions=DEFINITIONS,
        says_little=SAYS_LITTLE,
        may_type=actor().may(Permission.ITEM_WORK),
    )
    return page if asked else (page, 422)


@bp.get("/<string:metric_key>/")
@requires(Permission.CHECKLIST_VIEW)
def show(metric_key: str) -> ResponseReturnValue:
    """One metric: what it means, its parts, and the rows behind it."""
    key, known = _key(metric_key), list_scope_modules(actor())
    form = _form(known)
    asked = _asked(form, known)
    result = one_result(asked, key) if asked else None
    query = urlencode(asked.query if asked else {})
    here = f"{url_for('.show', metric_key=metric_key)}{'?' if query else ''}{query}"
    page = render_template(
        "metrics/show.html",
        key=key,
        kind=METRICS[key],
        form=form,
        asked=asked,
        result=result,
        chart=chart_of(result) if result else None,
        part=part_of(result.rows if result else [], here, at_once=ROWS),
        windows=list(WINDOWS),
        definition=DEFINITIONS[key],
        dora=DORA.get(key),
        says_little=SAYS_LITTLE,
    )
    return page if asked else (page, 422)


@bp.get("/<string:metric_key>/export/")
@requires(Permission.CHECKLIST_VIEW)
def export(metric_key: str) -> ResponseReturnValue:
    """The rows behind one metric, all of them."""
    key, known = _key(metric_key), list_scope_modules(actor())
    asked = _asked(_form(known), known)
    if asked is None:
        raise InvalidInput(window="Choose one of the periods that are offered.")
    throttle.count_or_refuse(throttle.EXPORTS, "export", str(current_user.id))
    record_metric_export(origin(), what=f"{METRICS[key].title}, {asked.period.words}")
    name = f"countersign-{key.value}-{datetime.now(UTC):%Y%m%d-%H%M%S}.csv"
    return Response(
        csv_bytes(HEADER, [csv_rows(one_result(asked, key))], own=OWN),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _key(metric_key: str) -> MetricKey:
    if metric_key not in set(MetricKey):
        raise NotFound(UNSEEN)
    return MetricKey(metric_key)


def _form(known: list[ScopeModule]) -> ScopeForm:
    form = ScopeForm(request.args)
    form.module.choices = options([("", "all that I see"), *((one.key, one.name) for one in known)])
    teams = sorted({one.team for one in known if one.team})
    form.team.choices = options([("", "all"), *((team, team) for team in teams)])
    return form


def _asked(form: ScopeForm, known: list[ScopeModule]) -> Asked | None:
    """What the address asks for; None where it cannot be read, which the form then says."""
    if not form.validate():
        return None
    now = server_now()
    try:
        period = _period(form, now)
    except InvalidInput as refusal:
        for name, sentence in refusal.fields.items():
            form[name].errors = [sentence]
        return None
    scope = scope_of(known, actor(), module_key=text_of(form.module), team=text_of(form.team))
    words = ("window", "from", "to", "module", "team")
    return Asked(period, scope, now, {name: request.args[name] for name in words if request.args.get(name)})


def _period(form: ScopeForm, now: datetime) -> Period:
    today = now.date()
    if form.since.data or form.until.data:
        return period_of(form.since.data, form.until.data, today)
    return window_of(text_of(form.window), today)
