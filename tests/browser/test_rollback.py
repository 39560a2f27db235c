"""A rollback at night: on a phone without scripts, interrupted, resumed, and printed on one page."""

from collections.abc import Callable
from io import BytesIO

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from app.services.gate_records import write_rollback_plan
from app.services.rollbacks import abort_rollback
from tests.browser.conftest import PHONE
from tests.browser.test_accessibility import faults
from tests.factories import Make
from tests.integration.services.rolling import RollingBack

pytestmark = pytest.mark.browser

Person = Callable[..., Page]
# As many commands as the sheet has room for.
PLAN = "\n".join(
    f"## {step}\n\n```sh\n{step.lower().replace(' ', '-')} --now\nlook --twice\n```\n"
    for step in (
        *("Stop application", "Run rollback migration", "Verify tables removed", "Restart application"),
        *("Verify data integrity", "Review error logs"),
    )
)


def do(page: Page, value: str = "") -> None:
    """Press what is in reach of the thumb."""
    button = page.get_by_role("button", name="Done")
    box = button.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= PHONE["height"], "the way on is not in the window"
    if value:
        page.locator("#value").fill(value)
    button.click()


def test_a_rollback_on_a_phone_without_scripts_is_interrupted_and_taken_up_again(person: Person, make: Make) -> None:
    room = RollingBack(make)
    options = {"viewport": PHONE, "java_script_enabled": False}
    page = person("tariq", **options)
    page.goto(f"/deployments/{room.deployment}/")
    page.get_by_role("link", name="Start rollback").click()
    page.get_by_label("Why it is taken back").fill("Orders fail since the migration.")
    page.get_by_label("Critical").check()
    page.get_by_role("button", name="Begin the rollback").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Backup current database")
    for value in ("grn.sql.gz, 2 GB", "saved", "23:10, all"):
        do(page, value)
    page.locator("summary", has_text="Pause").click()
    page.get_by_label("Why it waits").fill("The phone rings.")
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The phone rings.")
    here = page.url
    page.context.close()

    again = person("tariq", **options)
    again.goto(here)
    again.get_by_role("button", name="Resume").click()
    expect(again.get_by_role("heading", level=1)).to_have_text("Prepare rollback script")
    expect(again.locator(".run-before")).to_contain_text("23:10, all")
    again.get_by_text("Skip step 4 with a reason").click()
    again.get_by_label("Why it is skipped").fill("It is the one of last week.")
    again.get_by_role("button", name="Skip it").click()
    expect(again.locator(".run-before")).to_contain_text("skipped Tariq Aziz")
    do(again)
    do(again, "https://git.example.org/plan")
    expect(again.get_by_text("Step 7 of 18")).to_be_visible()
    assert again.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_the_sheet_is_one_page_with_every_step_before_and_while_it_runs(person: Person, make: Make) -> None:
    room = RollingBack(make)
    first = room.begun()
    abort_rollback(room.ravi.origin, first, reason="Not now.")
    room.finish(room.deployment)
    write_rollback_plan(room.worker.origin, room.checklist_id, body=PLAN, revision=1)
    number = room.begun()
    room.do_up_to(number, 12)
    page = person("tariq")
    for address in (f"/deployments/{room.plan()}/rollback/print/", f"/rollbacks/{number}/print/"):
        page.goto(address)
        sheets = PdfReader(BytesIO(page.pdf(prefer_css_page_size=True, format="A4"))).pages
        text = " ".join(sheets[0].extract_text().split())

        assert len(sheets) == 1, address
        for words in ("1. Backup current database", "18. Notify users", "Escalate to architect", "1 of 1"):
            assert words in text
    assert "seen" in text
    assert "http" in text


def test_axe_finds_nothing_on_a_rollback_that_runs_waits_or_is_over(person: Person, make: Make) -> None:
    room = RollingBack(make)
    number = room.begun()
    room.do_up_to(number, 2)
    page = person("tariq")
    for address in (
        f"/rollbacks/{number}/",
        f"/rollbacks/{number}/codes/",
        f"/deployments/{room.deployment}/rollback/",
    ):
        page.goto(address)
        assert faults(page) == [], address
    abort_rollback(room.ravi.origin, number, reason="Not now.")
    page.goto(f"/rollbacks/{number}/")
    assert faults(page) == []
