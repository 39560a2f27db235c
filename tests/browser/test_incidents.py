"""An incident as somebody on call reports it: on a phone, without scripts, with what the log said."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from app.models.base import utc_now
from tests.browser.conftest import PHONE
from tests.browser.test_accessibility import faults
from tests.factories import PNG, Make

pytestmark = pytest.mark.browser

Person = Callable[..., Page]


def test_an_incident_is_reported_on_a_phone_without_scripts(person: Person, make: Make) -> None:
    module = make.module()
    page = person("sam", java_script_enabled=False, viewport=PHONE)
    page.goto(f"/incidents/new/?module={module.key}")
    page.get_by_label("In one line").fill("Stock of returned goods is wrong")
    page.get_by_label("What is wrong").fill("Whoever takes goods back sees the old number of them.")
    page.get_by_label("Log excerpt").fill("connect password=hunter2")
    page.get_by_label("Screenshots").set_input_files(files=[{"name": "p.png", "mimeType": "image/png", "buffer": PNG}])
    page.get_by_role("button", name="Report it").click()
    expect(page.get_by_role("alert")).to_contain_text("Say when it began.")
    expect(page.get_by_label("What is wrong")).to_have_value("Whoever takes goods back sees the old number of them.")
    expect(page.get_by_text("Choose the files again")).to_be_visible()

    page.get_by_label("When it began").fill(f"{utc_now():%Y-%m-%d}T00:01")
    page.get_by_role("button", name="Report it").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("Stock of returned goods is wrong")
    expect(page.locator("main")).to_contain_text("1 place that looks like a secret was masked")
    expect(page.get_by_text("connect password=[masked]")).to_be_visible()
    page.get_by_role("link", name="Begin").click()
    page.get_by_role("button", name="Begin step 1").click()
    expect(page.locator("#step-1")).to_contain_text("begun by Sam Reed")
    with_scripts = person("sam", viewport=PHONE)
    with_scripts.goto(page.url)
    assert with_scripts.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert faults(with_scripts) == []
