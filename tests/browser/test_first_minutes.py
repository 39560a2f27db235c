"""The first minutes of whoever sets the product up: from the one-time link to numbers on the matrix."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from pydantic import SecretStr

from app.domain.actors import SYSTEM, Origin
from app.services.accounts import make_setup_link, new_link_token
from tests.browser.conftest import Product

pytestmark = pytest.mark.browser

TICKS = 20


def setup_path(product: Product) -> str:
    """A fresh one-time link, as the command line prints it."""
    token = new_link_token()
    with product.app.app_context():
        make_setup_link(Origin(SYSTEM), SecretStr(token))
    return f"/setup/{token}/"


def become_administrator(page: Page, path: str) -> None:
    page.goto(path)
    page.get_by_label("Your name").fill("Lena Meyer")
    page.get_by_label("E-mail").fill("lena@example.org")
    page.get_by_label("Password").fill("four grey herons by the pond")
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="People")).to_be_visible()


def make_module_and_release(page: Page) -> None:
    page.get_by_role("navigation", name="Main").get_by_text("More").click()
    page.get_by_role("link", name="Modules").first.click()
    page.get_by_role("link", name="Create the first module").click()
    page.get_by_role("textbox", name="Name").first.fill("Goods receipt")
    page.get_by_role("textbox", name="Key").fill("goods-receipt")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="Goods receipt", level=1)).to_be_visible()
    page.get_by_role("link", name="Releases").first.click()
    page.get_by_role("link", name=re.compile("Create .*release")).click()
    page.get_by_role("textbox", name="Name").fill("Spring")
    page.get_by_role("textbox", name="Key").fill("spring")
    page.get_by_role("button", name="Create").click()
    page.goto("/releases/spring/")
    page.get_by_role("link", name="Add modules").click()
    page.get_by_label("Goods receipt").check()
    page.get_by_role("button", name="Add them").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("0 of 1 modules are ready.")


def tick_some(page: Page) -> None:
    """Tick box after box, going from group to group as the page offers it."""
    page.goto("/releases/spring/modules/goods-receipt/")
    page.locator(".group-cards a").first.click()
    for _ in range(TICKS):
        unticked = page.locator("[data-tick][aria-checked=false]")
        if unticked.count() == 0:
            page.get_by_role("link", name=re.compile("^Next: ")).click()
        box = unticked.first
        name = box.get_attribute("aria-labelledby")
        box.click()
        expect(page.locator(f'[aria-labelledby="{name}"]')).to_have_attribute("aria-checked", "true")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_newcomer_comes_from_the_setup_link_to_numbers_on_the_matrix(
    empty_product: Product, window: Callable[..., BrowserContext], scripts: bool
) -> None:
    page = window(base_url=empty_product.address, java_script_enabled=scripts).new_page()
    path = setup_path(empty_product)
    become_administrator(page, path)
    make_module_and_release(page)
    tick_some(page)

    page.goto("/releases/spring/")
    numbers = page.locator("#numbers")
    expect(numbers).to_contain_text(re.compile(rf"^{TICKS} of \d+ applicable,\s+0 not applicable"))
    expect(page.locator(".matrix tbody tr")).to_have_count(1)
    expect(page.locator(".first-blocker a")).not_to_be_empty()

    again = page.goto(path)
    assert again is not None
    assert again.status == 410
    expect(page.get_by_role("heading", level=1)).to_have_text("This link has ended")


def test_a_new_password_can_be_looked_at_before_it_is_sent(
    empty_product: Product, window: Callable[..., BrowserContext]
) -> None:
    page = window(base_url=empty_product.address).new_page()
    page.goto(setup_path(empty_product))
    password, button = page.get_by_label("Password"), page.get_by_role("button", name="Show the password")
    password.fill("four grey herons by the pond")

    button.click()
    expect(password).to_have_attribute("type", "text")
    expect(button).to_have_attribute("aria-pressed", "true")
    button.press("Enter")
    expect(password).to_have_attribute("type", "password")
    expect(button).to_have_attribute("aria-pressed", "false")


def test_without_scripts_no_button_promises_to_show_the_password(
    empty_product: Product, window: Callable[..., BrowserContext]
) -> None:
    page = window(base_url=empty_product.address, java_script_enabled=False).new_page()
    page.goto(setup_path(empty_product))

    expect(page.get_by_label("Password")).to_be_visible()
    expect(page.get_by_role("button", name="Show the password")).to_be_hidden()
