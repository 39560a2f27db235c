"""A rollback in a browser without any script: one step at a time, refused politely, paused, printed, typed in later."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.domain.checklist import ItemState
from app.domain.deployments import Outcome
from app.domain.modules import ContactKind
from app.domain.permissions import Role
from app.domain.rollbacks import code_of
from app.models.base import pretending, utc_now
from app.queries.gates import list_gates
from app.queries.modules import get_module
from app.services.gate_records import write_rollback_plan
from app.services.modules import ContactFacts, set_contacts
from app.services.rollbacks import abort_rollback, finish_rollback, pause_rollback
from tests.factories import Made, Make
from tests.integration.services.rolling import RollingBack
from tests.web.waiving import plain

Browsers = Callable[[Made], FlaskClient]
TYPED = {"reason": "Orders fail.", "severity": "critical", "state_before": "412 orders"}


@pytest.fixture
def room(make: Make) -> RollingBack:
    return RollingBack(make)


def form_of(page: str, ending: str) -> tuple[str, dict[str, str]]:
    """The address of the form that ends so, and its hidden fields, as a browser sends them."""
    for action, body in re.findall(r'<form[^>]*action="([^"]+)"[^>]*>(.*?)</form>', page, re.DOTALL):
        if action.endswith(ending):
            return action, dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', body))
    raise AssertionError(f"no form ends with {ending}")


def press(browser: FlaskClient, page: str, ending: str, **typed: str) -> str:
    """Send a form of the page, and give the page that it leads to."""
    action, hidden = form_of(page, ending)
    answer = browser.post(action, data=hidden | typed)
    assert answer.status_code == 303, plain(answer.text)
    return browser.get(answer.location).text


def address(number: int) -> str:
    return f"/rollbacks/{number}/"


def test_a_whole_rollback_is_done_page_by_page(room: RollingBack, client_of: Browsers):
    browser, start = client_of(room.ravi), f"/deployments/{room.deployment}/rollback/"
    assert "18 steps, one at a time" in browser.get(start).text
    begun = browser.post(start, data=TYPED)
    assert begun.status_code == 303
    page = browser.get(begun.location).text

    for number in range(1, 19):
        assert f"Step {number} of 18" in page
        if number == 5:
            page = press(browser, page, "/pause/", pause_reason="The DBA is on the way.")
            assert "The DBA is on the way." in page
            page = press(browser, page, "/resume/")
        if number == 7:
            page = press(browser, page, "/skip/", skip_reason="It is down anyway.")
            assert "It is down anyway." in plain(page)
            continue
        value = {"text": "seen", "number": "3", "link": "https://git.example.org/4"}
        kind = room.items(int(begun.location.split("/")[-2]))[number - 1].value_kind
        page = press(browser, page, "/done/", value=value.get(kind, ""))
    assert "Finish the rollback." in page
    page = press(browser, page, "/finish/", note="All well.")

    assert "This rollback was completed." in page
    assert room.row(room.deployment).outcome is Outcome.ROLLED_BACK


def test_the_page_of_the_deployment_leads_there_in_one_click(room: RollingBack, client_of: Browsers, make: Make):
    browser, reader = client_of(room.ravi), client_of(make.person(Role.VIEWER))
    page, start = f"/deployments/{room.deployment}/", f"/deployments/{room.deployment}/rollback/"

    assert f'href="{start}"' in browser.get(page).text
    assert f'href="{start}"' not in reader.get(page).text
    number = room.begun()
    assert f'href="{address(number)}"' in reader.get(page).text
    assert f'href="{start}"' not in browser.get(page).text
    abort_rollback(room.ravi.origin, number, reason="The cause was elsewhere.")
    assert f'href="{start}"' in browser.get(page).text


def test_a_skipped_step_is_an_exception_for_who_signs_afterwards(room: RollingBack, client_of: Browsers):
    number = room.begun()
    room.skip(number, 1, reason="The backup server is down, too.")
    gate = list_gates(room.item(number, 1).checklist_id)[0]
    page = plain(client_of(room.dba).get(f"/gates/{gate.id}/sign/").text)

    assert re.search(r"Exceptions 1 Backup current database .* overridden: The backup server is down, too\.", page)


def test_the_form_asks_why_and_keeps_what_was_typed(room: RollingBack, client_of: Browsers):
    start = f"/deployments/{room.deployment}/rollback/"
    answer = client_of(room.ravi).post(start, data={**TYPED, "reason": ""})

    assert answer.status_code == 422
    assert "Say in a sentence why it is taken back." in answer.text
    assert "412 orders" in answer.text
    assert client_of(room.ravi).post(start, data={**TYPED, "severity": "awful"}).status_code == 422


def test_who_comes_second_is_led_to_the_rollback_that_runs(room: RollingBack, client_of: Browsers):
    number, browser = room.begun(), client_of(room.mia)
    start = f"/deployments/{room.deployment}/rollback/"

    assert browser.get(start).location == address(number)
    answer = browser.post(start, data=TYPED)
    assert answer.location == address(number)
    assert "It was begun already" in browser.get(answer.location).text
    refused = browser.post(start, data={**TYPED, "reason": ""})
    assert refused.status_code == 422
    assert "runs: Ravi began it" in plain(refused.text)


def test_the_page_shows_the_step_before_with_its_value_and_the_next_two(room: RollingBack, client_of: Browsers):
    number = room.begun()
    room.do(number, 1, value="grn.sql.gz, 2 GB", note="checksum is right")
    page = plain(client_of(room.ravi).get(address(number)).text)

    assert re.search(r"Backup current database\. done Ravi, [\d:]+ , under a minute\. grn\.sql\.gz, 2 GB", page)
    assert "checksum is right" in page
    assert "Step 2 of 18 Before rollback, asked of DBA" in page
    now, next_two = page.index("Step 2 of 18"), page.index("Prepare rollback script")
    assert now < page.index("Notify users", now) < next_two
    assert "there is no earlier run to compare with" in page


def test_the_time_of_a_step_stands_beside_that_of_earlier_runs(room: RollingBack, client_of: Browsers):
    first, at = room.begun(), utc_now()
    with pretending(at + timedelta(minutes=7, seconds=30)):
        room.do(first, 1)
    abort_rollback(room.ravi.origin, first, reason="The cause was elsewhere.")

    page = plain(client_of(room.ravi).get(address(room.begun())).text)
    assert "usually 7 min in 1 earlier run." in page


def test_a_step_out_of_its_turn_is_refused_with_the_current_one(room: RollingBack, client_of: Browsers):
    number = room.begun()
    fourth = room.items(number)[3]
    answer = client_of(room.ravi).post(f"{address(number)}steps/{fourth.id}/done/", data={"revision": "1"})

    assert answer.status_code == 409
    assert "It is not the turn of step 4" in answer.text
    assert "Step 1 of 18" in answer.text
    assert room.item(number, 4).state is ItemState.TODO


def test_a_colleague_was_faster_and_nothing_typed_is_lost(room: RollingBack, client_of: Browsers):
    number, browser = room.begun(), client_of(room.ravi)
    action, hidden = form_of(browser.get(address(number)).text, "/done/")
    room.do(number, 1, by=room.mia, value="the nightly one")

    answer = browser.post(action, data={**hidden, "value": "a fresh one, 2 GB"})

    assert answer.status_code == 409
    page = plain(answer.text)
    assert "was done by Mia since you opened this page" in page
    assert "It says there: the nightly one" in page
    assert "What you typed: a fresh one, 2 GB" in page
    assert "Step 2 of 18" in page


def test_a_value_that_is_none_stays_in_its_field(room: RollingBack, client_of: Browsers):
    number, browser = room.begun(), client_of(room.ravi)
    room.do_up_to(number, 7)
    action, hidden = form_of(browser.get(address(number)).text, "/done/")
    answer = browser.post(action, data={**hidden, "value": "about four"})

    assert answer.status_code == 422
    assert 'value="about four"' in answer.text
    assert "Give a number alone" in answer.text


@pytest.mark.parametrize(("ending", "field"), [("/done/", "note"), ("/skip/", "skip_reason")])
def test_what_was_typed_while_a_colleague_paused_is_shown_beside_the_pause(
    room: RollingBack, client_of: Browsers, ending: str, field: str
):
    number, browser = room.begun(), client_of(room.mia)
    action, hidden = form_of(browser.get(address(number)).text, ending)
    pause_rollback(room.ravi.origin, number, reason="The DBA is on the way.")

    answer = browser.post(action, data=hidden | {field: "412 orders were counted."})

    assert answer.status_code == 409
    assert "What you typed: 412 orders were counted." in plain(answer.text)


def test_after_an_absence_the_last_step_is_repeated(room: RollingBack, client_of: Browsers):
    number, browser, now = room.begun(), client_of(room.mia), utc_now()
    room.do(number, 1)
    assert "Repeat step 1" not in browser.get(address(number)).text
    with pretending(now + timedelta(minutes=12, seconds=5)):
        page = browser.get(address(number)).text
        told = plain(page)
        assert "Repeat step 1: Backup current database. Last done 12 min ago by Ravi." in told
        assert "Step 2 of 18" in told
        waiting = press(browser, page, "/pause/", pause_reason="The phone rings.")
        assert "Repeat step 1" not in waiting
        page = press(browser, press(browser, waiting, "/resume/"), "/repeat/")
    assert "Repeat step 1" not in page
    assert room.records(number)[-1].taken_by_id == room.mia.id


def test_the_commands_of_the_plan_stand_at_their_steps(room: RollingBack, client_of: Browsers, make: Make):
    body = "Back again:\n\n```sh\ngrn downgrade 41\n```\n\n## Stop application\n\n```sh\nsystemctl stop grn\n```\n"
    room.finish(room.deployment)
    write_rollback_plan(room.worker.origin, room.checklist_id, body=body, revision=1)
    sheet = client_of(room.ravi).get(f"/deployments/{room.plan()}/rollback/print/").text
    rows = re.findall(r'<th scope="row">(.*?)</th>', sheet, re.DOTALL)

    assert "systemctl stop grn" in rows[6]
    assert "grn downgrade 41" in rows[7]
    assert "systemctl" not in rows[7]


def test_a_second_person_sees_the_page_change_and_an_unchanged_one_costs_nothing(
    room: RollingBack, client_of: Browsers
):
    number, browser = room.begun(), client_of(room.mia)
    with pretending(utc_now()):
        tag = browser.get(address(number)).headers["ETag"]
        assert browser.get(address(number), headers={"If-None-Match": tag}).status_code == 304
        room.do(number, 1)
        assert browser.get(address(number), headers={"If-None-Match": tag}).status_code == 200


def test_pages_cost_the_same_for_many_steps_and_earlier_runs(
    room: RollingBack, client_of: Browsers, statements: list[str]
):
    number, browser = room.begun(), client_of(room.ravi)
    browser.get(address(number))
    statements.clear()
    browser.get(address(number))
    before = len(statements)
    room.do_up_to(number, 3)
    abort_rollback(room.ravi.origin, number, reason="Again.")
    second = room.begun()
    room.do_up_to(second, 12)
    statements.clear()
    browser.get(address(second))

    assert len(statements) <= before + 2  # the times and pauses of earlier runs, once there are any


def test_the_sheet_has_every_step_its_code_and_whom_to_call(room: RollingBack, client_of: Browsers, app: Flask):
    contacts = {ContactKind.ON_CALL: ContactFacts("Night desk", "", "+49 30 901820", "always")}
    module = room.release.modules[0]
    known = get_module(module, room.release.lead.actor)
    set_contacts(room.release.lead.origin, module, contacts, revision=known.revision)
    before = client_of(room.ravi).get(f"/deployments/{room.deployment}/rollback/print/").text
    number = room.begun()
    room.do(number, 1)
    page = client_of(room.ravi).get(f"{address(number)}print/").text

    codes = [code_of(str(app.secret_key), room.deployment, 1, item.key) for item in room.items(number)]
    assert re.findall(r"<td><code>(\w{4})</code></td>", before) == codes
    assert re.findall(r"<td><code>(\w{4})</code></td>", page) == codes
    assert "Escalate to architect" in page
    assert 'href="tel:+4930901820"' in page
    assert "done: seen" in plain(page)


def test_what_stands_on_the_sheet_is_typed_in_and_a_wrong_code_keeps_it_all(
    room: RollingBack, client_of: Browsers, app: Flask
):
    number, browser = room.begun(), client_of(room.ravi)
    page = browser.get(f"{address(number)}codes/").text
    items = room.items(number)
    codes = [code_of(str(app.secret_key), room.deployment, 1, item.key) for item in items]
    assert page.count("<fieldset") == 18
    typed = {f"steps-{place}-item_id": str(item.id) for place, item in enumerate(items)}
    typed |= {"steps-0-code": codes[0].lower(), "steps-0-done_at": "2026-01-05T23:20", "steps-0-done_by": "RK"}
    nothing = {name: value for name, value in typed.items() if name.endswith("item_id")}
    empty = browser.post(f"{address(number)}codes/", data=nothing)
    assert (empty.status_code, "Type the code of at least one step" in empty.text) == (422, True)
    wrong = typed | {"steps-1-code": "NOPE", "steps-1-done_at": "2026-01-05T23:25", "steps-1-done_by": "RK"}

    answer = browser.post(f"{address(number)}codes/", data=wrong)
    assert answer.status_code == 422
    assert "Step 2: This is not its code." in answer.text
    assert 'value="NOPE"' in answer.text
    assert room.records(number) == []
    assert browser.post(f"{address(number)}codes/", data=typed).status_code == 303
    assert room.records(number)[0].claimed_by == "RK"
    assert "Done on paper at 2026-01-05 23:20 UTC by RK, typed in later." in browser.get(address(number)).text


def test_a_step_that_was_taken_meanwhile_leaves_the_rest_of_what_was_typed(room: RollingBack, client_of: Browsers):
    number, browser = room.begun(), client_of(room.ravi)
    items = room.items(number)
    typed = {f"steps-{place}-item_id": str(item.id) for place, item in enumerate(items)}
    typed |= {"steps-0-code": "AAAA", "steps-0-done_by": "RK", "steps-1-code": "BBBB", "steps-1-done_by": "MB"}
    room.do(number, 1, by=room.mia)

    answer = browser.post(f"{address(number)}codes/", data=typed)

    assert answer.status_code == 409
    assert "You had typed: AAAA, RK" in plain(answer.text)
    assert 'value="BBBB"' in answer.text
    assert answer.text.count("<fieldset") == 17


def test_who_only_reads_sees_the_rollback_and_no_button(room: RollingBack, client_of: Browsers, make: Make):
    number = room.begun()
    browser = client_of(make.person(Role.VIEWER))
    page = browser.get(address(number))
    assert page.status_code == 200
    assert "/done/" not in page.text
    assert "/abort/" not in page.text
    item = room.items(number)[0]
    elsewhere = make.module()
    stranger = client_of(make.person(Role.OPS, module_id=elsewhere.id))
    assert stranger.get(address(number)).status_code == 404
    assert stranger.post(f"{address(number)}steps/{item.id}/done/", data={"revision": "1"}).status_code == 404
    pause_rollback(room.ravi.origin, number, reason="For a moment.")
    assert "/resume/" not in browser.get(address(number)).text


def test_a_step_of_another_rollback_is_none_of_this_one(room: RollingBack, client_of: Browsers):
    first = room.begun()
    abort_rollback(room.ravi.origin, first, reason="Again.")
    second, item = room.begun(), room.items(first)[0]
    for act in ("done", "skip", "reopen", "repeat"):
        answer = client_of(room.ravi).post(f"{address(second)}steps/{item.id}/{act}/", data={"revision": "1"})
        assert answer.status_code == 404


def test_a_deployment_that_has_not_started_offers_the_sheet_alone(room: RollingBack, client_of: Browsers):
    room.finish(room.deployment)
    planned, browser = room.plan(), client_of(room.ravi)
    page = browser.get(f"/deployments/{planned}/rollback/")

    assert "there is nothing to take back" in page.text
    assert "Begin the rollback" not in page.text
    assert browser.post(f"/deployments/{planned}/rollback/", data=TYPED).status_code == 409


def test_a_deployment_that_went_well_and_was_taken_back_later_says_both(room: RollingBack, client_of: Browsers):
    room.finish(room.deployment)
    number = room.begun()
    room.do_up_to(number, 18)
    finish_rollback(room.ravi.origin, number)

    page = plain(client_of(room.ravi).get(f"/deployments/{room.deployment}/").text)

    assert "and rolled back since." in page
    assert "said: Rollback" not in page, "nobody said so of the moment at which it ended"
