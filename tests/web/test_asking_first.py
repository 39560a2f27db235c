"""A tick that would leave too few people able to sign says so first."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.database import db
from app.domain.checklist import ItemState, Severity
from app.domain.permissions import Role
from app.models import ChecklistItem, RoleGrant
from app.queries import signers
from tests.factories import Made, Make
from tests.integration.services.test_signoffs import COVERED, LEAD, Room
from tests.web.test_gates import plain, untick

Browsers = Callable[[Made], FlaskClient]
WORDS = "Then too few people could sign the gate Ready"


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    signers._needed_lately.cache_clear()


@pytest.fixture
def room(make: Make) -> Room:
    """One team lead and one QA are all who could sign that it is ready."""
    room = Room(make)
    leave(room.release.lead)
    return room


def tick(browser: FlaskClient, room: Room, key: str = COVERED, **typed: str):
    item = room.item(key)
    data = {"revision": item.revision, "state": "done", "reason": "", **typed}
    return browser.post(f"/items/{item.id}/state/", data=data)


def leave(person: Made) -> None:
    """Somebody only looks on from now on."""
    grants = update(RoleGrant).where(RoleGrant.person_id == person.id)
    db.session.execute(grants.values(role=Role.VIEWER))
    db.session.commit()


def test_the_only_lead_is_asked_before_a_tick_that_bars_them_and_nothing_is_done(room: Room, client_of: Browsers):
    untick(room)

    answer = tick(client_of(room.lead), room)

    assert answer.status_code == 409
    assert WORDS in plain(answer.text)
    assert room.item().state is ItemState.TODO
    assert room.make.events("attempt.refused") == []


def test_whoever_means_it_ticks_even_so_with_what_the_page_offers(room: Room, client_of: Browsers):
    item, browser = untick(room), client_of(room.lead)
    page = tick(browser, room, value="").text
    form = re.search(r'<form class="actions"[^>]*action="([^"]+)"[^>]*>(.*?)</form>', page, re.DOTALL)
    fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form[2]))

    answer = browser.post(form[1], data=fields)

    assert answer.status_code == 303
    assert room.item().state is ItemState.DONE
    assert room.item().changed_by_id == room.lead.id
    ready = (ChecklistItem.checklist_id == item.checklist_id, ChecklistItem.gate == "ready")
    second = db.session.scalars(select(ChecklistItem).where(*ready, ChecklistItem.id != item.id)).first()
    key = second.key
    second.state = ItemState.TODO
    db.session.commit()
    assert tick(browser, room, key).status_code == 303, "who is barred anyway is not asked again"


def test_where_somebody_else_could_sign_nobody_is_asked(room: Room, make: Make, client_of: Browsers):
    untick(room)
    make.person(LEAD)

    assert tick(client_of(room.lead), room).status_code == 303


def test_who_signs_nothing_there_is_not_asked(room: Room, client_of: Browsers):
    untick(room)
    assert tick(client_of(room.worker), room).status_code == 303


def test_where_too_few_could_sign_anyway_nobody_is_asked(room: Room, make: Make, client_of: Browsers):
    untick(room)
    leave(room.qa)

    assert tick(client_of(room.lead), room).status_code == 303


def test_taking_a_tick_back_asks_nothing(room: Room, client_of: Browsers):
    answer = tick(client_of(room.lead), room, state="todo", reason="Not yet.")
    assert answer.status_code == 303


def test_several_ticks_at_once_ask_the_same_and_are_done_even_so(room: Room, client_of: Browsers):
    item, browser = untick(room), client_of(room.lead)
    db.session.execute(update(ChecklistItem).where(ChecklistItem.id == item.id).values(severity=Severity.REQUIRED))
    db.session.commit()
    address = f"/checklists/{item.checklist_id}/several/"
    data = {
        "action": "done",
        "waiver_reason": "other",
        "reason": "seen together",
        "item_ids": f"{item.id}.{item.revision}",
    }

    asked = browser.post(address, data=data)

    assert asked.status_code == 409
    assert WORDS in plain(asked.text)
    assert room.item().state is ItemState.TODO
    assert 'name="even_so"' in asked.text
    assert browser.post(address, data={**data, "even_so": "y"}).status_code == 302
    assert room.item().state is ItemState.DONE


def test_several_with_a_sentence_that_is_too_long_are_shown_again_with_what_was_typed(room: Room, client_of: Browsers):
    item = untick(room)
    data = {"action": "done", "waiver_reason": "other", "reason": "so " * 400, "item_ids": f"{item.id}.{item.revision}"}

    answer = client_of(room.lead).post(f"/checklists/{item.checklist_id}/several/", data=data)

    assert answer.status_code == 422
    assert "Use at most 1000 characters." in answer.text
    assert "so so so" in answer.text
    assert 'name="even_so"' not in answer.text
