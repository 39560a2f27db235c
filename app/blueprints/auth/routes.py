"""Signing in and out, and links with which a person chooses a password."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.blueprints.auth.forms import ChoosePasswordForm, SignInForm
from app.domain.permissions import Permission
from app.queries.people import get_person
from app.services import throttle
from app.services.accounts import INVITATION, RESET, check_usable_link, choose_password
from app.services.sessions import sign_out
from app.web.access import public, requires
from app.web.errors import form_status, refusals_shown_in
from app.web.forms import text_of
from app.web.messages import say
from app.web.origin import fresh_origin, request_id
from app.web.paths import safe_next
from app.web.people import forget_session
from app.web.resume import typed_again
from app.web.signing_in import let_in

bp = Blueprint("auth", __name__)


@bp.get("/sign-in/")
@public
def sign_in() -> ResponseReturnValue:
    """Ask for address and password."""
    if current_user.is_authenticated:
        return redirect(safe_next(request.args.get("next")) or url_for("home.show"))
    return render_template("auth/sign_in.html", form=SignInForm(formdata=None))


@bp.post("/sign-in/")
@public
def create_session() -> ResponseReturnValue:
    """Sign in, or say that the two do not fit together."""
    form = SignInForm()
    # Coming from the page that said "your session has ended", only what was typed there is carried.
    if "email" not in request.form and form.resume.data:
        return render_template("auth/sign_in.html", form=form)
    if form.validate_on_submit():
        with refusals_shown_in(form):
            kept = typed_again(form.resume.data or "")
            return let_in(text_of(form.email), text_of(form.password), lambda: _onward(kept))
    return render_template("auth/sign_in.html", form=form), form_status(form)


def _onward(kept: dict[str, Any] | None) -> ResponseReturnValue:
    """Where one wanted to be; or what was typed before the session ended, ready to be sent again."""
    if kept is not None and safe_next(kept["path"]) is not None:
        return render_template("auth/resume.html", path=kept["path"], fields=kept["fields"])
    return redirect(safe_next(request.args.get("next")) or url_for("home.show"))


@bp.post("/sign-out/")
@requires(Permission.PROFILE_MANAGE)
def end_session() -> ResponseReturnValue:
    """End this browser's session."""
    sign_out(fresh_origin())
    forget_session()
    say("You are signed out.")
    return redirect(url_for("auth.sign_in"))


@bp.get("/links/<string:token>/")
@public
def show_link(token: str) -> ResponseReturnValue:
    """Ask an invited person, or one without a password, to choose one."""
    throttle.count_or_refuse(throttle.LINKS, "link", request.remote_addr or "")
    return _choose_page(ChoosePasswordForm(), check_usable_link(token, INVITATION, RESET).person_id)


@bp.post("/links/<string:token>/")
@public
def use_link(token: str) -> ResponseReturnValue:
    """Set the password that was chosen; the link ends."""
    form = ChoosePasswordForm()
    link = check_usable_link(token, INVITATION, RESET)
    if form.validate_on_submit():
        with refusals_shown_in(form):
            choose_password(token, text_of(form.password), request_id=request_id())
            forget_session()
            say("Your password is set. Sign in with it.")
            return redirect(url_for("auth.sign_in"))
    return _choose_page(form, link.person_id), form_status(form)


def _choose_page(form: ChoosePasswordForm, person_id: int | None) -> str:
    return render_template("auth/choose_password.html", form=form, member=get_person(person_id or 0))
