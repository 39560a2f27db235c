"""Adding, changing, pausing and archiving duties."""

from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.blueprints.schedule.forms import DutyForm, ReasonForm, StartForm, place_of, typed_of
from app.domain.duties import TurnKind
from app.domain.permissions import Permission, Role
from app.domain.recurrence import Period, Schedule
from app.queries.duties import DutyRow, get_duty
from app.queries.duty_places import list_place_choices
from app.services.duties import add_starting_duties, create_duty, turn_duty, update_duty
from app.web.access import requires
from app.web.errors import form_status, refusals_shown_in
from app.web.forms import Form, options, text_of
from app.web.messages import say
from app.web.origin import actor, origin
from app.web.schedule_pages import server_now

bp = Blueprint("duties", __name__, url_prefix="/schedule/duties")
SAID = {
    TurnKind.PAUSED: "The duty is paused. What is due meanwhile is not asked.",
    TurnKind.RESUMED: "The duty is asked for again.",
    TurnKind.ARCHIVED: "The duty is archived. Its history stays.",
    TurnKind.RESTORED: "The duty is back.",
}


@bp.get("/new/")
@requires(Permission.DUTY_MANAGE)
def new() -> ResponseReturnValue:
    """Ask for a new duty."""
    schedule = Schedule(Period.WEEKLY, time_zone=current_user.time_zone, weekdays_only=True, grace_days=1)
    form = DutyForm(formdata=None, data=typed_of("", "", Role.DEVELOPER, schedule))
    return _form_page(form)


@bp.post("/new/")
@requires(Permission.DUTY_MANAGE)
def create() -> ResponseReturnValue:
    """Add a duty."""
    form = _with_places(DutyForm())
    if form.validate_on_submit():
        with refusals_shown_in(form):
            number = create_duty(origin(), place_of(form.place.data), form.wish())
            say("The duty is added.")
            return redirect(url_for("schedule.show", duty_id=number), 303)
    return _form_page(form), form_status(form)


@bp.post("/starting/")
@requires(Permission.DUTY_MANAGE)
def start() -> ResponseReturnValue:
    """Add those of the starting document's duties that are missing somewhere."""
    form = _with_places(StartForm())
    if form.validate_on_submit():
        with refusals_shown_in(form):
            added = add_starting_duties(origin(), place_of(form.place.data), time_zone=current_user.time_zone)
            say(f"{added} {'duty is' if added == 1 else 'duties are'} added." if added else "All of them are here.")
            return redirect(url_for("schedule.index"), 303)
    schedule = Schedule(Period.WEEKLY, time_zone=current_user.time_zone)
    page = DutyForm(formdata=None, data=typed_of("", "", Role.DEVELOPER, schedule))
    return _form_page(page, start_form=form), form_status(form)


@bp.get("/<int:duty_id>/edit/")
@requires(Permission.DUTY_MANAGE)
def edit(duty_id: int) -> ResponseReturnValue:
    """Show a duty for changing."""
    row = _managed(duty_id)
    typed = typed_of(row.title, row.guidance, row.owner_role, row.schedule)
    return _form_page(DutyForm(formdata=None, data=typed | {"revision": row.revision}), row)


@bp.post("/<int:duty_id>/edit/")
@requires(Permission.DUTY_MANAGE)
def update(duty_id: int) -> ResponseReturnValue:
    """Change what a duty says and when it is due."""
    row, form = _managed(duty_id), _with_places(DutyForm())
    if form.validate_on_submit():
        with refusals_shown_in(form):
            update_duty(origin(), duty_id, form.wish(), revision=form.revision.data or 0)
            say("The duty is saved. What was due before is judged as it was.")
            return redirect(url_for("schedule.show", duty_id=duty_id), 303)
    return _form_page(form, row), form_status(form)


@bp.post("/<int:duty_id>/pause/")
@requires(Permission.DUTY_MANAGE)
def pause(duty_id: int) -> ResponseReturnValue:
    """Stop asking for a while."""
    return _turn(duty_id, TurnKind.PAUSED)


@bp.post("/<int:duty_id>/resume/")
@requires(Permission.DUTY_MANAGE)
def resume(duty_id: int) -> ResponseReturnValue:
    """Ask again."""
    return _turn(duty_id, TurnKind.RESUMED)


@bp.post("/<int:duty_id>/archive/")
@requires(Permission.DUTY_MANAGE)
def archive(duty_id: int) -> ResponseReturnValue:
    """Stop asking for good."""
    return _turn(duty_id, TurnKind.ARCHIVED)


@bp.post("/<int:duty_id>/restore/")
@requires(Permission.DUTY_MANAGE)
def restore(duty_id: int) -> ResponseReturnValue:
    """Bring an archived duty back."""
    return _turn(duty_id, TurnKind.RESTORED)


@bp.get("/<int:duty_id>/pause/")
@requires(Permission.DUTY_MANAGE)
def ask_to_pause(duty_id: int) -> ResponseReturnValue:
    """Ask why it shall rest."""
    return _turn_page(duty_id, TurnKind.PAUSED, ReasonForm(formdata=None))


@bp.get("/<int:duty_id>/archive/")
@requires(Permission.DUTY_MANAGE)
def ask_to_archive(duty_id: int) -> ResponseReturnValue:
    """Ask why it shall go."""
    return _turn_page(duty_id, TurnKind.ARCHIVED, ReasonForm(formdata=None))


def _turn(duty_id: int, kind: TurnKind) -> ResponseReturnValue:
    form = ReasonForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            turn_duty(origin(), duty_id, kind, reason=text_of(form.reason))
            say(SAID[kind])
            return redirect(url_for("schedule.show", duty_id=duty_id), 303)
    return _turn_page(duty_id, kind, form), form_status(form)


def _turn_page(duty_id: int, kind: TurnKind, form: ReasonForm) -> str:
    return render_template("schedule/turn.html", row=_managed(duty_id), kind=kind.value, form=form)


def _managed(duty_id: int) -> DutyRow:
    row = get_duty(duty_id, actor(), server_now())
    actor().require(Permission.DUTY_MANAGE, row.module_id)
    return row


def _form_page(form: DutyForm, row: DutyRow | None = None, start_form: StartForm | None = None) -> str:
    shown: dict[str, Any] = {"row": row, "form": _with_places(form)}
    return render_template(
        "schedule/form.html", **shown, start_form=_with_places(start_form or StartForm(formdata=None))
    )


def _with_places(form: Form) -> Any:
    form.place.choices = options(list_place_choices(actor()))
    return form
