"""Forms about people: everything that is wrong is said at once, and a refusal leads back to the person."""

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import select, update

from app import create_app
from app.database import db
from app.domain.actors import SYSTEM, Origin
from app.domain.permissions import Role
from app.models import Person, RoleGrant, Session
from app.services.accounts import make_setup_link
from app.services.roles import deactivate
from config import Settings
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


def test_the_last_administrator_stays_and_the_page_about_them_says_so(make: Make, client_of: Callable):
    person = make.person(Role.ADMINISTRATOR, name="Ada Okafor")
    grant = db.session.scalars(select(RoleGrant.id).where(RoleGrant.person_id == person.id)).one()
    admin = client_of(person)

    for action in ("deactivate", f"grants/{grant}/revoke"):
        answer = admin.post(f"/people/{person.id}/{action}/")
        assert answer.status_code == 409
        assert "This is the last administrator. Make somebody else one first." in answer.text
        assert "<h1>Ada Okafor</h1>" in answer.text
        assert f'action="/people/{person.id}/deactivate/"' in answer.text


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


def test_who_has_no_role_is_told_whom_to_ask(make: Make, client_of: Callable):
    ada = make.person(Role.ADMINISTRATOR, name="Ada Okafor")
    make.person(Role.ADMINISTRATOR, name="Lena Meyer")
    make.person(Role.TEAM_LEAD, name="Jonas Weber")
    deactivate(ada.origin, make.person(Role.ADMINISTRATOR, name="Paul Brandt").id)
    browser = client_of(make.person())

    refused, profile = browser.get("/releases/"), browser.get("/profile/")

    assert refused.status_code == 403
    assert "You have no role yet" in refused.text
    for page in (refused.text, profile.text):
        assert "Ask Ada Okafor or Lena Meyer for a role." in page
        assert "Jonas Weber" not in page
        assert "Paul Brandt" not in page


def test_who_has_another_role_is_told_which_one_is_needed(make: Make, client_of: Callable):
    make.person(Role.ADMINISTRATOR, name="Ada Okafor")

    answer = client_of(make.person(Role.VIEWER)).get("/people/")

    assert answer.status_code == 403
    assert "This needs the role Administrator. An administrator grants it." in answer.text
    assert answer.text.count("dministrator grants") == 1


def test_sessions_are_listed_by_browser_and_system_with_the_raw_text_at_hand(make: Make, client_of: Callable):
    person = make.person(Role.VIEWER)
    raw = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
    browser = client_of(person)
    db.session.execute(update(Session).where(Session.person_id == person.id).values(browser=raw))
    make.session_token(person)
    db.session.commit()

    page = browser.get("/profile/").text

    assert f'title="{raw}">Firefox on Linux<' in page
    assert "End the session of A browser without a name?" in page


def test_what_takes_something_from_a_person_is_asked_about_first(make: Make, client_of: Callable):
    person = make.person(Role.VIEWER, name="Ravi Kumar")

    page = client_of(make.person(Role.ADMINISTRATOR)).get(f"/people/{person.id}/").text

    assert "Deactivate Ravi Kumar? Their sessions end at once." in page
    assert "Revoke Viewer from Ravi Kumar?" in page


@pytest.mark.parametrize("path", ["/setup/the-token/", "/profile/password/"])
def test_a_password_that_is_chosen_can_be_looked_at(make: Make, client_of: Callable, token: str, path: str):
    page = client_of(make.person(Role.VIEWER)).get(path).text

    [button] = re.findall(r"<button[^>]*data-reveal[^>]*>", page)
    assert 'type="button"' in button
    assert 'aria-pressed="false"' in button
    assert 'data-reveal="password"' in button
    assert re.search(r'<div class="needs-js"><button[^>]*data-reveal', page)


def test_an_ended_setup_link_says_how_to_get_another_while_nobody_is_there(client: FlaskClient, token: str):
    make_setup_link(Origin(SYSTEM), SecretStr("a-newer-token"))
    before = client.get(f"/setup/{token}/")
    form = {"name": "Ada Okafor", "email": "ada@example.org", "password": PASSWORD}
    client.post("/setup/a-newer-token/", data=form)
    after = client.get(f"/setup/{token}/")

    assert (before.status_code, after.status_code) == (410, 410)
    assert "flask --app wsgi setup-link" in before.text
    assert "flask --app wsgi setup-link" not in after.text
    assert "Sign in if you have a password." in after.text


def test_a_database_that_was_never_prepared_says_which_command_prepares_it(tmp_path: Path):
    app = create_app(Settings(COUNTERSIGN_ENV="test", COUNTERSIGN_DATA=tmp_path, LOG_LEVEL="ERROR"))

    answer = app.test_client().get("/setup/some-token/")

    assert answer.status_code == 503
    main = re.search(r"<main.*</main>", answer.text, re.DOTALL)[0]
    assert "Not prepared yet" in main
    assert "Run: flask --app wsgi prepare" in main
    assert "not done twice" not in main
    with app.app_context():
        db.engine.dispose()


def test_the_button_for_a_new_password_pressed_twice_changes_it_once_and_refuses_nothing(
    make: Make, client_of: Callable
):
    browser = client_of(make.person(Role.VIEWER, password=PASSWORD))
    typed = {"old_password": PASSWORD, "password": "nine quiet rivers run", "idempotency_key": "pressed-twice"}

    answers = [browser.post("/profile/password/", data=typed).status_code for _ in range(2)]

    assert answers == [302, 302]
    assert len(make.events("password.changed")) == 1


def test_a_form_that_was_sent_before_changes_no_other_password(make: Make, client_of: Callable):
    browser = client_of(make.person(Role.VIEWER, password=PASSWORD))
    typed = {"old_password": PASSWORD, "idempotency_key": "pressed-twice"}
    browser.post("/profile/password/", data=typed | {"password": "nine quiet rivers run"})

    answer = browser.post("/profile/password/", data=typed | {"password": "nine loud rivers run"})

    assert answer.status_code == 422
    assert "This is not your password." in answer.text
