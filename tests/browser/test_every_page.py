"""Each page is opened once, and all of them are looked at together; in one process: see tests/together.py."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from app.database import db
from tests.browser.conftest import DESKTOP, Product, sign_in
from tests.browser.pages import address_of, endpoints, reader_of

pytestmark = pytest.mark.browser

NARROW = {"width": 320, "height": 640}


@dataclass
class Visit:
    """What was seen of a page."""

    endpoint: str
    path: str
    title: str
    boxes: int
    width: int
    asked: list[str]


@pytest.fixture(scope="module")
def visits(company: Product, browser: Browser, browser_context_args: dict[str, Any]) -> Iterator[list[Visit]]:
    """Every page, opened once by somebody who may."""
    pages: dict[str | None, Page] = {}
    asked: list[str] = []
    for reader in ("leena", "ada", None):
        pages[reader] = browser.new_context(**browser_context_args, base_url=company.address).new_page()
        pages[reader].on("request", lambda request: asked.append(request.url))
        if reader:
            sign_in(pages[reader], reader, company.passwords[reader])
    seen = []
    for endpoint in endpoints():
        if endpoint == "setup.show":
            continue
        page = pages[reader_of(endpoint)]
        asked.clear()
        with company.app.app_context():
            address = address_of(company.app, endpoint)
            db.session.remove()
        page.set_viewport_size(DESKTOP)
        page.goto(address)
        boxes = page.locator("[role=checkbox]").filter(visible=True).count()
        page.set_viewport_size(NARROW)
        width = page.evaluate("document.documentElement.scrollWidth")
        seen.append(Visit(endpoint, page.url, page.title(), boxes, width, list(asked)))
    yield seen
    for page in pages.values():
        page.context.close()


def test_no_two_pages_have_the_same_title(visits: list[Visit]) -> None:
    titles: dict[str, set[str]] = {}
    for visit in visits:
        titles.setdefault(visit.title, set()).add(visit.path)
    assert {title: paths for title, paths in titles.items() if len(paths) > 1} == {}
    assert all(title.endswith(" - Countersign") for title in titles)


def test_no_page_but_the_whole_checklist_has_more_than_twelve_boxes(visits: list[Visit]) -> None:
    many = {visit.endpoint for visit in visits if visit.boxes > 12}
    assert {name for name in many if not name.startswith("checklists.everything_")} == set()
    assert "checklists.everything_module" in many


def test_no_page_asks_another_server_for_anything(company: Product, visits: list[Visit]) -> None:
    assert all(visit.asked for visit in visits)
    foreign = {address for visit in visits for address in visit.asked if not address.startswith(f"{company.address}/")}
    assert foreign == set()


def test_no_page_scrolls_sideways_at_320_pixels(visits: list[Visit]) -> None:
    assert {visit.endpoint: visit.width for visit in visits if visit.width > NARROW["width"]} == {}
