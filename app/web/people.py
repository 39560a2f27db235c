"""The person behind a request: the session cookie, loaded once, and when it ends."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from flask import Flask, Request, current_app, session
from flask_login import AnonymousUserMixin, UserMixin
from itsdangerous import BadSignature, URLSafeSerializer

from app.domain.actors import NOBODY, Actor
from app.domain.permissions import Permission
from app.extensions import login_manager
from app.models.base import utc_now
from app.queries.people import SignedIn, find_signed_in
from app.services.secret import token_digest
from app.services.sessions import TOUCH_EVERY, touch_session

TOKEN = "token"  # noqa: S105 (a name in the cookie)


class Visitor(AnonymousUserMixin):  # type: ignore[misc]  # the library has no types
    """Somebody who has not signed in."""

    name = ""
    time_zone = "UTC"
    shortcuts_enabled = True
    role_titles: tuple[str, ...] = ()
    actor = NOBODY

    def may(self, _permission: Permission | str) -> bool:
        """Nothing."""
        return False


class CurrentPerson(UserMixin):  # type: ignore[misc]  # the library has no types
    """The signed-in person as pages see one."""

    def __init__(self, signed_in: SignedIn) -> None:
        self.actor: Actor = signed_in.actor
        self.email = signed_in.email
        self.authenticated_at = signed_in.authenticated_at
        self.time_zone = signed_in.time_zone
        self.shortcuts_enabled = signed_in.shortcuts_enabled

    def get_id(self) -> str:
        """The person's number, as the login library wants it."""
        return str(self.actor.id)

    @property
    def id(self) -> int:
        """The person's number."""
        return self.actor.id or 0

    @property
    def name(self) -> str:
        """The person's name."""
        return self.actor.name

    @property
    def role_titles(self) -> list[str]:
        """The roles in force, in words, each once."""
        return list(dict.fromkeys(grant.role.label for grant in self.actor.grants))

    def may(self, permission: Permission | str) -> bool:
        """Whether the permission is held for anything; for showing a link, never for deciding."""
        return self.actor.may(Permission(permission))

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which this person reads times."""
        return ZoneInfo(self.time_zone)


def init_app(app: Flask) -> None:
    """Bind the login library: it holds the current person, nothing else of it is used."""
    login_manager.init_app(app)
    login_manager.anonymous_user = Visitor
    login_manager.session_protection = None


@login_manager.request_loader  # type: ignore[untyped-decorator]  # the library has no types
def _load(request: Request) -> CurrentPerson | None:
    token = session.get(TOKEN)
    signed_in = find_signed_in(token_digest(token)) if isinstance(token, str) else None
    if signed_in is None:
        return None
    now = utc_now()
    idle = timedelta(minutes=current_app.config["SESSION_IDLE_MINUTES"])
    if now >= signed_in.ends_at or now - signed_in.seen_at >= idle:
        return None
    # A page that asks by itself whether there is anything new is no sign of a person.
    if now - signed_in.seen_at > TOUCH_EVERY and "X-Live" not in request.headers:
        touch_session(signed_in.actor.session_id or 0)
    return CurrentPerson(signed_in)


def remember_session(token: str) -> None:
    """Put a new session into the cookie; nothing of the old one stays."""
    session.clear()
    session[TOKEN] = token
    session.permanent = True


def forget_session() -> None:
    """Take the session out of the cookie."""
    session.clear()


def device_cookie_name() -> str:
    """Over HTTPS under the prefix that no other host can set."""
    return "__Host-known-device" if current_app.config["SESSION_COOKIE_SECURE"] else "known-device"


def device_cookie(person_id: int) -> str:
    """A signed mark that this browser has signed a person in before."""
    return str(URLSafeSerializer(current_app.secret_key or "", salt="device").dumps(person_id))


def known_person_id(cookie: str | None) -> int | None:
    """The person whom this browser has signed in before."""
    try:
        found = URLSafeSerializer(current_app.secret_key or "", salt="device").loads(cookie or "")
    except BadSignature:
        return None
    return found if isinstance(found, int) else None
