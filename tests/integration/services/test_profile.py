"""What a person changes about themselves."""

import json
from hashlib import sha256

import pytest
from sqlalchemy import select

from app.database import db
from app.domain.actors import NOBODY, Origin
from app.domain.errors import Conflict, InvalidInput, NotFound
from app.domain.permissions import Role
from app.models import Person, PersonName
from app.queries.people import find_signed_in, get_person
from app.services.profile import change_password, update_profile
from app.services.secret import is_password, token_digest
from tests.factories import Make

PASSWORD = "eleven coffees a day"
OTHER_PASSWORD = "twelve teas in the night"
UNCHANGED = {"time_zone": "UTC", "shortcuts_enabled": True}


def test_a_new_password_ends_every_other_session_and_keeps_this_one(make: Make):
    person = make.person(Role.DEVELOPER, password=PASSWORD)
    here, elsewhere = make.session_token(person), make.session_token(person)

    change_password(make.origin_in(here), old=PASSWORD, new=OTHER_PASSWORD)

    assert is_password(OTHER_PASSWORD, get_person(person.id).password_hash)
    assert find_signed_in(token_digest(here)) is not None
    assert find_signed_in(token_digest(elsewhere)) is None
    [event] = make.events("password.changed")
    assert (event.actor_id, event.object_id) == (person.id, person.id)


def test_somebody_elses_sessions_stay_when_a_password_changes(make: Make):
    person, other = make.person(password=PASSWORD), make.person()
    theirs = make.session_token(other)

    change_password(person.origin, old=PASSWORD, new=OTHER_PASSWORD)

    assert find_signed_in(token_digest(theirs)) is not None


def test_a_password_is_changed_by_who_knows_it(make: Make):
    person = make.person(password=PASSWORD)

    with pytest.raises(InvalidInput, match="not your password"):
        change_password(person.origin, old=OTHER_PASSWORD, new=OTHER_PASSWORD)

    assert is_password(PASSWORD, get_person(person.id).password_hash)
    assert make.events("password.changed") == []


def test_the_rules_of_passwords_hold_for_a_change(make: Make):
    person = make.person(password=PASSWORD)

    with pytest.raises(InvalidInput, match="at least 15"):
        change_password(person.origin, old=PASSWORD, new="short")
    with pytest.raises(InvalidInput, match="little more than a name"):
        change_password(person.origin, old=PASSWORD, new=f"{person.email}")


def test_no_secret_stands_in_the_history(make: Make):
    person = make.person(password=PASSWORD)

    change_password(person.origin, old=PASSWORD, new=OTHER_PASSWORD)

    stored = get_person(person.id).password_hash or ""
    for event in make.events():
        assert OTHER_PASSWORD.encode() not in event.body
        assert stored.encode() not in event.body


def test_a_new_name_leaves_only_its_digest_in_the_history(make: Make):
    person = make.person(name="Asha Shah")

    update_profile(person.origin, revision=1, name="Asha Rao", **UNCHANGED)

    names = db.session.scalars(select(PersonName).where(PersonName.person_id == person.id).order_by(PersonName.id))
    assert [name.name for name in names] == ["Asha Shah", "Asha Rao"]
    [event] = make.events("person.changed")
    assert (event.fact, event.old_value, event.new_value) == ("name", "an earlier one", "the present one")
    assert b"Asha" not in event.body


def test_what_one_does_under_a_new_name_carries_the_new_names_digest(make: Make):
    person = make.person(name="Asha Shah")
    update_profile(person.origin, revision=1, name="Asha Rao", **UNCHANGED)
    update_profile(person.origin, revision=2, name="Asha Rao", time_zone="Asia/Kolkata", shortcuts_enabled=True)

    now = db.session.get_one(Person, person.id, populate_existing=True)
    name = db.session.get_one(PersonName, now.name_id)
    assert name.digest == sha256((name.salt or b"") + b"Asha Rao").digest()
    last = json.loads(make.events("person.changed")[-1].body)
    assert last["actor"]["name_sha256"] == name.digest.hex()


def test_each_changed_fact_leaves_an_event_and_an_unchanged_one_none(make: Make):
    person = make.person(name="Asha Shah")

    update_profile(person.origin, revision=1, name="Asha Shah", time_zone="Europe/Berlin", shortcuts_enabled=False)

    assert [(e.fact, e.old_value, e.new_value) for e in make.events("person.changed")] == [
        ("time zone", "UTC", "Europe/Berlin"),
        ("shortcuts", "True", "False"),
    ]


def test_a_profile_that_was_changed_elsewhere_is_not_overwritten(make: Make):
    person = make.person(name="Asha Shah")
    update_profile(person.origin, revision=1, name="Asha Rao", **UNCHANGED)

    with pytest.raises(Conflict) as refusal:
        update_profile(person.origin, revision=1, name="A. Shah", **UNCHANGED)

    assert (refusal.value.theirs, refusal.value.yours) == ("Asha Rao", "A. Shah")
    assert get_person(person.id).name == "Asha Rao"


@pytest.mark.parametrize("zone", ["Mars/Base", "localtime", "Factory"])
def test_a_time_zone_is_one_that_means_the_same_everywhere(make: Make, zone: str):
    person = make.person()

    with pytest.raises(InvalidInput, match="no such time zone"):
        update_profile(person.origin, revision=1, name=person.name, time_zone=zone, shortcuts_enabled=True)


def test_nobody_signed_in_has_no_profile(app):
    with pytest.raises(NotFound):
        change_password(Origin(NOBODY), old=PASSWORD, new=OTHER_PASSWORD)
