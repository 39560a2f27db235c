"""An evening of deploying: on a phone without scripts, and a clock that goes on by itself."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE
from tests.factories import Make
from tests.integration.services.deploying import Deploying

pytestmark = pytest.mark.browser


def test_a_deployment_from_plan_to_outcome_on_a_phone_without_scripts(person: Callable[..., Page], make: Make) -> None:
    room = Deploying(make)
    room.sign_deploy()
    now = datetime.now(ZoneInfo("Europe/London"))
    page = person("sam", viewport=PHONE, java_script_enabled=False)
    page.goto(f"/gates/{room.deploy_gate().id}/")
    page.get_by_role("link", name="Plan a deployment").click()
    page.get_by_label("The window begins").fill(f"{now - timedelta(hours=1):%Y-%m-%dT%H:%M}")
    page.get_by_label("The window ends").fill(f"{now + timedelta(hours=1):%Y-%m-%dT%H:%M}")
    page.get_by_label("Who says go or no-go").select_option(label="Priya Raman")
    page.get_by_label("When it is stopped").fill("Any request fails.")
    for number in range(3):
        page.get_by_label("What is done").nth(number).fill(f"Do part {number + 1}")
    page.get_by_role("button", name="Add another step").click()
    page.get_by_label("What is done").nth(3).fill("Look at the log")
    page.get_by_role("button", name="Plan it").click()

    expect(page.get_by_role("heading", name="Steps")).to_contain_text("0 of 4 done")
    page.get_by_role("link", name="Look and start").click()
    expect(page.get_by_text("This is what the start uses up")).to_be_visible()
    page.get_by_role("button", name="Start it now").click()
    expect(page.locator("#clock")).to_contain_text("First hour check due in 59 min")
    for _ in range(4):
        page.get_by_role("button", name="Done").first.click()
    expect(page.get_by_role("heading", name="Steps")).to_contain_text("4 of 4 done")
    page.get_by_role("link", name="Say how it ended").click()
    page.get_by_label("It succeeded").check()
    page.get_by_role("button", name="Say so").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("succeeded")
    expect(page.get_by_role("link", name="Start rollback")).to_be_visible()
    assert room.deploy_gate().consumed_at is not None


def test_the_clock_goes_on_by_itself_and_leaves_the_focus_where_it_is(person: Callable[..., Page], make: Make) -> None:
    room = Deploying(make)
    number = room.started()
    page = person("sam")
    page.goto(f"/deployments/{number}/")
    rollback = page.get_by_role("link", name="Start rollback")
    rollback.focus()

    room.do_all(number, "first-hour")

    expect(page.locator("#clock")).to_contain_text("First day check due in")
    expect(page.locator("#windows")).to_contain_text("done in time")
    expect(rollback).to_be_focused()
