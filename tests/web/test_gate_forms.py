"""What is sent to the forms of gates and cannot be taken is refused with a sentence, whatever it is."""

from io import BytesIO

import pytest

from app.domain.gates import GateKind
from app.domain.permissions import Role
from app.queries.gates import list_active
from app.queries.signed import find_records
from app.services.profile import update_profile
from tests.factories import Make
from tests.integration.services.test_signoffs import Room
from tests.web.test_gates import PLAN, Browsers, path, send

RECORDS = ("plan", "rehearsal", "backup")


@pytest.fixture
def room(make: Make) -> Room:
    return Room(make)


def test_what_is_no_form_of_ours_is_answered_with_a_sentence_and_no_fault(room: Room, client_of: Browsers):
    browser, address = client_of(room.lead), path(room, then="sign/")
    whole = {"role": "team_lead", "decision": "approve"}

    sent = [
        browser.post(address, data={**whole, "typed_name": (BytesIO(b"x"), "name.txt")}),
        browser.post(address, data={**whole, "reason": (BytesIO(b"x"), "name.txt")}),
        browser.post(address, json={**whole, "typed_name": 5}),
        browser.post(address, json=[1]),
    ]

    assert [answer.status_code for answer in sent] == [422] * 4
    assert "Type your name to sign." in sent[0].text
    assert list_active([room.gate().id]) == []


def test_a_condition_may_last_until_the_last_day_that_a_calendar_has(room: Room, client_of: Browsers):
    more = {"decision": "condition", "on_condition": "The index is there.", "condition_ends_on": "9999-12-31"}

    assert send(client_of(room.lead), path(room, then="sign/"), **more).status_code == 303
    assert len(list_active([room.gate().id])) == 1


def test_records_are_kept_as_typed_or_refused_with_a_sentence(room: Room, client_of: Browsers):
    browser, zone = client_of(room.worker), "Asia/Kolkata"
    update_profile(room.worker.origin, revision=1, name="Wes", time_zone=zone, shortcuts_enabled=True)
    plan, rehearsal, backup = (path(room, GateKind.DEPLOY, "staging", f"{then}/") for then in RECORDS)

    long = browser.post(plan, data={"revision": "0", "body": "\U0001f600" * 20_000})
    assert (long.status_code, "too long" in long.text) == (422, True)
    browser.post(plan, data={"revision": "0", "body": PLAN})
    never = browser.post(rehearsal, data={"ran_at": "0001-01-01T00:00", "minutes": "3", "outcome": "passed"})
    assert (never.status_code, "Write a year between 1990 and 2100" in never.text) == (422, True)
    typed = {"target": "grn", "taken_at": "2026-01-01T00:00", "size_bytes": "5", "checksum": "ab"}
    for wrong in ({"taken_at": "0001-01-01T00:00"}, {"size_bytes": str(2**53)}):
        assert browser.post(backup, data={**typed, **wrong}).status_code == 422, wrong
    records = find_records(room.gate(GateKind.DEPLOY, "staging"))
    assert [*records.rehearsals, *records.backups] == []


def test_a_condition_without_a_day_is_told_with_all_else_that_is_wrong(room: Room, client_of: Browsers):
    answer = send(client_of(room.lead), path(room, then="sign/"), decision="condition", typed_name="Nobody")

    assert answer.status_code == 422
    for words in ("Say what has to be met.", "Say until when the condition has to be met.", "Type it as your profile"):
        assert words in answer.text


@pytest.mark.parametrize("address", ["/gates/{}/", "/people/{}/", "/items/{}/", "/overrides/{}/"])
def test_a_number_that_no_table_has_is_not_there(room: Room, make: Make, client_of: Browsers, address: str):
    reader = client_of(make.person(Role.TEAM_LEAD, Role.ADMINISTRATOR))

    assert reader.get(address.format(10**20)).status_code == 404
