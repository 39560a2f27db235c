"""Bringing checklists to a template version, after a look at what that does; and choosing the template for new ones."""

from collections.abc import Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from app.blueprints.templates.forms import AdoptForm
from app.domain.permissions import Permission
from app.queries.adoption import count_imported_ticks
from app.queries.checklists import ChecklistHead, get_checklist
from app.queries.templates import VersionLine, get_newest_version, get_version
from app.services.adoption import adopt as adopt_version
from app.services.templates import use_for_new
from app.web.access import requires
from app.web.adopting import adoptable, choice_of, chosen_of, preview_of
from app.web.errors import form_status, refusals_shown_in
from app.web.forms import optional_number
from app.web.messages import say
from app.web.origin import actor, origin

bp = Blueprint("adoption", __name__, url_prefix="/templates/<string:template_key>")


def _version(template_key: str, number: int | None) -> VersionLine:
    return get_version(template_key, number) if number else get_newest_version(template_key)


@bp.get("/adopt/")
@requires(Permission.TEMPLATE_ADOPT)
def choose(template_key: str) -> ResponseReturnValue:
    """Choose checklists, then look at what adopting does to them."""
    version = _version(template_key, optional_number(request.args.get("version")))
    heads = adoptable(version, actor())
    chosen = chosen_of(heads, {optional_number(text) or 0 for text in request.args.getlist("checklist")})
    if chosen:
        return _preview(version, chosen, AdoptForm())
    return _choice(version, heads, AdoptForm())


def _choice(version: VersionLine, heads: Sequence[ChecklistHead], form: FlaskForm) -> str:
    return render_template(
        "templates/adopt.html",
        version=version,
        choice=choice_of(heads, version),
        all_chosen=request.args.get("select") == "all",
        form=form,
    )


def _preview(version: VersionLine, chosen: Sequence[ChecklistHead], form: FlaskForm) -> str:
    return render_template(
        "templates/preview.html",
        version=version,
        same=preview_of(chosen, version),
        number=len(chosen),
        imported_ticks=count_imported_ticks(version.id),
        form=form,
    )


@bp.post("/adopt/")
@requires(Permission.TEMPLATE_ADOPT)
def adopt(template_key: str) -> ResponseReturnValue:
    """Bring the chosen checklists to the version, all of them or none."""
    form = AdoptForm()
    version = _version(template_key, form.version.data)
    seen = tuple(_pair(text) for text in request.form.getlist("seen"))
    if form.validate_on_submit():
        with refusals_shown_in(form):
            adopted = adopt_version(origin(), version.id, seen, with_ticks=bool(form.with_ticks.data))
            return _adopted(version, adopted)
    heads = adoptable(version, actor())
    chosen = chosen_of(heads, dict(seen))
    page = _preview(version, chosen, form) if chosen else _choice(version, heads, form)
    return page, form_status(form)


def _adopted(version: VersionLine, adopted: list[int]) -> ResponseReturnValue:
    if len(adopted) == 1:
        checklist = get_checklist(adopted[0], actor())
        say(f"The checklist is at {version.label} now.")
        return redirect(checklist.path, 303)
    say(f"{len(adopted)} checklists are at {version.label} now.")
    return redirect(url_for("template_history.index", template_key=version.template_key), 303)


def _pair(text: str) -> tuple[int, str]:
    """A checklist with what its preview depended on, as `12.0a1b`."""
    number, _, mark = text.partition(".")
    return optional_number(number) or 0, mark


@bp.post("/use-for-new/")
@requires(Permission.TEMPLATE_ADOPT, everywhere=True)
def choose_for_new(template_key: str) -> ResponseReturnValue:
    """Make new checklists from this template."""
    use_for_new(origin(), template_key)
    say("New checklists are made from this template now. Those that are there stay as they are.")
    return redirect(url_for("template_history.index", template_key=template_key), 303)
