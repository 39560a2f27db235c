"""Forms about people: everything that is wrong is said at once, and a refusal leads back to the person."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import select

from app.database import db
from app.domain.actors import SYSTEM, Origin
from app.domain.permissions import Role
from app.models import Person
from app.services.accounts import make_setup_link
from tests.factories import Make

PASSWORD = "a long enough sentence"
LONG_NAME = "Ada " * 75


@pytest.fixture
def token(app: object) -> str:
    make_setup_link(Origin(SYSTEM), SecretStr("the-token"))
    return "the-token"


def faults(page: str) -> dict[str, str]:
    """What stands beside each field, by the field's id."""
    beside = re.findall(r'id="([a-z_]+)-wrong">(.*?)</p>', page, re.DOTALL)
    return {name: unescape(re.sub(r"<[^>]+>", "", words)).strip() for name, words in beside}


def test_the_setup_form_says_all_that_is_wrong_at_once(client: FlaskClient, token: str):
    answer = client.post(f"/setup/{token}/", data={"name": "", "email": "ada", "password": "short"})

    assert answer.status_code == 422
    assert faults(answer.text) == {
        "name": "Type your name.",
        "email": "This is not an e-mail address.",
        "password": "This is too short: use at least 15 characters.",
    }


def test_an_invitation_says_all_that_is_wrong_at_once(make: Make, client_of: Callable):
    module, there = make.module(), make.person(Role.VIEWER)
    browser = client_of(make.person(Role.ADMINISTRATOR))
    form = {"name": "", "email": there.email.upper(), "role": "auditor", "module_id": str(module.id)}

    answer = browser.post("/people/invite/", data=form)

    assert answer.status_code == 422
    assert faults(answer.text) == {
        "name": "Type the person's name.",
        "email": "Somebody with this address is here already.",
        "module_id": "The role Auditor is granted for everything, not for one module.",
    }


def test_an_invitation_that_is_sent_twice_gives_the_same_link(make: Make, client_of: Callable):
    browser = client_of(make.person(Role.ADMINISTRATOR))
    form = {"name": "Ravi", "email": "ravi@example.org", "role": "viewer", "module_id": "", "idempotency_key": "k"}

    links = [re.search(r"/links/[^\"]+", browser.post("/people/invite/", data=form).text)[0] for _ in range(2)]

    assert links[0] == links[1]


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"old_password": "not it at all", "password": "short"}, {"old_password": "not your", "password": "too short"}),
        ({"old_password": "", "password": "short"}, {"old_password": "Type your", "password": "too short"}),
        ({"old_password": PASSWORD, "password": PASSWORD}, {"password": "the password that you have now"}),
        ({"old_password": PASSWORD, "password": ""}, {"password": "Choose a new"}),
    ],
)
def test_changing_the_password_says_all_that_is_wrong_at_once(
    make: Make, client_of: Callable, typed: dict[str, str], wrong: dict[str, str]
):
    browser = client_of(make.person(Role.VIEWER, password=PASSWORD))

    answer = browser.post("/profile/password/", data=typed)

    assert answer.status_code == 422
    said = faults(answer.text)
    assert said.keys() == wrong.keys()
    assert all(words in said[name] for name, words in wrong.items())
    assert make.events("password.changed") == []


def test_the_profile_says_all_that_is_wrong_at_once(make: Make, client_of: Callable):
    browser = client_of(make.person(Role.VIEWER))

    answer = browser.post("/profile/", data={"revision": 1, "name": LONG_NAME, "time_zone": "Mars/Base"})

    assert faults(answer.text).keys() == {"name", "time_zone"}


def test_a_name_that_is_too_long_is_refused_and_not_cut(make: Make, client_of: Callable, token: str):
    admin = client_of(make.person(Role.ADMINISTRATOR))
    pages = {
        f"/setup/{token}/": {"email": "ada@example.org", "password": PASSWORD},
        "/people/invite/": {"email": "ada@example.org", "role": "viewer", "module_id": ""},
        "/profile/": {"revision": 1, "time_zone": "UTC"},
    }

    for path, form in pages.items():
        # A browser that knows of a limit cuts what is pasted, and nobody is told.
        assert "maxlength" not in admin.get(path).text, path
        answer = admin.post(path, data={**form, "name": LONG_NAME})
        assert answer.status_code == 422, path
        assert faults(answer.text) == {"name": "Use at most 120 characters."}, path
        assert LONG_NAME.strip() in answer.text, path
    assert db.session.scalars(select(Person).where(Person.email == "ada@example.org")).all() == []


def test_the_page_of_a_link_says_whose_account_it_is_and_a_wrong_one_says_nothing(
    make: Make, client_of: Callable, client: FlaskClient
):
    person = make.person(Role.VIEWER, name="Ravi Kumar", password=PASSWORD)
    page = client_of(make.person(Role.ADMINISTRATOR)).post(f"/people/{person.id}/link/").text
    path = re.search(r"http://localhost(/links/[^\"]+)", page)[1]
    whose = f"For the account of Ravi Kumar, {person.email}."

    assert whose in client.get(path).text
    assert whose in client.post(path, data={"password": "short"}).text
    client.post(path, data={"password": "another long sentence"})
    assert person.email not in client.get(path).text
    assert person.email not in client.get("/links/another/").text


@pytest.mark.parametrize("path", ["/setup/the-token/", "/profile/password/"])
def test_a_password_that_is_chosen_can_be_looked_at(make: Make, client_of: Callable, token: str, path: str):
    page = client_of(make.person(Role.VIEWER)).get(path).text

    [button] = re.findall(r"<button[^>]*data-reveal[^>]*>", page)
    assert 'type="button"' in button
    assert 'aria-pressed="false"' in button
    assert 'data-reveal="password"' in button
    assert re.search(r'<div class="needs-js"><button[^>]*data-reveal', page)
