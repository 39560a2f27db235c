"""What stands around deployments: the calendar, freezes, environments, the matrix, and lists of any length."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from app.database import db
from app.models.base import pretending, utc_now
from app.services.deployment_plans import cancel_deployment
from app.services.freezes import FreezeFacts, add_freeze
from tests.factories import Made, Make
from tests.integration.services.deploying import Deploying
from tests.web.waiving import plain

Browsers = Callable[[Made], FlaskClient]


def send(browser: FlaskClient, path: str, typed: dict[str, str]) -> TestResponse:
    return browser.post(path, data=typed)


@pytest.fixture
def room(make: Make) -> Deploying:
    return Deploying(make)


@pytest.fixture
def browser(room: Deploying, client_of: Browsers) -> FlaskClient:
    return client_of(room.ops)


def test_the_calendar_marks_what_gets_in_each_others_way(room: Deploying, browser: FlaskClient):
    now = utc_now()
    first, second = room.plan(), room.plan("production")
    add_freeze(room.lead.origin, FreezeFacts(now, now + timedelta(hours=1), "Inventory."))

    told = plain(browser.get("/deployments/calendar/").text)

    assert "2 windows get in the way of something." in told
    assert f"{room.ops.name} is needed for deployment {second}" in told
    assert f"{room.ops.name} is needed for deployment {first}" in told
    assert "Nothing is deployed then: Inventory." in told
    assert "What gets in its way" in plain(browser.get(f"/deployments/{first}/").text)
    assert "nothing is planned" in plain(browser.get("/deployments/calendar/?month=1999-01").text)
    for month in ("0001-01", "9999-12", "2026-13", "x"):
        assert browser.get(f"/deployments/calendar/?month={month}").status_code == 200


def test_a_freeze_is_added_and_ended_by_a_team_lead(room: Deploying, client_of: Browsers):
    browser, now = client_of(room.lead), utc_now()
    facts = {
        "starts_at": f"{now:%Y-%m-%dT%H:%M}",
        "ends_at": f"{now + timedelta(days=2):%Y-%m-%dT%H:%M}",
        "environment_id": "",
        "module_id": "",
    }
    assert send(browser, "/deployments/freezes/", facts).status_code == 422

    of_none = {**facts, "reason": "Inventory.", "module_id": "99999999999999999999"}
    assert send(browser, "/deployments/freezes/", of_none).status_code == 422, "not of every module"
    assert send(browser, "/deployments/freezes/", {**facts, "reason": "Inventory."}).status_code == 303

    page = browser.get("/deployments/freezes/")
    assert "1 freeze is in force." in plain(page.text)
    path = page.text.partition('action="/deployments/freezes/')[2].partition('"')[0]
    assert send(browser, f"/deployments/freezes/{path}", {"end_reason": ""}).status_code == 422
    assert send(browser, f"/deployments/freezes/{path}", {"end_reason": "Counted."}).status_code == 303
    assert "No freeze is in force." in plain(browser.get("/deployments/freezes/").text)
    assert send(browser, "/deployments/freezes/999999/end/", {"end_reason": "x"}).status_code == 404


def test_environments_are_added_renamed_and_moved(room: Deploying, client_of: Browsers):
    browser = client_of(room.lead)
    assert send(browser, "/environments/", {"environment": "dr", "environment_name": "Spare"}).status_code == 303
    assert send(browser, "/environments/", {"environment": "D R", "environment_name": "Spare"}).status_code == 422
    page = browser.get("/environments/").text
    assert "Staging, then Spare, then Production" in plain(page)
    order = page.partition('name="seen" value="')[2].partition('"')[0]
    third = order.split(",")[1]

    assert send(browser, f"/environments/{third}/move/", {"place": "1", "seen": order}).status_code == 303
    stale = send(browser, f"/environments/{third}/move/", {"place": "2", "seen": order})

    assert stale.status_code == 409
    assert "changed the order" in plain(stale.text)
    assert "Spare, then Staging, then Production" in plain(browser.get("/environments/").text)
    rename = f"/environments/{third}/rename/"
    assert send(browser, rename, {"environment_name": "", "seen": "Spare"}).status_code == 422
    assert send(browser, rename, {"environment_name": "Stand-by", "seen": "Spare"}).status_code == 303
    assert "Stand-by" in browser.get("/environments/").text


def test_the_list_asks_as_much_of_the_database_for_many_as_for_one(room: Deploying, browser: FlaskClient):
    def asked() -> int:
        found: list[str] = []

        def look(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            found.append(statement)

        event.listen(db.engine, "before_cursor_execute", look)
        try:
            assert browser.get("/deployments/").status_code == 200
            assert browser.get("/deployments/calendar/").status_code == 200
        finally:
            event.remove(db.engine, "before_cursor_execute", look)
        return len(found)

    room.finish(room.started())
    room.plan("production")
    other = room.plan()
    one = asked()
    cancel_deployment(room.ops.origin, other, reason="Another time.")
    for _ in range(2):
        room.finish(room.started())
    room.plan()

    assert asked() == one


def test_the_matrix_says_how_far_each_module_has_gone_and_when_an_hour_has_passed(make: Make, client_of: Browsers):
    with pretending(utc_now() - timedelta(minutes=59, seconds=40)):
        room = Deploying(make)
        browser = client_of(room.release.lead)
        path = room.release.path
    first = browser.get(path)
    assert "deployed:" not in plain(first.text)
    assert browser.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    with pretending(utc_now() - timedelta(minutes=59, seconds=30)):
        number = room.started()

    running = browser.get(path)
    assert "deployed: running, Staging" in plain(running.text)
    assert f'href="/deployments/{number}/"' in running.text
    room.finish(number)
    finished = browser.get(path, headers={"If-None-Match": running.headers["ETag"]})
    assert "deployed: succeeded, Staging" in plain(finished.text)
    with pretending(utc_now() + timedelta(minutes=1)):
        late = browser.get(path, headers={"If-None-Match": finished.headers["ETag"]})
    assert "first hour late" in plain(late.text)


def test_the_page_of_a_module_says_how_far_it_has_gone_and_notices_when_that_changes(
    room: Deploying, client_of: Browsers
):
    number, browser, path = room.started(), client_of(room.lead), room.release.module_path
    running = browser.get(path)
    assert "Staging: running" in plain(running.text)
    assert browser.get(path, headers={"If-None-Match": running.headers["ETag"]}).status_code == 304

    room.finish(number)

    ended = browser.get(path, headers={"If-None-Match": running.headers["ETag"]})
    assert "Staging: succeeded" in plain(ended.text)
