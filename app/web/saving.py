"""The answer to a form about one item: the row, or the page with the row, saved or refused."""

from collections.abc import Callable
from typing import Any

from flask import get_template_attribute, redirect, request
from flask.typing import ResponseReturnValue
from wtforms import Form as AnyForm

from app.domain.actors import Actor
from app.domain.errors import Conflict, DomainError, InvalidInput, KeyReused, NotPermitted, RuleViolation
from app.queries.checklists import get_checklist
from app.queries.items import get_place
from app.queries.rows import get_placed_row
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
    if not form.validate():
        sentence = " ".join(str(text) for texts in form.errors.values() for text in texts)
        return _refused(item_id, InvalidInput(form=sentence), who)
    try:
        saved = save()
    except (RuleViolation, Conflict, InvalidInput, KeyReused, NotPermitted) as refusal:
        return _refused(item_id, refusal, who)
    if is_fragment_wanted():
        return render_row(one_view(item_id, who, saved=saved if may_undo else None), who)
    say(done, undo=saved if may_undo else None)
    return redirect(back_to(item_id), 303)


def _refused(item_id: int, refusal: DomainError, who: Actor) -> ResponseReturnValue:
    conflict = (refusal.yours, refusal.theirs) if isinstance(refusal, Conflict) else None
    typed = {name: value for name, value in request.form.items() if name != "csrf_token"}
    status = status_of(refusal)

    def mark(view: RowView) -> RowView:
        return with_refusal(view, refusal.sentence, conflict=conflict, typed=typed)

    if is_fragment_wanted():
        return render_row(mark(one_view(item_id, who)), who), status
    place = get_place(item_id)
    checklist = get_checklist(place.checklist_id, who)
    return group_page(checklist, place.group_key, who, marks={item_id: mark}), status


def render_row(view: RowView, who: Actor) -> str:
    """One row alone, by the macro that draws it on every page."""
    macro: Any = get_template_attribute("checklists/_item.html", "item_row")
    return str(macro(view, **rights(view.module_id, who)))


def back_to(item_id: int) -> str:
    """The page that a form came from, at its row; the row's group when the form did not say."""
    asked = safe_next(request.form.get("back"))
    placed = get_placed_row(item_id)
    return f"{asked or placed.subject.group_path(placed.group_key)}#item-{item_id}"
