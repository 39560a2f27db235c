"""Addresses at which calendar programs read the schedule."""

from hashlib import sha256

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from pydantic import SecretStr

from app.blueprints.schedule.forms import FeedForm
from app.domain.errors import Gone, NotFound
from app.domain.permissions import Permission
from app.exports.calendar_file import calendar_bytes
from app.queries.calendar_feeds import find_feed, list_feeds
from app.queries.people import actor_of
from app.services import throttle
from app.services.calendar_feeds import make_feed, note_reading, revoke_feed
from app.services.secret import token_digest
from app.web.access import public, requires
from app.web.deployment_entries import deployment_entries
from app.web.duty_entries import duty_entries
from app.web.errors import form_status, refusals_shown_in
from app.web.forms import text_of
from app.web.messages import say
from app.web.origin import link_token, origin
from app.web.schedule_pages import server_now

bp = Blueprint("feeds", __name__)
ENDED = "This calendar feed has ended."
ADVICE = "Remove it from your calendar program, or make another one under Schedule, Feed."


@bp.get("/schedule/feed/")
@requires(Permission.CHECKLIST_VIEW)
def index() -> ResponseReturnValue:
    """One's own feeds."""
    return _page(FeedForm(formdata=None))


@bp.post("/schedule/feed/")
@requires(Permission.CHECKLIST_VIEW)
def create() -> ResponseReturnValue:
    """Make an address and show it, once."""
    form = FeedForm()
    if form.validate_on_submit():
        with refusals_shown_in(form):
            asked = origin()
            # A form's key is its own, but nothing keeps somebody from sending another one's.
            token = link_token(asked.key + str(current_user.id).encode())
            make_feed(asked, SecretStr(token), text_of(form.name))
            link = url_for(".read", token=token, _external=True)
            return render_template("schedule/feed.html", name=text_of(form.name), link=link), 201
    return _page(form), form_status(form)


@bp.post("/schedule/feed/<int:feed_id>/revoke/")
@requires(Permission.CHECKLIST_VIEW)
def revoke(feed_id: int) -> ResponseReturnValue:
    """End one of one's own feeds."""
    revoke_feed(origin(), feed_id)
    say("The feed is revoked. Its address answers nobody any more.")
    return redirect(url_for(".index"), 303)


def _page(form: FeedForm) -> str:
    return render_template("schedule/feeds.html", form=form, feeds=list_feeds(current_user.id))


@bp.get("/calendar/<string:token>.ics")
@public
def read(token: str) -> ResponseReturnValue:
    """The calendar behind an address, with what its owner may see at this moment."""
    feed = find_feed(token_digest(token))
    if feed is None:
        throttle.count_or_refuse(throttle.LINKS, "feed", request.remote_addr or "")
        raise NotFound("There is no such calendar.")
    owner = actor_of(feed.person_id, means="feed")
    if feed.revoked_at is not None or feed.deactivated_at is not None or not owner.may(Permission.CHECKLIST_VIEW):
        raise Gone(ENDED, advice=ADVICE)
    throttle.count_or_refuse(throttle.FEEDS, "feed", str(feed.id))
    now, only_own = server_now(), request.args.get("only") == "mine"
    entries = [*duty_entries(owner, now, only_own=only_own), *deployment_entries(owner, now, only_own=only_own)]
    body = calendar_bytes(f"Countersign: {feed.name}", entries)
    note_reading(feed)
    return _answer(body)


def _answer(body: bytes) -> Response:
    """The file, or only that it is still the same."""
    response = make_response(body)
    response.mimetype = "text/calendar"
    response.headers["Cache-Control"] = "private, no-cache"
    response.set_etag(sha256(body).hexdigest()[:32])
    response.make_conditional(request)
    return response
