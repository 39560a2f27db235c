"""What the page of metrics says follows from the exported history, by a script that shares nothing with the page."""

import csv
import io
import json
import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.domain.deployments import Outcome
from app.domain.metric_keys import METRICS, MetricKey
from app.domain.metric_words import value_words
from app.domain.permissions import Role
from app.models.base import pretending, utc_now
from app.services.rollbacks import finish_rollback
from tests.factories import Make
from tests.integration.services.rolling import RollingBack

SCRIPT = Path(__file__).resolve().parents[2] / "tools" / "recompute_metrics.py"
HOUR = timedelta(hours=1)


@pytest.fixture
def night(make: Make) -> datetime:
    """A deployment that was taken back within three hours, one that went well, one that failed, one that runs."""
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
    return begun + 9 * HOUR


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

    assert (found["deploy-success"]["n"], found["rollback-frequency"]) == (3, {"n": 4, "value": 25.0})
    assert found["deploy-success"]["value"] == pytest.approx(100 / 3)
    [recovery] = list(csv.DictReader(io.StringIO(rows.removeprefix("\ufeff"))))
    assert float(recovery["value"]) == pytest.approx(found["recovery-time"]["value"])
    assert {"gate-ready", "gate-deploy"} <= set(found)
    for key in {*found} - {"bugs"}:
        kind, numbers = METRICS[MetricKey(key)], found[key]
        tile = page.partition(f'id="{key}"')[2].partition("</li>")[0]
        assert value_words(kind.unit, numbers["value"]) in tile, key
        assert f"n = {numbers['n']}," in tile, key
        assert f"n = {kind.counted_words(numbers['n'])}." in said[MetricKey(key)]
    assert found["bugs"]["value"] is None
    assert "That is no proof that there was none." in page.partition('id="bugs"')[2].partition("</li>")[0]
