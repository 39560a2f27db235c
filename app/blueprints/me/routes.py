"""What one owes, in which order, over all releases."""

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.domain.permissions import Permission
from app.domain.waivers import countdown
from app.queries.incidents import list_open_of_person
from app.queries.lines import ItemLine, list_assigned
from app.queries.register import list_expiring, list_pending
from app.web.access import requires
from app.web.incident_pages import cards_of
from app.web.origin import actor
from app.web.parts import part_of_sections
from app.web.rows import today
from app.web.schedule_pages import STATE_SIGNS, own_now, server_now
from app.web.waiver_views import utc_today

bp = Blueprint("me", __name__, url_prefix="/me")


@bp.get("/")
@requires(Permission.PROFILE_MANAGE)
def show() -> ResponseReturnValue:
    """Duties of one's roles, overdue, due today, later, what waits for one's approval, whose waiver expires soon."""
    lines, now = list_assigned(actor()), server_now()
    duties = own_now(actor(), now, current_user.zone)
    expiring, notes = _expiring()
    sections = [
        *_by_day(lines),
        ("Waiting for your approval", _to_decide()),
        ("Waivers that expire soon", expiring),
    ]
    known = [((title, len(found)), [(line, _is_overdue(line)) for line in found]) for title, found in sections if found]
    shown, part = part_of_sections(known, url_for(".show"))
    incidents = cards_of(list_open_of_person(actor()), now)
    return render_template(
        "me/show.html",
        sections=shown,
        first="Incidents" if incidents else "Duties" if duties else known[0][0][0] if known else "",
        part=part,
        incidents=incidents,
        total=sum(len(found) for _, found in sections) + len(incidents) + len(duties),
        notes=notes,
        duties=duties,
        duty_signs=STATE_SIGNS,
    )


def _by_day(lines: list[ItemLine]) -> list[tuple[str, list[ItemLine]]]:
    return [
        ("Overdue", [line for line in lines if _is_overdue(line)]),
        ("Due today", [line for line in lines if line.due_on == today()]),
        ("Assigned to you", [line for line in lines if not line.due_on or line.due_on > today()]),
    ]


def _expiring() -> tuple[list[ItemLine], dict[int, str]]:
    """The items behind waivers that one asked for or approved and that expire soon, and what is said of each."""
    rows = list_expiring(actor(), utc_today())
    whose = {True: "you asked for it", False: "you approved it"}
    return [row.line for row in rows], {
        row.line.id: f"{countdown(row.ends_on or utc_today(), utc_today())}, {whose[row.requested_by_id == actor().id]}"
        for row in rows
    }


def _is_overdue(line: ItemLine) -> bool:
    return line.due_on is not None and line.due_on < today()


def _to_decide() -> list[ItemLine]:
    if not actor().may(Permission.WAIVER_DECIDE):
        return []
    return [
        row.line
        for row in list_pending(actor(), utc_today())
        if row.requested_by_id != current_user.id and actor().may_for(Permission.WAIVER_DECIDE, row.module_id)
    ]
