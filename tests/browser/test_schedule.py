"""The schedule under a thumb and without scripts: a late duty is found, ticked with its value, and up again."""

from collections.abc import Callable
from datetime import datetime, time, timedelta

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from app.domain.permissions import Role
from app.domain.recurrence import Period, Schedule
from app.models.base import pretending, utc_now
from app.services.duties import DutyWish, Place, create_duty
from tests.browser.conftest import PHONE
from tests.browser.test_accessibility import faults
from tests.factories import Make

pytestmark = pytest.mark.browser

TITLE = "Count the returned pallets"


def due_at() -> datetime:
    """Noon two days ago: the same day and month wherever the reader sits."""
    return (utc_now() - timedelta(days=2)).replace(hour=12, minute=0, second=0, microsecond=0)


def late_duty(make: Make) -> int:
    """A monthly duty that was due then and has five days of grace."""
    lead, due = make.lead(), due_at()
    schedule = Schedule(Period.MONTHLY, time(12), day=due.day, grace_days=5)
    with pretending(due - timedelta(days=20)):
        return create_duty(lead.origin, Place(), DutyWish(TITLE, "Value: how many.", Role.OPS, schedule))


def test_a_late_duty_is_ticked_with_a_value_on_a_phone_without_scripts(
    person: Callable[..., Page], make: Make, database: Flask
) -> None:
    duty = late_duty(make)
    page = person("sam", viewport=PHONE, java_script_enabled=False)
    page.goto("/schedule/")
    row = page.locator(f"#duty-{duty}")
    expect(row.locator(".state")).to_have_text("late")
    row.get_by_role("link", name=f"Tick {TITLE}").click()
    page.get_by_label("Value").fill("31 pallets")
    page.get_by_role("button", name="It is done").click()

    expect(page.get_by_text("It is recorded, with your name and the time.")).to_be_visible()
    expect(page.get_by_role("row", name="done late 31 pallets Sam Reed")).to_be_visible()
    page.goto("/schedule/")
    expect(row.locator(".state")).to_have_text("up")


def test_a_month_is_a_list_of_days_on_a_phone(person: Callable[..., Page], make: Make, database: Flask) -> None:
    late_duty(make)
    page = person("leena", viewport=PHONE)
    page.goto(f"/schedule/calendar/?month={due_at():%Y-%m}")

    day = page.locator("td", has=page.get_by_role("link", name=TITLE)).first
    expect(day.locator("time")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert faults(page) == []
    page.get_by_role("link", name="Month before").click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text(f"{due_at():%B %Y}")
