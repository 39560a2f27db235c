"""What the pages say is what the database holds, it is found at a glance, and it fits small screens and paper."""

import gzip
import re
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from pypdf import PdfReader
from sqlalchemy import select

from app.database import db
from app.domain.checklist import TAKEN_AWAY, WAIVED, BelongsTo, ItemState, Severity
from app.domain.waiver_kinds import WaiverReason
from app.models import Checklist, ChecklistItem, Release, ReleaseModule
from app.queries.releases import get_release
from app.services.items import set_value
from app.services.modules import ModuleFacts, update_module
from app.services.releases import ReleaseFacts, update_release
from app.services.waivers import request_waiver
from tests.browser.conftest import DESKTOP
from tests.browser.places import busiest
from tests.factories import Make

pytestmark = pytest.mark.browser

Person = Callable[..., Page]
CLOSED = {ItemState.DONE, *WAIVED, *TAKEN_AWAY}


@dataclass(frozen=True)
class Fact:
    """One item of a release, as the database holds it."""

    id: int
    module_id: int | None
    state: ItemState
    severity: Severity

    @property
    def blocks(self) -> bool:
        """Whether it stands in the way."""
        is_advice = self.severity is Severity.ADVISORY and self.state is not ItemState.FAILED
        return self.state not in CLOSED and not is_advice


def facts_of(release: str) -> list[Fact]:
    """Every item of the release's own checklist and of the modules in it."""
    gone = select(ReleaseModule.id).where(ReleaseModule.removed_at.is_not(None))
    rows = db.session.execute(
        select(ChecklistItem.id, Checklist.module_id, ChecklistItem.state, ChecklistItem.severity)
        .join(Checklist, Checklist.id == ChecklistItem.checklist_id)
        .join(Release, Release.id == Checklist.release_id)
        .where(Release.key == release, Checklist.belongs_to.in_([BelongsTo.RELEASE, BelongsTo.MODULE]))
        .where((Checklist.belongs_to == BelongsTo.RELEASE) | Checklist.subject_id.not_in(gone))
    )
    return [Fact(*row) for row in rows]


def test_the_verdict_says_what_the_database_holds(person: Person, database: Flask) -> None:
    release = busiest().release
    facts = [fact for fact in facts_of(release) if fact.module_id]
    modules = {fact.module_id for fact in facts}
    waiting = {fact.module_id for fact in facts if fact.blocks}
    done = sum(fact.state is ItemState.DONE for fact in facts)
    waived = sum(fact.state in {ItemState.NOT_APPLICABLE, ItemState.RULED_OUT} for fact in facts)
    page = person("leena")
    page.goto(f"/releases/{release}/")
    verdict = page.get_by_role("heading", level=1)
    expect(verdict).to_contain_text(f"{len(modules - waiting)} of {len(modules)} modules are ready")
    first = page.locator(".matrix tbody tr").first
    expect(verdict).to_contain_text(first.locator(".first-blocker").inner_text())
    expect(verdict).to_contain_text(first.locator(".with").inner_text().split(" for ")[0])
    numbers = re.sub(r"\s+", " ", page.locator("#numbers").inner_text())
    assert numbers.startswith(f"{done} of {len(facts) - waived} applicable, {waived} not applicable")


def test_every_count_opens_a_list_with_exactly_that_many_rows(person: Person, database: Flask) -> None:
    page = person("leena")
    page.goto(f"/releases/{busiest().release}/")
    numbers = page.locator("#numbers a").all()
    telling = page.locator(".cell.is-failed, .cell.is-blocked, .cell.is-waiting, .cell.is-done").all()
    links = [(link.inner_text(), link.get_attribute("href") or "") for link in [*numbers, *telling[:6], *telling[-3:]]]
    assert len(links) > 8
    for words, address in links:
        number = re.search(r"\d+", words)
        assert number is not None, f"{words} counts nothing"
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_contain_text(number[0])
        found = page.locator("#items tr").count()
        for part in page.locator("nav.parts").get_by_role("link").all()[1:]:
            with page.context.new_page() as other:
                other.goto(part.get_attribute("href") or "")
                found += other.locator("#items tr").count()
        assert found == int(number[0])


def test_twelve_modules_stand_in_one_look(person: Person, make: Make) -> None:
    release = make.release(modules=12)
    page = person("leena")
    page.goto(release.path)
    rows = page.locator(".matrix tbody tr").all()
    assert len(rows) == 12
    for line in rows:
        place = line.bounding_box()
        assert place is not None
        assert place["y"] + place["height"] <= DESKTOP["height"]
        assert place["x"] + place["width"] <= DESKTOP["width"]
        assert line.locator(".first-blocker").inner_text()
    assert page.evaluate("scrollY") == 0


def test_two_clicks_lead_from_the_start_to_the_first_blockers_box(person: Person) -> None:
    page = person("leena")
    page.goto("/")
    page.get_by_role("heading", level=1).get_by_role("link").click()
    item = page.url.partition("#")[2]
    assert re.fullmatch(r"item-\d+", item)
    expect(page.locator(f"#{item} [data-tick]")).to_be_in_viewport()


def test_the_blockers_are_those_of_the_database_each_with_somebody_or_nobody(person: Person, database: Flask) -> None:
    release = busiest().release
    page = person("leena")
    page.goto(f"/releases/{release}/blockers/?by=phase")
    told = page.locator(".lines > li").evaluate_all(
        "rows => rows.map(row => [row.querySelector('a').hash, row.querySelector('.line-side').innerText])"
    )
    assert {hash_ for hash_, _ in told} == {f"#item-{fact.id}" for fact in facts_of(release) if fact.blocks}
    assert all(re.match(r"unassigned|a DBA or team lead|[A-Z]\w+ [A-Z]\w+", owner) for _, owner in told)


def test_the_scripts_of_a_page_weigh_less_than_forty_kilobytes(person: Person) -> None:
    page = person("leena")
    page.goto("/")
    sources = page.locator("script[src]").evaluate_all("scripts => scripts.map(script => script.src)")
    assert sources
    assert sum(len(gzip.compress(page.request.get(source).body())) for source in sources) < 40_000


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_a_long_name_without_a_space_breaks_no_page(person: Person, make: Make, width: int) -> None:
    release = make.release()
    item, name = release.items[0], "Wareneingangsbuchungsschnittstelle" * 3
    facts = ModuleFacts(name=name, purpose="p" * 200, team="t" * 120, schema_name="s" * 64)
    update_module(release.lead.origin, release.modules[0], facts, revision=1)
    revision = get_release(release.key, release.lead.actor).revision
    update_release(release.lead.origin, release.key, ReleaseFacts("R" * 120), revision=revision)
    long = [f"https://example.org/{letter * 480}" for letter in "vl"]
    set_value(release.lead.origin, item.id, revision=1, value=long[0], link=long[1])
    waived = release.items[1].id
    request_waiver(release.lead.origin, waived, revision=1, reason=WaiverReason.OTHER, explanation="e" * 500)
    page = person("leena", viewport={"width": width, "height": 800})
    group = f"{release.module_path}groups/pre-development/"
    paths = [release.path, release.module_path, group, f"/modules/{release.modules[0]}/", f"/items/{item.id}/"]
    for path in [*paths, f"{release.path}blockers/", f"{release.path}modules/", "/modules/", "/waivers/", "/audit/"]:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_on_a_phone_an_event_is_read_without_scrolling_sideways(person: Person) -> None:
    page = person("leena", viewport={"width": 390, "height": 844})
    page.goto("/audit/")
    frame = page.get_by_role("region", name="Events")
    assert frame.evaluate("frame => frame.scrollWidth - frame.clientWidth") == 0
    expect(frame.locator("td.what").first).to_be_visible()


def test_a_printed_group_says_states_in_words_and_carries_no_navigation(person: Person, database: Flask) -> None:
    place = busiest()
    page = person("leena")
    page.goto(f"/releases/{place.release}/modules/{place.module}/groups/{place.group}/")
    rows = page.locator("[data-row]")
    words = rows.locator(".item-meta").evaluate_all("all => all.map(one => one.dataset.word)")
    names = rows.locator(".item-text").all_inner_texts()
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    expect(page.locator("button:visible")).to_have_count(rows.locator("button.box").count())
    text = " ".join(" ".join(sheet.extract_text() for sheet in PdfReader(BytesIO(page.pdf())).pages).split())
    assert all(name in text for name in names)
    assert {word: text.count(word) >= words.count(word) for word in words} == dict.fromkeys(words, True)
    assert "My work" not in text
    assert re.search(r"Printed from http://127\.0\.0\.1", text)
    assert "1 of 1" in text
