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
from app.queries.template_content import content_of_version
from app.queries.templates import VersionLine, get_version
from app.services.templates import BUILT_IN
from tests.browser.camera import take_picture
from tests.browser.conftest import DESKTOP, PHONE, Product, serving
from tests.browser.test_accessibility import faults_everywhere
from tests.factories import Made, MadeRelease, Make
from tests.versions import bring, checklists_of, edited, gone, publish, said, tick, with_item

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
    """A served product and somebody who leads everything in it."""

    product: Product
    lead: Made

    def release(self) -> MadeRelease:
        """A release of fourteen modules at a version that says what the first one said; two items are ticked."""
        with self.product.app.app_context():
            publish(first_version())
            release = Make().release(modules=14)
            for key in (PLANNED, TABLES):
                tick(release, key, self.lead)
            db.session.remove()
        return release

    def publish(self, content: TemplateContent) -> VersionLine:
        """A later version."""
        with self.product.app.app_context():
            version = publish(content, note="After the review of the last release.", by=self.lead.id)
            db.session.remove()
        return version


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The product on a database of its own: what is published here would stand on every page of the company."""
    made: list[Made] = []

    def fill() -> None:
        made.append(Make().person(Role.TEAM_LEAD, name="Leena Lead", password=PASSWORD))

    with serving("adopting", tmp_path_factory.mktemp("adopting"), fill) as product:
        yield Stage(product, *made)


def first_version() -> TemplateContent:
    """What the built-in version says."""
    return content_of_version(get_version(BUILT_IN, 1).id)


def improved() -> TemplateContent:
    """A later version: an item more, one with other words, one fewer than the first had."""
    content = edited(
        first_version(),
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
        take_picture(page, Path(folder) / f"{name}.png", full_page=True)


def test_from_the_mark_to_still_true(stage: Stage, lead: Callable[..., Page]) -> None:
    release, page = stage.release(), lead()
    page.goto(release.module_path)
    with stage.product.app.app_context():
        content = improved()
    number = stage.publish(content).number

    expect(page.locator(".newer")).to_contain_text(f"Version {number} is available: 1 added, 1 reworded, 1 removed")
    shoot(page, "module-with-mark")
    page.goto(release.path)
    expect(page.locator("#matrix .behind")).to_have_count(14)
    shoot(page, "matrix-with-marks")
    page.goto(release.module_path)
    page.get_by_role("link", name="Preview").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"What version {number} changes")
    page.get_by_text("1 asked again").click()
    shoot(page, "preview")
    page.get_by_role("button", name=f"Bring it to version {number}").click()
    expect(page.locator(".newer.wait")).to_contain_text("1 ticked item has other words now")
    shoot(page, "module-adopted")
    page.goto(f"{release.module_path}groups/pre-development/")
    row = page.locator(".item:has-text('Plan the schema')")
    expect(row).to_contain_text("When it was ticked it said: “Plan database schema”")
    page.get_by_text("No longer asked (1)").click()
    shoot(page, "group-adopted")
    row.get_by_role("button", name="Still true").click()

    expect(row.locator(".finding")).to_have_count(0)
    expect(row.locator("[data-tick]")).to_have_attribute("aria-checked", "true")


def test_many_at_once_without_a_script_on_a_phone(stage: Stage, lead: Callable[..., Page]) -> None:
    stage.release()
    with stage.product.app.app_context():
        content = edited(improved(), pre__reviewed_by_two=said("Three people looked at it"))
    number = stage.publish(content).number
    page = lead(java_script_enabled=False, viewport=PHONE)
    page.goto(f"/templates/{BUILT_IN}/")
    shoot(page, "history-phone")
    page.get_by_role("link", name=f"Bring checklists to version {number}").click()
    page.get_by_role("link", name="Choose all").click()
    shoot(page, "choose-phone")
    page.get_by_role("button", name="Look at what it does").click()
    shoot(page, "preview-phone")
    page.get_by_role("button", name="Bring all").click()

    expect(page.locator(".notice")).to_contain_text(f"checklists are at Migration maintenance, version {number} now.")


@pytest.mark.parametrize("name", ["history", "compare", "choose", "preview", "group"])
def test_nothing_serious_is_found_on_its_pages(stage: Stage, lead: Callable[..., Page], name: str) -> None:
    release = stage.release()
    with stage.product.app.app_context():
        version = stage.publish(improved())
        checklist = checklists_of(release)[0]
        if name == "group":
            bring(release, version)
        db.session.remove()
    page = lead()
    page.goto(
        {
            "history": f"/templates/{BUILT_IN}/",
            "compare": f"/templates/{BUILT_IN}/versions/1/compare/{version.number}/",
            "choose": f"/templates/{BUILT_IN}/adopt/?version={version.number}",
            "preview": f"/templates/{BUILT_IN}/adopt/?version={version.number}&checklist={checklist}",
            "group": f"{release.module_path}groups/pre-development/",
        }[name]
    )
    shoot(page, f"a-{name}")

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size(PHONE)
    shoot(page, f"a-{name}-phone")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size(DESKTOP)
    assert faults_everywhere(page) == {}
