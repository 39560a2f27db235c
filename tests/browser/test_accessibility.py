"""No page keeps anybody out: axe finds nothing serious, in light and dark, on a desk and on a phone."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Product, sign_in
from tests.browser.pages import address_of, endpoints, reader_of
from tests.browser.places import busiest
from tests.browser.test_first_minutes import setup_path

pytestmark = pytest.mark.browser

Person = Callable[..., Page]
BAD = {"serious", "critical"}
# Only colours differ between light and dark.
# Of a list of many rows, each drawn by the same macro, so many are looked at.
ROWS = 8
SHORTEN = """(kept) => {
  for (const list of document.querySelectorAll("main, main :not(select)"))
    for (const row of [...list.children].slice(kept)) row.remove();
}"""
# A label would lead to the first of them only.
TWICE = """() => {
  const names = [...document.querySelectorAll("[id]")].map((thing) => thing.id);
  return [...new Set(names.filter((name, place) => names.indexOf(name) !== place))];
}"""
COLOURS: dict[str, Any] = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}


def faults(page: Page, options: dict[str, Any] | None = None) -> list[str]:
    """What axe finds serious or critical on a page as it is now."""
    found = Axe().run(page, options={"resultTypes": ["violations"], **(options or {})})
    twice: list[str] = page.evaluate(TWICE)
    return [f"the id {name} stands twice" for name in twice] + [
        f"{fault['id']}: {', '.join(str(node['target']) for node in fault['nodes'][:4])}"
        for fault in found.response["violations"]
        if fault["impact"] in BAD
    ]


def faults_everywhere(page: Page) -> dict[str, list[str]]:
    """What axe finds in both schemes and on both sizes of screen; the colours of a phone by day are those of a desk."""
    page.evaluate(SHORTEN, ROWS)
    found = {"desk, light": faults(page)}
    page.emulate_media(color_scheme="dark")
    found["desk, dark"] = faults(page, COLOURS)
    page.set_viewport_size(PHONE)
    found["phone, dark"] = faults(page)
    return {where: what for where, what in found.items() if what}


@pytest.fixture(scope="module")
def readers(company: Product, browser: Browser, browser_context_args: dict[str, Any]) -> Callable[[str | None], Page]:
    """A window for each reader, which all pages are opened in one after the other."""
    pages: dict[str | None, Page] = {}

    def page_of(reader: str | None) -> Page:
        if reader not in pages:
            pages[reader] = browser.new_context(**browser_context_args, base_url=company.address).new_page()
            if reader:
                sign_in(pages[reader], reader, company.passwords[reader])
        pages[reader].set_viewport_size(DESKTOP)
        pages[reader].emulate_media(color_scheme="light")
        return pages[reader]

    return page_of


@pytest.mark.parametrize("endpoint", [name for name in endpoints() if name != "setup.show"])
def test_nothing_serious_is_found_on_any_page(
    company: Product, database: Flask, readers: Callable[[str | None], Page], endpoint: str
) -> None:
    page = readers(reader_of(endpoint))
    answer = page.goto(address_of(company.app, endpoint))
    assert answer is not None
    assert answer.status == 200
    assert faults_everywhere(page) == {}


def test_nothing_serious_is_found_where_the_first_administrator_begins(
    empty_product: Product, window: Callable[..., BrowserContext]
) -> None:
    page = window(base_url=empty_product.address).new_page()
    page.goto(setup_path(empty_product))
    assert faults_everywhere(page) == {}
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_role("alert")).to_be_focused()
    assert faults_everywhere(page) == {}


@pytest.mark.parametrize(
    ("reader", "path", "status"),
    [
        ("leena", "/no-such-page/", 404),
        (None, "/no-such-page/", 404),
        ("ravi", "/people/", 403),
    ],
)
def test_nothing_serious_is_found_on_pages_that_say_no(
    person: Person, visitor: Person, reader: str | None, path: str, status: int
) -> None:
    page = person(reader) if reader else visitor()
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == status
    assert faults_everywhere(page) == {}


def open_shortcuts(page: Page, _place: Any) -> Locator:
    page.goto("/me/")
    page.get_by_role("contentinfo").get_by_role("button", name="Keyboard shortcuts").click()
    return page.get_by_role("dialog", name="Keyboard shortcuts")


def open_question(page: Page, place: Any) -> Locator:
    page.goto(f"/modules/{place.module}/")
    page.get_by_text("Archive", exact=True).first.click()
    return page.locator(".asks[open] form")


def open_everything_of_a_row(page: Page, place: Any) -> Locator:
    page.goto(f"/items/{place.item}/")
    page.get_by_text("Say how it stands").click()
    return page.locator("details.more[open] details[open]")


def open_waiver(page: Page, place: Any) -> Locator:
    page.goto(f"/items/{place.item}/")
    page.get_by_text("Waive", exact=True).click()
    return page.locator(".waive-form")


def open_several(page: Page, place: Any) -> Locator:
    page.goto(f"/releases/{place.release}/modules/{place.module}/groups/{place.group}/")
    page.get_by_text("Select several").click()
    page.get_by_label("not applicable", exact=True).check()
    return page.locator("#several-form")


@pytest.mark.parametrize("opened", [open_shortcuts, open_question, open_everything_of_a_row, open_waiver, open_several])
def test_nothing_serious_is_found_in_what_opens(
    person: Person, database: Flask, opened: Callable[[Page, Any], Locator]
) -> None:
    page = person("leena")
    expect(opened(page, busiest())).to_be_visible()
    assert faults_everywhere(page) == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_is_found_in_the_menus(person: Person, scheme: str) -> None:
    page = person("leena", color_scheme=scheme)
    page.goto("/me/")
    page.locator(".bar-person > summary").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    assert faults(page) == []
    page.set_viewport_size(PHONE)
    page.reload()
    page.locator(".bar-fold > summary").click()
    expect(page.get_by_role("navigation", name="Main, folded")).to_be_visible()
    assert faults(page) == []
