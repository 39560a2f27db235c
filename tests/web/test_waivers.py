"""The list of waivers in a browser: decided where it is read, refused with a reason."""

import re
from collections.abc import Callable

import pytest

from app.domain.checklist import ItemState
from app.domain.permissions import Role
from app.domain.waiver_kinds import WaiverReason
from app.services.waivers import request_waiver, withdraw_waiver
from tests.factories import Made, MadeRelease, Make

ITEM = "pre.schema-planned"
LISTS = ["/waivers/", "/waivers/?after=1"]


@pytest.fixture
def release(make: Make) -> MadeRelease:
    return make.release()


@pytest.fixture
def asker(make: Make) -> Made:
    return make.person(Role.DEVELOPER)


@pytest.fixture
def waiver(release: MadeRelease, asker: Made, make: Make, client_of: Callable) -> int:
    request_waiver(
        asker.origin, release.item(ITEM).id, revision=1, reason=WaiverReason.OTHER, explanation="it has no table"
    )
    page = client_of(make.person(Role.VIEWER)).get("/waivers/").text
    return int(re.search(r'id="waiver-(\d+)"', page)[1])


def decide(browser, waiver: int, *, back: str, decision: str = "refuse", note: str = ""):
    return browser.post(f"/waivers/{waiver}/decision/", data={"decision": decision, "note": note, "back": back})


@pytest.mark.parametrize("back", LISTS)
def test_a_refusal_without_a_reason_stays_in_the_list_with_the_sentence_beside_its_row(
    make: Make, client_of: Callable, release: MadeRelease, waiver: int, back: str
):
    answer = decide(client_of(make.person(Role.DBA)), waiver, back=back)

    assert answer.status_code == 422
    row = answer.text.split(f'id="waiver-{waiver}"')[1].split("</article>")[0]
    assert "Say why the item applies." in row
    assert f'name="back" value="{back}"' in row
    assert release.item(ITEM).state is ItemState.NOT_APPLICABLE_REQUESTED


def test_what_was_typed_into_a_note_that_is_too_long_is_kept(make: Make, client_of: Callable, waiver: int):
    answer = decide(client_of(make.person(Role.DBA)), waiver, back="/waivers/", note="n" * 1001)

    assert answer.status_code == 422
    assert "Use at most 1000 characters." in answer.text
    assert f'value="{"n" * 1001}"' in answer.text


@pytest.mark.parametrize(("decision", "told"), [("approve", "Approved."), ("refuse", "Refused.")])
def test_a_decision_comes_back_to_the_list_and_offers_no_way_to_take_it_back(
    make: Make, client_of: Callable, waiver: int, decision: str, told: str
):
    browser = client_of(make.person(Role.DBA))

    answer = decide(browser, waiver, back="/waivers/", decision=decision, note="two tables are in it")

    assert (answer.status_code, answer.location) == (303, "/waivers/")
    page = browser.get("/waivers/").text
    assert told in page
    assert "data-undo" not in page


def test_a_decision_that_came_too_late_says_so_above_the_list(
    make: Make, client_of: Callable, asker: Made, waiver: int
):
    withdraw_waiver(asker.origin, waiver)

    answer = decide(client_of(make.person(Role.DBA)), waiver, back="/waivers/", decision="approve")

    assert answer.status_code == 409
    assert "This request has been decided already." in answer.text
    assert "Nothing waits for approval." in answer.text


def test_ones_own_request_is_withdrawn_in_the_list(client_of: Callable, asker: Made, waiver: int):
    browser = client_of(asker)

    answer = browser.post(f"/waivers/{waiver}/withdraw/", data={"back": "/waivers/"})

    assert answer.location == "/waivers/"
    assert "Withdrawn." in browser.get("/waivers/").text
    assert "Nothing waits for approval." in browser.get("/waivers/").text


@pytest.mark.parametrize(
    ("number", "told"), [(1, "Approval is asked for 1 item."), (3, "Approval is asked for 3 items.")]
)
def test_asking_for_several_says_that_approval_is_asked_for(
    client_of: Callable, asker: Made, release: MadeRelease, number: int, told: str
):
    rows = [row for row in release.items if row.severity.value == "required"][:number]
    browser = client_of(asker)

    browser.post(
        f"/checklists/{release.item(rows[0].key).checklist_id}/several/",
        data={
            "action": "waive",
            "waiver_reason": "other",
            "reason": "this module has no tables",
            "item_ids": [f"{row.id}.{row.revision}" for row in rows],
        },
    )

    assert told in browser.get("/waivers/").text


def test_a_choice_that_has_no_empty_answer_is_not_called_optional(make: Make, client_of: Callable):
    module = make.module()
    browser = client_of(make.lead())

    targets = browser.get(f"/modules/{module.key}/").text
    modules = browser.get("/modules/new/").text

    assert re.search(r'<label for="environment_id">Environment\s*</label>', targets)
    assert re.search(r'<label for="lead_id">Lead <span class="optional">', modules)
