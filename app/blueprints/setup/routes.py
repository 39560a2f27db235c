"""The one-time link that makes the first administrator."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.blueprints.setup.forms import SetupForm
from app.services import throttle
from app.services.accounts import SETUP, check_usable_link, set_up
from app.web.access import public
from app.web.errors import form_status, refusals_shown_in
from app.web.forms import text_of
from app.web.origin import request_id
from app.web.signing_in import let_in

bp = Blueprint("setup", __name__, url_prefix="/setup")


@bp.get("/<string:token>")
@bp.get("/<string:token>/")
@public
def show(token: str) -> ResponseReturnValue:
    """Ask who the first administrator is."""
    throttle.count_or_refuse(throttle.LINKS, "link", request.remote_addr or "")
    check_usable_link(token, SETUP)
    return render_template("setup/show.html", form=SetupForm(), token=token)


@bp.post("/<string:token>")
@bp.post("/<string:token>/")
@public
def complete(token: str) -> ResponseReturnValue:
    """Make the first administrator and sign them in."""
    form = SetupForm()
    check_usable_link(token, SETUP)
    if form.validate_on_submit():
        with refusals_shown_in(form):
            set_up(
                token,
                name=text_of(form.name),
                email=text_of(form.email),
                password=text_of(form.password),
                is_lead=form.is_lead.data,
                request_id=request_id(),
            )
            return let_in(text_of(form.email), text_of(form.password), lambda: redirect(url_for("home.show")))
    return render_template("setup/show.html", form=form, token=token), form_status(form)
