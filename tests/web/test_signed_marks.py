"""The matrix of a release says in a word how far each module is signed, and since when no longer."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.database import db
from app.domain.actors import SYSTEM, Origin
from app.domain.gates import Decision, GateKind
from app.models import SignoffEnd
from app.models.base import pretending, utc_now
from app.queries.gates import list_active
from app.services.releases import ship_release
from app.services.signoffs import expire_signoffs, withdraw
from tests.factories import Made, Make
from tests.integration.services.test_gate_records import deploy, prepared, sign_deploy
from tests.integration.services.test_signoffs import LEAD, OTHERS, QA, Room
from tests.web.test_gates import plain, untick

Browsers = Callable[[Made], FlaskClient]


@pytest.fixture
def room(make: Make) -> Room:
    return Room(make)


def cell(room: Room, client_of: Browsers) -> str:
    """What is said of the module about signing: in its row, or in the list of those that are ready."""
    page = client_of(room.lead).get(room.release.path).text
    told = re.search(r'class="signed">(.*?)</(?:td|span>)</', page, re.DOTALL)[1]
    return plain(told).strip().removeprefix("sign-offs: ")


def test_how_many_of_those_who_are_asked_have_signed_that_it_is_ready_is_said(room: Room, client_of: Browsers):
    assert cell(room, client_of) == "0/2"
    room.sign(room.lead, LEAD)
    assert cell(room, client_of) == "1/2"
    room.sign(room.qa, QA)
    assert cell(room, client_of) == "2/2"


def test_what_was_signed_is_stale_there_as_soon_as_something_changed_and_since_when_is_said(
    room: Room, client_of: Browsers
):
    room.sign_all()

    untick(room)

    assert cell(room, client_of).startswith("stale since ")
    sheet = plain(client_of(room.lead).get(f"/releases/{room.release.key}/signoffs/").text)
    assert sheet.count("stale since ") == 2
    export = client_of(room.lead).get(f"/releases/{room.release.key}/signoffs/export/").text
    ends = db.session.scalars(select(SignoffEnd.ended_at)).all()
    assert all(f"stale,{ended_at:%Y-%m-%dT%H:%M:%S.%fZ}" in export for ended_at in ends)


def test_a_stale_deploy_gate_is_told_though_ready_is_still_signed(room: Room, client_of: Browsers):
    prepared(room)
    sign_deploy(room)
    assert cell(room, client_of) == "2/2"

    untick(room, OTHERS)

    assert list_active([room.gate().id]) != []
    assert cell(room, client_of).startswith("stale since ")
    page = client_of(room.lead).get(room.release.path).text
    assert f'href="/gates/{deploy(room).gate.id}/"' in page


def test_a_rejection_goes_before_all_and_what_somebody_took_back_is_not_stale(room: Room, client_of: Browsers):
    number = room.sign(room.lead, LEAD)
    withdraw(room.lead.origin, number, reason="Too early.")
    assert cell(room, client_of) == "0/2"

    room.sign(room.qa, QA, Decision.REJECT, reason="Not like this.")

    assert cell(room, client_of) == "rejected"
    assert room.gate(GateKind.READY).kind is GateKind.READY


def test_signing_again_takes_the_mark_away(room: Room, client_of: Browsers):
    room.sign_all()
    item = room.item()
    room.make.evidence(room.worker, item.id)
    assert cell(room, client_of).startswith("stale since ")

    room.sign_all()

    assert cell(room, client_of) == "2/2"


def test_once_a_release_has_shipped_nobody_is_told_that_time_ended_what_was_signed(room: Room, client_of: Browsers):
    room.sign_all()
    ship_release(room.release.lead.origin, room.release.key)
    with pretending(utc_now() + timedelta(days=15)):
        expire_signoffs(Origin(SYSTEM), room.gate().id)
        page = plain(client_of(room.lead).get(room.release.path).text)
        assert "stale since" not in page
        assert "Gate Release" not in page, "it has gone"
        assert "Gate Close" in page


def test_what_changes_after_the_release_has_shipped_is_told(room: Room, client_of: Browsers):
    room.sign_all()
    ship_release(room.release.lead.origin, room.release.key)

    untick(room)

    assert cell(room, client_of).startswith("stale since ")
