"""Every address says who may, looks like the others, and answers only what it was made for."""

import re
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.domain.permissions import Permission
from app.web.access import PUBLIC, declared_access
from tests.factories import Make

# Whoever adds an address here opens it to the whole network. Seven, and no more.
OPEN_TO_ALL = {
    "/healthz",
    "/readyz",
    "/setup/<string:token>/",
    "/links/<string:token>/",
    "/sign-in/",
    # A calendar program cannot sign in: it has a token that its owner can revoke.
    "/calendar/<string:token>.ics",
    "/static/<path:filename>",
}
# Asked for by machines, which want no redirect; and files.
WITHOUT_A_SLASH = {"/healthz", "/readyz", "/static/<path:filename>", "/calendar/<string:token>.ics"}
# Printed in a terminal, where the last slash gets lost.
ALSO_WITHOUT_A_SLASH = {"/setup/<string:token>"}
KEBAB = re.compile(r"/?(?:[a-z]+(?:-[a-z]+)*|<(?:int|string|path):[a-z_]+>(?:\.ics)?)?")
# Looked at, it reads as the target “archive” of the environment “1”.
ALSO_A_TARGET = {"/modules/<string:module_key>/targets/<int:target_id>/archive/"}
READING = {"GET", "HEAD", "OPTIONS"}


def test_every_view_says_who_may(product: Flask):
    undeclared = [
        rule.rule
        for rule in product.url_map.iter_rules()
        if declared_access(product, rule.endpoint) != PUBLIC
        and not isinstance(declared_access(product, rule.endpoint), Permission)
    ]

    assert undeclared == []


def test_the_addresses_that_answer_anybody_are_these_seven(product: Flask):
    found = {rule.rule for rule in product.url_map.iter_rules() if declared_access(product, rule.endpoint) == PUBLIC}

    assert found - ALSO_WITHOUT_A_SLASH == OPEN_TO_ALL
    assert len(OPEN_TO_ALL) <= 7


def test_a_view_without_a_declaration_answers_nobody(product: Flask):
    forgotten = SimpleNamespace(view_functions={"forgotten": lambda: "seen"})

    assert declared_access(forgotten, "forgotten") is None


def test_addresses_are_written_in_small_words_with_dashes_and_typed(product: Flask):
    odd = [
        rule.rule
        for rule in product.url_map.iter_rules()
        if not all(KEBAB.fullmatch(part) for part in rule.rule.split("/"))
    ]

    assert odd == []


def test_addresses_end_in_a_slash(product: Flask):
    odd = {rule.rule for rule in product.url_map.iter_rules() if not rule.rule.endswith("/")}

    assert odd == WITHOUT_A_SLASH | ALSO_WITHOUT_A_SLASH


def test_a_view_either_shows_or_changes(product: Flask):
    both = [
        rule.rule
        for rule in product.url_map.iter_rules()
        if "GET" in (rule.methods or set()) and (rule.methods or set()) - READING
    ]

    assert both == []


def test_no_address_takes_any_method_but_get_and_post(product: Flask):
    methods = {method for rule in product.url_map.iter_rules() for method in rule.methods or ()}

    assert methods == READING | {"POST"}


def _rules(app: Flask, method: str) -> set[str]:
    return {rule.rule for rule in app.url_map.iter_rules() if method in (rule.methods or ())}


def test_what_changes_something_is_not_done_by_looking(app: Flask, client: FlaskClient, make: Make):
    changing = sorted(_rules(app, "POST") - _rules(app, "GET") - ALSO_A_TARGET)
    before = len(make.events())

    assert len(changing) > 20
    for rule in changing:
        address = re.sub(r"<int:\w+>", "1", re.sub(r"<string:\w+>", "x", rule))
        for method in ("get", "head"):
            assert getattr(client, method)(address).status_code == 405, address
    assert len(make.events()) == before


@pytest.mark.parametrize("method", ["put", "patch", "delete", "trace"])
def test_other_methods_are_refused_everywhere(app: Flask, client: FlaskClient, method: str):
    for rule in app.url_map.iter_rules():
        address = re.sub(r"<int:\w+>", "1", re.sub(r"<(?:string|path):\w+>", "x", rule.rule))
        assert getattr(client, method)(address).status_code == 405, address


def test_every_permission_is_asked_for_by_a_view(product: Flask):
    asked = {declared_access(product, rule.endpoint) for rule in product.url_map.iter_rules()}

    assert set(Permission) - asked == set()
