"""Going on without an item: asked for, approved and ended, with the reasons that fit."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from app.models.base import utc_now
from tests.browser.desk import row, set_up
from tests.factories import Make

pytestmark = pytest.mark.browser

Person = Callable[..., Page]


def test_an_override_shows_the_reasons_that_fit_and_is_ended_early_by_who_approved_it(
    person: Person, make: Make
) -> None:
    desk = set_up(make)
    item = desk.items[0]
    ravi, meera = person("ravi"), person("meera")
    ravi.goto(desk.path)
    row(ravi, item).get_by_text("More", exact=True).click()
    row(ravi, item).get_by_text("Waive", exact=True).click()
    row(ravi, item).get_by_label("override").check()
    shown = "all => all.filter(one => getComputedStyle(one).display !== 'none').map(one => one.label)"
    assert row(ravi, item).locator("optgroup").evaluate_all(shown) == ["override", "any of them"]
    row(ravi, item).get_by_label("Why", exact=True).select_option("The check is wrong, not the work")
    row(ravi, item).get_by_label("In a sentence").fill("The linter counts generated files.")
    row(ravi, item).get_by_role("button", name="Ask for approval").click()
    expect(row(ravi, item).locator(".refused")).to_contain_text("Say until when")
    row(ravi, item).get_by_label("Last day, in UTC").fill((utc_now().date() + timedelta(days=3)).isoformat())
    row(ravi, item).get_by_role("button", name="Ask for approval").click()
    expect(row(ravi, item)).to_contain_text("waiting for approval")

    meera.goto(desk.path)
    row(meera, item).get_by_role("button", name="Approve").click()
    expect(row(meera, item)).to_have_attribute("data-state", "overridden")
    row(meera, item).get_by_text("End it early").click()
    row(meera, item).get_by_label("Why", exact=True).fill("They are left out now.")
    row(meera, item).get_by_role("button", name="End this waiver").click()
    expect(row(meera, item)).to_have_attribute("data-state", "todo")
