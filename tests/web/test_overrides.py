"""Break-glass in a browser: calm to look at, hard to do by mistake, and never mistaken for a signed gate."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app.domain.gates import GateKind
from app.domain.overrides import OverrideState, ReviewOutcome
from app.domain.permissions import Role
from app.models.base import pretending, utc_now
from app.web.override_pages import HEADER
from tests.factories import Made, Make
from tests.integration.services.test_gate_records import pass_gate
from tests.integration.services.test_overrides import FOUND, WISH, Broken, untouched
from tests.integration.services.test_signoffs import DBA, LEAD
from tests.web.test_gates import hidden, path
from tests.web.waiving import plain

Browsers = Callable[[Made], FlaskClient]
TYPED = {"reason": WISH.reason, "incident": WISH.incident, "minutes": "60"}


@pytest.fixture
def room(make: Make) -> Broken:
    return Broken(make)


def test_a_gate_that_is_not_open_offers_it_to_those_who_may_and_to_nobody_else(room: Broken, client_of: Browsers):
    link = f'href="{path(room)}break-glass/"'

    assert link in client_of(room.opener).get(path(room)).text
    assert link not in client_of(room.qa).get(path(room)).text
    room.sign_all()
    assert link not in client_of(room.opener).get(path(room)).text


def test_the_form_shows_what_is_skipped_and_who_would_be_told(room: Broken, client_of: Browsers):
    page = plain(client_of(room.opener).get(f"/gates/{untouched(room).id}/break-glass/").text)

    for words in ("There is no rollback plan.", "There is no record of a backup.", "1 sign-off of DBA missing."):
        assert words in page
    assert f"{room.dba.name}, asked as DBA" in page


def test_two_people_break_the_glass_page_by_page_and_a_third_reviews_it(room: Broken, client_of: Browsers):
    gate = untouched(room)
    opened = client_of(room.opener).post(f"/gates/{gate.id}/break-glass/", data=TYPED)
    assert opened.status_code == 303
    here = opened.location
    assert "a second person has to confirm it" in client_of(room.opener).get(here).text
    second = client_of(room.confirmer)
    page = second.get(f"{here}confirm/").text
    assert WISH.reason in page
    assert WISH.incident in page
    assert "There is no rollback plan." in page

    confirmed = second.post(f"{here}confirm/", data={"seen": hidden(page, "seen")})

    assert confirmed.status_code == 303
    page = plain(second.get(f"/gates/{gate.id}/").text)
    assert "Gate Deploy to staging: overridden" in page
    assert "What the break-glass skips" in page
    pass_gate(room.origin(room.worker), gate.id)
    third = client_of(room.reviewer)
    assert "next deployment is held back" in third.get(here).text
    answer = third.post(f"{here}review/", data={"outcome": "not_acceptable", "text": FOUND})
    assert answer.status_code == 303
    page = plain(third.get(here).text)
    assert "reviewed: not acceptable" in page
    assert FOUND in page


def test_what_was_typed_is_kept_where_something_is_missing(room: Broken, client_of: Browsers):
    browser, address = client_of(room.opener), f"{path(room)}break-glass/"
    answer = browser.post(address, data={**TYPED, "incident": ""})

    assert answer.status_code == 422
    assert "Name the incident" in answer.text
    assert WISH.reason in answer.text
    assert browser.post(address, data={**TYPED, "minutes": "100000"}).status_code == 422


def test_who_typed_the_password_too_long_ago_is_asked_for_it_and_nothing_is_lost(room: Broken, client_of: Browsers):
    browser = client_of(room.opener)
    with pretending(utc_now() + timedelta(minutes=11)):
        answer = browser.post(f"{path(room)}break-glass/", data=TYPED)

    assert answer.status_code == 401
    assert "Give your password again" in answer.text
    assert room.make.events("override.opened") == []


def test_a_page_that_is_older_than_what_it_shows_confirms_nothing(room: Broken, client_of: Browsers):
    number, browser = room.open(), client_of(room.confirmer)
    page = browser.get(f"/overrides/{number}/confirm/").text
    room.sign(room.lead, LEAD)

    answer = browser.post(f"/overrides/{number}/confirm/", data={"seen": hidden(page, "seen")})

    assert answer.status_code == 409
    assert "has changed since you opened the page" in answer.text
    again = browser.post(f"/overrides/{number}/confirm/", data={"seen": hidden(answer.text, "seen")})
    assert again.status_code == 303
    assert browser.post(f"/overrides/{number}/confirm/", data={"seen": "no digest"}).status_code == 409


def test_the_opener_gets_no_button_to_confirm_and_is_refused_by_the_rule(room: Broken, client_of: Browsers):
    number, browser = room.open(), client_of(room.opener)
    page = browser.get(f"/overrides/{number}/confirm/").text

    assert "Confirm: override the gate" not in page
    answer = browser.post(f"/overrides/{number}/confirm/", data={"seen": "00"})
    assert answer.status_code == 403
    assert "second person" in answer.text


def test_one_is_called_off_or_ended_with_a_reason(room: Broken, client_of: Browsers):
    number, browser = room.open(), client_of(room.confirmer)
    assert browser.post(f"/overrides/{number}/end/", data={}).status_code == 422
    assert browser.post(f"/overrides/{number}/end/", data={"end_reason": "It works."}).status_code == 303
    assert room.row(number).state(utc_now()) is OverrideState.CALLED_OFF
    assert browser.post(f"/overrides/{number}/end/", data={"end_reason": "Again."}).status_code == 409


def test_who_was_passed_over_finds_it_in_the_inbox_until_it_is_reviewed(room: Broken, client_of: Browsers):
    number, browser = room.breaks(), client_of(room.lead)
    page = plain(browser.get("/signoffs/").text)
    assert "Passed without you" in page
    assert f"Break-glass {number}, for {WISH.incident}" in page
    assert "Passed without you" not in client_of(room.opener).get("/signoffs/").text

    room.end(number)
    room.review(number)

    assert "Passed without you" not in browser.get("/signoffs/").text


def test_gates_that_lean_on_it_and_gates_that_it_holds_back_say_so_with_a_link(room: Broken, client_of: Browsers):
    number = room.breaks()
    browser, link = client_of(room.worker), f'href="/overrides/{number}/"'
    leaning = browser.get(path(room, GateKind.DEPLOY, "staging")).text
    assert "which is not signed" in leaning
    assert link in leaning
    held = browser.get(f"/gates/{room.next_release().id}/").text
    assert link in held
    assert "has to be reviewed by a third person" in held


def test_release_module_and_checklist_say_it_in_one_line_until_it_is_reviewed(room: Broken, client_of: Browsers):
    number, browser = room.breaks(), client_of(room.worker)
    key = room.release.modules[0]
    pages = (room.release.path, room.release.module_path, f"/modules/{key}/")
    for address in pages:
        assert f'href="/overrides/{number}/"' in browser.get(address).text, address
    room.end(number)
    for address in pages:
        assert "next deployment is held back" in browser.get(address).text, address

    room.review(number)

    for address in pages:
        assert f'href="/overrides/{number}/"' not in browser.get(address).text, address


def test_an_unchanged_page_is_not_told_unchanged_when_a_debt_comes_from_elsewhere(room: Broken, client_of: Browsers):
    other, browser = room.next_release(), client_of(room.worker)
    address = f"/releases/{room.release.key}-next/modules/{room.release.modules[0]}/"
    tag = browser.get(address).headers["ETag"]

    room.breaks()

    answer = browser.get(address, headers={"If-None-Match": tag})
    assert answer.status_code == 200
    assert "Break-glass" in answer.text
    assert other.consumed_at is None


def test_the_register_holds_all_of_them_counted_and_narrowed(room: Broken, client_of: Browsers):
    browser = client_of(room.make.person(Role.AUDITOR))
    assert "The glass was never broken." in browser.get("/overrides/").text
    reviewed = room.breaks()
    room.end(reviewed)
    room.review(reviewed, outcome=ReviewOutcome.NOT_ACCEPTABLE)
    called_off = room.open()
    room.end(called_off)
    force, waiting = room.breaks(untouched(room)), room.open()

    page = plain(browser.get("/overrides/").text)

    states = ("1 waits for a second person", "1 in force", "1 reviewed", "1 called off")
    for words in ("All 4", *states, "reviewed: not acceptable"):
        assert words in page
    narrowed = browser.get("/overrides/?state=in-force").text
    assert f'id="override-{force}"' in narrowed
    assert f'id="override-{waiting}"' not in narrowed
    assert f'id="override-{force}"' in browser.get(f"/overrides/?release={room.release.key}&state=nonsense").text
    assert "None fits." in browser.get("/overrides/?release=elsewhere").text


def test_the_register_shows_those_of_ones_own_modules_alone(make: Make, room: Broken, client_of: Browsers):
    number = room.breaks()
    stranger = client_of(make.person(LEAD, module_id=make.module().id))

    assert stranger.get(f"/overrides/{number}/").status_code == 404
    assert "The glass was never broken." in stranger.get("/overrides/").text


def test_the_register_takes_the_same_statements_for_one_and_for_many(
    room: Broken, client_of: Browsers, statements: list[str]
):
    room.breaks()
    browser = client_of(room.make.person(Role.AUDITOR))
    browser.get("/overrides/")
    counts = []
    for _ in range(2):
        statements.clear()
        browser.get("/overrides/")
        counts.append(len(statements))
        for gate in (untouched(room), room.gate(GateKind.DEPLOY, "production")):
            if len(counts) == 1:
                room.breaks(gate)

    assert counts[0] == counts[1]


def test_the_export_holds_who_why_what_was_in_the_way_and_what_the_review_said(room: Broken, client_of: Browsers):
    number = room.breaks(untouched(room))
    pass_gate(room.origin(room.worker), untouched(room).id)
    room.review(number)
    auditor = room.make.person(Role.AUDITOR)

    answer = client_of(auditor).get("/overrides/export/")

    [row] = csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig")))
    assert list(row) == list(HEADER)
    assert (row["opened_by"], row["confirmed_by"], row["reviewed_by"]) == (
        *(room.opener.name, room.confirmer.name, room.reviewer.name),
    )
    assert (row["standing"], row["passed_by"], row["outcome"]) == ("reviewed", room.worker.name, "acceptable")
    assert "There is no rollback plan." in row["in_the_way"]
    assert f"{room.dba.name} ({DBA.label})" in row["told"]
    [event] = room.make.events("override.exported")
    assert event.actor_id == auditor.id


def test_the_sheet_and_its_file_say_passed_by_break_glass_with_who_and_why(room: Broken, client_of: Browsers):
    number, gate = room.breaks(untouched(room)), untouched(room)
    pass_gate(room.origin(room.worker), gate.id)
    browser = client_of(room.make.person(Role.AUDITOR))
    address = f"/releases/{room.release.key}/signoffs/"

    page = plain(browser.get(address).text)

    assert "Passed by break-glass on" in page
    assert f"Opened by {room.opener.name}, Ops" in page
    assert "Not reviewed yet." in page
    assert "passed by break-glass" in plain(browser.get(room.release.module_path).text)
    [row] = csv.DictReader(io.StringIO(browser.get(f"{address}export/").data.decode("utf-8-sig")))
    assert (row["decision"], row["gate_passed_by"], row["override_id"]) == ("break-glass", "break-glass", str(number))
    assert (row["status"], row["name"]) == ("not reviewed", f"{room.opener.name} and {room.confirmer.name}")
    room.review(number)
    assert "acceptable." in plain(browser.get(address).text)


def test_the_history_of_the_checklist_names_who_was_told(room: Broken, client_of: Browsers):
    number = room.breaks()

    page = plain(client_of(room.worker).get(f"/overrides/{number}/").text)

    assert f"told {room.lead.name} that the gate Ready goes on without them" in page


def test_who_may_confirm_or_review_finds_it_under_sign_offs(room: Broken, client_of: Browsers):
    number = room.open()
    told = f"Break-glass {number} of"

    assert told in plain(client_of(room.confirmer).get("/signoffs/").text)
    assert told not in plain(client_of(room.opener).get("/signoffs/").text)
    room.confirm(number)
    room.end(number)
    assert told in plain(client_of(room.reviewer).get("/signoffs/").text)
    assert told not in plain(client_of(room.confirmer).get("/signoffs/").text)
