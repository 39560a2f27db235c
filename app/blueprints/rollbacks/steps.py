"""The steps of a rollback: done, skipped, taken back, repeated."""

from collections.abc import Callable

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

from app.blueprints.rollbacks.forms import DoForm, PressedForm, ReopenForm, SkipForm
from app.blueprints.rollbacks.pages import Kept, run_page
from app.domain.errors import Conflict
from app.domain.permissions import Permission
from app.services.rollback_work import do_step, reopen_step, repeat_step, skip_step
from app.web.access import requires
from app.web.errors import form_status, refusals_shown_in
from app.web.forms import Form, text_of
from app.web.messages import say
from app.web.origin import actor, origin
from app.web.rollback_pages import require_step, run_view

bp = Blueprint("rollback_steps", __name__, url_prefix="/rollbacks/<int:rollback_id>/steps/<int:item_id>")


@bp.post("/done/")
@requires(Permission.DEPLOYMENT_RUN)
def done(rollback_id: int, item_id: int) -> ResponseReturnValue:
    """The current step is done; the next one is shown."""
    form = DoForm()

    def act() -> None:
        value, note = text_of(form.value), text_of(form.note)
        do_step(origin(), rollback_id, item_id, revision=form.revision.data or 0, value=value, note=note)

    return _taken(rollback_id, item_id, form, act, "do")


@bp.post("/skip/")
@requires(Permission.DEPLOYMENT_RUN)
def skip(rollback_id: int, item_id: int) -> ResponseReturnValue:
    """The current step is passed over, with a reason."""
    form = SkipForm()

    def act() -> None:
        reason = text_of(form.skip_reason)
        skip_step(origin(), rollback_id, item_id, revision=form.revision.data or 0, reason=reason)

    return _taken(rollback_id, item_id, form, act, "skip")


@bp.post("/reopen/")
@requires(Permission.DEPLOYMENT_RUN)
def reopen(rollback_id: int, item_id: int) -> ResponseReturnValue:
    """The newest step is the current one again."""
    form = ReopenForm()

    def act() -> None:
        reason = text_of(form.reopen_reason)
        reopen_step(origin(), rollback_id, item_id, revision=form.revision.data or 0, reason=reason)

    return _taken(rollback_id, item_id, form, act, "reopen")


@bp.post("/repeat/")
@requires(Permission.DEPLOYMENT_RUN)
def repeat(rollback_id: int, item_id: int) -> ResponseReturnValue:
    """The last step was done once more, after an absence."""

    def act() -> None:
        repeat_step(origin(), rollback_id, item_id)
        say("Written down. Go on with the current step.")

    return _taken(rollback_id, item_id, PressedForm(), act, "pressed")


def _taken(rollback_id: int, item_id: int, form: Form, act: Callable[[], None], name: str) -> ResponseReturnValue:
    """Do it and show the page of the rollback; or show that page with what was refused and what was typed."""
    require_step(rollback_id, item_id, actor())
    theirs = ""
    if form.validate_on_submit():
        with refusals_shown_in(form):
            try:
                act()
            except Conflict as refusal:
                theirs = refusal.theirs
                raise
            return redirect(url_for("rollbacks.show", rollback_id=rollback_id), 303)
    typed = [text_of(field) for field in form if field.name in {"value", "note", "skip_reason", "reopen_reason"}]
    kept = Kept(item_id, [text for text in typed if text], theirs)
    return run_page(run_view(rollback_id, actor()), kept=kept, **{name: form}), form_status(form)
