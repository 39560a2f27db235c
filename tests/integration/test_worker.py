"""When the worker does what."""

from datetime import UTC, datetime, timedelta

from flask import Flask

from app.worker.main import scheduled


def test_each_job_begins_at_once_and_comes_again(app: Flask):
    jobs = {job.name: job for job in scheduled(app).get_jobs()}

    assert {name: job.trigger.interval for name, job in jobs.items()} == {
        "forget_old": timedelta(minutes=10),
        "expire_waivers": timedelta(minutes=1),
        "expire_signoffs": timedelta(minutes=1),
        "end_overrides": timedelta(minutes=1),
        "collect_files": timedelta(hours=6),
        "write_digests": timedelta(minutes=1),
        "escalate_late": timedelta(minutes=10),
        "tell_of_windows": timedelta(minutes=1),
        "send_mails": timedelta(minutes=1),
        "tell_missed_duties": timedelta(minutes=1),
    }
    assert all(job.next_run_time <= datetime.now(UTC) for job in jobs.values())
    # After a long sleep of the machine it runs once, not never and not many times.
    scheduler = scheduled(app)
    scheduler.start(paused=True)
    assert {(job.coalesce, job.max_instances, job.misfire_grace_time) for job in scheduler.get_jobs()} == {
        (True, 1, None)
    }
    scheduler.shutdown()
