"""Releases: create, edit, choose modules, ship, archive."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.blueprints.releases.forms import ModulesForm, ReasonForm, ReleaseForm
from app.domain.permissions import Permission
from app.queries.readiness import list_standings
from app.queries.releases import find_previous_release_key, get_release, list_modules_to_add, list_releases
from app.services.release_modules import add_modules, copy_modules, remove_module
from app.services.releases import (
    ReleaseFacts,
    archive_release,
    create_release,
    reopen_release,
    restore_release,
    ship_release,
    update_release,
)
from app.web.access import requires
from app.web.errors import form_status, refusals_shown_in
from app.web.forms import options, text_of
from app.web.messages import say
from app.web.origin import actor, origin

bp = Blueprint("release_changes", __name__, url_prefix="/releases")


@bp.get("/new/")
@requires(Permission.RELEASE_MANAGE, everywhere=True)
def new() -> ResponseReturnValue:
    """Ask for a new release."""
    return render_template("releases/form.html", form=_with_earlier(ReleaseForm()), release=None)


@bp.post("/new/")
@requires(Permission.RELEASE_MANAGE, everywhere=True)
def create() -> ResponseReturnValue:
    """Add a release."""
    form = _with_earlier(ReleaseForm())
    if form.validate_on_submit():
        with refusals_shown_in(form):
            key = create_release(origin(), text_of(form.key), _facts(form), copy_from=form.copy_from.data)
            say("The release is created.")
            if form.copy_from.data:
                return redirect(url_for("releases.show", release_key=key))
            return redirect(url_for(".edit_modules", release_key=key))
    return render_template("releases/form.html", form=form, release=None), form_status(form)


@bp.get("/<string:release_key>/edit/")
@requires(Permission.RELEASE_MANAGE, everywhere=True)
def edit(release_key: str) -> ResponseReturnValue:
    """Show a release's facts for changing."""
    release = get_release(release_key, actor())
    form = _with_earlier(ReleaseForm(obj=release))
    return render_template("releases/form.html", form=form, release=release, reason_form=ReasonForm(formdata=None))


@bp.post("/<string:release_key>/edit/")
@requires(Permission.RELEASE_MANAGE, everywhere=True)
def update(release_key: str) -> ResponseReturnValue:
    """Change a release's facts."""
    form = _with_earlier(ReleaseForm())
    release = get_release(release_key, actor())
    if form.validate_on_submit():
        with refusals_shown_in(form):
            update_release(origin(), release_key, _facts(form), revision=form.revision.data or 0)
            say("The release is saved.")
            return redirect(url_for("releases.show", release_key=release_key))
    page = render_template("releases/form.html", form=form, release=release, reason_form=ReasonForm(formdata=None))
    return page, form_status(form)


@bp.get("/<string:release_key>/modules/")
@requires(Permission.RELEASE_MANAGE, everywhere=True)
def edit_modules(release_key: str) -> ResponseReturnValue:
    """Show which modules are in the release and which are not."""
    return _modules_page(release_key, ModulesForm())


@bp.post("/<string:release_key>/modules/")
@requires(Permission.RELEASE_MANAGE, everywhere=True)
def add(release_key: str) -> ResponseReturnValue:
    """Put modules into the release."""
    form = ModulesForm()
    if form.validate_on_submit():
        if not form.module_ids.data:
            form.module_ids.errors = ["Choose at least one module."]
            return _modules_page(release_key, form), 422
        with refusals_shown_in(form):
            _say_added(add_modules(origin(), release_key, tuple(form.module_ids.data)))
            return redirect(url_for("releases.show", release_key=release_key))
    return _modules_page(release_key, form), form_status(form)


@bp.post("/<string:release_key>/modules/<string:module_key>/remove/")
@requires(Permission.RELEASE_MANAGE, everywhere=True)
def remove(release_key: str, module_key: str) -> ResponseReturnValue:
    """Take a module out of the release."""
    remove_module(origin(), release_key, module_key)
    say("The module is out of the release. What was done comes back when you add it again.")
    return redirect(url_for(".edit_modules", release_key=release_key))


@bp.post("/<string:release_key>/copy-modules/")
@requires(Permission.RELEASE_MANAGE, everywhere=True)
def copy(release_key: str) -> ResponseReturnValue:
    """Put the modules of the release before into this one."""
    release = get_release(release_key, actor())
    earlier = find_previous_release_key(release, actor())
    if earlier is None:
        say("There is no earlier release with modules.", category="warning")
        return redirect(url_for(".edit_modules", release_key=release_key))
    _say_added(copy_modules(origin(), release_key, earlier))
    return redirect(url_for("releases.show", release_key=release_key))


@bp.post("/<string:release_key>/ship/")
@requires(Permission.RELEASE_MANAGE, everywhere=True)
def ship(release_key: str) -> ResponseReturnValue:
    """Mark the release as shipped."""
    ship_release(origin(), release_key)
    say("The release is marked as shipped.")
    return redirect(url_for("releases.show", release_key=release_key))


@bp.post("/<string:release_key>/reopen/")
@requires(Permission.RELEASE_MANAGE, everywhere=True)
def reopen(release_key: str) -> ResponseReturnValue:
    """Take the mark back, with a reason."""
    form = ReasonForm()
    if form.validate_on_submit():
        reopen_release(origin(), release_key, text_of(form.reason))
        say("The release is open again.")
        return redirect(url_for("releases.show", release_key=release_key))
    return _edit_page(release_key, form), form_status(form)


@bp.post("/<string:release_key>/archive/")
@requires(Permission.RELEASE_MANAGE, everywhere=True)
def archive(release_key: str) -> ResponseReturnValue:
    """Take the release out of the lists."""
    archive_release(origin(), release_key)
    say("The release is archived. Its pages stay.")
    return redirect(url_for("releases.index"))


@bp.post("/<string:release_key>/restore/")
@requires(Permission.RELEASE_MANAGE, everywhere=True)
def restore(release_key: str) -> ResponseReturnValue:
    """Bring the release back into the lists."""
    restore_release(origin(), release_key)
    say("The release is back.")
    return redirect(url_for("releases.show", release_key=release_key))


def _edit_page(release_key: str, reason_form: ReasonForm) -> str:
    release = get_release(release_key, actor())
    form = _with_earlier(ReleaseForm(formdata=None, obj=release))
    return render_template("releases/form.html", form=form, release=release, reason_form=reason_form)


def _modules_page(release_key: str, form: ModulesForm) -> str:
    release = get_release(release_key, actor())
    standings = list_standings(release, actor())
    form.module_ids.choices = options((number, name) for number, name in list_modules_to_add(release.id))
    return render_template(
        "releases/modules.html",
        release=release,
        form=form,
        members=[s for s in standings if s.module_id is not None],
        previous_release_key=find_previous_release_key(release, actor()),
    )


def _say_added(number: int) -> None:
    if number == 0:
        say("Nothing was added: each of them is in the release already, or archived.")
    elif number == 1:
        say("1 module added, with its checklist.")
    else:
        say(f"{number} modules added, each with its checklist.")


def _facts(form: ReleaseForm) -> ReleaseFacts:
    return ReleaseFacts(text_of(form.name), form.planned_on.data, text_of(form.notes))


def _with_earlier(form: ReleaseForm) -> ReleaseForm:
    earlier = [(line.key, f"those of {line.name} ({line.modules})") for line in list_releases(actor()) if line.modules]
    form.copy_from.choices = options([("", "choose them afterwards"), *earlier])
    return form
