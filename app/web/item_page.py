"""The page of one item, put together once for looking at it and for the answers to refused forms."""

from flask import render_template

from app.domain.actors import Actor
from app.domain.permissions import Permission
from app.queries.audit import list_item_events
from app.queries.background import get_background
from app.queries.checklists import get_checklist
from app.queries.items import get_place, list_comments
from app.queries.rows import get_placed_row
from app.web.checklist_pages import Mark, choices_of, crumbs, get_group, one_view
from app.web.evidence_pages import confirmable, evidence_views
from app.web.history import told
from app.web.uploads import file_limit


def item_page(item_id: int, who: Actor, mark: Mark | None = None) -> str:
    """Why this box is here, what happened to it, and what proves it. `mark` says what was refused."""
    place = get_place(item_id)
    checklist = get_checklist(place.checklist_id, who)
    row = one_view(item_id, who)
    may_work = who.may_for(Permission.ITEM_WORK, checklist.module_id)
    return render_template(
        "items/show.html",
        checklist=checklist,
        crumbs=crumbs(checklist),
        group=get_group(checklist, place.group_key),
        row=mark(row) if mark else row,
        evidence=evidence_views([item_id]),
        is_confirmable=may_work and bool(confirmable([get_placed_row(item_id).row])),
        background=get_background(item_id),
        may_work=may_work,
        file_limit=file_limit(),
        comments=list_comments(item_id),
        history=told(list_item_events(item_id)),
        choices=choices_of(checklist.module_id, who),
    )
