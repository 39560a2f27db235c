"""The forms of modules and releases in a browser: what is too long or no key is refused with a sentence, never cut."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select

from app.database import db
from app.models import Module, ModuleContact, Release
from tests.factories import Make

TOO_LONG = "n" * 121


@pytest.mark.parametrize("path", ["/modules/new/", "/releases/new/"])
def test_a_name_that_is_too_long_is_refused_whole_and_kept_to_be_shortened(make: Make, client_of: Callable, path: str):
    browser = client_of(make.lead())
    form = {"key": "orders", "name": TOO_LONG, "lead_id": "", "copy_from": ""}

    answer = browser.post(path, data=form)

    assert answer.status_code == 422
    assert "Use at most 120 characters." in answer.text
    assert f'value="{TOO_LONG}"' in answer.text
    assert db.session.scalars(select(Module if "modules" in path else Release)).all() == []


def test_the_name_of_a_contact_that_is_too_long_is_refused_beside_its_field(make: Make, client_of: Callable):
    module = make.module()
    form = {"revision": 1, "dba-name": TOO_LONG, "dba-phone": "+49 30 1"}

    answer = client_of(make.lead()).post(f"/modules/{module.key}/contacts/", data=form)

    assert answer.status_code == 422
    assert re.search(r'id="dba-name-wrong">.*?Use at most 120 characters\.', answer.text, re.DOTALL)
    assert db.session.scalars(select(ModuleContact)).all() == []


def test_no_field_has_its_text_cut_by_the_browser(make: Make, client_of: Callable):
    module = make.module()
    browser = client_of(make.lead())

    for path in (
        *("/modules/new/", f"/modules/{module.key}/edit/", f"/modules/{module.key}/contacts/"),
        *(f"/modules/{module.key}/", "/releases/new/", "/audit/"),
    ):
        assert "maxlength" not in browser.get(path).text, path


@pytest.mark.parametrize("key", ["支払い", "", "Zahlungen für Orders"])
def test_a_key_that_is_none_is_answered_with_what_to_type(make: Make, client_of: Callable, key: str):
    answer = client_of(make.lead()).post("/modules/new/", data={"key": key, "name": "支払い", "lead_id": ""})

    assert answer.status_code == 422
    rule = "Type small letters from a to z, digits, dots and dashes, for example goods-receipt."
    assert re.search(rf'id="key-wrong">.*?{rule} It need not be the name\.', answer.text, re.DOTALL)
    assert 'value="支払い"' in answer.text


@pytest.mark.parametrize("path", ["/modules/new/", "/releases/new/"])
def test_a_key_is_not_called_optional(make: Make, client_of: Callable, path: str):
    page = client_of(make.lead()).get(path).text

    assert re.search(r'<label for="key">Key\s*</label>', page)


@pytest.mark.parametrize(
    "repository",
    [
        "https://",
        "https://git.example.org/a b",
        "ssh://git.example.org/a b",
        "orders",
        "ssh://",
        "ssh://a",
        "git@a",
        "git@",
    ],
)
def test_a_repository_that_is_no_address_is_refused(make: Make, client_of: Callable, repository: str):
    form = {"key": "orders", "name": "Orders", "lead_id": "", "repository": repository}

    answer = client_of(make.lead()).post("/modules/new/", data=form)

    assert answer.status_code == 422
    assert "Give a whole address without spaces, beginning with https:// or ssh://." in answer.text


@pytest.mark.parametrize(
    "repository",
    [
        "https://git.example.org/orders",
        "git@git.example.org:warehouse/orders.git",
        "ssh://git@git.example.org:2222/warehouse/orders.git",
    ],
)
def test_a_repository_is_reached_by_https_or_ssh(make: Make, client_of: Callable, repository: str):
    form = {"key": "orders", "name": "Orders", "lead_id": "", "repository": repository}

    assert client_of(make.lead()).post("/modules/new/", data=form).status_code == 302
