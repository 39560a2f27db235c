"""An open page follows what happens, and never falls back behind what was done on it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.desk import box, events_about, row, set_up
from tests.factories import Make

pytestmark = pytest.mark.browser

Person = Callable[..., Page]
LOOK_AGAIN = "document.dispatchEvent(new Event('visibilitychange'))"


def asks_by_itself(request: Request) -> bool:
    """Whether it is the page that asks whether there is anything new."""
    return "x-live" in request.headers


def test_an_answer_from_before_a_tick_does_not_take_the_tick_off_the_page(person: Person, make: Make) -> None:
    desk = set_up(make)
    page = person("ravi")
    page.goto(desk.path)
    before = page.context.request.get(page.url)
    held: list[Route] = []
    page.route(lambda _: True, lambda route: held.append(route) if asks_by_itself(route.request) else route.continue_())
    with page.expect_request(asks_by_itself):
        page.evaluate(LOOK_AGAIN)
    box(page, desk.items[0]).click()
    expect(box(page, desk.items[0])).to_be_checked()

    with page.expect_request(asks_by_itself):
        held[0].fulfill(response=before)

    expect(box(page, desk.items[0])).to_be_checked()
    expect(row(page, desk.items[0])).to_contain_text("saved by Ravi Kumar")
    assert [event.new_value for event in events_about(desk.items[0])] == ["done"]
