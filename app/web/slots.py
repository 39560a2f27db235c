"""How many requests work at once. The others wait in line instead of failing for want of a connection.

The server takes in many requests, so that slow clients keep nobody out; working on many at once would only make each
slower. Who is let in has sent everything already, and gives the place back before a long answer is sent.
"""

import threading

from flask import Flask, Response, current_app, g, request

from app.domain.errors import Busy

AT_ONCE = 8
LONGEST_WAIT = 20.0
# Machines that watch are answered whatever the crowd.
LET_BY = {"health.alive", "static"}


def give_place_back() -> None:
    """Let somebody else work while this request only waits; it does not come back into the line."""
    if g.pop("has_place", False):
        current_app.extensions["places"].release()


def init_app(app: Flask) -> None:
    """Line up requests behind the places of this process."""
    places = threading.BoundedSemaphore(min(AT_ONCE, app.config["SETTINGS"].database_pool))

    def enter() -> None:
        if request.endpoint in LET_BY:
            return
        if not places.acquire(timeout=LONGEST_WAIT):
            raise Busy("Too many people at once.")
        g.has_place = True

    app.extensions["places"] = places

    def leave_before_sending(response: Response) -> Response:
        give_place_back()
        return response

    app.before_request(enter)
    app.after_request(leave_before_sending)
    app.teardown_request(lambda _error: give_place_back())
