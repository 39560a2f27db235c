"""From a right password to a browser that is signed in."""

from flask import Response, current_app, make_response, request
from flask.typing import ResponseReturnValue

from app.services.sessions import Browser, sign_in
from app.web.origin import request_id
from app.web.people import DEVICE_COOKIE, device_cookie, known_person_id, remember_session

YEAR = 365 * 24 * 3600


def let_in(email: str, password: str, onward: ResponseReturnValue) -> Response:
    """Begin a session and answer with `onward`; raises InvalidInput or TooMany."""
    started, token = sign_in(
        email,
        password,
        browser=Browser(
            address=request.remote_addr or "",
            name=request.headers.get("User-Agent", ""),
            known_person_id=known_person_id(request.cookies.get(DEVICE_COOKIE)),
        ),
        request_id=request_id(),
        hours=current_app.config["SESSION_HOURS"],
    )
    remember_session(token)
    response: Response = make_response(onward)
    response.set_cookie(
        DEVICE_COOKIE,
        device_cookie(started.person_id),
        max_age=YEAR,
        httponly=True,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        samesite="Lax",
        path="/sign-in/",
    )
    return response
