"""From a refusal to a page: the only file that turns domain errors into status codes."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from flask import Flask, Response, g, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf import FlaskForm
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException, SecurityError

from app.database import db, is_schema_missing, is_unreachable
from app.domain.errors import (
    AskFirst,
    Busy,
    Conflict,
    Damaged,
    DomainError,
    Gone,
    Harmful,
    InvalidInput,
    KeyReused,
    NoRoom,
    NotFound,
    NotKept,
    NotPermitted,
    NotScanned,
    NotWritten,
    RuleViolation,
    TooLarge,
    TooMany,
)
from app.files.store import NOT_KEPT
from app.queries.health import NOT_PREPARED
from app.services.write_path import record_refusal
from app.web.asking import is_without_role, whom_to_ask
from app.web.origin import origin, request_id
from app.web.people import Visitor
from app.web.uploads import limit_sentence

STATUS: dict[type[DomainError], int] = {
    InvalidInput: 422,
    KeyReused: 422,
    NotFound: 404,
    NotPermitted: 403,
    RuleViolation: 409,
    AskFirst: 409,
    Conflict: 409,
    Gone: 410,
    TooMany: 429,
    Busy: 503,
    NoRoom: 413,
    TooLarge: 413,
    Harmful: 422,
    NotScanned: 503,
    NotWritten: 503,
    NotKept: 507,
    Damaged: 500,
}
TEXT = "text/plain"
DISK_FULL = {errno.ENOSPC, errno.EDQUOT}
# What these refuse says itself what to do: the general advice beside it would say it twice, or say another thing.
SAY_ALL = {403, 404}
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Words:
    """What an error page says."""

    title: str
    reason: str
    advice: str


PAGES: dict[int, Words] = {
    400: Words("This request cannot be read", "Something in it is missing or wrong.", "Go back and try again."),
    401: Words("Sign in first", "Your session has ended.", "Sign in and try again."),
    403: Words("Not allowed", "Your role does not allow this.", "Nothing was changed."),
    404: Words("Nothing here", "There is no such page, or it is not yours to see.", "Check the address."),
    405: Words("Not this way", "This address does not take that kind of request.", "Go back and use the page."),
    409: Words("Not possible now", "Somebody or something was faster.", "Look at what it is now and decide again."),
    410: Words(
        "This link has ended",
        "It was used already, a newer one was made, or it is too old.",
        "Sign in if you have a password. Otherwise ask an administrator for a new link.",
    ),
    413: Words("Too large", "What was sent is larger than this page takes.", "Send less at once."),
    415: Words("Wrong kind of content", "This address does not take that kind of content.", "Use the page's own form."),
    422: Words("Something is missing", "What was sent cannot be taken as it is.", "Go back, mend it, send it again."),
    429: Words("Too many tries", "This was tried too often.", "Wait a little, then try again."),
    500: Words("A fault of ours", "Something went wrong and was written down.", "Nothing was half done. Try again."),
    503: Words(
        "The database does not answer",
        "It may or may not be saved.",
        "Wait a moment and send it again: it is not done twice.",
    ),
    507: Words("The disk is full", NOT_KEPT, "Tell whoever runs Countersign, then send it again."),
}
DAMAGED = "It is not given out. Tell whoever runs Countersign: a backup may still have it."
# Who only read has nothing to lose.
NOT_READ = ("This page could not be made just now. Nothing was changed.", "Wait a moment and load it again.")


def init_app(app: Flask) -> None:
    """Bind a page to every way of failing."""
    app.register_error_handler(DomainError, _refuse)
    app.register_error_handler(CSRFError, _refuse_token)
    app.register_error_handler(HTTPException, _answer)
    app.register_error_handler(Exception, _fail)


@contextmanager
def refusals_shown_in(form: FlaskForm) -> Iterator[None]:
    """Show what the rules refuse above the form, or beside the field that they name; the typed text stays."""
    try:
        yield
    except InvalidInput as refusal:
        for name, sentence in refusal.fields.items():
            if name in form:
                form[name].errors = [*form[name].errors, sentence]
            else:
                form.form_errors.append(sentence)
    except (RuleViolation, AskFirst, Conflict, KeyReused) as refusal:
        form.form_errors.append(refusal.sentence)
        form.status = status_of(refusal)
        form.asks_first = isinstance(refusal, AskFirst)


def status_of(refusal: DomainError) -> int:
    """The status code of a refusal."""
    return next(STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS)


def form_status(form: FlaskForm) -> int:
    """The status of a form that is shown again."""
    return getattr(form, "status", 422)


def error_page(status: int, reason: str = "", *, title: str = "", advice: str = "") -> ResponseReturnValue:
    """The product's page for a status; it asks nothing of the database."""
    if status >= 500:
        # The page names nobody: who is signed in could only be asked of the database that may be the trouble.
        g._login_user = Visitor()
    words = PAGES.get(status, PAGES[500 if status >= 500 else 400])
    return (
        render_template(
            "errors/page.html",
            status=status,
            title=title or words.title,
            reason=reason or words.reason,
            advice=advice or ("" if reason and status in SAY_ALL else words.advice),
            request_id=request_id(),
            way_on=(url_for("home.show"), "To the start"),
        ),
        status,
    )


def _refuse(refusal: DomainError) -> ResponseReturnValue:
    refusal = _remembered(refusal)
    if isinstance(refusal, NotPermitted) and is_without_role():
        return error_page(403, "You have no role yet, so this page is not open to you.", advice=whom_to_ask())
    advice = refusal.advice if isinstance(refusal, Gone) else ""
    if isinstance(refusal, Damaged):
        log.error(
            "evidence damaged", request_id=request_id(), rule=_rule(), where=request.view_args, fault=str(refusal)
        )
        return error_page(500, refusal.sentence, title="Changed outside Countersign", advice=DAMAGED)
    response = make_response(error_page(status_of(refusal), refusal.sentence, advice=advice))
    if isinstance(refusal, TooMany):
        response.headers["Retry-After"] = str(refusal.retry_after)
    if isinstance(refusal, Busy):
        response.headers["Retry-After"] = "2"
    return response


def _remembered(refusal: DomainError) -> DomainError:
    """A change sent to a number that is hidden, or of another thing than the address says, is an attempt."""
    if request.method == "POST" and isinstance(refusal, NotFound) and current_user.is_authenticated:
        try:
            record_refusal(origin(), refusal)
        except Busy as busy:
            return busy
    return refusal


def _refuse_token(_error: CSRFError) -> ResponseReturnValue:
    return error_page(400, "This page was open too long, or it is not yours. Reload it and send again.")


def _answer(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None:
        return error
    if isinstance(error, SecurityError):
        # The name in the request is forged: no page of ours may carry a link made of it.
        return Response("Countersign is not served under this name. COUNTERSIGN_URL says which.\n", 400, mimetype=TEXT)
    status = error.code or 500
    # Only our own aborts carry a sentence of ours.
    reason = error.description if status == 403 and error.description != type(error).description else ""
    if status == 413:
        reason = limit_sentence()
    response = make_response(error_page(status, reason or ""))
    for name, value in error.get_headers():
        if name.lower() in {"allow", "retry-after"}:
            response.headers[name] = value
    return response


def _fail(error: Exception) -> ResponseReturnValue:
    db.session.remove()
    if isinstance(error, OSError) and error.errno in DISK_FULL:
        log.error("disk full", request_id=request_id(), rule=_rule())
        return error_page(507)
    if isinstance(error, OverflowError):
        return error_page(404)  # a number larger than any that a database gives
    if is_schema_missing(error):
        log.error("schema is not current", request_id=request_id(), rule=_rule())
        return error_page(503, NOT_PREPARED, title="Not prepared yet", advice="Then reload this page.")
    if is_unreachable(error):
        log.warning("database unreachable", request_id=request_id(), rule=_rule(), kind=type(error).__name__)
        words = ("", "") if request.method not in {"GET", "HEAD"} else NOT_READ
        response = make_response(error_page(503, words[0], advice=words[1]))
        response.headers["Retry-After"] = "2"
        return response
    log.error("unhandled", request_id=request_id(), rule=_rule(), exc_info=error)
    # A change whose history cannot be written is not made: the database refused, and nothing was half done.
    return error_page(503 if isinstance(error, DBAPIError) else 500)


def _rule() -> str:
    """The pattern of the address: the address itself may hold a one-time token."""
    return request.url_rule.rule if request.url_rule else "no page"
