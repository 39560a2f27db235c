"""A name can be erased without touching the history that it stands behind."""

import json

import pytest
from sqlalchemy import select

from app.database import db
from app.domain.actors import SYSTEM, Origin
from app.domain.errors import InvalidInput, NotFound, RuleViolation
from app.domain.permissions import Role
from app.models import Person, PersonName
from app.services.items import add_comment
from app.services.roles import deactivate, erase_person
from app.services.sessions import Browser, sign_in
from tests.factories import Made, Make

PASSWORD = "eleven coffees a day"


def _gone(make: Make) -> Made:
    person = make.person(Role.DEVELOPER, name="Asha Shah", password=PASSWORD)
    add_comment(person.origin, make.release().item("pre.schema-planned").id, text="said")
    deactivate(make.person(Role.ADMINISTRATOR).origin, person.id)
    return person


def _names(person: Made) -> list[PersonName]:
    found = select(PersonName).where(PersonName.person_id == person.id).execution_options(populate_existing=True)
    return list(db.session.scalars(found))


def test_name_salt_address_and_password_go_and_the_digest_stays(make: Make):
    person = _gone(make)
    [before] = _names(person)
    digest = before.digest

    erase_person(Origin(SYSTEM), person.id)

    [name] = _names(person)
    assert (name.name, name.salt, name.digest) == (None, None, digest)
    row = db.session.get_one(Person, person.id, populate_existing=True)
    assert (row.name, row.email) == (f"Person {person.id}", f"person-{person.id}@erased.invalid")
    assert row.password_hash is None


def test_no_event_changes_and_one_says_that_it_was_done(make: Make):
    person = _gone(make)
    before = {event.id: (event.body, event.leaf) for event in make.events()}

    erase_person(Origin(SYSTEM), person.id)

    after = {event.id: (event.body, event.leaf) for event in make.events()}
    [erased] = make.events("person.erased")
    assert after.keys() - before.keys() == {erased.id}
    assert {key: after[key] for key in before} == before
    assert (erased.object_label, erased.actor_role) == (f"person {person.id}", "system")
    assert json.loads(make.events("item.commented")[0].body)["actor"]["id"] == person.id


def test_no_name_is_left_in_any_event(make: Make):
    person = _gone(make)

    erase_person(Origin(SYSTEM), person.id)

    assert [event.action for event in make.events() if b"Asha" in event.body] == []


def test_only_who_has_left_is_erased(make: Make):
    person = make.person(Role.DEVELOPER, name="Asha Shah")

    with pytest.raises(RuleViolation, match="Deactivate this person first"):
        erase_person(Origin(SYSTEM), person.id)
    with pytest.raises(NotFound):
        erase_person(Origin(SYSTEM), 999_999)
    assert [name.name for name in _names(person)] == ["Asha Shah"]


def test_nobody_signs_in_as_somebody_erased(make: Make):
    person = _gone(make)
    erase_person(Origin(SYSTEM), person.id)

    for email in (person.email, f"person-{person.id}@erased.invalid"):
        with pytest.raises(InvalidInput):
            sign_in(email, PASSWORD, browser=Browser("203.0.113.7", "x"), request_id="", hours=1)
