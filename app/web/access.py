"""Access is declared on each view and enforced in one place. An undeclared view answers nobody."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from flask import Flask, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.database import server_now
from app.domain.actors import missing_role
from app.domain.errors import UNSEEN, NotFound, NotPermitted
from app.domain.permissions import Permission
from app.services.write_path import record_refusal
from app.web.origin import origin
from app.web.resume import keep_typed

View = TypeVar("View", bound=Callable[..., object])

PUBLIC = "public"
# No table has a number beyond it.
LARGEST = 2**63 - 1
PUBLIC_ENDPOINTS = {"static"}
# An unlocked screen that somebody else sits down at must not give out roles.
PROVEN_FOR = timedelta(minutes=10)


def requires(permission: Permission, *, everywhere: bool = False, again: bool = False) -> Callable[[View], View]:
    """Declare the permission a view asks for.

    `everywhere`: held for one module it is not enough. `again`: nor is a password typed longer ago than ten minutes.
    """

    def declare(view: View) -> View:
        view.asks_again = again  # type: ignore[attr-defined]  # a mark on the function, read by the guard below
        view.everywhere = everywhere  # type: ignore[attr-defined]  # a mark on the function, read by the guard below
        view.access = permission  # type: ignore[attr-defined]  # a mark on the function, read by the guard below
        return view

    return declare


def public(view: View) -> View:
    """Declare that a view answers anyone."""
    view.access = PUBLIC  # type: ignore[attr-defined]  # a mark on the function, read by the guard below
    return view


def declared_access(app: Flask, endpoint: str) -> Permission | str | None:
    """What a view declares; None when it declares nothing."""
    if endpoint in PUBLIC_ENDPOINTS:
        return PUBLIC
    return getattr(app.view_functions[endpoint], "access", None)


def init_app(app: Flask) -> None:
    """Guard every request."""
    app.before_request(_enforce)


def _enforce() -> ResponseReturnValue | None:
    if request.endpoint is None:
        return None
    access = declared_access(current_app, request.endpoint)
    if access == PUBLIC:
        return None
    if any(isinstance(value, int) and value > LARGEST for value in (request.view_args or {}).values()):
        raise NotFound(UNSEEN)
    if not current_user.is_authenticated:
        return _ask_to_sign_in()
    if not isinstance(access, Permission) or not _holds(access, request.endpoint):
        refusal = NotPermitted(missing_role(access) if isinstance(access, Permission) else "This page answers nobody.")
        record_refusal(origin(), refusal)
        raise refusal
    return _ask_again() if getattr(current_app.view_functions[request.endpoint], "asks_again", False) else None


def _holds(permission: Permission, endpoint: str) -> bool:
    if getattr(current_app.view_functions[endpoint], "everywhere", False):
        return bool(current_user.actor.may_for(permission, None))
    return bool(current_user.may(permission))


def _ask_to_sign_in() -> ResponseReturnValue:
    """Send a reader to the sign-in page and back; keep what a writer has typed."""
    if request.method in {"GET", "HEAD"}:
        return redirect(url_for("auth.sign_in", next=request.full_path.rstrip("?")))
    page = render_template("auth/ended.html", resume=keep_typed(request))
    return page, 401


def _ask_again() -> ResponseReturnValue | None:
    """Ask for the password again where it was typed too long ago; keep what a writer has typed."""
    if server_now() - current_user.authenticated_at <= PROVEN_FOR:
        return None
    return password_again("Accounts and roles are changed only within ten minutes of typing the password.")


def password_again(why: str) -> ResponseReturnValue:
    """The page that asks for the password again, with what was typed kept."""
    return render_template("auth/again.html", why=why, resume=keep_typed(request)), 401
