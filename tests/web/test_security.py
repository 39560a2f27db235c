"""Headers, tokens, foreign pages, and what an answer never shows."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.domain.permissions import Role
from tests.factories import Make

FORM = "/modules/new/"


@pytest.fixture
def guarded(app: Flask) -> Iterator[Flask]:
    """The product with its tokens asked for, as it runs."""
    app.config["WTF_CSRF_ENABLED"] = True
    yield app
    app.config["WTF_CSRF_ENABLED"] = False


def token_of(browser: FlaskClient, path: str = FORM) -> str:
    return browser.get(path).text.split('name="csrf_token" value="')[1].split('"')[0]


@pytest.mark.parametrize("path", ["/sign-in/", "/nothing-here/", "/healthz", "/releases/", "/setup/x/"])
def test_every_answer_carries_the_strict_headers(client: FlaskClient, path: str):
    headers = client.get(path).headers

    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in headers


def test_a_change_without_a_token_is_refused(guarded: Flask, make: Make, client_of: Callable):
    browser = client_of(make.lead())

    answer = browser.post(FORM, data={"name": "Orders", "key": "orders"})

    assert answer.status_code == 400
    assert make.events("module.created") == []


def test_a_change_with_another_persons_token_is_refused(guarded: Flask, make: Make, client_of: Callable):
    token = token_of(client_of(make.lead()))
    browser = client_of(make.lead())

    assert browser.post(FORM, data={"name": "Orders", "key": "orders", "csrf_token": token}).status_code == 400


def test_a_change_with_ones_own_token_is_done(guarded: Flask, make: Make, client_of: Callable):
    browser = client_of(make.lead())

    answer = browser.post(FORM, data={"name": "Orders", "key": "orders", "csrf_token": token_of(browser)})

    assert answer.status_code == 302


def test_a_form_that_is_shown_again_carries_the_token_that_it_brought(guarded: Flask, make: Make, client_of: Callable):
    browser = client_of(make.lead())
    token = token_of(browser)

    answer = browser.post(FORM, data={"name": "", "key": "No Key", "csrf_token": token})

    assert answer.status_code == 422
    assert answer.text.count(f'name="csrf_token" value="{token}"') == answer.text.count('name="csrf_token"') > 0
    assert browser.post(FORM, data={"name": "Orders", "key": "orders", "csrf_token": token}).status_code == 302


def test_a_session_that_another_secret_signed_counts_for_nothing(app: Flask, make: Make, client_of: Callable):
    browser, before = client_of(make.lead()), app.secret_key
    assert browser.get("/releases/").status_code == 200

    try:
        app.secret_key = f"another {before!r}"
        refused = browser.get("/releases/")
    finally:
        app.secret_key = before

    assert refused.headers["Location"].startswith("/sign-in/")


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
    ],
)
def test_a_change_that_comes_from_another_page_is_refused(make: Make, client_of: Callable, headers: dict[str, str]):
    browser = client_of(make.lead())

    answer = browser.post(FORM, data={"name": "Orders", "key": "orders"}, headers=headers)

    assert answer.status_code == 403
    assert make.events("module.created") == []


def test_signing_in_from_another_page_is_refused(client: FlaskClient):
    assert client.post("/sign-in/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


@pytest.mark.parametrize("host", ["evil.test", "localhost.evil.test"])
def test_a_forged_host_is_refused(client: FlaskClient, host: str):
    answer = client.get("/sign-in/", headers={"Host": host})

    assert answer.status_code == 400
    assert "evil" not in answer.text


def test_a_forwarded_address_from_nowhere_is_not_believed(client: FlaskClient, make: Make):
    client.post(
        "/sign-in/", data={"email": "x@example.org", "password": "y"}, headers={"X-Forwarded-For": "203.0.113.9"}
    )

    assert [event.new_value for event in make.events("session.refused")] == ["127.0.0.1"]


def test_fields_that_nobody_asked_for_change_nothing(make: Make, client_of: Callable):
    release = make.release()
    item = release.item("pre.schema-planned")
    browser = client_of(make.person(Role.DEVELOPER))

    browser.post(
        f"/items/{item.id}/state/",
        data={
            "state": "done",
            "revision": item.revision,
            "changed_by_id": 1,
            "severity": "advisory",
            "text": "nothing to do",
            "role": "administrator",
        },
    )

    now = release.item("pre.schema-planned")
    assert (now.severity.value, now.text) == ("required", item.text)
    assert now.changed_by_id != 1


PAYLOADS = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{7*7}}", "${7*7}", "' OR 1=1 --"]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_people_type_is_only_ever_text(make: Make, client_of: Callable, payload: str):
    release = make.release()
    item = release.item("pre.schema-planned")
    browser = client_of(make.person(Role.DEVELOPER, name=payload))

    browser.post(f"/items/{item.id}/comments/", data={"text": payload})
    browser.post(f"/items/{item.id}/state/", data={"state": "blocked", "reason": payload, "revision": 1})

    for path in (f"/items/{item.id}/", release.module_path, release.path, f"{release.path}blockers/", "/audit/"):
        page = browser.get(path)
        assert page.status_code == 200, path
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert "49" not in page.text.split("{{7*7}}")[0][-3:]


@pytest.mark.parametrize(
    ("path", "status"),
    [("/nothing/", 404), ("/releases/no-such/", 404), ("/items/999999/", 404), ("/modules/x/", 404)],
)
def test_what_is_not_there_is_said_on_a_page_of_the_product(make: Make, client_of: Callable, path: str, status: int):
    answer = client_of(make.lead()).get(path)

    assert answer.status_code == status
    assert "Countersign" in answer.text
    assert answer.headers["X-Request-Id"] in answer.text
    assert "Traceback" not in answer.text


def test_too_much_at_once_is_refused(make: Make, client_of: Callable):
    answer = client_of(make.lead()).post(FORM, data={"purpose": "x" * 2_000_000})

    assert answer.status_code == 413


def test_a_fault_of_ours_shows_a_number_and_no_trace(app: Flask, make: Make, client_of: Callable):
    browser = client_of(make.lead())
    app.view_functions["modules.index"], kept = _fail, app.view_functions["modules.index"]
    app.config["PROPAGATE_EXCEPTIONS"] = False
    try:
        answer = browser.get("/modules/")
    finally:
        app.view_functions["modules.index"] = kept
        app.config["PROPAGATE_EXCEPTIONS"] = None

    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert answer.headers["X-Request-Id"] in answer.text


def _fail() -> str:
    raise RuntimeError("secret detail")


_fail.access = __import__("app.domain.permissions", fromlist=["Permission"]).Permission.CHECKLIST_VIEW


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "script"])
def test_a_form_that_cannot_be_read_shows_no_row_of_a_module_that_is_not_ones_own(
    make: Make, client_of: Callable, headers: dict[str, str]
):
    item = make.release().item("pre.schema-planned")
    elsewhere = make.person(Role.DEVELOPER, module_id=make.module().id)

    form = {"revision": 1, "state": "done", "reason": "r" * 1001}
    answer = client_of(elsewhere).post(f"/items/{item.id}/state/", data=form, headers=headers)

    assert answer.status_code == 404
    assert item.text not in answer.text
