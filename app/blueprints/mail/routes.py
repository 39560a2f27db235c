"""How mail stands, for the administrator: what waits, what was given up, and a test."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.domain.permissions import Permission
from app.extensions import mailing
from app.queries.mails import find_last_test, list_given_up, list_waiting_mails, read_outbox
from app.services.mailing import send_test
from app.services.mailing import try_again as try_mail_again
from app.web.access import requires
from app.web.messages import say
from app.web.origin import origin

bp = Blueprint("mail", __name__, url_prefix="/mail")


@bp.get("/")
@requires(Permission.PERSON_MANAGE)
def show() -> ResponseReturnValue:
    """Whether mail goes out, what waits since when and why, and what was given up."""
    return render_template(
        "mail/show.html",
        route=mailing.route,
        outbox=read_outbox(),
        waiting=list_waiting_mails(),
        given_up=list_given_up(),
        test=find_last_test(current_user.id),
    )


@bp.post("/test/")
@requires(Permission.PERSON_MANAGE)
def test() -> ResponseReturnValue:
    """Put a test mail to oneself into the outbox."""
    send_test(origin())
    say(f"A test mail to {current_user.email} is in the outbox. The worker sends it within a minute.")
    return redirect(url_for(".show"))


@bp.post("/<int:mail_id>/again/")
@requires(Permission.PERSON_MANAGE)
def try_again(mail_id: int) -> ResponseReturnValue:
    """Put a mail that was given up back into the outbox."""
    try_mail_again(origin(), mail_id)
    say("The mail is in the outbox again. The worker sends it within a minute.")
    return redirect(url_for(".show"))
