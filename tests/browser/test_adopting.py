"""A newer version of a template, from the quiet mark to the last “still true”, as a team lead sees it."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from app.database import db
from app.domain.checklist import Severity
from app.domain.permissions import Role
from app.domain.template_content import ItemContent, TemplateContent
from app.queries.checklists import get_module_checklist
from app.queries.template_content import content_of_version
from app.queries.templates import get_version
from app.services.templates import BUILT_IN
from tests.browser.conftest import DESKTOP, PHONE, Product, serving
from tests.browser.test_accessibility import faults_everywhere
from tests.factories import Made, MadeRelease, Make
from tests.versions import edited, gone, publish, said, tick, with_item

pytestmark = pytest.mark.browser

PLANNED, TABLES = "pre.schema-planned", "pre.tables-identified"
PASSWORD = "correct horse battery staple"
NEW = ItemContent(
    "pre.reviewed-by-two",
    "Two people looked at the plan",
    guidance="One of them has not written it.",
    severity=Severity.KILLER,
)


@dataclass
class Stage:
    """A served product with a release of fourteen modules and somebody who leads them."""

    product: Product
    release: MadeRelease
    lead: Made


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Fourteen live checklists, of which the first has a few ticks."""
    made: list[tuple[MadeRelease, Made]] = []

    def fill() -> None:
        make = Make()
        made.append(
            (make.release("2026-12", modules=14), make.person(Role.TEAM_LEAD, name="Leena Lead", password=PASSWORD))
        )
        for key in (PLANNED, TABLES):
            tick(made[0][0], key, made[0][1])

    with serving("adopting", tmp_path_factory.mktemp("adopting"), fill) as product:
        yield Stage(product, *made[0])


def improved() -> TemplateContent:
    """A later version: an item more, one with other words, one fewer than the first had."""
    content = edited(
        content_of_version(get_version(BUILT_IN, 1).id),
        pre__schema_planned=lambda item: replace(item, text="Plan the schema of the database, and have it read"),
        pre__tables_identified=gone,
    )
    return with_item(content, "pre-development", NEW, at=1)


@pytest.fixture
def lead(stage: Stage, window: Callable[..., BrowserContext]) -> Callable[..., Page]:
    """The lead's page in a window of one's own."""

    def open_page(**options: object) -> Page:
        page = window(base_url=stage.product.address, **options).new_page()
        page.goto("/sign-in/")
        page.get_by_label("E-mail").fill(stage.lead.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_load_state()
        return page

    return open_page


def shoot(page: Page, name: str) -> None:
    """Keep a picture where COUNTERSIGN_SHOTS names a folder."""
    if folder := os.environ.get("COUNTERSIGN_SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True, animations="disabled")


def test_from_the_mark_to_still_true(stage: Stage, lead: Callable[..., Page]) -> None:
    page = lead()
    page.goto(stage.release.module_path)
    with stage.product.app.app_context():
        publish(improved(), note="After the review of the last release.", by=stage.lead.id)
        db.session.remove()

    expect(page.locator(".newer")).to_contain_text("Version 2 is available: 1 added, 1 reworded, 1 removed")
    shoot(page, "module-with-mark")
    page.get_by_role("link", name="Preview").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What version 2 changes")
    page.get_by_text("1 asked again").click()
    shoot(page, "preview")
    page.get_by_role("button", name="Bring it to version 2").click()
    expect(page.locator(".newer.wait")).to_contain_text("1 ticked item has other words now")
    shoot(page, "module-adopted")
    page.goto(f"{stage.release.module_path}groups/pre-development/")
    row = page.locator(".item:has-text('Plan the schema')")
    expect(row).to_contain_text("When it was ticked it said: “Plan database schema”")
    page.get_by_text("No longer asked (1)").click()
    shoot(page, "group-adopted")
    row.get_by_role("button", name="Still true").click()

    expect(row.locator(".finding")).to_have_count(0)
    expect(row.locator("[data-tick]")).to_have_attribute("aria-checked", "true")


def test_many_at_once_without_a_script_on_a_phone(stage: Stage, lead: Callable[..., Page]) -> None:
    page = lead(java_script_enabled=False, viewport=PHONE)
    with stage.product.app.app_context():
        number = publish(edited(improved(), pre__reviewed_by_two=said("Three people looked at it"))).number
        db.session.remove()
    page.goto(f"/templates/{BUILT_IN}/")
    shoot(page, "history-phone")
    page.get_by_role("link", name=f"Bring checklists to version {number}").click()
    page.get_by_role("link", name="Choose all").click()
    shoot(page, "choose-phone")
    page.get_by_role("button", name="Look at what it does").click()
    shoot(page, "preview-phone")
    page.get_by_role("button", name="Bring all 15 to version").click()

    expect(page.locator(".notice")).to_contain_text("15 checklists are at")


@pytest.mark.parametrize("name", ["history", "compare", "choose", "preview", "group"])
def test_nothing_serious_is_found_on_its_pages(stage: Stage, lead: Callable[..., Page], name: str) -> None:
    with stage.product.app.app_context():
        first, last = 1, publish(improved()).number
        checklist = get_module_checklist(stage.release.key, stage.release.modules[1], stage.lead.actor).id
        db.session.remove()
    addresses = {
        "history": f"/templates/{BUILT_IN}/",
        "compare": f"/templates/{BUILT_IN}/versions/{first}/compare/{last}/",
        "choose": f"/templates/{BUILT_IN}/adopt/?version={last}",
        "preview": f"/templates/{BUILT_IN}/adopt/?version={first}&checklist={checklist}",
        "group": f"{stage.release.module_path}groups/pre-development/",
    }
    page = lead()
    page.goto(addresses[name])
    shoot(page, f"a-{name}")

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size(PHONE)
    shoot(page, f"a-{name}-phone")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size(DESKTOP)
    page.emulate_media(color_scheme="dark")
    shoot(page, f"a-{name}-dark")
    assert faults_everywhere(page) == {}
