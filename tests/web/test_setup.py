"""The one-time links: first administrator, invitation, new password."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import select

from app.database import db
from app.domain.actors import SYSTEM, Origin
from app.domain.permissions import Role
from app.models import Person, RoleGrant
from app.models.base import utc_now
from app.services.accounts import make_setup_link
from tests.factories import Make

FIRST = {"name": "Ada Okafor", "email": "ada@example.org", "password": "a long enough sentence"}


@pytest.fixture
def token(app: object) -> str:
    make_setup_link(Origin(SYSTEM), SecretStr("the-token"))
    return "the-token"


def test_the_link_makes_the_first_administrator_and_signs_them_in(client: FlaskClient, token: str):
    assert "first administrator" in client.get(f"/setup/{token}/").text

    answer = client.post(f"/setup/{token}/", data={**FIRST, "is_lead": "y"})

    assert answer.location == "/"
    assert client.get("/people/").status_code == client.get("/modules/new/").status_code == 200
    person = db.session.scalars(select(Person)).one()
    roles = set(db.session.scalars(select(RoleGrant.role).where(RoleGrant.person_id == person.id)))
    assert roles == {Role.ADMINISTRATOR, Role.TEAM_LEAD}
    assert person.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_who_does_not_lead_a_team_becomes_administrator_only(client: FlaskClient, token: str):
    client.post(f"/setup/{token}/", data=FIRST)

    assert list(db.session.scalars(select(RoleGrant.role))) == [Role.ADMINISTRATOR]
    assert client.get("/modules/").status_code == 403


def test_the_second_use_of_the_link_answers_gone(client: FlaskClient, token: str):
    client.post(f"/setup/{token}/", data=FIRST)

    assert client.get(f"/setup/{token}/").status_code == 410
    assert client.post(f"/setup/{token}/", data={**FIRST, "email": "b@example.org"}).status_code == 410
    assert len(db.session.scalars(select(Person)).all()) == 1


def test_a_link_that_nobody_made_does_not_exist(client: FlaskClient, token: str):
    assert client.get("/setup/another/").status_code == 404


def test_a_newer_link_ends_the_older_one(client: FlaskClient, token: str):
    make_setup_link(Origin(SYSTEM), SecretStr("a-newer-token"))

    assert client.get(f"/setup/{token}/").status_code == 410
    assert client.get("/setup/a-newer-token/").status_code == 200


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"password": "fourteen chars"}, "at least 15"),
        ({"password": "passwordpassword"}, "most used"),
        ({"password": "Ada Okafor Countersign"}, "little more than a name"),
        ({"email": "ada"}, "not an e-mail address"),
        ({"name": "  "}, "Type your name"),
    ],
)
def test_what_cannot_be_taken_is_said_and_the_rest_is_kept(
    client: FlaskClient, token: str, change: dict[str, str], words: str
):
    answer = client.post(f"/setup/{token}/", data={**FIRST, **change})

    assert answer.status_code == 422
    assert words in answer.text
    assert "a long enough sentence" not in answer.text
    if "email" not in change:
        assert "ada@example.org" in answer.text
    assert client.get(f"/setup/{token}/").status_code == 200


def test_an_invited_person_chooses_a_password_once_and_signs_in(make: Make, client_of: Callable, client: FlaskClient):
    admin = client_of(make.person(Role.ADMINISTRATOR))
    form = {"name": "Ravi Kumar", "email": "ravi@example.org", "role": "developer", "module_id": ""}
    page = admin.post("/people/invite/", data=form)
    assert page.status_code == 201
    path = re.search(r"http://localhost(/links/[^\"]+)", page.text)[1]

    weak = client.post(path, data={"password": "too short"})
    chosen = client.post(path, data={"password": "a long enough sentence"})
    again = client.post(path, data={"password": "another long sentence"})

    assert (weak.status_code, chosen.status_code, again.status_code) == (422, 302, 410)
    signed_in = client.post("/sign-in/", data={"email": "ravi@example.org", "password": "a long enough sentence"})
    assert signed_in.status_code == 302
    assert client.get("/releases/").status_code == 200


def test_a_password_link_ends_after_an_hour(make: Make, client_of: Callable, client: FlaskClient):
    person = make.person(Role.VIEWER, password="a long enough sentence")
    page = client_of(make.person(Role.ADMINISTRATOR)).post(f"/people/{person.id}/link/")
    path = re.search(r"http://localhost(/links/[^\"]+)", page.text)[1]

    with time_machine.travel(utc_now() + timedelta(minutes=61)):
        assert client.get(path).status_code == 410
    with time_machine.travel(utc_now() + timedelta(minutes=59)):
        assert client.get(path).status_code == 200


def test_guessing_links_is_slowed_down(client: FlaskClient, app: object):
    answers = [client.get(f"/links/guess-{number}/").status_code for number in range(25)]

    assert answers[0] == 404
    assert answers[-1] == 429
