"""One line of JSON for each thing that happens, with the number of the request."""

import logging
import time

import structlog
from flask import Flask, Response, g, request

from app.web.origin import request_id


def init_app(app: Flask) -> None:
    """Write to standard output; whoever runs the process decides where it goes."""
    level = logging.getLevelNamesMapping()[app.config["SETTINGS"].log_level]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            # JSON keeps a line break inside a value from becoming a second line.
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=False,
    )
    app.before_request(_start)
    app.after_request(_finish)


def _start() -> None:
    g.started = time.perf_counter()


def _finish(response: Response) -> Response:
    response.headers["X-Request-Id"] = request_id()
    structlog.get_logger().debug(
        "answered",
        method=request.method,
        rule=request.url_rule.rule if request.url_rule else "no page",
        status=response.status_code,
        ms=round((time.perf_counter() - g.started) * 1000, 1) if "started" in g else None,
        request_id=request_id(),
    )
    return response
