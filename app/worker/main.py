"""The worker process: a library decides when, jobs.py says what."""

import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from types import FrameType

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask

from app.domain.errors import Busy
from app.worker.jobs import (
    collect_files,
    end_overrides,
    escalate_late,
    expire_signoffs,
    expire_waivers,
    forget_old,
    tell_missed_duties,
    tell_of_windows,
    write_digests,
)
from app.worker.post import send_mails

log = structlog.get_logger()

# What is done, and how many minutes lie between two times.
JOBS = (
    *((forget_old, 10), (expire_waivers, 1), (expire_signoffs, 1), (end_overrides, 1), (collect_files, 360)),
    *((write_digests, 1), (escalate_late, 10), (tell_of_windows, 1), (tell_missed_duties, 1), (send_mails, 1)),
)


def run(app: Flask) -> None:
    """Work until told to end."""
    ended = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        ended.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    scheduler = scheduled(app)
    scheduler.start()
    ended.wait()
    scheduler.shutdown(wait=True)


def scheduled(app: Flask) -> BackgroundScheduler:
    """All jobs with their times. Each begins at once: whoever was down catches up."""
    scheduler = BackgroundScheduler(
        timezone="UTC", job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
    )
    now = datetime.now(UTC)
    for job, minutes in JOBS:
        scheduler.add_job(_in(app, job), "interval", minutes=minutes, name=job.__name__, next_run_time=now)
    return scheduler


def _in(app: Flask, job: Callable[[], None]) -> Callable[[], None]:
    def work() -> None:
        with app.app_context():
            try:
                job()
            except Busy:
                log.warning("job put off: the database did not answer", job=job.__name__)

    return work
