"""The pages of signing for others: asked, answered, used and ended by plain forms."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.database import db
from app.domain.permissions import Role
from app.models import Delegation, Signoff
from tests.factories import Made, Make
from tests.integration.services.test_signoffs import LEAD, Room
from tests.web.test_gates import path, plain, send

Browsers = Callable[[Made], FlaskClient]


@pytest.fixture
def room(make: Make) -> Room:
    return Room(make)


@pytest.fixture
def stand_in(make: Make) -> Made:
    return make.person(Role.OPS)


def asked(browser: FlaskClient, somebody: Made, **typed: str):
    said = {
        "delegate_id": str(somebody.id),
        "role": "team_lead",
        "module_id": "",
        "starts_at": "2026-01-01T08:00",
        "ends_at": "2026-01-01T09:00",
        "reason": "on leave",
        **typed,
    }
    return browser.post("/delegations/new/", data=said)


def test_without_any_the_page_says_what_it_is_for_and_leads_to_the_form(room: Room, client_of: Browsers):
    page = client_of(room.lead).get("/delegations/").text

    assert "Nobody signs for you, and you sign for nobody." in page
    assert 'href="/delegations/new/"' in page
    assert 'href="/delegations/"' in client_of(room.lead).get("/signoffs/").text


def test_it_is_asked_accepted_signed_by_and_ended_by_plain_forms(room: Room, stand_in: Made, client_of: Browsers):
    lead, other = client_of(room.lead), client_of(stand_in)
    answer = asked(lead, stand_in, **now_and_tomorrow())
    assert (answer.status_code, answer.headers["Location"]) == (303, "/delegations/")
    number = db.session.scalars(select(Delegation.id)).one()
    assert "waits for an answer" in plain(lead.get("/delegations/").text)
    before = other.get(path(room, then="sign/"))
    assert "You hold no role that this gate asks" in before.text

    told = f"{room.lead.actor.name} asks you to sign for them as Team lead."
    assert told in plain(other.get("/signoffs/").text)

    other.post(f"/delegations/{number}/accept/")
    assert told not in plain(other.get("/signoffs/").text)

    assert f"as Team lead for {room.lead.actor.name}" in plain(other.get("/signoffs/").text)
    page = other.get(path(room, then="sign/")).text
    assert f"Team lead for {room.lead.actor.name}" in plain(page)
    assert send(other, path(room, then="sign/"), page, role=f"team_lead:{number}").status_code == 303
    shown = plain(lead.get(path(room)).text)
    assert f"{stand_in.actor.name} as Team lead for {room.lead.actor.name}" in shown
    sheet = plain(lead.get(f"/releases/{room.release.key}/signoffs/").text)
    assert f"{stand_in.actor.name}, Team lead for {room.lead.actor.name}: approved" in sheet
    assert "You have signed this" in plain(lead.get(path(room, then="sign/")).text)

    refused = lead.post(f"/delegations/{number}/end/", data={"reason": " "})
    assert refused.status_code == 422
    assert refused.text.count("Say why it ends.") == 2
    assert 'href="#reason"' in refused.text
    assert 'id="reason"' in refused.text
    assert lead.post(f"/delegations/{number}/end/", data={"reason": "Back."}).status_code == 303
    assert "ended" in plain(lead.get("/delegations/").text)


def now_and_tomorrow() -> dict[str, str]:
    """Moments as a browser sends them, in UTC: an hour ago and in a day."""
    begins, ends = db.session.execute(
        db.text("SELECT UTC_TIMESTAMP() - INTERVAL 1 HOUR, UTC_TIMESTAMP() + INTERVAL 1 DAY")
    ).one()
    return {"starts_at": f"{begins:%Y-%m-%dT%H:%M}", "ends_at": f"{ends:%Y-%m-%dT%H:%M}"}


def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_is_kept(
    room: Room, stand_in: Made, client_of: Browsers
):
    answer = asked(client_of(room.lead), stand_in, reason="")

    assert answer.status_code == 422
    assert "Say why, for who reads it later." in answer.text
    assert 'value="2026-01-01T08:00"' in answer.text
    over = asked(client_of(room.lead), stand_in)
    assert "This moment has passed." in over.text
    nobody = asked(client_of(room.lead), stand_in, delegate_id="999999")
    assert nobody.status_code == 422
    assert "Choose who signs for you." in asked(client_of(room.lead), stand_in, delegate_id="").text
    assert db.session.scalars(select(Delegation.id)).all() == []


def test_somebody_elses_delegation_cannot_be_signed_by_though_its_number_is_sent(
    room: Room, stand_in: Made, make: Make, client_of: Browsers
):
    asked(client_of(room.lead), stand_in, **now_and_tomorrow())
    number = db.session.scalars(select(Delegation.id)).one()
    client_of(stand_in).post(f"/delegations/{number}/accept/")
    third = client_of(make.person(LEAD))
    page = third.get(path(room, then="sign/")).text

    answer = send(third, path(room, then="sign/"), page, role=f"team_lead:{number}")

    assert answer.status_code == 404
    [refused] = make.events("attempt.refused")
    assert refused.new_value == f"POST {path(room, then='sign/')}"
    assert db.session.scalars(select(Signoff.id)).all() == []


def test_a_delegation_that_ended_since_the_form_was_opened_is_said_to_have(
    room: Room, stand_in: Made, client_of: Browsers
):
    asked(client_of(room.lead), stand_in, **now_and_tomorrow())
    number = db.session.scalars(select(Delegation.id)).one()
    client_of(stand_in).post(f"/delegations/{number}/accept/")
    page = client_of(stand_in).get(path(room, then="sign/")).text
    client_of(room.lead).post(f"/delegations/{number}/end/", data={"reason": "I am back."})

    answer = send(client_of(stand_in), path(room, then="sign/"), page, role=f"team_lead:{number}")

    assert answer.status_code == 403
    assert "You do not sign for this person now." in answer.text


def test_the_name_is_typed_to_sign(room: Room, client_of: Browsers):
    browser, address = client_of(room.lead), path(room, then="sign/")

    for typed, words in (("", "Type your name to sign."), ("Somebody Else", "Type it as your profile has it")):
        answer = send(browser, address, typed_name=typed)
        assert answer.status_code == 422
        assert words in answer.text
    assert send(browser, address, typed_name=f"  {room.lead.actor.name.upper()} ").status_code == 303
    assert re.search(r"<b>[^<]+</b> as Team lead", browser.get(path(room)).text)
