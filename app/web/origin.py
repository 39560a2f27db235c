"""Who asks, by which request."""

import base64
import hashlib
import hmac
import uuid

from flask import current_app, g, has_request_context, request
from flask_login import current_user

from app.domain.actors import NOBODY, Actor, Origin

KEY_FIELD = "idempotency_key"


def request_id() -> str:
    """The number of this request: in the log, in events, on error pages."""
    if not has_request_context():
        return ""
    if "request_id" not in g:
        g.request_id = uuid.uuid4().hex
    return str(g.request_id)


def actor() -> Actor:
    """The signed-in person, or nobody."""
    if not current_user.is_authenticated:
        return NOBODY
    person: Actor = current_user.actor
    return person


def origin() -> Origin:
    """What a service is told about the request behind a change.

    The form's key is bound to the address it was sent to: one page may use one key for several different acts.
    """
    sent = request.form.get(KEY_FIELD) or request.headers.get("Idempotency-Key") or ""
    key = hashlib.sha256(f"{request.path}\n{sent}".encode()).digest()[:16] if sent else uuid.uuid4().bytes
    return Origin(actor(), request_id=request_id(), key=key, path=f"{request.method} {request.path}")


def new_key() -> str:
    """A fresh idempotency key for a form."""
    return uuid.uuid4().hex


def link_token(key: bytes) -> str:
    """A token for a one-time link. The same form sent twice makes the same link, so that the one shown last works."""
    secret = str(current_app.secret_key).encode()
    return (
        base64.urlsafe_b64encode(hmac.new(secret, b"one-time link" + key, hashlib.sha256).digest()).decode().rstrip("=")
    )


def fresh_origin() -> Origin:
    """An act that nobody sends twice by mistake: signing out holds even when its form was used before."""
    return Origin(actor(), request_id=request_id(), path=f"{request.method} {request.path}")
