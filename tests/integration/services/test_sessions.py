"""Signing in and out: one answer for every wrong try, and sessions that end when told."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from app.database import db
from app.domain.actors import NOBODY, Origin
from app.domain.errors import InvalidInput, NotFound, NotPermitted, TooMany
from app.domain.permissions import Role
from app.models import RateCounter, Session
from app.models.base import utc_now
from app.queries.people import find_signed_in
from app.services.roles import deactivate
from app.services.secret import token_digest
from app.services.sessions import Browser, Started, revoke_session, sign_in, sign_out, touch_session
from tests.factories import Made, Make

PASSWORD = "eleven coffees a day"
HERE = Browser("203.0.113.7", "Firefox")


@pytest.fixture
def person(make: Make) -> Made:
    return make.person(Role.DEVELOPER, password=PASSWORD)


def _sign_in(email: str, password: str = PASSWORD, browser: Browser = HERE) -> tuple[Started, str]:
    return sign_in(email, password, browser=browser, request_id="test", hours=12)


def _fail(email: str, browser: Browser = HERE) -> None:
    with pytest.raises(InvalidInput):
        _sign_in(email, "wrong", browser)


def test_who_knows_the_password_gets_a_session_of_twelve_hours(make: Make, person: Made):
    started, token = _sign_in(f"  {person.email.upper()} ")

    row = db.session.get_one(Session, started.session_id)
    assert (row.person_id, row.address, row.browser) == (person.id, "203.0.113.7", "Firefox")
    assert row.ends_at - row.created_at == timedelta(hours=12)
    signed_in = find_signed_in(token_digest(token))
    assert signed_in is not None
    assert (signed_in.actor.id, signed_in.actor.session_id) == (person.id, started.session_id)
    [event] = make.events("session.started")
    assert (event.actor_id, event.object_id, event.new_value) == (person.id, started.session_id, "203.0.113.7")


def test_each_sign_in_has_a_token_of_its_own_that_only_the_browser_holds(make: Make, person: Made):
    (one, first), (_, second) = _sign_in(person.email), _sign_in(person.email)

    assert first != second
    assert db.session.get_one(Session, one.session_id).token_digest == token_digest(first)
    assert not [event for event in make.events() if first.encode() in event.body or PASSWORD.encode() in event.body]


def test_wrong_unknown_deactivated_and_not_joined_read_the_same(make: Make, person: Made):
    closed, waiting = make.person(password=PASSWORD), make.person()
    deactivate(make.person(Role.ADMINISTRATOR).origin, closed.id)
    answers = set()

    for email, password in [
        (person.email, "wrong"),
        ("nobody@example.org", PASSWORD),
        (closed.email, PASSWORD),
        (waiting.email, PASSWORD),
        (waiting.email, "set elsewhere"),
    ]:
        with pytest.raises(InvalidInput) as refusal:
            _sign_in(email, password)
        answers.add((refusal.value.sentence, tuple(refusal.value.fields)))

    assert answers == {("This address and password do not fit together.", ("email",))}
    assert make.events("session.started") == []
    assert [event.new_value for event in make.events("session.refused")] == ["203.0.113.7"] * 5


def test_a_refused_sign_in_is_remembered_without_the_password(make: Make, person: Made):
    with pytest.raises(InvalidInput):
        _sign_in(person.email, "my secret thought")

    [event] = make.events("session.refused")
    assert (event.actor_id, event.object_label) == (None, f"person {person.id}")
    assert b"secret thought" not in event.body
    assert person.email.encode() not in event.body


def test_what_a_stranger_typed_as_an_address_is_not_kept(make: Make):
    with pytest.raises(InvalidInput):
        _sign_in("a password in the wrong field", "x")

    [event] = make.events("session.refused")
    assert event.object_label == "somebody who is not here"
    assert b"wrong field" not in event.body


def test_after_five_wrong_tries_in_a_minute_even_the_right_one_waits(person: Made):
    with time_machine.travel(utc_now(), tick=False):
        for _ in range(5):
            _fail(person.email)

        with pytest.raises(TooMany) as refusal:
            _sign_in(person.email)

    assert 1 <= refusal.value.retry_after <= 60


def test_a_minute_later_the_right_password_is_let_in(person: Made):
    start = utc_now()
    with time_machine.travel(start, tick=False):
        for _ in range(5):
            _fail(person.email)
    with time_machine.travel(start + timedelta(seconds=61), tick=False):
        assert _sign_in(person.email)


def test_a_hundred_and_one_tries_from_twenty_addresses_get_through_ten_times_a_minute_at_most(person: Made):
    looked_at = 0
    with time_machine.travel(utc_now(), tick=False):
        for number in range(101):
            try:
                _fail(person.email, Browser(f"198.51.100.{number % 20}", "script"))
                looked_at += 1
            except TooMany:
                continue

    assert looked_at == 5


def test_somebody_elses_wrong_tries_do_not_lock_out_a_browser_that_was_here_before(person: Made):
    with time_machine.travel(utc_now(), tick=False):
        for number in range(5):
            _fail(person.email, Browser(f"198.51.100.{number}", "script"))

        assert _sign_in(person.email, browser=Browser("203.0.113.7", "Firefox", known_person_id=person.id))


def test_a_known_browser_has_five_tries_too(person: Made):
    known = Browser("203.0.113.7", "Firefox", known_person_id=person.id)
    with time_machine.travel(utc_now(), tick=False):
        for _ in range(5):
            _fail(person.email, known)

        with pytest.raises(TooMany):
            _sign_in(person.email, browser=known)


def test_a_browser_that_knows_one_person_is_a_stranger_to_another(make: Make, person: Made):
    knows_somebody_else = Browser("203.0.113.7", "Firefox", known_person_id=make.person().id)
    with time_machine.travel(utc_now(), tick=False):
        for number in range(5):
            _fail(person.email, Browser(f"198.51.100.{number}", "script"))

        with pytest.raises(TooMany):
            _sign_in(person.email, browser=knows_somebody_else)


def test_one_address_has_twenty_tries_a_minute_over_all_accounts(make: Make, person: Made):
    with time_machine.travel(utc_now(), tick=False):
        for number in range(20):
            _fail(f"guess{number}@example.org")

        with pytest.raises(TooMany):
            _sign_in(person.email)


def test_signing_in_rightly_uses_up_no_try(person: Made):
    with time_machine.travel(utc_now(), tick=False):
        for _ in range(7):
            _sign_in(person.email)

    assert set(db.session.scalars(select(RateCounter.count))) == {0}


def test_an_address_of_any_length_is_answered_alike(app):
    with time_machine.travel(utc_now(), tick=False):
        for _ in range(5):
            _fail(f"{'long' * 60}@example.org")

        with pytest.raises(TooMany):
            _sign_in(f"{'long' * 60}@example.org")


def test_signing_out_ends_the_session_that_asks_and_no_other(make: Make, person: Made):
    (_, here), (_, elsewhere) = _sign_in(person.email), _sign_in(person.email)

    sign_out(make.origin_in(here))

    assert find_signed_in(token_digest(here)) is None
    assert find_signed_in(token_digest(elsewhere)) is not None
    [event] = make.events("session.ended")
    assert event.actor_id == person.id


def test_one_ends_a_session_of_ones_own_that_is_open_elsewhere(make: Make, person: Made):
    (_, here), (started, elsewhere) = _sign_in(person.email), _sign_in(person.email)

    revoke_session(make.origin_in(here), started.session_id)

    assert find_signed_in(token_digest(elsewhere)) is None
    assert find_signed_in(token_digest(here)) is not None
    [event] = make.events("session.revoked")
    assert (event.actor_id, event.object_id) == (person.id, started.session_id)


def test_the_history_of_a_revoked_session_names_its_person_by_number(make: Make):
    person = make.person(name="Asha Shah", password=PASSWORD)
    started, token = _sign_in(person.email)

    revoke_session(make.origin_in(token), started.session_id)

    [event] = make.events("session.revoked")
    assert event.object_label == f"person {person.id}"
    assert b"Asha" not in event.body


def test_a_session_of_somebody_else_is_not_there_to_be_ended(make: Make, person: Made):
    other = make.person()
    theirs = make.session_token(other)
    [row] = make.open_sessions(other)

    with pytest.raises(NotFound):
        revoke_session(person.origin, row.id)

    assert find_signed_in(token_digest(theirs)) is not None
    assert make.events("session.revoked") == []


def test_a_session_ends_once(make: Make, person: Made):
    (_, here), (started, _) = _sign_in(person.email), _sign_in(person.email)
    revoke_session(make.origin_in(here), started.session_id)

    with pytest.raises(NotFound, match="ended already"):
        revoke_session(make.origin_in(here), started.session_id)


def test_nobody_signed_in_has_no_session_to_end(app):
    with pytest.raises(NotPermitted, match="Sign in first"):
        sign_out(Origin(NOBODY))


def test_using_a_session_is_noted_and_leaves_no_event(make: Make, person: Made):
    started, token = _sign_in(person.email)
    events = len(make.events())
    later = utc_now() + timedelta(minutes=5)

    with time_machine.travel(later, tick=False):
        touch_session(started.session_id)

    signed_in = find_signed_in(token_digest(token))
    assert signed_in is not None
    assert signed_in.seen_at == later
    assert len(make.events()) == events
