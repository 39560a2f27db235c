"""From a right password to a browser that is signed in."""

from collections.abc import Callable

from flask import Response, current_app, g, make_response, request
from flask.typing import ResponseReturnValue

from app.services.sessions import Browser, sign_in
from app.web.origin import request_id
from app.web.people import device_cookie, device_cookie_name, known_person_id, remember_session

YEAR = 365 * 24 * 3600


def let_in(email: str, password: str, onward: Callable[[], ResponseReturnValue]) -> Response:
    """Begin a session and answer with what `onward` makes in it; raises InvalidInput or TooMany."""
    started, token = sign_in(
        email,
        password,
        browser=Browser(
            address=request.remote_addr or "",
            name=request.headers.get("User-Agent", ""),
            known_person_id=known_person_id(request.cookies.get(device_cookie_name())),
        ),
        request_id=request_id(),
        hours=current_app.config["SESSION_HOURS"],
    )
    remember_session(token)
    # Whoever asked before was nobody; from here on it is this person.
    g.pop("_login_user", None)
    # The token of a form belongs to the session it was made in, and that one has just been cleared.
    g.pop("csrf_token", None)
    response: Response = make_response(onward())
    response.set_cookie(
        device_cookie_name(),
        device_cookie(started.person_id),
        max_age=YEAR,
        httponly=True,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        samesite="Lax",
    )
    return response
