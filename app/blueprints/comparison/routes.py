"""What is different between a release and an earlier one; and the same as CSV."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.domain.metric_words import time_words
from app.domain.permissions import Permission
from app.domain.release_comparison import ComparedItem, ReleaseComparison, compare_releases
from app.exports.csv_rows import csv_bytes
from app.queries.release_comparison import find_last_shipped_key, list_releases_to_compare, read_side
from app.queries.releases import get_release
from app.services import throttle
from app.services.exports import record_metric_export
from app.web.access import requires
from app.web.origin import actor, origin

bp = Blueprint("release_comparison", __name__, url_prefix="/releases")
HEADER = ("what", "module_key", "module", "item_key", "text", "then", "now", "address")
OWN = {"what", "address"}
# So many lines of a list are shown at once; of a longer one each module is opened by itself.
SHOWN = 30


@bp.get("/<string:release_key>/compare/")
@requires(Permission.CHECKLIST_VIEW)
def choose(release_key: str) -> ResponseReturnValue:
    """Go to the comparison with the chosen release, else with the one that shipped last before this one."""
    release = get_release(release_key, actor())
    earlier = request.args.get("with", "") or find_last_shipped_key(release, actor())
    if earlier:
        return redirect(url_for(".show", release_key=release.key, earlier_key=earlier))
    others = list_releases_to_compare(release, actor())
    return render_template("comparison/none.html", release=release, others=others)


@bp.get("/<string:release_key>/compare/<string:earlier_key>/")
@requires(Permission.CHECKLIST_VIEW)
def show(release_key: str, earlier_key: str) -> ResponseReturnValue:
    """What is open again, how long the gates took, and what is new and gone."""
    release, earlier = get_release(release_key, actor()), get_release(earlier_key, actor())
    others = list_releases_to_compare(release, actor())
    if release.id == earlier.id:
        return render_template("comparison/none.html", release=release, others=others, is_itself=True)
    found = _compared(release, earlier)
    return render_template(
        "comparison/show.html",
        release=release,
        earlier=earlier,
        others=others,
        found=found,
        lists=[(key, title, none, _by_module(pairs)) for key, title, none, pairs in _lists(found)],
        shown=SHOWN,
        sees_all=actor().modules(Permission.CHECKLIST_VIEW) is None,
    )


@bp.get("/<string:release_key>/compare/<string:earlier_key>/export/")
@requires(Permission.CHECKLIST_VIEW)
def export(release_key: str, earlier_key: str) -> ResponseReturnValue:
    """Every difference, one in a row."""
    release, earlier = get_release(release_key, actor()), get_release(earlier_key, actor())
    throttle.count_or_refuse(throttle.EXPORTS, "export", str(current_user.id))
    record_metric_export(origin(), what=f"{release.name} compared with {earlier.name}")
    name = f"countersign-{release.key}-and-{earlier.key}-{datetime.now(UTC):%Y%m%d-%H%M%S}.csv"
    return Response(
        csv_bytes(HEADER, [_rows(_compared(release, earlier))], own=OWN),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


Pair = tuple[ComparedItem, ComparedItem | None]


def _lists(found: ReleaseComparison) -> list[tuple[str, str, str, list[Pair]]]:
    """The lists of the page: anchor, title, what is said of an empty one, and items with what they were then."""
    new: list[Pair] = [(one, None) for one in found.new_items]
    gone: list[Pair] = [(one, None) for one in found.gone_items]
    again: list[Pair] = list(found.open_again)
    return [
        ("open-again", "Open now, done then", "Nothing that was done then is open now.", again),
        ("new", "New items", "Nothing is asked now that was not asked then.", new),
        ("gone", "Items gone", "Everything that was asked then is asked now.", gone),
    ]


def _by_module(pairs: list[Pair]) -> list[tuple[str, list[Pair]]]:
    return [(name, list(own)) for name, own in groupby(pairs, key=lambda pair: pair[0].module_name)]


def _compared(release: Any, earlier: Any) -> ReleaseComparison:
    return compare_releases(read_side(release, actor()), read_side(earlier, actor()))


def _rows(found: ReleaseComparison) -> Iterator[tuple[object, ...]]:
    for one, then in found.open_again:
        yield _row("open now, done then", one, then.state.word, one.state.word)
    for one in found.new_items:
        yield _row("new item", one, "", one.state.word)
    for one in found.gone_items:
        yield _row("item gone", one, one.state.word, "")
    for words, modules in (("new module", found.new_modules), ("module gone", found.gone_modules)):
        for key, name in modules:
            yield (words, key, name, "", "", "", "", "")
    for gates in found.gates:
        yield ("time to open", "", "", "", gates.title, _time(gates.then.median), _time(gates.now.median), "")


def _row(what: str, item: ComparedItem, then: str, now: str) -> tuple[object, ...]:
    return what, item.module_key, item.module_name, item.key, item.text, then, now, item.path


def _time(length: timedelta | None) -> str:
    return "" if length is None else time_words(length.total_seconds())
