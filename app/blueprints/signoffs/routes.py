"""The sign-offs of a release as a sheet, its rows as CSV, itself as PDF, and the exact content that somebody signed."""

from io import BytesIO
from typing import Any

from flask import Blueprint, Response, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.domain.errors import NotWritten
from app.domain.permissions import Permission
from app.exports.csv_rows import csv_bytes
from app.queries.releases import get_release
from app.queries.signoff_sheet import get_signed_content, read_sheet
from app.services import throttle
from app.services.exports import record_signoff_export
from app.web.access import requires
from app.web.gate_pages import server_now
from app.web.origin import actor, origin
from app.web.pdf import pdf_of
from app.web.signoff_rows import HEADER, OWN, csv_rows
from app.web.uploads import attachment

bp = Blueprint("signoffs", __name__)


@bp.get("/releases/<string:release_key>/signoffs/")
@requires(Permission.CHECKLIST_VIEW)
def index(release_key: str) -> ResponseReturnValue:
    """Every sign-off that was ever given for a release, to read and to print."""
    return render_template("signoffs/index.html", **_sheet(release_key))


@bp.get("/releases/<string:release_key>/signoffs/export/")
@requires(Permission.CHECKLIST_VIEW)
def export(release_key: str) -> ResponseReturnValue:
    """The same rows as on the sheet, for a spreadsheet or to keep."""
    throttle.count_or_refuse(throttle.EXPORTS, "export", str(current_user.id))
    record_signoff_export(origin(), release_key)
    now = server_now()
    gates = read_sheet(get_release(release_key, actor()), actor(), now)
    name = f"countersign-signoffs-{release_key}-{now:%Y%m%d-%H%M%S}.csv"
    return Response(
        csv_bytes(HEADER, [csv_rows(gates)], own=OWN),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@bp.get("/releases/<string:release_key>/signoffs/pdf/")
@requires(Permission.CHECKLIST_VIEW)
def pdf(release_key: str) -> ResponseReturnValue:
    """The sheet as a PDF, to keep. It is remembered before it leaves, and only when it could be made."""
    throttle.count_or_refuse(throttle.EXPORTS, "export", str(current_user.id))
    sheet = _sheet(release_key)
    address = url_for(".index", release_key=release_key, _external=True)
    page = render_template("signoffs/pdf.html", **sheet, by=current_user.name, address=address)
    try:
        written = pdf_of(page)
    except NotWritten as fault:
        return _no_pdf(release_key, fault)
    record_signoff_export(origin(), release_key)
    name = f"countersign-signoffs-{release_key}-{sheet['now']:%Y%m%d-%H%M%S}.pdf"
    return Response(
        written,
        mimetype="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


def _no_pdf(release_key: str, fault: NotWritten) -> ResponseReturnValue:
    release = get_release(release_key, actor())
    page = render_template("signoffs/no_pdf.html", release=release, why=fault.sentence)
    return page, 503, {"Retry-After": str(fault.retry_after)} if fault.retry_after else {}


def _sheet(release_key: str) -> dict[str, Any]:
    """All that the sheet says, on the screen and in a file."""
    release, now = get_release(release_key, actor()), server_now()
    gates = read_sheet(release, actor(), now)
    return {
        "release": release,
        "now": now,
        "signed": [gate for gate in gates if gate.signoffs or gate.overrides],
        "unsigned": [gate for gate in gates if not gate.signoffs and not gate.overrides],
        "total": sum(len(gate.signoffs) for gate in gates),
        "unfit": sum(not one.fits for gate in gates for one in gate.signoffs),
    }


@bp.get("/signoffs/<int:signoff_id>/content/")
@requires(Permission.CHECKLIST_VIEW)
def content(signoff_id: int) -> ResponseReturnValue:
    """What somebody signed, byte for byte, when it is still that."""
    body = get_signed_content(signoff_id, actor())
    return attachment(BytesIO(body), f"countersign-signoff-{signoff_id}.json")
