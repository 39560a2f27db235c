"""Figures that people type: the list, a new one, and striking one that was wrong."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.blueprints.metrics.forms import FigureForm, StrikeForm
from app.domain.figures import FigureKind
from app.domain.permissions import Permission
from app.queries.figures import get_figure, list_figures
from app.queries.metrics import list_scope_modules
from app.queries.releases import list_releases
from app.services.figures import strike_figure, type_figure
from app.web.access import requires
from app.web.errors import form_status, refusals_shown_in
from app.web.forms import optional_number, options, text_of
from app.web.messages import say
from app.web.metric_pages import server_now
from app.web.origin import actor, origin

bp = Blueprint("figures", __name__, url_prefix="/metrics/figures")


@bp.get("/")
@requires(Permission.CHECKLIST_VIEW)
def index() -> ResponseReturnValue:
    """All that was typed, the newest first, struck ones too."""
    kind = request.args.get("kind", "")
    kind = kind if kind in set(FigureKind) else ""
    before = optional_number(request.args.get("before")) or 0
    rows, older = list_figures([one.id for one in list_scope_modules(actor())], kind=kind, before=before)
    return render_template(
        "metrics/figures.html",
        rows=rows,
        older=older,
        kind=kind,
        kinds=list(FigureKind),
        may_type=actor().may(Permission.ITEM_WORK),
    )


@bp.get("/new/")
@requires(Permission.ITEM_WORK)
def new() -> ResponseReturnValue:
    """Ask for a figure."""
    form = _form(FigureForm(formdata=None, module=request.args.get("module"), kind=request.args.get("kind")))
    form.measured_on.data = server_now().date()
    return render_template("metrics/new_figure.html", form=form)


@bp.post("/new/")
@requires(Permission.ITEM_WORK)
def create() -> ResponseReturnValue:
    """Keep a figure."""
    form = _form(FigureForm())
    if form.validate_on_submit():
        with refusals_shown_in(form):
            today = server_now().date()
            number = type_figure(origin(), text_of(form.module), form.facts(), today=today)
            say("The figure is kept. It cannot be changed; if it is wrong, strike it and type it again.")
            return redirect(url_for(".show", figure_id=number), 303)
    return render_template("metrics/new_figure.html", form=form), form_status(form)


def _form(form: FigureForm) -> FigureForm:
    """The form with the modules that this person works on, and the releases."""
    who = actor()
    mine = [one for one in list_scope_modules(who) if who.may_for(Permission.ITEM_WORK, one.id) and not one.is_archived]
    form.module.choices = options((one.key, one.name) for one in mine)
    form.release.choices = options([("", "none"), *((one.key, one.name) for one in list_releases(who))])
    return form


@bp.get("/<int:figure_id>/")
@requires(Permission.CHECKLIST_VIEW)
def show(figure_id: int) -> ResponseReturnValue:
    """One figure: what, by whom, from where."""
    return _page(figure_id, StrikeForm(formdata=None))


@bp.post("/<int:figure_id>/strike/")
@requires(Permission.ITEM_WORK)
def strike(figure_id: int) -> ResponseReturnValue:
    """Say that one was wrong."""
    actor().require(Permission.ITEM_WORK, get_figure(figure_id, actor()).module_id)
    form = StrikeForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            strike_figure(origin(), figure_id, reason=text_of(form.reason))
            say("The figure is struck: it counts nowhere any more. It stays here to be read.")
            return redirect(url_for(".show", figure_id=figure_id), 303)
    return _page(figure_id, form), form_status(form)


def _page(figure_id: int, form: StrikeForm) -> str:
    row = get_figure(figure_id, actor())
    may_strike = actor().may_for(Permission.ITEM_WORK, row.module_id) and not row.is_struck
    return render_template("metrics/figure.html", row=row, form=form, may_strike=may_strike)
