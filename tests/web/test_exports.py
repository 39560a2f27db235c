"""Taking a template or a checklist out: every format, by whom, under which name; and what the history says of it."""

import csv
import io
import json
import re
from collections.abc import Callable
from zipfile import ZipFile

import pytest
from sqlalchemy import select, update

from app.database import db
from app.domain.checklist import ItemState
from app.domain.permissions import Role
from app.exports.formats import FORMATS
from app.imports.yaml_file import read_json, read_yaml
from app.models import ChecklistItem, Environment
from app.queries.template_content import content_of_version
from app.queries.templates import get_version
from app.services.item_states import set_state
from app.services.items import set_value
from app.services.modules import add_target
from app.services.releases import add_change
from tests.factories import MadeRelease, Make

ITEM = "pre.schema-planned"
VERSION = "/templates/migration-maintenance/versions/1/"


@pytest.fixture
def release(make: Make) -> MadeRelease:
    return make.release()


@pytest.fixture
def places(release: MadeRelease) -> list[str]:
    """The addresses of all four kinds of checklists, and of a version."""
    module = release.modules[0]
    staging = db.session.scalars(select(Environment.id).where(Environment.key == "staging")).one()
    add_change(release.lead.origin, release.key, module, 412, title="=1+1", link="")
    add_target(release.lead.origin, module, staging, "primary", "")
    return [
        release.module_path,
        f"{release.module_path}changes/412/",
        f"{release.path}checklist/",
        f"/modules/{module}/targets/staging/primary/",
        VERSION,
    ]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_of_every_checklist_and_version_is_a_file(make: Make, client_of: Callable, places, name: str):
    for place in places:
        answer = client_of(make.person(Role.VIEWER)).get(f"{place}export/?format={name}")

        assert answer.status_code == 200, place
        assert answer.headers["Content-Type"].split(";")[0] == FORMATS[name].media_type
        given = answer.headers["Content-Disposition"]
        assert re.fullmatch(rf'attachment; filename="[a-z0-9-]+-\d{{8}}-\d{{6}}\.{FORMATS[name].extension}"', given), (
            given
        )
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert len(answer.data) > 400


def test_a_version_comes_out_whole(make: Make, client_of: Callable):
    browser = client_of(make.person(Role.VIEWER))
    content = content_of_version(get_version("migration-maintenance", 1).id)

    for name, read in (("yaml", read_yaml), ("json", read_json)):
        found = read(browser.get(f"{VERSION}export/?format={name}").text)
        assert (found.content, found.warnings) == (content, ())


def test_a_checklist_says_where_its_items_stand(make: Make, client_of: Callable, release: MadeRelease):
    worker = make.person(Role.DEVELOPER, name="Ravi Kumar")
    set_state(worker.origin, release.item(ITEM).id, revision=1, state=ItemState.BLOCKED, reason="=cmd|' /C calc'!A0")
    browser = client_of(worker)

    rows = browser.get(f"{release.module_path}export/?format=csv").data.decode("utf-8-sig")
    row = next(row for row in csv.DictReader(io.StringIO(rows)) if row["key"] == ITEM)
    assert (row["state"], row["changed_by"], row["reason"]) == ("blocked", "Ravi Kumar", "'=cmd|' /C calc'!A0")
    groups = json.loads(browser.get(f"{release.module_path}export/?format=json").text)["groups"]
    item = next(item for group in groups for item in group["items"] if item["key"] == ITEM)
    assert item["standing"]["reason"] == "=cmd|' /C calc'!A0"
    with ZipFile(io.BytesIO(browser.get(f"{release.module_path}export/?format=xlsx").data)) as packed:
        sheet = packed.read("xl/worksheets/sheet1.xml").decode()
    assert "=cmd|" in sheet
    assert "<f>" not in sheet


def test_an_export_is_remembered_with_what_and_as_what(make: Make, client_of: Callable, release: MadeRelease):
    viewer = make.person(Role.VIEWER)

    client_of(viewer).get(f"{release.module_path}export/?format=xlsx")
    client_of(viewer).get(f"{VERSION}export/?format=yaml")
    client_of(viewer).get(f"{release.module_path}export/")

    [checklist] = make.events("checklist.exported")
    [template] = make.events("template.exported")
    assert (checklist.actor_id, checklist.new_value, checklist.object_kind) == (viewer.id, "Excel", "checklist")
    assert checklist.object_label.endswith(f", Release {release.key}")
    assert (template.object_label, template.new_value) == (get_version("migration-maintenance", 1).label, "YAML")


def test_the_history_tells_it_to_who_reads_the_checklist(make: Make, client_of: Callable, release: MadeRelease):
    client_of(release.lead).get(f"{release.module_path}export/?format=csv")

    page = client_of(make.person(Role.VIEWER)).get("/audit/?action=checklist.exported").text

    assert re.search(rf"exported the checklist of .*, Release {release.key} as CSV", page)


def test_an_export_changes_nothing_about_the_checklist(make: Make, client_of: Callable, release: MadeRelease):
    browser = client_of(make.person(Role.VIEWER))
    tag = browser.get(release.module_path).headers["ETag"]

    browser.get(f"{release.module_path}export/?format=csv")

    assert browser.get(release.module_path, headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize("name", ["exe", "", "YAML", "../yaml", "<b>"])
def test_a_format_that_there_is_not_is_answered_with_those_there_are(
    make: Make, client_of: Callable, places, name: str
):
    for place in (places[0], VERSION):
        answer = client_of(make.person(Role.VIEWER)).get(f"{place}export/", query_string={"format": name})

        assert answer.status_code == 404
        assert f"There are: {', '.join(FORMATS)}." in answer.text
        assert "<b>" not in answer.text.split("<main")[1]
    assert make.events("checklist.exported") == make.events("template.exported") == []


def test_the_checklist_of_another_module_is_not_there(make: Make, client_of: Callable, places):
    stranger = client_of(make.person(Role.VIEWER, module_id=make.module().id))

    for place in places[:-1]:
        for way in ("export/", "export/?format=csv", "print/"):
            assert stranger.get(f"{place}{way}").status_code == 404, place
    assert make.events("checklist.exported") == []
    assert stranger.get(f"{VERSION}export/?format=csv").status_code == 200


def test_the_eleventh_export_in_a_minute_is_refused_and_not_remembered(make: Make, client_of: Callable):
    browser = client_of(make.person(Role.VIEWER))

    answers = [browser.get(f"{VERSION}export/?format=json").status_code for _ in range(11)]

    assert answers == [200] * 10 + [429]
    assert len(make.events("template.exported")) == 10


def test_the_page_offers_each_format_with_what_it_cannot_hold(make: Make, client_of: Callable, places):
    browser = client_of(make.person(Role.VIEWER))

    for place in places:
        page = browser.get(f"{place}export/").text
        links = set(re.findall(r'href="([^"]*(?:export|print)/[^"]*)"', page))
        assert {f"{place}export/?format={name}" for name in FORMATS} | {f"{place}print/"} <= links
        assert page.count("It holds all of this.") == 2
        assert re.search(r"The severities of \d+ items are not in the Markdown\.", page)


def test_the_page_says_of_this_very_checklist_what_a_format_cannot_hold(make: Make, client_of: Callable):
    release = make.release()
    browser = client_of(make.person(Role.DEVELOPER))
    path = f"{release.module_path}export/"
    assert "values given" not in browser.get(path).text

    item = release.item("mig.file-exists")
    set_value(make.person(Role.DEVELOPER).origin, item.id, revision=1, value="3 files", link="")

    assert "The values given of 1 item are not in the Markdown." in browser.get(path).text


def test_every_page_of_a_checklist_and_a_version_leads_there(make: Make, client_of: Callable, places):
    browser = client_of(make.person(Role.VIEWER))
    groups = f"{places[0]}groups/pre-development/"

    for place in (*places, f"{places[0]}everything/", groups):
        page = browser.get(place).text
        assert f'href="{places[0] if place == groups else place.removesuffix("everything/")}export/"' in page, place


def test_the_sheet_has_a_box_for_every_item_and_says_what_it_is(make: Make, client_of: Callable, places, release):
    worker = make.person(Role.DEVELOPER, name="Ravi Kumar")
    item = release.item(ITEM)
    set_state(worker.origin, item.id, revision=1, state=ItemState.DONE)
    body = "First <b>this</b>,\n  then that"
    db.session.execute(update(ChecklistItem).where(ChecklistItem.id == item.id).values(body=body, depth=1))
    db.session.commit()

    pages = [client_of(worker).get(f"{place}print/").text for place in places]

    assert [page.count('class="paper-item"') for page in pages] == [147, 16, 18, 7, 242]
    assert f"Release {release.key}" in pages[0]
    assert "taken by Ravi Kumar." in pages[0]
    assert "First &lt;b&gt;this&lt;/b&gt;,\nthen that" in pages[0]
    assert pages[0].count("✓</span>") == 1
    assert pages[4].count("✓</span>") == 0


@pytest.mark.parametrize("way", ["export/?format=csv", "export/?format=json", "print/"])
def test_a_checklist_of_any_size_takes_the_same_statements(
    make: Make, client_of: Callable, places, statements: list[str], way: str
):
    viewer = make.person(Role.VIEWER)
    counts = []
    for place in (places[3], places[0]):  # 7 items, 147 items
        browser = client_of(viewer)
        browser.get(f"{place}{way}")
        statements.clear()
        assert browser.get(f"{place}{way}").status_code == 200
        counts.append(len(statements))

    assert counts[0] == counts[1]
