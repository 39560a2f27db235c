"""The history: who changed what, when, from what to what; and the same rows as CSV."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.blueprints.audit.forms import FilterForm
from app.domain.audit import moment_text
from app.domain.audit_words import tell
from app.domain.permissions import Permission
from app.exports.csv_rows import csv_bytes
from app.queries.audit import AuditFilter, EventRow, read_page, stream_events
from app.services import throttle
from app.services.exports import record_export
from app.web.access import requires
from app.web.forms import options, utc_of
from app.web.history import Teller, role_title, told
from app.web.origin import actor, origin
from app.web.past import modules_ever, people_ever, releases_ever

bp = Blueprint("audit", __name__, url_prefix="/audit")

HEADER = (
    *("time_utc", "actor", "role", "action", "sentence", "object_kind", "object_id", "object", "fact", "from", "to"),
    *("reason", "module", "release", "request_id", "stream", "sequence", "event_id", "leaf_sha256"),
)
# No person's text is in these.
OWN = {"time_utc", "object_id", "stream", "sequence", "event_id", "leaf_sha256"}


@bp.get("/")
@requires(Permission.AUDIT_VIEW)
def index() -> ResponseReturnValue:
    """A page of the history, narrowed as the address says."""
    form = _form()
    if not form.validate():
        return render_template("audit/index.html", form=form, page=None, events=[], query={}), 422
    before, after = request.args.get("before", ""), request.args.get("after", "")
    page = read_page(_wanted(form), actor(), before=before, after=after)
    query = {name: value for name, value in request.args.items() if value and name not in {"before", "after"}}
    return render_template("audit/index.html", form=form, page=page, events=told(page.rows), query=query)


@bp.get("/export/")
@requires(Permission.AUDIT_VIEW)
def export() -> ResponseReturnValue:
    """The same rows as on the page, all of them, streamed."""
    form = _form()
    if not form.validate():
        return render_template("audit/index.html", form=form, page=None, events=[], query={}), 422
    throttle.count_or_refuse(throttle.EXPORTS, "export", str(current_user.id))
    wanted, who = _wanted(form), actor()
    # The export leaves an event of its own, which is no part of what was asked for.
    begun = datetime.now(UTC)
    wanted = replace(wanted, until=min(wanted.until or begun, begun))
    record_export(origin(), query=request.query_string.decode()[:500])
    name = f"countersign-audit-{datetime.now(UTC):%Y%m%d-%H%M%S}.csv"
    body = csv_bytes(HEADER, _parts(wanted, who), own=OWN)
    return Response(
        stream_with_context(body),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _parts(wanted: AuditFilter, who: Any) -> Iterator[Iterator[tuple[object, ...]]]:
    teller = Teller()
    for part in stream_events(wanted, who):
        yield (_cells(row, teller) for row in part)


def _cells(row: EventRow, teller: Teller) -> tuple[object, ...]:
    action, fact = row.action, row.fact
    label, old, new = teller.label(row), teller.value(row, row.old_value), teller.value(row, row.new_value)
    return (
        moment_text(row.occurred_at),
        teller.actor(row),
        role_title(row.actor_role),
        str(action),
        tell(action, label=label, fact=fact, old=old, new=new),
        row.object_kind,
        row.object_id,
        label,
        fact,
        old,
        new,
        row.reason,
        teller.module(row),
        teller.release(row),
        row.request_id,
        row.stream_id,
        row.stream_sequence,
        row.id.hex(),
        row.leaf.hex(),
    )


def _form() -> FilterForm:
    form = FilterForm(request.args)
    may_read = actor().may(Permission.CHECKLIST_VIEW)
    form.person.choices = options([("", "anybody"), *people_ever()])
    form.module.choices = options([("", "any"), *(modules_ever(actor()) if may_read else [])])
    form.release.choices = options([("", "any"), *(releases_ever(actor()) if may_read else [])])
    return form


def _wanted(form: FilterForm) -> AuditFilter:
    return AuditFilter(
        since=utc_of(form.since.data),
        until=utc_of(form.until.data),
        actor_id=form.person.data,
        module_key=form.module.data or "",
        release_key=form.release.data or "",
        action=form.action.data or "",
        text=form.q.data or "",
        request_id=form.request_id.data or "",
    )
