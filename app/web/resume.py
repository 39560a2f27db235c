"""What was typed into a form comes back after a session has ended and its person has signed in again."""

from typing import Any

from flask import Request, current_app
from itsdangerous import BadData, URLSafeTimedSerializer

LIMIT = 60_000
MAX_AGE = 3600
# Never carried over: tokens are bound to the session that ended, passwords are nobody's to keep.
LEFT_OUT = {"csrf_token", "password", "old_password", "new_password", "password_again"}


def keep_typed(request: Request) -> str:
    """A signed text of the address and the fields of a form that could not be taken; empty when it is too long."""
    fields = [[name, value] for name, value in request.form.items(multi=True) if name not in LEFT_OUT]
    kept = str(_serializer().dumps({"path": request.full_path.rstrip("?"), "fields": fields}))
    return kept if fields and len(kept) < LIMIT else ""


def typed_again(kept: str) -> dict[str, Any] | None:
    """The address and fields out of the signed text; None when it was not made here or is too old."""
    try:
        content: dict[str, Any] = _serializer().loads(kept, max_age=MAX_AGE)
    except BadData:
        return None
    return content


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt="resume")
