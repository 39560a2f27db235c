"""The answer to a form about one item: the row, or the page with the row, saved or refused."""

from collections.abc import Callable
from typing import Any

from flask import get_template_attribute, redirect, request
from flask.typing import ResponseReturnValue
from wtforms import Form as AnyForm

from app.domain.actors import Actor
from app.domain.errors import Conflict, DomainError, InvalidInput, NotPermitted, RuleViolation
from app.queries.checklists import ChecklistHead, get_checklist
from app.queries.items import get_place
from app.services.items import Saved
from app.web.checklist_pages import group_page, is_fragment_wanted, one_view, rights
from app.web.errors import status_of
from app.web.messages import say
from app.web.origin import actor
from app.web.paths import safe_next
from app.web.rows import RowView, with_refusal


def saved_or_refused(
    item_id: int, form: AnyForm, save: Callable[[], Saved], done: str, *, may_undo: bool = True
) -> ResponseReturnValue:
    """Try to save; answer with the row for a script, with a page for a browser."""
    who = actor()
    place = get_place(item_id)
    checklist = get_checklist(place.checklist_id, who)
    if not form.validate():
        sentence = " ".join(str(text) for texts in form.errors.values() for text in texts)
        return _refused(checklist, place.group_key, item_id, InvalidInput(form=sentence), who)
    try:
        saved = save()
    except (RuleViolation, Conflict, InvalidInput, NotPermitted) as refusal:
        return _refused(checklist, place.group_key, item_id, refusal, who)
    if is_fragment_wanted():
        return render_row(checklist, one_view(checklist, place.group_key, item_id, who), who)
    say(done, undo=saved if may_undo else None)
    return redirect(_back(checklist, place.group_key, item_id), 303)


def _refused(
    checklist: ChecklistHead, group_key: str, item_id: int, refusal: DomainError, who: Actor
) -> ResponseReturnValue:
    conflict = (refusal.yours, refusal.theirs) if isinstance(refusal, Conflict) else None
    typed = {name: value for name, value in request.form.items() if name != "csrf_token"}
    status = status_of(refusal)

    def mark(view: RowView) -> RowView:
        return with_refusal(view, refusal.sentence, conflict=conflict, typed=typed)

    if is_fragment_wanted():
        return render_row(checklist, mark(one_view(checklist, group_key, item_id, who)), who), status
    return group_page(checklist, group_key, who, marks={item_id: mark}), status


def render_row(checklist: ChecklistHead, view: RowView, who: Actor) -> str:
    """One row alone, by the macro that draws it on every page."""
    macro: Any = get_template_attribute("checklists/_item.html", "item_row")
    return str(macro(view, **rights(checklist, who)))


def _back(checklist: ChecklistHead, group_key: str, item_id: int) -> str:
    asked = safe_next(request.form.get("back"))
    return f"{asked or checklist.subject.group_path(group_key)}#item-{item_id}"
