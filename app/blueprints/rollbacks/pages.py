"""The page of a rollback with its forms, fresh or as one of them was refused."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import render_template

from app.blueprints.rollbacks.forms import (
    AbortForm,
    DoForm,
    FinishForm,
    PauseForm,
    PressedForm,
    ReopenForm,
    SkipForm,
)
from app.web.forms import Form
from app.web.rollback_pages import RunView

_FORMS = {
    "do": DoForm,
    "skip": SkipForm,
    "reopen": ReopenForm,
    "pause": PauseForm,
    "abort": AbortForm,
    "finish": FinishForm,
    "pressed": PressedForm,
}


@dataclass(frozen=True, slots=True)
class Kept:
    """What was typed for a step and not taken, and what a colleague said of it meanwhile."""

    item_id: int
    typed: Sequence[str]
    theirs: str


def run_page(view: RunView, *, kept: Kept | None = None, **refused: Form) -> str:
    """The page of a rollback. A refused form keeps what was typed; where it is not on the page, beside it.

    It is not while the rollback is paused, nor when its step is not the current one any more.
    """
    is_gone = kept is not None and (
        view.pause is not None or view.current is None or view.current.step.item_id != kept.item_id
    )
    shown = {name: form for name, form in refused.items() if not (is_gone and name in {"do", "skip"})}
    forms = {name: kind(formdata=None) for name, kind in _FORMS.items() if name not in shown}
    return render_template(
        "rollbacks/show.html",
        view=view,
        forms=forms | shown,
        refused=next(iter(refused.values()), None),
        kept=kept if is_gone else None,
    )
