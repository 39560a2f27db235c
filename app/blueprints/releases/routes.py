"""Releases: list, the readiness matrix, blockers, items."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.domain.checklist import OPEN, ItemState, Phase, Severity
from app.domain.permissions import Permission
from app.queries.lines import list_lines
from app.queries.overrides import list_unsettled_of_release
from app.queries.readiness import Standing, list_blockers, list_standings, release_version
from app.queries.releases import (
    find_current_release_key,
    find_previous_release_key,
    get_release,
    list_releases,
)
from app.web.access import requires
from app.web.blocker_lists import GROUPINGS, as_text, grouped, page_of, reckon
from app.web.etag import is_unchanged, tag_of, tagged, unchanged
from app.web.matrix import COLUMNS, FIRST_LOOK, HOURS, MatrixFilter, fits
from app.web.origin import actor
from app.web.override_pages import cards_of
from app.web.parts import LINES, part_of
from app.web.readiness_pages import Matrix, matrix_of
from app.web.rows import today

bp = Blueprint("releases", __name__, url_prefix="/releases")

# What is open and in nobody's way: the only list that holds the release's own items, as the number before it does.
ADVICE = "open-advice"
SHOWS: dict[str, set[ItemState]] = {
    "all": set(ItemState) - {ItemState.REMOVED},
    "open": set(OPEN),
    "done": {ItemState.DONE},
    "applicable": set(OPEN) | {ItemState.DONE, ItemState.OVERRIDDEN, ItemState.DEFERRED},
    "not-applicable": {ItemState.NOT_APPLICABLE, ItemState.RULED_OUT},
    "overridden": {ItemState.OVERRIDDEN},
    "deferred": {ItemState.DEFERRED},
    "waiting": {ItemState.NOT_APPLICABLE_REQUESTED},
    "failed": {ItemState.FAILED},
    "blocked": {ItemState.BLOCKED},
    ADVICE: set(OPEN) - {ItemState.FAILED},
}


@bp.get("/")
@requires(Permission.CHECKLIST_VIEW)
def index() -> ResponseReturnValue:
    """All releases that one may see."""
    archived = request.args.get("show") == "archived"
    return render_template(
        "releases/index.html",
        releases=list_releases(actor(), archived=archived),
        archived=archived,
        may_manage=actor().may_for(Permission.RELEASE_MANAGE, None),
    )


@bp.get("/current/")
@requires(Permission.CHECKLIST_VIEW)
def current() -> ResponseReturnValue:
    """The release that is next."""
    key = find_current_release_key(actor(), today())
    return redirect(url_for(".show", release_key=key) if key else url_for(".index"))


@bp.get("/<string:release_key>/")
@requires(Permission.CHECKLIST_VIEW)
def show(release_key: str) -> ResponseReturnValue:
    """Whether this release can go, and if not, what is first in the way, and who has it."""
    release = get_release(release_key, actor())
    version = release_version(release)
    tag = tag_of("matrix", release.id, version)
    if is_unchanged(tag):
        return unchanged(tag)
    return tagged(_matrix(release, matrix_of(release, version, actor())), tag)


def _matrix(release: Any, matrix: Matrix) -> str:
    wanted = MatrixFilter(*(request.args.get(name, "").strip() for name in ("owner", "state", "q")))
    now = datetime.now(UTC)
    shown = [drawn for drawn in matrix.rows if fits(drawn.row, wanted)]
    unready = [drawn for drawn in shown if not drawn.row.is_ready]
    return render_template(
        "releases/show.html",
        release=release,
        readiness=matrix.readiness,
        columns=COLUMNS,
        hours=HOURS,
        has_deployed=any(drawn.row.has_deployed for drawn in matrix.rows),
        rows=unready,
        below=max(0, len(unready) - FIRST_LOOK),
        ready_rows=[drawn.row for drawn in shown if drawn.row.is_ready],
        hidden=len(matrix.rows) - len(shown),
        release_cells=matrix.release_cells,
        gates=matrix.gates,
        overrides=cards_of(list_unsettled_of_release(actor(), release, now), actor(), now),
        filters=wanted,
        owners=matrix.owners,
        now=now,
        may_manage=actor().may_for(Permission.RELEASE_MANAGE, None),
        previous_release_key=None if matrix.rows else find_previous_release_key(release, actor()),
    )


@bp.get("/<string:release_key>/blockers/")
@requires(Permission.CHECKLIST_VIEW)
def blockers(release_key: str) -> ResponseReturnValue:
    """Who has to do what next."""
    release = get_release(release_key, actor())
    by = request.args.get("by", "owner")
    by = by if by in GROUPINGS else "owner"
    found = list_blockers(release, actor())
    page = page_of(grouped(found, by), url_for(".blockers", release_key=release.key, by=by))
    return render_template(
        "releases/blockers.html",
        release=release,
        by=by,
        page=page,
        total=len(found),
        reckoning=reckon(list_standings(release, actor())),
        advice_url=url_for(".items", release_key=release.key, show=ADVICE),
        as_text=as_text(release.name, page),
    )


@bp.get("/<string:release_key>/items/")
@requires(Permission.CHECKLIST_VIEW)
def items(release_key: str) -> ResponseReturnValue:
    """The rows behind a number."""
    release = get_release(release_key, actor())
    module, phase, show_what = (request.args.get(name, "") for name in ("module", "phase", "show"))
    show_what = show_what if show_what in SHOWS else "all"
    standings = list_standings(release, actor())
    return _items(release, standings, {"module": module, "phase": phase, "show": show_what})


def _items(release: Any, standings: list[Standing], asked: dict[str, str]) -> str:
    show_what, phase = asked["show"], asked["phase"]
    chosen = [
        standing
        for standing in standings
        if (standing.module_id is not None or show_what == ADVICE) and asked["module"] in ("", standing.module_key)
    ]
    rows = list_lines(
        [standing.checklist_id for standing in chosen],
        states=sorted(SHOWS[show_what]),
        phase=Phase(phase) if phase in set(Phase) else None,
        severities=[Severity.ADVISORY] if show_what == ADVICE else list(Severity),
    )
    here = f"{url_for('.items', release_key=release.key)}?{urlencode(asked)}"
    return render_template(
        "releases/items.html",
        release=release,
        part=part_of(rows, here, at_once=LINES),
        filters=asked,
        modules=[(s.module_key, s.module_name) for s in standings if s.module_id is not None],
        phases=COLUMNS,
        shows=list(SHOWS),
    )
