"""For machines that watch: is the process alive, can it work."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from app.queries.health import schema_state
from app.web.access import public

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@public
def alive() -> ResponseReturnValue:
    """The process lives."""
    return jsonify(status="alive")


@bp.get("/readyz")
@public
def ready() -> ResponseReturnValue:
    """The database is reachable and its schema is the one that this code wants."""
    state = schema_state()
    return jsonify(status=state), 200 if state == "ready" else 503
