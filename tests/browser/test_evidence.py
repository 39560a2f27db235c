"""Evidence as people work with it: a file from the row, with and without scripts; a group confirmed again."""

import os
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.database import db
from app.domain.checklist import ItemState
from app.domain.permissions import Role
from app.models import ChecklistItem
from app.models.base import pretending, utc_now
from app.services.evidence import withdraw_evidence
from app.services.item_states import set_state
from tests.browser.camera import take_picture
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.desk import Desk, row, set_up
from tests.factories import PNG, Make

pytestmark = pytest.mark.browser

Person = Callable[..., Page]
LOG = b"0 orphan rows in 14 tables\n" * 100_000  # 2.7 MB


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_file_is_added_from_its_row_and_comes_back_byte_by_byte(
    person: Person, make: Make, tmp_path: Path, scripts: bool
) -> None:
    desk = set_up(make)
    page, item = person("ravi", java_script_enabled=scripts), desk.items[0]
    page.goto(desk.path)
    row(page, item).get_by_role("link", name="More").click()
    page.get_by_text("Add evidence", exact=True).first.click()
    page.get_by_label("File").set_input_files(files=[{"name": "orphans.log", "mimeType": "text/html", "buffer": LOG}])
    page.get_by_label("Note").fill("Run on the copy of last night")
    page.get_by_role("button", name="Add evidence").click()

    expect(page.locator("main").get_by_text("The evidence is there.")).to_be_visible()
    page.goto(desk.path)
    row(page, item).get_by_role("link", name="1 evidence, today").click()
    expect(page.get_by_role("region", name="Evidence")).to_contain_text(sha256(LOG).hexdigest())
    with page.expect_download() as download:
        page.get_by_role("link", name="orphans.log").click()
    assert download.value.suggested_filename == "orphans.log"
    assert download.value.path().read_bytes() == LOG


def test_a_tick_keeps_the_file_that_was_chosen_beside_it(person: Person, make: Make) -> None:
    desk = set_up(make)
    page, item = person("ravi"), desk.items[1]
    page.goto(f"/items/{item}/#attach-{item}")
    page.get_by_label("File").set_input_files(files=[{"name": "p.png", "mimeType": "image/png", "buffer": PNG}])

    row(page, item).locator("[data-tick]").click()

    expect(row(page, item).locator("[data-tick]")).to_be_checked()
    page.get_by_role("button", name="Add evidence").click()
    expect(page.get_by_role("link", name="p.png")).to_be_visible()


def _tell(make: Make, desk: Desk) -> None:
    """Evidence of every kind and age in one group, and an item that asks for a file."""
    worker, first = make.person(Role.DEVELOPER, name="Jonas Weber"), desk.items[0]
    for item in desk.items[:4]:
        set_state(worker.origin, item, revision=1, state=ItemState.DONE)
    with pretending(utc_now() - timedelta(days=12)):
        make.evidence(worker, first, note="Looked at with the team", expires_on=utc_now().date() + timedelta(days=9))
        gone = make.evidence(worker, first, note="The plan of the old schema")
        for item in desk.items[1:4]:
            make.evidence(worker, item, note="Read line by line")
    withdraw_evidence(worker.origin, first, gone, reason="It was another database")
    make.file(worker, first, name="explain-before-and-after.png")
    asks = db.session.get_one(ChecklistItem, desk.items[5])
    asks.value_kind, asks.value_prompt = "file", "The report of the linter"
    db.session.commit()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_group_is_confirmed_again_in_one_act(
    person: Person, make: Make, tmp_path: Path, size: dict[str, int], scheme: str
) -> None:
    folder = Path(os.environ.get("COUNTERSIGN_SHOTS") or tmp_path)
    kind = f"{scheme}{'-phone' if size is PHONE else ''}"
    desk = set_up(make)
    _tell(make, desk)
    page = person("ravi", viewport=size, color_scheme=scheme)
    page.goto(f"/items/{desk.items[0]}/#attach-{desk.items[0]}")
    take_picture(page, folder / f"evidence-{kind}.png", full_page=True)
    page.goto(desk.path)
    take_picture(page, folder / f"evidence-group-{kind}.png", full_page=True)
    page.get_by_role("link", name="Still true: re-confirm 3").click()
    take_picture(page, folder / f"evidence-confirm-{kind}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.get_by_role("button", name="Still true: re-confirm 3").click()

    expect(page.locator("main").get_by_text("Confirmed again for 3 items.")).to_be_visible()
    expect(row(page, desk.items[1])).to_contain_text("1 evidence, today")
