"""What a module answers, once, so that rules can say which items apply to it."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.blueprints.modules.forms import ANSWERS, AnswersForm
from app.domain.applicability import Question
from app.domain.permissions import Permission
from app.queries.applicability import AnswerLine, Effect, list_answers, list_effects
from app.queries.modules import get_module
from app.services.applicability import Answered, answer_questions, preview_answers
from app.web.access import requires
from app.web.errors import form_status, refusals_shown_in
from app.web.forms import text_of
from app.web.messages import say
from app.web.origin import actor, origin

bp = Blueprint("module_answers", __name__, url_prefix="/modules/<string:module_key>/answers")
WORDS = {is_yes: word for word, is_yes in ANSWERS.items()}


@bp.get("/")
@requires(Permission.MODULE_MANAGE)
def edit(module_key: str) -> ResponseReturnValue:
    """Show the questions with what was answered, and what follows from it."""
    module = _module(module_key)
    known = list_answers(module.id)
    chosen = {question.value: WORDS[known[question].is_yes if question in known else None] for question in Question}
    form = AnswersForm(data=chosen)
    form.see(_seen(known))
    return _page(module, form, list_effects(module.id, {question: line.is_yes for question, line in known.items()}))


@bp.post("/")
@requires(Permission.MODULE_MANAGE)
def update(module_key: str) -> ResponseReturnValue:
    """Save answers; what takes something away or brings it back is shown first, and saved once that is confirmed."""
    module, form = _module(module_key), AnswersForm()
    if form.validate_on_submit():
        if request.form.get("action") == "show":
            return _page(module, form, list_effects(module.id, form.answers()))
        with refusals_shown_in(form):
            told: dict[str, Any] = {"revisions": form.revisions(), "reason": text_of(form.reason)}
            effects = preview_answers(actor(), module_key, form.wanted(), **told)
            if any(effect.is_change for effect in effects) and form.confirmed.data != mark_of(effects):
                return _confirmation(module, form, effects)
            _say(answer_questions(origin(), module_key, form.wanted(), **told))
            return redirect(url_for("modules.show", module_key=module_key, _anchor="answers"))
    if form_status(form) == 409:
        # What somebody else answered has been said: who saves now has seen it.
        form.see(_seen(list_answers(module.id)))
    return _page(module, form), form_status(form)


def _module(module_key: str) -> Any:
    module = get_module(module_key, actor())
    actor().require(Permission.MODULE_MANAGE, module.id)
    return module


def _seen(known: dict[Question, AnswerLine]) -> dict[Question, int]:
    return {question: known[question].revision if question in known else 0 for question in Question}


def mark_of(effects: Sequence[Effect]) -> str:
    """A mark that is another one as soon as anything else leaves or comes back."""
    moves = [
        (effect.checklist.id, [item.id for item in effect.leaving], [item.id for item in effect.returning])
        for effect in effects
        if effect.is_change
    ]
    return sha256(repr(moves).encode()).hexdigest()[:32]


def _page(module: Any, form: AnswersForm, effects: list[Effect] | None = None) -> str:
    return render_template("modules/answers.html", module=module, form=form, questions=list(Question), effects=effects)


def _confirmation(module: Any, form: AnswersForm, effects: list[Effect]) -> str:
    return render_template(
        "modules/confirm_answers.html",
        module=module,
        form=form,
        effects=effects,
        mark=mark_of(effects),
        is_again=bool(form.confirmed.data),
    )


def _say(saved: Answered) -> None:
    parts = ["The answers are saved."]
    if saved.out:
        parts.append(f"{_items(saved.out)} taken away by rule.")
    if saved.back:
        parts.append(f"{_items(saved.back)} brought back.")
    say(" ".join(parts))


def _items(number: int) -> str:
    return "1 item was" if number == 1 else f"{number} items were"
