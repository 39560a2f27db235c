"""A team's own list, from a pasted text to a version that a checklist is brought to: by keys, and without a script."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from app.database import db
from app.domain.permissions import Role
from app.services.templates import BUILT_IN
from tests.browser.conftest import PHONE, Product, serving
from tests.factories import MadeRelease, Make

pytestmark = pytest.mark.browser

PASSWORD = "seven small lanterns by the river"
LIST = """# Night list

## Before the window

- [x] Tell the shop floor
- [ ] Take the backup

  ```sh
  make backup
  ```
- [ ] Look at the disk
"""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Product, str, MadeRelease]]:
    """The product on a database of its own, somebody who leads in it, and a release."""
    found: list[tuple[str, MadeRelease]] = []

    def fill() -> None:
        make = Make()
        lead = make.person(Role.TEAM_LEAD, name="Leena Lead", password=PASSWORD)
        found.append((lead.email, make.release()))
        db.session.commit()

    with serving("lists", tmp_path_factory.mktemp("lists"), fill) as product:
        yield product, *found[0]


@pytest.fixture
def lead(stage: tuple[Product, str, MadeRelease], window: Callable[..., BrowserContext]) -> Callable[..., Page]:
    """The lead's page in a window of one's own."""

    def open_page(**options: object) -> Page:
        page = window(base_url=stage[0].address, **options).new_page()
        page.goto("/sign-in/")
        page.get_by_label("E-mail").fill(stage[1])
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_load_state()
        return page

    return open_page


def read_in(page: Page, *, into: str) -> None:
    """Paste the list, look at what was understood, and make a draft of it with its ticks."""
    page.goto("/templates/import/")
    page.get_by_label("Or its text").fill(LIST)
    page.get_by_role("button", name="Read it").click()
    expect(page.locator(".lead")).to_contain_text("3 items in 1 group, 1 of them ticked")
    expect(page.locator("#tree")).to_be_visible()
    page.locator("[name=into]").select_option(into)
    page.get_by_label("Keep the ticks").check()
    page.get_by_role("button", name="Import 3 items").click()


def press_through(page: Page, name: str, role: str = "link") -> None:
    """Go to something with the Tab key alone, and press Enter on it."""
    wanted = page.get_by_role(role, name=name, exact=True).first  # type: ignore[arg-type]
    expect(wanted).to_be_visible()
    for _ in range(80):
        page.keyboard.press("Tab")
        if wanted.evaluate("thing => thing === document.activeElement"):
            page.keyboard.press("Enter")
            page.wait_for_load_state()
            return
    raise AssertionError(f"nobody gets to “{name}” by Tab")


def test_without_a_script_on_a_phone_a_list_becomes_a_version_and_is_adopted(
    stage: tuple[Product, str, MadeRelease], lead: Callable[..., Page]
) -> None:
    page = lead(java_script_enabled=False, viewport=PHONE)
    read_in(page, into=BUILT_IN)
    page.get_by_role("link", name="Before the window").click()
    page.locator("li:has-text('Look at the disk')").get_by_role("button", name="Up").click()
    expect(page.locator(".editing > li").nth(1)).to_contain_text("Look at the disk")
    page.get_by_role("link", name="Draft of").click()
    page.get_by_role("link", name="Publish").click()
    expect(page.locator("#different")).to_contain_text("added")
    page.get_by_label("What is new").fill("Our own list.")
    page.get_by_role("button", name="Publish version 2").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("version 2")

    page.goto(stage[2].module_path)
    page.get_by_role("link", name="Preview").click()
    page.get_by_label("Tick what was ticked in the imported document").check()
    page.get_by_role("button", name="Bring it to version 2").click()

    page.get_by_role("link", name="Before the window").first.click()
    first = page.locator(".item:has-text('Tell the shop floor')")
    expect(first.get_by_role("checkbox").first).to_be_checked()
    expect(page.locator(".item:has-text('Take the backup') pre")).to_contain_text("make backup")


def test_with_keys_alone_an_item_of_a_draft_is_moved_reworded_and_published(
    stage: tuple[Product, str, MadeRelease], lead: Callable[..., Page]
) -> None:
    page = lead()
    read_in(page, into="")
    press_through(page, "Before the window")
    first = page.locator(".editing > li").first
    first.get_by_role("link", name="Tell the shop floor", exact=True).focus()
    page.keyboard.press("Alt+ArrowDown")
    expect(page.locator(".editing > li").nth(1)).to_contain_text("Tell the shop floor")

    press_through(page, "Take the backup")
    expect(page.get_by_label("What is asked")).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.type(", and restore it once")
    page.keyboard.press("Enter")
    page.wait_for_load_state()
    expect(page.locator(".editing > li").first).to_contain_text("Take the backup, and restore it once")
    press_through(page, "Draft of Night list")
    press_through(page, "Publish")
    expect(page.get_by_label("What is new")).to_be_focused()
    page.keyboard.type("The first one.")
    page.keyboard.press("Enter")
    page.wait_for_load_state()

    expect(page.get_by_role("heading", level=1)).to_contain_text("Night list")
    expect(page.locator("main")).to_contain_text("Take the backup, and restore it once")
