"""What the page of metrics says follows from the exported history, by a script that shares nothing with the page."""

import csv
import io
import json
import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.domain.deployments import Outcome
from app.domain.incidents import IncidentSeverity
from app.domain.metric_keys import METRICS, MetricKey, Unit
from app.domain.metric_words import value_words
from app.domain.permissions import Role
from app.models.base import pretending, utc_now
from app.services.incident_ends import set_recovered
from app.services.incident_links import LinkKeys
from app.services.incidents import Report, report_incident
from app.services.rollbacks import finish_rollback
from tests.factories import LIMITS, Make
from tests.integration.services.rolling import RollingBack

SCRIPT = Path(__file__).resolve().parents[2] / "tools" / "recompute_metrics.py"
HOUR = timedelta(hours=1)
WORDS = " ".join(["Every order takes a minute since the migration"] * 3)


@pytest.fixture
def night(make: Make) -> datetime:
    """A deployment that was taken back within three hours, one that an incident followed, one that failed, one that
    runs; and two more incidents, one of which is not over."""
    begun = utc_now()
    room = RollingBack(make)
    with pretending(begun + HOUR):
        rollback = room.begun()
        room.do_up_to(rollback, 18)
    with pretending(begun + 3 * HOUR):
        finish_rollback(room.ravi.origin, rollback, note="All as before.")
    for hours, outcome in ((4, Outcome.SUCCEEDED), (6, Outcome.FAILED), (8, None)):
        with pretending(begun + hours * HOUR):
            number = room.plan(window_ends_at=utc_now() + HOUR)
            room.sign_deploy()
            room.start(number)
            if outcome is not None:
                room.finish(number, outcome)
    with pretending(begun + 9 * HOUR):
        reported(room, begun + 5 * HOUR, recovered_at=begun + 7 * HOUR, of=room.deployment + 1)
        reported(room, begun + 8 * HOUR, recovered_at=begun + 8.5 * HOUR)
        reported(room, begun + 8 * HOUR)
    return begun + 9 * HOUR


def reported(
    room: RollingBack, began_at: datetime, *, recovered_at: datetime | None = None, of: int | None = None
) -> None:
    """An incident of the module, perhaps of a deployment, perhaps over."""
    report = Report(IncidentSeverity.MAJOR, "Orders are slow", WORDS, began_at, links=LinkKeys(deployment_id=of))
    origin, module = room.ravi.origin, room.release.modules[0]
    number = report_incident(origin, module, report, limits=LIMITS, today=utc_now().date()).incident_id
    if recovered_at is not None:
        set_recovered(room.ravi.origin, number, recovered_at=recovered_at)


def recomputed(app: Flask, path: Path, first: str, last: str) -> Any:
    exported = app.test_cli_runner().invoke(args=["export-events"])
    assert exported.exit_code == 0
    path.write_bytes(exported.stdout_bytes)
    ran = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), str(path), first, last], capture_output=True, text=True, check=True
    )
    return json.loads(ran.stdout)


def test_the_numbers_of_the_page_are_those_of_the_history(
    app: Flask, make: Make, client_of: Any, night: datetime, tmp_path: Path
):
    with pretending(night):
        browser: FlaskClient = client_of(make.person(Role.AUDITOR))
        page = browser.get("/metrics/?window=30d").text
        first, last = re.search(r"(\d{4}-\d\d-\d\d) to (\d{4}-\d\d-\d\d), days in UTC", page).groups()
        said = {key: browser.get(f"/metrics/{key}/?window=30d").text for key in MetricKey}
        rows = browser.get("/metrics/recovery-time/export/?window=30d").text

    found = recomputed(app, tmp_path / "events.jsonl", first, last)

    assert (found["deploy-success"], found["rollback-frequency"]) == ({"n": 3, "value": 0}, {"n": 4, "value": 25.0})
    times = [float(row["value"]) for row in csv.DictReader(io.StringIO(rows.removeprefix("\ufeff"))) if row["value"]]
    assert len(times) == found["recovery-time"]["n"] == 3
    assert fmean(times) == pytest.approx(found["recovery-time"]["value"])
    assert f"Median {value_words(Unit.TIME, found['recovery-time']['median'])}." in said[MetricKey.RECOVERY_TIME]
    assert {"gate-ready", "gate-deploy"} <= set(found)
    assert found["bugs"] == {"n": 3, "value": 3, "severities": {"major": 3}}
    for key in found:
        kind, numbers = METRICS[MetricKey(key)], found[key]
        tile = page.partition(f'id="{key}"')[2].partition("</li>")[0]
        assert value_words(kind.unit, numbers["value"]) in tile, key
        assert f"n = {numbers['n']}," in tile, key
        assert f"n = {kind.counted_words(numbers['n'])}." in said[MetricKey(key)]
