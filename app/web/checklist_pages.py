"""The pages of a checklist, put together once for all its kinds and for the answers to refused forms."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from flask import render_template, request, url_for

from app.domain.actors import Actor
from app.domain.addresses import OCCASIONS, occasion_path
from app.domain.checklist import BelongsTo
from app.domain.errors import NotFound
from app.domain.fatigue import find_bursts, is_all_at_the_end
from app.domain.permissions import Permission, Role
from app.domain.readiness import Counts
from app.queries.checklists import ChecklistHead
from app.queries.fatigue import list_ticks
from app.queries.groups import GroupLine, list_groups
from app.queries.people import list_active_people
from app.queries.releases import require_release
from app.queries.rows import ItemRow, get_group_body, get_placed_row, list_rows
from app.queries.waivers import list_waivers_of
from app.services.items import Saved
from app.web.drawn_rows import draw_rows
from app.web.evidence_pages import together
from app.web.forms import optional_number
from app.web.parts import part_of
from app.web.rows import BY_WAIVER, RowView, reader_of, row_view, said_before_of, undo_of_saved, undos_of
from app.web.waiver_views import SEVERAL_REASONS, waiver_choices

Mark = Callable[[RowView], RowView]


def is_fragment_wanted() -> bool:
    """Whether a script asks for one row instead of a whole page."""
    return request.headers.get("HX-Request") == "true"


def crumbs(checklist: ChecklistHead) -> list[tuple[str, str]]:
    """The way from the lists to a checklist, as words and addresses."""
    if checklist.belongs_to is BelongsTo.TARGET:
        return [
            ("Modules", url_for("modules.index")),
            (checklist.module_name, url_for("modules.show", module_key=checklist.subject.module_key)),
        ]
    release_key = checklist.subject.release_key
    if checklist.belongs_to in OCCASIONS:
        here = occasion_path(checklist.belongs_to, checklist.subject.subject_id)
        return [*_way_to_module(checklist), (checklist.own_name.capitalize(), here)]
    way = [
        ("Releases", url_for("releases.index")),
        (checklist.release_name, url_for("releases.show", release_key=release_key)),
    ]
    if checklist.belongs_to is BelongsTo.CHANGE:
        module = url_for("checklists.show_module", release_key=release_key, module_key=checklist.subject.module_key)
        way.append((checklist.module_name, module))
    return way


def _way_to_module(checklist: ChecklistHead) -> list[tuple[str, str]]:
    """Through the release where there is one."""
    release_key, module_key = checklist.subject.release_key, checklist.subject.module_key
    if not release_key:
        return [
            ("Modules", url_for("modules.index")),
            (checklist.module_name, url_for("modules.show", module_key=module_key)),
        ]
    return [
        (checklist.release_name, url_for("releases.show", release_key=release_key)),
        (checklist.module_name, url_for("checklists.show_module", release_key=release_key, module_key=module_key)),
    ]


def total_of(groups: list[GroupLine]) -> Counts:
    """All groups together."""
    return sum((group.counts for group in groups), Counts())


def sections_of(groups: list[GroupLine]) -> list[tuple[str, list[GroupLine]]]:
    """Groups under their headings."""
    return [(title, list(lines)) for title, lines in groupby(groups, key=lambda group: group.section)]


def views_of(checklist: ChecklistHead, rows: Sequence[ItemRow], actor: Actor) -> list[RowView]:
    """Rows as this person sees them."""
    waivers = list_waivers_of([row.id for row in rows if row.state in BY_WAIVER])
    undos, said_before = undos_of(rows, actor), said_before_of(rows)
    reader = reader_of(checklist.module_id, actor)
    return [
        row_view(
            row,
            reader,
            waivers=waivers.get(row.id, ()),
            undo=undos.get(row.id),
            said_before=said_before.get(row.id),
        )
        for row in rows
    ]


def by_group(groups: list[GroupLine], rows: list[RowView]) -> list[tuple[GroupLine, list[RowView], list[RowView]]]:
    """Rows under their groups, those that are no longer asked apart; groups without any are left out."""
    asked: dict[int, list[RowView]] = defaultdict(list)
    removed: dict[int, list[RowView]] = defaultdict(list)
    for row in rows:
        (removed if row.is_removed else asked)[row.group_id].append(row)
    return [(group, asked[group.id], removed[group.id]) for group in groups if group.id in asked or group.id in removed]


def fatigue_of(checklist: ChecklistHead, actor: Actor) -> dict[str, Any]:
    """How the ticks came, for those who look after the work of others: a lead, a DBA, an auditor."""
    looks_after = actor.may_for(Permission.WAIVER_DECIDE, checklist.module_id) or any(
        grant.role is Role.AUDITOR for grant in actor.grants
    )
    ticks = list_ticks(checklist.stream_id) if looks_after else []
    return {"bursts": find_bursts(ticks), "all_at_the_end": is_all_at_the_end(ticks)}


@dataclass(frozen=True, slots=True)
class ChosenRow:
    """A row that was chosen for a change of several, as it is now."""

    value: str
    text: str
    state_word: str
    changed_by_name: str | None
    is_changed: bool


def chosen_rows(checklist: ChecklistHead, revisions: dict[int, int]) -> list[ChosenRow]:
    """The chosen rows of a checklist; `is_changed` when one is no longer as it was seen."""
    return [
        ChosenRow(
            f"{row.id}.{row.revision}", row.text, row.state.word, row.changed_by_name, row.revision != revisions[row.id]
        )
        for row in list_rows(checklist.id)
        if row.id in revisions
    ]


def one_view(item_id: int, actor: Actor, *, saved: Saved | None = None) -> RowView:
    """One row as this person sees it; NotFound when it is not theirs to see."""
    placed = saved.placed if saved and saved.placed else get_placed_row(item_id)
    if placed.module_id is None:
        require_release(placed.release_id or 0, actor)
    else:
        actor.require(Permission.CHECKLIST_VIEW, placed.module_id)
    waivers = list_waivers_of([item_id]).get(item_id, ()) if placed.row.state in BY_WAIVER else ()
    undo = undo_of_saved(placed.row, saved) if saved else undos_of([placed.row], actor).get(item_id)
    before = said_before_of([placed.row]).get(item_id)
    return row_view(
        placed.row,
        reader_of(placed.module_id, actor),
        waivers=waivers,
        undo=undo,
        said_before=before,
        along=saved.twins if saved else (),
    )


def choices_of(module_id: int | None, actor: Actor) -> dict[str, Any]:
    """What the forms of a row let one choose from."""
    may_assign = actor.may_for(Permission.ITEM_ASSIGN, module_id)
    return {"people": list_active_people() if may_assign else [], "waivers": waiver_choices()}


def group_page(checklist: ChecklistHead, group_key: str, actor: Actor, *, marks: dict[int, Mark] | None = None) -> str:
    """One pause point. `marks` says of single rows what was refused."""
    groups = list_groups(checklist)
    group = _find_group(groups, group_key)
    here = groups.index(group)
    found = list_rows(checklist.id, group_id=group.id)
    may_work = actor.may_for(Permission.ITEM_WORK, checklist.module_id)
    # A group of five to eight is read; one of hundreds comes out of somebody's old list, and is shown in parts.
    looked_for = next(iter(marks or ()), optional_number(request.args.get("at")))
    part = part_of(found, group.path, is_wanted=lambda row: row.id == looked_for)
    rows = views_of(checklist, part.rows, actor)
    rows = [(marks or {}).get(row.id, _unmarked)(row) for row in rows]
    after = next((line for line in [*groups[here + 1 :], *groups[:here]] if not line.is_complete), None)
    return render_template(
        "checklists/group.html",
        checklist=checklist,
        crumbs=crumbs(checklist),
        group=group,
        body=get_group_body(group.id),
        next_group=after,
        sections=sections_of(groups),
        counts=total_of(groups),
        rows=rows,
        part=part,
        draw_rows=draw_rows,
        footer=footer(group),
        # Only a row that was refused shows its forms at once, with what was typed.
        choices=choices_of(checklist.module_id, actor) if marks else None,
        may_work=may_work,
        to_confirm=len(together(found)) if may_work else 0,
        waiver_reasons=SEVERAL_REASONS,
    )


def get_group(checklist: ChecklistHead, group_key: str) -> GroupLine:
    """One group of a checklist, or NotFound."""
    return _find_group(list_groups(checklist), group_key)


def _find_group(groups: list[GroupLine], group_key: str) -> GroupLine:
    group = next((group for group in groups if group.key == group_key), None)
    if group is None:
        raise NotFound("There is no such group in this checklist.")
    return group


def _unmarked(row: RowView) -> RowView:
    return row


def footer(group: GroupLine) -> str:
    """The last line of a pause point: is it complete, and if not, what is left."""
    counts = group.counts
    if counts.open == 0:
        parts = [f"{counts.done} done"]
        if counts.not_applicable:
            parts.append(f"{counts.not_applicable} not applicable")
        complete = " ".join(part for part in ("complete", counts.with_waived) if part)
        return f"{group.title} is {complete}: {', '.join(parts)}."
    parts = [f"{counts.open} left"]
    for number, word in ((counts.failed, "failed"), (counts.blocked, "blocked"), (counts.waiting, "waiting")):
        if number:
            parts.append(f"{number} of them {word}")
    return f"{group.title} is not complete: {', '.join(parts)}."
