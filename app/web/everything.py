"""The page with all rows of a checklist; of a long one some hundred at a time, and those that hold a word."""

from urllib.parse import urlencode

from flask import render_template, request

from app.domain.actors import Actor
from app.domain.permissions import Permission
from app.queries.checklists import ChecklistHead
from app.queries.groups import contents_of, groups_of
from app.queries.rows import ItemRow
from app.web.checklist_pages import by_group, crumbs, total_of, views_of
from app.web.drawn_rows import draw_rows
from app.web.parts import part_of
from app.web.waiver_views import SEVERAL_REASONS


def everything_page(checklist: ChecklistHead, actor: Actor) -> str:
    """All groups on one page, or only what is left of them, as the address says."""
    show = "left" if request.args.get("show") == "left" else "all"
    query = request.args.get("q", "").strip()
    contents = contents_of(checklist)
    groups = groups_of(checklist, contents)
    rows = views_of(checklist, [row for row in contents.rows if _holds(row, query)], actor)
    wanted = [row for row in rows if show == "all" or row.is_left or row.is_asked_again]
    place = {group.id: number for number, group in enumerate(groups)}
    # As the page lists them: under their groups, what is no longer asked after the rest of its group.
    wanted.sort(key=lambda row: (place[row.group_id], row.is_removed))
    asked = urlencode([(name, text) for name, text in (("show", show), ("q", query)) if text not in {"all", ""}])
    here = f"{checklist.path}everything/" + (f"?{asked}" if asked else "")
    part = part_of(wanted, here)
    return render_template(
        "checklists/everything.html",
        checklist=checklist,
        crumbs=crumbs(checklist),
        counts=total_of(groups),
        groups=by_group(groups, list(part.rows)),
        part=part,
        back=part.address or here,
        query=query,
        is_long=part.links or query,
        show=show,
        draw_rows=draw_rows,
        hidden=len(contents.rows) - len(wanted),
        may_work=actor.may_for(Permission.ITEM_WORK, checklist.module_id),
        waiver_reasons=SEVERAL_REASONS,
    )


def _holds(row: ItemRow, query: str) -> bool:
    return query.casefold() in f"{row.text} {row.key}".casefold()
