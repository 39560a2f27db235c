"""Headers that every answer carries, and the check that a change comes from our own pages."""

from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, g, request
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer

from app.extensions import csrf
from app.web.uploads import open_for_file

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


class SignedSession(SecureCookieSessionInterface):
    """The library's own session in a cookie, which makes a signer for each request: here one for all."""

    def __init__(self) -> None:
        self._signers: dict[tuple[object, ...], URLSafeTimedSerializer | None] = {}

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """The signer for the present secret and the earlier ones."""
        secrets = (app.secret_key, *(app.config["SECRET_KEY_FALLBACKS"] or ()))
        if secrets not in self._signers:
            self._signers[secrets] = super().get_signing_serializer(app)
        return self._signers[secrets]


def init_app(app: Flask) -> None:
    """Guard what comes in and mark what goes out."""
    app.session_interface = SignedSession()
    app.before_request(_refuse_foreign)
    app.after_request(_add_headers)


def init_tokens(app: Flask) -> None:
    """Ask of what is sent the token of our own forms."""
    csrf.init_app(app)
    app.before_request(_keep_token)


def _keep_token() -> None:
    """Draw the token again that was just found right.

    It holds as long as the session: a fresh one is worth no more, and signing one for each row costs time.
    """
    if g.get("csrf_valid") and "csrf_token" in request.form:
        g.csrf_token = request.form["csrf_token"]


def _refuse_foreign() -> None:
    """A change that another site's page sent is refused, whatever token it carries."""
    if request.method in SAFE_METHODS:
        return
    # The whole form is read here, before anything is asked of the database: a client that sends slowly holds no
    # connection meanwhile, and one that sends too much is refused.
    open_for_file()
    request.form.keys()
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in {"same-origin", "none"}:
            abort(403, "This came from another site's page and was not done.")
        return
    sent_from = request.headers.get("Origin")
    if sent_from is not None and urlsplit(sent_from).netloc != request.host:
        abort(403, "This came from another site's page and was not done.")


def _add_headers(response: Response) -> Response:
    said = {name.lower() for name, _ in response.headers}
    for name, value in HEADERS.items():
        if name.lower() not in said:
            response.headers.add(name, value)
    if request.endpoint != "static":
        # Pages are personal: no store on the way may keep one. ETags still work: they are asked again each time.
        response.headers.setdefault("Cache-Control", "no-store")
        response.vary.add("Cookie")
    if current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
    return response
