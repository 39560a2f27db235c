"""One form that reaches several web workers at the same moment, twenty times."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier
from uuid import uuid4

import pytest

from tests.faults.client import Browser, revision_in
from tests.faults.company import PASSWORD, Company, collect, found
from tests.faults.load import bound_key
from tests.faults.served import served
from tests.servers import database_name, fresh_database, running_server

pytestmark = pytest.mark.faults
TWINS = 20


@dataclass(frozen=True)
class Signed:
    """Somebody signed in, and what they work on."""

    browser: Browser
    company: Company
    url: str
    data: Path


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signed]:
    data = tmp_path_factory.mktemp("data")
    with running_server() as server:
        url = fresh_database(server, f"{database_name()}_one_key")
        company = found(url, data, people=1, checklists=1)
        with served(url, data) as product:
            browser = Browser(product.address)
            browser.sign_in(company.people[0].email, PASSWORD)
            browser.open(company.page)
            yield Signed(browser, company, url, data)


def send_together(browser: Browser, path: str, forms: list[dict[str, object]], key: str) -> list[tuple[int, str]]:
    """Send forms at one moment under one key, each as a browser of its own with the same cookies."""
    gate = Barrier(len(forms))

    def send(form: dict[str, object]) -> tuple[int, str]:
        twin = copy(browser)
        twin.cookies = dict(browser.cookies)
        gate.wait(20)
        return twin.post(path, form, key=key)

    with ThreadPoolExecutor(len(forms)) as pool:
        return list(pool.map(send, forms))


def told(signed: Signed, key: str) -> list[dict[str, object]]:
    """The events under one key."""
    evidence = collect(signed.url, signed.data, signed.company)
    return [body for body in (json.loads(entry.body) for entry in evidence.entries) if body["idem"] == key]


def test_twenty_twins_of_one_tick_are_one_tick(signed: Signed):
    for item in signed.company.items[0][:10]:
        key, path = uuid4().hex, f"/items/{item}/state/"
        revision = signed.company.first_items[item]["revision"]

        answers = send_together(signed.browser, path, [{"revision": revision, "state": "done"}] * TWINS, key)

        assert {status for status, _ in answers} <= {200, 409, 503}
        saved = [page for status, page in answers if status == 200]
        assert saved
        assert {revision_in(page) for page in saved} == {revision + 1}
        assert len(told(signed, bound_key(path, key))) == 1


def test_of_twenty_comments_under_one_key_one_is_kept_and_the_others_are_refused(signed: Signed):
    item = signed.company.items[0][11]
    key, path = uuid4().hex, f"/items/{item}/comments/"

    answers = send_together(signed.browser, path, [{"text": f"text {n}"} for n in range(TWINS)], key)

    statuses = [status for status, _ in answers]
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 422, 503}
    assert 422 in statuses
    assert len(told(signed, bound_key(path, key))) == 1
