"""Signing in and out, and what a session is worth."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.database import db
from app.domain.permissions import Role
from app.models import Person, RoleGrant, Session
from app.models.base import utc_now
from tests.factories import Make

PASSWORD = "a long enough sentence"


def sign_in(client: FlaskClient, email: str, password: str = PASSWORD, **query: str):
    return client.post("/sign-in/", data={"email": email, "password": password}, query_string=query)


def test_the_right_password_signs_in_and_leads_to_the_start(client: FlaskClient, make: Make):
    person = make.person(Role.VIEWER, password=PASSWORD)

    answer = sign_in(client, person.email.upper())

    assert (answer.status_code, answer.location) == (302, "/")
    assert client.get("/me/").status_code == 200
    assert [event.actor_id for event in make.events("session.started")] == [person.id]


def test_a_wrong_password_and_an_unknown_address_are_answered_alike(client: FlaskClient, make: Make):
    person = make.person(Role.VIEWER, password=PASSWORD)

    wrong = sign_in(client, person.email, "not the password at all")
    unknown = sign_in(client, "nobody@example.org")

    assert wrong.status_code == unknown.status_code == 422
    assert wrong.text.replace(person.email, "X").count("do not fit") == unknown.text.count("do not fit") > 0
    assert len(make.events("session.refused")) == 2


def test_after_five_wrong_tries_in_a_minute_the_account_rests_and_then_lets_its_owner_in(
    client: FlaskClient, make: Make
):
    person = make.person(Role.VIEWER, password=PASSWORD)
    with time_machine.travel(utc_now(), tick=False) as clock:
        for _ in range(5):
            sign_in(client, person.email, "not the password at all")

        refused = sign_in(client, person.email)
        clock.shift(timedelta(minutes=2))
        allowed = sign_in(client, person.email)

    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert allowed.status_code == 302


def test_a_browser_that_signed_the_person_in_before_is_not_locked_out_by_a_stranger(app: Flask, make: Make):
    person = make.person(Role.VIEWER, password=PASSWORD)
    own, strange = app.test_client(), app.test_client()
    assert sign_in(own, person.email).status_code == 302
    own.post("/sign-out/")
    for _ in range(6):
        sign_in(strange, person.email, "not the password at all")

    assert sign_in(strange, person.email).status_code == 429
    assert sign_in(own, person.email).status_code == 302


def test_the_cookie_of_before_signing_in_is_worth_nothing_afterwards(client: FlaskClient, make: Make):
    person = make.person(Role.VIEWER, password=PASSWORD)
    client.get("/sign-in/")
    before = client.get_cookie("countersign")

    sign_in(client, person.email)

    after = client.get_cookie("countersign")
    assert before is None or before.value != after.value


def test_a_copied_cookie_ends_with_the_session(app: Flask, client: FlaskClient, make: Make):
    person = make.person(Role.VIEWER, password=PASSWORD)
    sign_in(client, person.email)
    copy = app.test_client()
    copy.set_cookie("countersign", client.get_cookie("countersign").value)
    assert copy.get("/me/").status_code == 200

    client.post("/sign-out/")

    assert copy.get("/me/").status_code == 302
    assert copy.post("/profile/", data={"name": "x"}).status_code == 401
    assert make.events("session.ended")


@pytest.mark.parametrize(("minutes", "status"), [(59, 200), (61, 302)])
def test_an_idle_session_ends(make: Make, client_of: Callable, minutes: int, status: int):
    browser = client_of(make.person(Role.VIEWER))

    with time_machine.travel(utc_now() + timedelta(minutes=minutes)):
        assert browser.get("/me/").status_code == status


def test_a_session_in_use_ends_after_twelve_hours_all_the_same(make: Make, client_of: Callable):
    browser = client_of(make.person(Role.VIEWER))
    start = utc_now()
    for minutes in range(30, 12 * 60, 30):
        with time_machine.travel(start + timedelta(minutes=minutes)):
            assert browser.get("/me/").status_code == 200

    with time_machine.travel(start + timedelta(hours=12, minutes=1)):
        assert browser.get("/me/").status_code == 302


def test_a_deactivated_person_is_out_with_the_next_request(make: Make, client_of: Callable):
    person = make.person(Role.VIEWER)
    browser = client_of(person)
    db.session.execute(update(Person).where(Person.id == person.id).values(deactivated_at=utc_now()))
    db.session.commit()

    assert browser.get("/me/").status_code == 302


def test_a_revoked_role_is_gone_with_the_next_request(make: Make, client_of: Callable):
    person = make.person(Role.VIEWER)
    browser = client_of(person)
    assert browser.get("/releases/").status_code == 200
    db.session.execute(update(RoleGrant).where(RoleGrant.person_id == person.id).values(revoked_at=utc_now()))
    db.session.commit()

    assert browser.get("/releases/").status_code == 403


@pytest.mark.parametrize(
    "path", ["//evil.test", "https://evil.test", "https:evil.test", "/\\evil.test", "\\/evil.test", "/\t/evil.test"]
)
def test_signing_in_never_leads_to_another_host(client: FlaskClient, make: Make, path: str):
    person = make.person(Role.VIEWER, password=PASSWORD)

    assert sign_in(client, person.email, next=path).location == "/"


def test_signing_in_leads_back_to_where_one_wanted_to_be(client: FlaskClient, make: Make):
    person = make.person(Role.VIEWER, password=PASSWORD)
    asked = client.get("/modules/?show=archived")

    answer = client.post(asked.location, data={"email": person.email, "password": PASSWORD})

    assert answer.location == "/modules/?show=archived"


def test_what_was_typed_when_the_session_ended_comes_back(client: FlaskClient, make: Make):
    person = make.person(Role.DEVELOPER, password=PASSWORD)
    refused = client.post("/items/1/comments/", data={"text": "a long and careful comment", "csrf_token": "x"})
    assert refused.status_code == 401
    kept = refused.text.split('name="resume" value="')[1].split('"')[0]

    answer = client.post("/sign-in/", data={"email": person.email, "password": PASSWORD, "resume": kept})

    assert answer.status_code == 200
    assert "a long and careful comment" in answer.text
    assert 'action="/items/1/comments/"' in answer.text
    assert person.name in answer.text


def test_one_ends_ones_own_sessions_and_nobody_elses(make: Make, client_of: Callable):
    mine, other = make.person(Role.VIEWER), make.person(Role.VIEWER)
    make.session_token(mine)
    make.session_token(other)
    browser = client_of(mine)
    numbers = {s.person_id: s.id for s in db.session.scalars(select(Session).order_by(Session.id.desc()))}
    first = db.session.scalars(select(Session.id).where(Session.person_id == mine.id).order_by(Session.id)).first()

    assert browser.post(f"/profile/sessions/{first}/end/").status_code == 302
    assert browser.post(f"/profile/sessions/{numbers[other.id]}/end/").status_code == 404
    assert db.session.get_one(Session, first, populate_existing=True).ended_at is not None
