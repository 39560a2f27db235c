"""The start page: where each person wants to be first."""

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.domain.permissions import Permission
from app.web.access import requires

bp = Blueprint("home", __name__)


@bp.get("/")
@requires(Permission.PROFILE_MANAGE)
def show() -> ResponseReturnValue:
    """Send on: to the current release, to the people for who only looks after those, to the profile otherwise."""
    if current_user.may(Permission.CHECKLIST_VIEW):
        return redirect(url_for("releases.current"))
    if current_user.may(Permission.PERSON_MANAGE):
        return redirect(url_for("people.index"))
    return redirect(url_for("profile.edit"))
