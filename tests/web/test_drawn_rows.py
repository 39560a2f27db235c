"""Rows are drawn once for all who are shown the same, and never for anybody else."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from app.domain.checklist import ItemState
from app.domain.permissions import Role
from app.models.base import pretending, utc_now
from app.services.item_states import set_state
from app.services.profile import update_profile
from tests.factories import MadeRelease, Make

ITEM = "mig.file-exists"


@pytest.fixture
def release(make: Make) -> MadeRelease:
    return make.release()


def row_of(page: str, item_id: int) -> str:
    found = re.search(rf'<li class="item[^>]*id="item-{item_id}".*?</li>', page, re.DOTALL)
    assert found is not None
    return found[0]


def key_and_token(row: str) -> list[str]:
    return re.findall(r'name="(?:csrf_token|idempotency_key)" value="([^"]+)"', row)


def test_each_look_at_a_row_carries_the_token_and_the_key_of_its_own_page(
    make: Make, client_of: Callable, release: MadeRelease
):
    item, path = release.item(ITEM).id, f"{release.module_path}everything/"
    mine, hers = client_of(make.person(Role.DEVELOPER)), client_of(make.person(Role.DEVELOPER))

    first, second, third = (key_and_token(row_of(browser.get(path).text, item)) for browser in (mine, mine, hers))

    assert len(first) == len(second) == len(third) == 2
    assert first[1] != second[1] != third[1] != first[1]


def test_a_row_says_the_time_as_its_reader_counts(make: Make, client_of: Callable, release: MadeRelease):
    item, path = release.item(ITEM).id, f"{release.module_path}everything/"
    set_state(make.person(Role.DEVELOPER).origin, item, revision=1, state=ItemState.DONE)

    # The same hour and the same day, by two names.
    for zone, name in (("Africa/Lagos", "WAT"), ("Africa/Algiers", "CET")):
        reader = make.person(Role.QA)
        update_profile(reader.origin, revision=1, name=reader.name, time_zone=zone, shortcuts_enabled=True)
        assert re.search(rf'title="[^"]+ {name}"', row_of(client_of(reader).get(path).text, item))


def test_who_may_not_work_gets_a_row_without_a_form_after_one_who_may(
    make: Make, client_of: Callable, release: MadeRelease
):
    item, path = release.item(ITEM).id, f"{release.module_path}everything/"

    worked = row_of(client_of(make.person(Role.DEVELOPER)).get(path).text, item)
    watched = row_of(client_of(make.person(Role.VIEWER)).get(path).text, item)

    assert "<form" in worked
    assert "<form" not in watched


def test_only_who_ticked_a_row_is_not_asked_why_it_is_taken_back(make: Make, client_of: Callable, release: MadeRelease):
    item, path = release.item(ITEM).id, f"{release.module_path}everything/"
    worker, other = make.person(Role.DEVELOPER), make.person(Role.DEVELOPER)
    with pretending(utc_now() - timedelta(hours=1)):
        set_state(worker.origin, item, revision=1, state=ItemState.DONE)

    by_other = row_of(client_of(other).get(path).text, item)
    by_worker = row_of(client_of(worker).get(path).text, item)

    assert "data-needs-reason" in by_other
    assert "data-needs-reason" not in by_worker


def test_text_that_looks_like_the_place_for_the_hidden_fields_stays_text(
    make: Make, client_of: Callable, release: MadeRelease
):
    item = release.item(ITEM).id
    worker = make.person(Role.DEVELOPER)
    set_state(worker.origin, item, revision=1, state=ItemState.DOING, reason="waits for <hidden> and &lt;hidden&gt;")

    row = row_of(client_of(make.person(Role.QA)).get(f"{release.module_path}everything/").text, item)

    assert "waits for &lt;hidden&gt; and &amp;lt;hidden&amp;gt;" in row
    assert row.count('name="csrf_token"') == row.count("<form")
