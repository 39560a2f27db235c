"""Answering “nothing new” without making a page."""

from hashlib import sha256

from flask import Response, make_response, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.web.rows import today
from app.web.waiver_views import utc_today


def tag_of(*parts: object) -> str:
    """A tag for what one person sees of something: it changes with the thing, the person's roles, and the day.

    Two days: due dates end where the reader sits, waivers in UTC.
    """
    seen = (*parts, current_user.id, current_user.actor.grants, today(), utc_today(), request.full_path)
    return sha256(repr(seen).encode()).hexdigest()[:32]


def is_unchanged(tag: str) -> bool:
    """Whether the asker has this very state already."""
    return tag in request.if_none_match


def unchanged(tag: str) -> Response:
    """The empty answer."""
    response = make_response("", 304)
    response.set_etag(tag)
    return response


def tagged(page: ResponseReturnValue, tag: str) -> Response:
    """A page with its tag."""
    response = make_response(page)
    response.set_etag(tag)
    return response
