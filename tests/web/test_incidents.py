"""The pages of incidents: reporting, finding, working on one, escalating it, closing it."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.database import db
from app.domain.permissions import Role
from app.models import Incident, ModuleContact
from app.models.base import pretending, utc_now
from app.queries.incidents import find_incident
from app.queries.rows import list_rows
from app.services.escalation import start_step
from app.services.incident_ends import resolve
from tests.factories import PNG, Made, MadeRelease, Make
from tests.occasions import made_occasions

WORDS = "Whoever saves an order waits half a minute and then sees an error page instead of the new order."


@pytest.fixture
def release(make: Make) -> MadeRelease:
    return make.release()


@pytest.fixture
def ravi(make: Make) -> Made:
    return make.person(Role.DEVELOPER, name="Ravi Kumar")


@pytest.fixture
def desk(client_of: Any, ravi: Made) -> FlaskClient:
    return client_of(ravi)


def report_of(release: MadeRelease, **more: Any) -> dict[str, Any]:
    return {
        "module_key": release.modules[0],
        "severity": "critical",
        "began_at": f"{utc_now() - timedelta(hours=2):%Y-%m-%dT%H:%M}",
        "title": "Orders cannot be saved",
        "description": WORDS,
        **more,
    }


def only_incident() -> int:
    return db.session.scalars(select(Incident.id)).one()


def test_nothing_was_reported_yet_and_the_page_says_how(desk: FlaskClient):
    page = desk.get("/incidents/").text

    assert "No incident is open." in page
    assert "No incident was ever reported." in page
    assert 'href="/incidents/new/"' in page


def test_a_report_makes_a_page_with_all_that_was_said_and_covers_secrets(
    desk: FlaskClient, release: MadeRelease, ravi: Made
):
    sent = report_of(
        release,
        steps="1. Open an order\n2. Save it",
        expected="It is saved.",
        actual="An error page.",
        error_messages="ERROR 1205 Lock wait timeout",
        log="connect user=app password=hunter2",
        release_key=release.key,
        environment_key="production",
        server_version="MariaDB 10.11",
        files=[(BytesIO(PNG), "page.png"), (BytesIO(b"one\ntwo\n"), "app.log")],
    )

    answer = desk.post("/incidents/new/", data=sent, follow_redirects=True)

    assert answer.status_code == 200
    for words in ("Lock wait timeout", "page.png", "app.log", "password=[masked]", "1 place that looks like a secret"):
        assert words in answer.text
    assert "hunter2" not in answer.text
    items = {row.key: row for row in list_rows(find_incident(only_incident()).checklist_id)}
    assert {key: row.state for key, row in items.items() if key.startswith("issue.")} == dict.fromkeys(
        (key for key in items if key.startswith("issue.")), "done"
    )
    assert items["issue.attachments"].value == "2 files and a log excerpt"


def test_a_refused_report_keeps_all_that_was_typed(desk: FlaskClient, release: MadeRelease):
    sent = report_of(
        release,
        title="Too short",
        began_at="2099-01-01T10:00",
        log="the line that I pasted",
        files=[(BytesIO(PNG), "page.png")],
    )

    answer = desk.post("/incidents/new/", data=sent)

    assert answer.status_code == 422
    assert "Say in at least 10 characters what is wrong." in answer.text
    assert "It cannot have begun in the future." in answer.text
    assert WORDS in answer.text
    assert "the line that I pasted" in answer.text
    assert "Choose the files again" in answer.text
    assert db.session.scalars(select(Incident.id)).all() == []


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"module_key": ""}, "Choose the module."),
        ({"began_at": "0001-01-01T00:00"}, "Write a year between 1990 and 2100."),
        ({"began_at": "9999-12-31T23:59"}, "Write a year between 1990 and 2100."),
    ],
)
def test_a_report_without_a_module_or_of_another_age_comes_back_as_it_was_typed(
    desk: FlaskClient, release: MadeRelease, wrong: dict[str, str], told: str
):
    answer = desk.post("/incidents/new/", data=report_of(release, **wrong))

    assert answer.status_code == 422
    assert told in answer.text
    assert WORDS in answer.text


def test_an_incident_is_given_to_somebody_who_may_work_on_it(desk: FlaskClient, make: Make, release: MadeRelease):
    number = make.incident(release.modules[0])
    viewer, worker = make.person(Role.VIEWER), make.person(Role.OPS)
    row = db.session.get_one(Incident, number)

    def give(person: Made) -> TestResponse:
        db.session.refresh(row)
        sent = {"owner_id": str(person.id), "revision": str(row.revision)}
        return desk.post(f"/incidents/{number}/owner/", data=sent)

    assert "may not work on incidents of the module" in give(viewer).text
    assert give(worker).status_code == 303


def test_the_report_is_filled_in_from_the_page_before(desk: FlaskClient, release: MadeRelease):
    made = made_occasions(release.lead.origin, release.item("pre.schema-planned").checklist_id)

    page = desk.get(f"/incidents/new/?rollback={made['rollback_id']}").text

    assert f'<option selected value="{release.modules[0]}">' in page
    assert f'<option selected value="{made["rollback_id"]}">' in page


def test_what_a_report_names_must_belong_to_its_module(desk: FlaskClient, make: Make, release: MadeRelease):
    other = make.release()
    made = made_occasions(other.lead.origin, other.item("pre.schema-planned").checklist_id)

    of_another = desk.post("/incidents/new/", data=report_of(release, **made))
    of_nobody = desk.post("/incidents/new/", data=report_of(release, deployment_id="987654"))

    assert of_another.status_code == 422
    assert "This deployment is one of another module." in of_another.text
    assert of_nobody.status_code == 404


def test_the_list_begins_with_how_many_are_open_and_narrows_by_its_address(
    desk: FlaskClient, make: Make, release: MadeRelease
):
    module = release.modules[0]
    make.incident(module, title="=SUM of all orders is wrong", began_at=utc_now() - timedelta(days=3, hours=2))
    make.incident(module, title="Labels print twice a day")

    page = desk.get("/incidents/").text
    narrowed = desk.get("/incidents/?q=Labels").text
    file = desk.get("/incidents/export/?q=SUM").text

    assert "2 incidents are open," in page
    assert "the oldest for 3 days." in page
    assert "Labels print twice" in narrowed
    assert "SUM of all orders" not in narrowed
    assert "'=SUM of all orders" in file
    assert "Labels" not in file
    assert [event.object_label for event in make.events("incident.exported")] == ["q=SUM"]


def test_the_list_takes_no_more_statements_for_more_rows(
    desk: FlaskClient, make: Make, release: MadeRelease, statements: list[str]
):
    make.incident(release.modules[0])
    statements.clear()
    desk.get("/incidents/")
    one = len(statements)
    for _ in range(3):
        make.incident(release.modules[0])
    statements.clear()

    desk.get("/incidents/")

    assert len(statements) == one


def test_who_edits_from_an_old_page_sees_both_texts(desk: FlaskClient, make: Make, release: MadeRelease):
    number = make.incident(release.modules[0], description="What the others wrote meanwhile.")
    sent = report_of(release, description="What I wrote.", revision="99")

    answer = desk.post(f"/incidents/{number}/edit/", data=sent)

    assert answer.status_code == 409
    assert "What the others wrote meanwhile." in answer.text
    assert "What I wrote." in answer.text
    assert f'name="revision" type="hidden" value="{find_incident(number).revision}"' in answer.text


def test_a_step_is_begun_and_done_on_its_page_and_the_next_one_only_then(
    desk: FlaskClient, make: Make, release: MadeRelease
):
    number = make.incident(release.modules[0])
    steps = f"/incidents/{number}/steps"

    too_early = desk.post(f"{steps}/2/start/", data={})
    desk.post(f"{steps}/1/start/", data={})
    empty = desk.post(f"{steps}/1/finish/", data={"outcome": "", "has_helped": "no"})
    desk.post(f"{steps}/1/finish/", data={"outcome": "The guide is silent.", "has_helped": "no"})
    over = desk.post(f"{steps}/2/pass-over/", data={"outcome": "It is new."}, follow_redirects=True)

    assert too_early.status_code == 409
    assert "First do step 1" in too_early.text
    assert empty.status_code == 422
    assert "Say what came of it" in empty.text
    assert "It did not help: The guide is silent." in over.text
    assert "Step 2 is passed over." in over.text


def test_a_step_that_calls_somebody_shows_how_and_warns_of_old_contacts(
    desk: FlaskClient, make: Make, release: MadeRelease
):
    number = make.incident(release.modules[0])
    module = find_incident(number).module_id
    long_ago = utc_now().date() - timedelta(days=100)
    contact = {"name": "Asha Shah", "email": "asha@example.org", "phone": "+49 30 555", "verified_on": long_ago}
    db.session.add(ModuleContact(module_id=module, kind="development", **contact))
    db.session.commit()

    page = desk.get(f"/incidents/{number}/steps/4/").text

    assert 'href="tel:+4930555"' in page
    assert 'href="mailto:asha%40example.org?subject=Major%20incident' in page
    assert "Last tried 100 days ago." in page


def test_an_answer_that_takes_too_long_is_shown_as_late(desk: FlaskClient, make: Make, release: MadeRelease):
    number = make.incident(release.modules[0])
    origin = release.lead.origin
    for level in (1, 2, 3):
        desk.post(f"/incidents/{number}/steps/{level}/pass-over/", data={"outcome": "No time."})
    with pretending(utc_now() - timedelta(minutes=61)):
        start_step(origin, number, 4, callee="other", whom="Dev Nair, 0170 555")

    assert "late, since 1 h 1 min" in desk.get(f"/incidents/{number}/").text


def test_closing_is_refused_with_all_that_is_in_the_way(desk: FlaskClient, make: Make, release: MadeRelease):
    number = make.incident(release.modules[0])
    early = desk.post(f"/incidents/{number}/close/")
    desk.post(f"/incidents/{number}/recovered/", data={"recovered_at": f"{utc_now():%Y-%m-%dT%H:%M}"})
    resolve(release.lead.origin, number, resolution="The index is back.")

    answer = desk.post(f"/incidents/{number}/close/")

    assert early.status_code == 409
    assert answer.status_code == 409
    for words in ("Root cause identified", "Fix implemented", "Tests added", "Documentation updated"):
        assert f"“{words}” is to do." in answer.text


def test_the_page_of_one_asks_no_more_when_more_has_happened(
    desk: FlaskClient, make: Make, release: MadeRelease, statements: list[str]
):
    number = make.incident(release.modules[0])
    statements.clear()
    desk.get(f"/incidents/{number}/")
    before = len(statements)
    for level in (1, 2, 3):
        desk.post(f"/incidents/{number}/steps/{level}/pass-over/", data={"outcome": "No time."})
    statements.clear()

    desk.get(f"/incidents/{number}/")

    assert len(statements) == before


def test_a_viewer_sees_an_incident_and_no_button(client_of: Any, make: Make, release: MadeRelease):
    number = make.incident(release.modules[0])
    viewer = client_of(make.person(Role.VIEWER))

    page = viewer.get(f"/incidents/{number}/").text

    assert "Orders cannot be saved" in page
    assert "Edit the report" not in page
    assert "Take it" not in page


def test_somebody_takes_an_incident_and_finds_it_in_their_work(
    desk: FlaskClient, make: Make, release: MadeRelease, ravi: Made
):
    number = make.incident(release.modules[0])

    taken = desk.post(f"/incidents/{number}/owner/", data={"take": "1"}, follow_redirects=True)

    assert "You have it now." in taken.text
    assert "Ravi Kumar has it" in taken.text
    assert "Orders cannot be saved" in desk.get("/me/").text
