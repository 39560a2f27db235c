"""The pages of deployments: planned, started with every reason against it, watched, finished."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.database import db
from app.domain.deployments import Outcome
from app.domain.permissions import Role
from app.models import Deployment
from app.models.base import pretending, utc_now
from app.queries.deployment_facts import list_steps
from app.queries.gates import list_gates
from app.queries.gates_before import STILL_WATCHED
from app.queries.standing import standing_of
from app.queries.waiting import list_waiting
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


def typed(room: Deploying, **more: str) -> dict[str, str]:
    now = utc_now()
    return {
        "window_starts_at": f"{now - timedelta(hours=1):%Y-%m-%dT%H:%M}",
        "window_ends_at": f"{now + timedelta(hours=2):%Y-%m-%dT%H:%M}",
        "decider_id": str(room.ops.id),
        "abort_criteria": "More than 1 % fail.",
        "notes": "",
        "steps-0-text": "Stop the workers",
        "steps-0-command": "systemctl stop grn",
        "steps-0-owner_id": str(room.worker.id),
        "steps-1-text": "Run the migration",
        **more,
    }


def test_with_nothing_deployed_it_says_so_and_offers_a_plan(browser: FlaskClient):
    told = plain(browser.get("/deployments/").text)

    assert "Nothing runs now. Nothing is planned." in told
    assert "Nothing was deployed from here yet." in told
    assert "Plan a deployment" in told


def test_a_deployment_is_planned_from_its_gate(room: Deploying, browser: FlaskClient):
    gate = room.deploy_gate().id
    assert f"/deployments/new/?gate={gate}" in browser.get(f"/gates/{gate}/").text
    assert f"/deployments/new/?gate={gate}" in browser.get("/deployments/new/").text

    answer = send(browser, f"/deployments/new/?gate={gate}", typed(room))

    number = db.session.scalars(select(Deployment.id)).one()
    assert answer.headers["Location"] == f"/deployments/{number}/"
    told = plain(browser.get(f"/deployments/{number}/").text)
    assert "Not started. Planned" in told
    assert "1 sign-off of DBA missing." in told
    assert [(step.text, step.command, step.owner_id) for step in list_steps(number)] == [
        ("Stop the workers", "systemctl stop grn", room.worker.id),
        ("Run the migration", "", None),
    ]
    assert f"/deployments/{number}/" in browser.get(f"/gates/{gate}/").text


def test_another_row_for_a_step_is_given_without_saving_and_what_was_typed_stays(room: Deploying, browser: FlaskClient):
    gate = room.deploy_gate().id

    answer = send(browser, f"/deployments/new/?gate={gate}", typed(room, more="Add another step", abort_criteria=""))

    assert answer.status_code == 200
    assert 'name="steps-4-text"' in answer.text
    assert 'value="Stop the workers"' in answer.text
    assert db.session.scalar(select(Deployment.id)) is None


def test_steps_follow_the_numbers_that_were_typed(room: Deploying, browser: FlaskClient):
    numbers = {"steps-0-place": "2", "steps-1-place": "1"}

    send(browser, f"/deployments/new/?gate={room.deploy_gate().id}", typed(room, **numbers))

    steps = list_steps(db.session.scalars(select(Deployment.id)).one())
    assert [step.text for step in steps] == ["Run the migration", "Stop the workers"]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"decider_id": ""}, "Choose who says go or no-go."),
        ({"abort_criteria": ""}, "Say what has to be seen for it to be stopped."),
        ({"window_ends_at": "tomorrow"}, "Say until when it has to be over."),
        ({"window_starts_at": "0001-01-01T00:00", "window_ends_at": "9999-12-31T23:59"}, None),
        ({"window_ends_at": "2001-01-01T00:00"}, "The window ends before it begins."),
        ({"steps-0-text": "", "steps-1-text": "", "steps-0-command": ""}, "Write at least one step."),
        ({"steps-1-text": "", "steps-1-command": "reboot"}, "Say in words what this step does."),
    ],
)
def test_a_plan_that_says_too_little_comes_back_as_it_was_typed(
    room: Deploying, browser: FlaskClient, wrong: dict[str, str], sentence: str | None
):
    answer = send(browser, f"/deployments/new/?gate={room.deploy_gate().id}", typed(room, notes="Kept.", **wrong))

    if sentence is None:
        assert answer.status_code < 500
        return
    assert answer.status_code == 422
    assert sentence in plain(answer.text)
    assert "Kept." in answer.text


def test_a_plan_that_somebody_else_changed_meanwhile_is_shown_beside_what_was_typed(
    room: Deploying, browser: FlaskClient
):
    number = room.plan()
    path = f"/deployments/{number}/edit/"
    assert "Stop the workers" in browser.get(path).text
    first = send(browser, path, typed(room, revision="1", abort_criteria="Theirs."))
    assert first.status_code == 303

    answer = send(browser, path, typed(room, revision="1", abort_criteria="Mine."))

    assert answer.status_code == 409
    assert "Theirs." in answer.text
    assert "Mine." in answer.text
    assert send(browser, path, typed(room, revision="2", abort_criteria="Mine.")).status_code == 303
    assert room.row(number).abort_criteria == "Mine."


def test_before_a_start_it_says_what_is_used_up_and_every_reason_against_it_with_a_link(
    room: Deploying, browser: FlaskClient
):
    number = room.plan("production")
    add_freeze(room.lead.origin, FreezeFacts(utc_now(), utc_now() + timedelta(days=1), "Year's end."))

    page = browser.get(f"/deployments/{number}/start/")
    refused = send(browser, f"/deployments/{number}/start/", {})

    for answer in (page, refused):
        told = plain(answer.text)
        assert "Nothing is deployed there until" in told
        assert "It goes to Staging first, where it has not been deployed." in told
        assert "There is no record of a backup." in told
        assert f'href="/gates/{room.deploy_gate("production").id}/backup/"' in answer.text
        assert 'href="/deployments/calendar/"' in answer.text
    assert (page.status_code, refused.status_code) == (200, 409)
    assert "Not started" in plain(refused.text)
    assert room.row(number).started_at is None


def test_a_start_opens_the_clock_and_the_hours_after(room: Deploying, browser: FlaskClient):
    number = room.plan()
    room.sign_deploy()
    assert room.dba.name in browser.get(f"/deployments/{number}/start/").text

    answer = send(browser, f"/deployments/{number}/start/", {})

    assert answer.headers["Location"] == f"/deployments/{number}/"
    page = browser.get(f"/deployments/{number}/")
    told = plain(page.text)
    assert "First hour check due in 59 min" in told
    for key in ("first-hour", "first-day", "first-week", "ongoing"):
        assert f"/deployments/{number}/checklist/groups/{key}/" in page.text
        assert browser.get(f"/deployments/{number}/checklist/groups/{key}/").status_code == 200
    assert f'href="/deployments/{number}/rollback/"' in page.text
    assert browser.get(f"/deployments/{number}/start/").status_code == 302
    assert "to Staging runs now." in plain(browser.get("/deployments/").text)


def test_what_was_missed_is_told_as_missed_with_what_is_left(make: Make, client_of: Browsers):
    with pretending(utc_now() - timedelta(hours=3)):
        room = Deploying(make)
        number = room.started()
    browser = client_of(room.ops)

    told = plain(browser.get(f"/deployments/{number}/").text)

    assert "First hour was missed" in told
    assert "was due 2 h 00 min ago" in told
    assert "First day check due in" in told
    assert "1 of the hours after missed" in plain(browser.get("/deployments/").text)


def test_a_step_is_ticked_with_a_note_and_by_whom(room: Deploying, browser: FlaskClient):
    number = room.started()
    step = list_steps(number)[0]

    answer = send(browser, f"/deployments/{number}/steps/{step.id}/", {"note": "Took a minute."})

    assert answer.status_code == 303
    told = plain(browser.get(f"/deployments/{number}/").text)
    assert "1 of 2 done" in told
    assert f"by {room.ops.name}: Took a minute." in told
    too_long = send(browser, f"/deployments/{number}/steps/{list_steps(number)[1].id}/", {"note": "x" * 1001})
    assert too_long.status_code == 422


def test_how_it_ended_is_said_once_with_what_was_seen(room: Deploying, browser: FlaskClient):
    number = room.started()
    path = f"/deployments/{number}/finish/"
    assert "2 steps are not ticked" in plain(browser.get(path).text)
    assert "Say what went wrong." in plain(send(browser, path, {"outcome": "degraded"}).text)
    assert send(browser, path, {"outcome": "splendid"}).status_code == 422

    assert send(browser, path, {"outcome": "degraded", "note": "Search is slow."}).status_code == 303

    assert room.row(number).outcome is Outcome.DEGRADED
    assert "Search is slow." in browser.get(f"/deployments/{number}/").text
    assert send(browser, path, {"outcome": "succeeded"}).status_code == 409


def test_a_deployment_is_called_off_with_a_reason(room: Deploying, browser: FlaskClient):
    number = room.plan()
    path = f"/deployments/{number}/cancel/"
    assert "Say why" in plain(send(browser, path, {"reason": ""}).text)

    assert send(browser, path, {"reason": "The team is ill."}).status_code == 303

    assert "The team is ill." in browser.get("/deployments/").text
    assert send(browser, path, {"reason": "Again."}).status_code == 409


def test_what_another_team_deploys_is_not_there(room: Deploying, make: Make, client_of: Browsers):
    number = room.plan()
    browser = client_of(make.person(Role.OPS, module_id=make.module().id))

    for path in ("", "print/", "start/", "finish/", "edit/", "cancel/"):
        assert browser.get(f"/deployments/{number}/{path}").status_code == 404
    assert f"/deployments/{number}/" not in browser.get("/deployments/").text
    assert f"/deployments/{number}/" not in browser.get("/deployments/calendar/").text


def test_who_runs_no_deployment_sees_all_and_changes_nothing(room: Deploying, client_of: Browsers):
    number, browser = room.plan(), client_of(room.worker)

    page = browser.get(f"/deployments/{number}/")

    assert page.status_code == 200
    assert "Look and start" not in page.text
    assert send(browser, f"/deployments/{number}/start/", {}).status_code == 403


def test_the_plan_stands_on_a_sheet_of_paper(room: Deploying, browser: FlaskClient):
    number = room.started()

    told = plain(browser.get(f"/deployments/{number}/print/").text)

    for words in ("systemctl stop grn-worker", "More than 1 % of the requests fail.", "Rollback plan, revision 1"):
        assert words in told


def test_the_gates_of_the_hours_after_lead_back_to_the_deployment_and_wait_for_their_time(
    room: Deploying, client_of: Browsers
):
    number = room.started()
    gates = {gate.kind.value: gate for gate in list_gates(room.checklist_of(number))}
    browser = client_of(room.ops)

    page = browser.get(f"/gates/{gates['first-hour'].id}/")

    assert f'href="/deployments/{number}/"' in page.text
    assert "deployment" in plain(browser.get("/signoffs/").text)
    room.do_all(number, "first-hour")
    assert "waits for sign-offs" in plain(browser.get(f"/gates/{gates['first-hour'].id}/").text)
    now, month = utc_now(), timedelta(days=40)
    assert standing_of(gates["close"], now).verdict.reasons == (STILL_WATCHED,)
    assert STILL_WATCHED not in standing_of(gates["close"], now + month).verdict.reasons
    assert f"deployment {number} to Staging" in plain(browser.get(f"/releases/{room.release.key}/signoffs/").text)


def test_what_was_signed_in_an_earlier_turn_is_said_to_be_used_and_counts_for_nothing(
    room: Deploying, client_of: Browsers
):
    number, browser = room.started(), client_of(room.lead)
    room.finish(number, Outcome.FAILED)
    gate = room.deploy_gate().id
    assert "1 sign-off" not in plain(browser.get(f"/gates/{gate}/").text).partition("Who is still asked")[0]

    room.plan()

    told = plain(browser.get(f"/gates/{gate}/").text)
    assert f"used for deployment {number}" in told
    assert "Nobody yet." in told
    sheet = plain(browser.get(f"/releases/{room.release.key}/signoffs/").text)
    assert f"used for deployment {number} since" in sheet
    assert gate in {one.gate.id for one in list_waiting(room.dba.actor, utc_now())}
