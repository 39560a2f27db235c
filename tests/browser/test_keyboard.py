"""Single keys on a checklist: what they do, and where they keep still."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from app.domain.permissions import Role
from tests.browser.conftest import Product
from tests.browser.desk import box, events_about, row, set_up
from tests.factories import Make

pytestmark = pytest.mark.browser

Person = Callable[..., Page]
PASSWORD = "two white geese on the roof"


def test_j_and_k_move_through_the_rows_and_x_ticks_the_one_they_are_on(person: Person, make: Make) -> None:
    desk = set_up(make)
    page = person("ravi")
    page.goto(desk.path)
    page.keyboard.press("j")
    expect(row(page, desk.items[0])).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(row(page, desk.items[2])).to_be_focused()
    page.keyboard.press("k")
    expect(row(page, desk.items[1])).to_be_focused()
    page.keyboard.press("x")
    expect(box(page, desk.items[1])).to_be_checked()
    assert [event.object_id for event in events_about(*desk.items)] == [desk.items[1]]


def test_space_ticks_the_row_or_the_box_that_has_the_focus_once(person: Person, make: Make) -> None:
    desk = set_up(make)
    page = person("ravi")
    page.goto(desk.path)
    page.keyboard.press("j")
    page.keyboard.press("Space")
    expect(box(page, desk.items[0])).to_be_checked()
    box(page, desk.items[1]).focus()
    page.keyboard.press("Space")
    expect(box(page, desk.items[1])).to_be_checked()
    page.reload()
    assert [event.new_value for event in events_about(*desk.items)] == ["done", "done"]


def test_n_opens_the_form_for_a_waiver_on_its_row(person: Person, make: Make) -> None:
    desk = set_up(make)
    page = person("ravi")
    page.goto(desk.path)
    page.keyboard.press("j")
    page.keyboard.press("n")
    expect(row(page, desk.items[0]).get_by_role("radio", name="not applicable")).to_be_focused()


def test_b_goes_to_the_blockers_and_a_slash_to_the_filter(person: Person, make: Make) -> None:
    desk = set_up(make)
    page = person("ravi")
    page.goto(desk.path)
    page.keyboard.press("b")
    expect(page).to_have_url(re.compile(f"/releases/{desk.release.key}/blockers/$"))
    page.goto(desk.release.path)
    page.keyboard.press("/")
    expect(page.get_by_label("Module", exact=True)).to_be_focused()


def test_a_question_mark_opens_the_help_and_escape_closes_it(person: Person, make: Make) -> None:
    page = person("ravi")
    page.goto("/me/")
    page.keyboard.press("?")
    help_dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(help_dialog).to_be_visible()
    for key in ("j", "k", "x", "n", "b", "/", "?"):
        expect(help_dialog.locator("kbd", has_text=re.compile(f"^{re.escape(key)}$"))).to_be_visible()
    page.keyboard.press("Escape")
    expect(help_dialog).to_be_hidden()


def test_in_a_text_field_keys_are_letters(person: Person, make: Make) -> None:
    desk = set_up(make)
    page = person("ravi")
    page.goto(f"{desk.release.module_path}everything/")
    field = page.get_by_placeholder("Find in these rows")
    field.press_sequentially("jxnb/?")
    expect(field).to_have_value("jxnb/?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_hidden()
    assert page.url.endswith("/everything/")
    assert events_about(*desk.items) == []


def test_switched_off_in_the_profile_keys_do_nothing(company: Product, person: Person, make: Make) -> None:
    desk = set_up(make)
    worker = make.person(Role.DEVELOPER, password=PASSWORD)
    name = worker.email.partition("@")[0]
    company.passwords[name] = PASSWORD
    page = person(name)
    page.goto("/profile/")
    page.get_by_role("checkbox", name="Keyboard shortcuts").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[data-flash]")).to_contain_text("Your profile is saved.")
    page.goto(desk.path)
    for key in ("j", "x", "?", "b"):
        page.keyboard.press(key)
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_hidden()
    assert page.url.endswith(desk.path)
    box(page, desk.items[0]).click()
    expect(box(page, desk.items[0])).to_be_checked()
    assert [event.object_id for event in events_about(*desk.items)] == [desk.items[0]]


def test_the_skip_link_comes_first_and_the_focus_is_always_to_be_seen(person: Person, make: Make) -> None:
    desk = set_up(make)
    page = person("ravi")
    page.goto(desk.path)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    ring = "document.activeElement.matches(':focus-visible') && getComputedStyle(document.activeElement).outlineStyle"
    for _ in range(25):
        page.keyboard.press("Tab")
        assert page.evaluate(ring) == "solid", page.evaluate("document.activeElement.outerHTML")
