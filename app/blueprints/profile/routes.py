"""One's own name, time zone, password and sessions."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.blueprints.profile.forms import PasswordForm, ProfileForm
from app.domain.browsers import browser_words
from app.domain.permissions import Permission
from app.extensions import mailing
from app.queries.people import get_person, list_grant_lines, list_sessions
from app.services.profile import change_password, update_profile
from app.services.sessions import revoke_session
from app.web.access import requires
from app.web.asking import is_without_role, whom_to_ask
from app.web.errors import form_status, refusals_shown_in
from app.web.forms import text_of
from app.web.messages import say
from app.web.origin import origin

bp = Blueprint("profile", __name__, url_prefix="/profile")


@bp.get("/")
@requires(Permission.PROFILE_MANAGE)
def edit() -> ResponseReturnValue:
    """Show one's own profile."""
    return _page(ProfileForm(obj=get_person(current_user.id)))


@bp.post("/")
@requires(Permission.PROFILE_MANAGE)
def update() -> ResponseReturnValue:
    """Change name, time zone, keyboard switch or daily mail."""
    form = ProfileForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            update_profile(
                origin(),
                revision=form.revision.data or 0,
                name=text_of(form.name),
                time_zone=form.time_zone.data,
                shortcuts_enabled=form.shortcuts_enabled.data,
                digest_enabled=form.digest_enabled.data,
            )
            say("Your profile is saved.")
            return redirect(url_for(".edit"))
    return _page(form), form_status(form)


@bp.get("/password/")
@requires(Permission.PROFILE_MANAGE)
def edit_password() -> ResponseReturnValue:
    """Ask for the old password and a new one."""
    return render_template("profile/password.html", form=PasswordForm())


@bp.post("/password/")
@requires(Permission.PROFILE_MANAGE)
def update_password() -> ResponseReturnValue:
    """Change one's own password."""
    form = PasswordForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            change_password(origin(), old=text_of(form.old_password), new=text_of(form.password))
            say("Your password is changed. Your other sessions have ended.")
            return redirect(url_for(".edit"))
    return render_template("profile/password.html", form=form), form_status(form)


@bp.post("/sessions/<int:session_id>/end/")
@requires(Permission.PROFILE_MANAGE)
def end_session(session_id: int) -> ResponseReturnValue:
    """End one of one's own sessions."""
    revoke_session(origin(), session_id)
    say("That session has ended.")
    return redirect(url_for(".edit"))


def _page(form: ProfileForm) -> str:
    return render_template(
        "profile/edit.html",
        form=form,
        is_mail_on=mailing.route is not None,
        grants=[grant for grant in list_grant_lines(current_user.id) if grant.revoked_at is None],
        sessions=[(session, browser_words(session.browser)) for session in list_sessions(current_user.id)],
        asking=whom_to_ask() if is_without_role() else "",
        this_session=current_user.actor.session_id,
    )
