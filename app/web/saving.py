"""The answer to a form about one item: the row, or the page with the row, saved or refused."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import current_app, redirect, request
from flask.typing import ResponseReturnValue
from wtforms import Form as AnyForm

from app.domain.actors import Actor
from app.domain.errors import (
    AskFirst,
    Conflict,
    DomainError,
    InvalidInput,
    KeyReused,
    NotKept,
    NotPermitted,
    RuleViolation,
)
from app.queries.checklists import get_checklist
from app.queries.items import get_place
from app.services.items import Saved
from app.web.checklist_pages import Mark, choices_of, group_page, is_fragment_wanted, one_view
from app.web.errors import status_of
from app.web.messages import say
from app.web.origin import actor
from app.web.paths import safe_next
from app.web.rows import RowView, with_refusal

RefusedPage = Callable[[int, Actor, Mark], str]


def saved_or_refused(
    item_id: int,
    form: AnyForm,
    save: Callable[[], Saved],
    done: str,
    *,
    may_undo: bool = True,
    page: RefusedPage | None = None,
) -> ResponseReturnValue:
    """Try to save; answer with the row for a script, with a page for a browser: its group's, or another `page`."""
    who = actor()
    if not form.validate():
        sentence = " ".join(str(text) for texts in form.errors.values() for text in texts)
        return _refused(item_id, InvalidInput(form=sentence), who, page)
    try:
        saved = save()
    except (RuleViolation, AskFirst, Conflict, InvalidInput, KeyReused, NotPermitted, NotKept) as refusal:
        return _refused(item_id, refusal, who, page)
    if is_fragment_wanted():
        return render_row(one_view(item_id, who, saved=saved if may_undo else None))
    say(" ".join((done, *_along(saved))), undo=saved if may_undo else None)
    return redirect(back_to(item_id, who), 303)


def _along(saved: Saved) -> list[str]:
    """What was set with it, because it states the same."""
    twins = ", ".join(f"“{text}”" for text in saved.twins)
    return [f"Set along with it, as the same fact: {twins}."] if twins else []


def _refused(item_id: int, refusal: DomainError, who: Actor, page: RefusedPage | None) -> ResponseReturnValue:
    conflict = (refusal.yours, refusal.theirs) if isinstance(refusal, Conflict) else None
    typed = {name: value for name, value in request.form.items() if name != "csrf_token"}
    status = status_of(refusal)

    def mark(view: RowView) -> RowView:
        view = with_refusal(view, refusal.sentence, conflict=conflict, typed=typed)
        return replace(view, is_asked_first=isinstance(refusal, AskFirst))

    if is_fragment_wanted():
        view = mark(one_view(item_id, who))
        return render_row(view, choices_of(view.module_id, who)), status
    if page is not None:
        return page(item_id, who, mark), status
    place = get_place(item_id)
    checklist = get_checklist(place.checklist_id, who)
    return group_page(checklist, place.group_key, who, marks={item_id: mark}), status


def render_row(view: RowView, choices: dict[str, Any] | None = None) -> str:
    """One row alone, by the macro that draws it on every page; with `choices`, all its forms stand open below it."""
    row: Any = current_app.jinja_env.get_template("checklists/_item.html").module
    forms: Any = current_app.jinja_env.get_template("checklists/_item_forms.html").module
    is_compact = request.headers.get("X-Compact") == "1"
    if choices is None and request.headers.get("X-Forms") == "1":
        choices = choices_of(view.module_id, actor())
    hidden = forms.hidden_fields(safe_next(request.values.get("back")) or "")
    return str(row.item_row(view, hidden, compact=is_compact, choices=choices))


def back_to(item_id: int, who: Actor) -> str:
    """The page that a form came from, at its row; the row's group when the form did not say."""
    page = safe_next(request.form.get("back"))
    if page:
        return f"{page}#item-{item_id}"
    place = get_place(item_id)
    return get_checklist(place.checklist_id, who).subject.row_path(place.group_key, item_id)
