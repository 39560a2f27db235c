"""A newer version of a template in a browser: the quiet mark, the comparison, the preview, and adopting."""

import re
from dataclasses import replace
from html import unescape

import pytest
from sqlalchemy import select

from app.database import db
from app.domain.checklist import ItemState, Severity
from app.domain.permissions import Role
from app.domain.template_content import GroupContent, ItemContent, TemplateContent
from app.models import Environment
from app.queries.checklists import get_module_checklist
from app.services.item_states import set_state
from app.services.modules import add_target
from app.services.releases import ship_release
from tests.factories import MadeRelease, Make
from tests.versions import edited, gone, newest_content, publish, said, with_item

PLANNED, TABLES = "pre.schema-planned", "pre.tables-identified"
NEW = ItemContent("pre.reviewed-by-two", "Two people looked at the plan")
TEMPLATE = "/templates/migration-maintenance/"
ADOPT = f"{TEMPLATE}adopt/"
# What differs between two looks at a page that says the same: tokens, keys, the moment.
MOMENTARY = re.compile(r'value="[^"]{32,}"|name="csrf_token"[^>]*>|<time[^>]*>[^<]*</time>')


def second_version(**more: object) -> int:
    """A version that adds one item, rewords one and takes one away; its number."""
    content = edited(newest_content(), pre__schema_planned=said("Plan it well"), pre__tables_identified=gone)
    return publish(with_item(content, "pre-development", NEW), note="Looked at by two.", **more).number


def checklist_of(release: MadeRelease, module: str = "") -> int:
    return get_module_checklist(release.key, module or release.modules[0], release.lead.actor).id


def tick(release: MadeRelease, key: str) -> None:
    item = release.item(key)
    set_state(release.lead.origin, item.id, revision=item.revision, state=ItemState.DONE)


def fields_of(page: str) -> dict[str, list[str]]:
    """What the form that adopts sends."""
    form = re.search(rf'<form[^>]*method="post"[^>]*action="{ADOPT}".*?</form>', page, re.DOTALL)
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'name="([^"]+)" value="([^"]*)"', form[0] if form else ""):
        found.setdefault(name, []).append(unescape(value))
    return found


def words_of(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


@pytest.fixture
def release(make: Make) -> MadeRelease:
    return make.release()


def test_a_live_checklist_says_what_a_newer_version_brings(release: MadeRelease, make: Make, client_of):
    second_version()

    lead, reader = (client_of(who).get(release.module_path).text for who in (release.lead, make.person(Role.VIEWER)))

    for page in (lead, reader):
        assert "Version 2 is available: 1 added, 1 reworded, 1 removed." in words_of(page)
    assert f"{ADOPT}?version=2&amp;checklist={checklist_of(release)}" in lead
    assert f"{TEMPLATE}versions/1/compare/2/" in reader
    assert ADOPT not in reader


def test_publishing_changes_no_byte_of_a_live_page_but_the_mark(make: Make, client_of):
    release = make.release(modules=14)
    browser = client_of(release.lead)
    for module in release.modules[:3]:
        row = get_module_checklist(release.key, module, release.lead.actor)
        assert row.version_number == 1
    tick(release, PLANNED)
    base = f"/releases/{release.key}/"
    paths = [f"{base}modules/{module}/{tail}" for module in release.modules for tail in ("", "everything/")]
    paths += [f"{base}modules/{release.modules[0]}/groups/pre-development/", f"{base}checklist/", base]
    before = [browser.get(path).text for path in paths]

    second_version()

    after = [browser.get(path).text for path in paths]
    for path, old, new in zip(paths, before, after, strict=True):
        mark = re.compile(r'<p class="newer">.*?</p>|<span class="behind".*?</span></span>', re.DOTALL)
        assert MOMENTARY.sub("", mark.sub("", new)) == MOMENTARY.sub("", old), path
    assert [bool('class="newer"' in page) for page in after] == [
        path.endswith(("/", "checklist/")) and not path.endswith(("everything/", "pre-development/")) and path != base
        for path in paths
    ]
    assert after[-1].count('class="behind"') == 28  # once in the table and once in the list of a phone


def test_a_page_that_was_unchanged_is_not_once_a_version_is_published(release: MadeRelease, client_of):
    browser = client_of(release.lead)
    tags = {path: browser.get(path).headers["ETag"] for path in (release.path, release.module_path)}

    second_version()

    for path, tag in tags.items():
        answer = browser.get(path, headers={"If-None-Match": tag})
        assert answer.status_code == 200, path
        again = browser.get(path, headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304, path


def test_nothing_new_takes_as_many_statements_as_before(release: MadeRelease, client_of, statements: list[str]):
    browser = client_of(release.lead)
    second_version()
    for path, number in ((release.path, 3), (release.module_path, 2)):
        tag = browser.get(path).headers["ETag"]
        statements.clear()
        assert browser.get(path, headers={"If-None-Match": tag}).status_code == 304
        assert len(statements) == number, (path, statements)


def test_a_target_has_the_mark_too_and_a_shipped_release_has_not(release: MadeRelease, client_of):
    browser = client_of(release.lead)
    staging = db.session.scalars(select(Environment.id).where(Environment.key == "staging")).one()
    add_target(release.lead.origin, release.modules[0], staging, "primary", "")
    second_version()
    ship_release(release.lead.origin, release.key)

    target = browser.get(f"/modules/{release.modules[0]}/targets/staging/primary/").text
    assert "nothing is different in this checklist" in target
    assert 'class="newer"' not in browser.get(release.module_path).text
    assert 'class="behind"' not in browser.get(release.path).text


def test_the_history_of_a_template_says_who_published_what_and_what_uses_it(
    release: MadeRelease, make: Make, client_of
):
    publisher = make.person(Role.DBA, name="Dora Adler")
    second_version(by=publisher.id)

    page = client_of(release.lead).get(TEMPLATE).text

    said_there = words_of(page)
    assert "Dora Adler Looked at by two. none" in said_there
    assert "Countersign The built-in catalogue. 2 live checklists" in said_there
    assert f"{TEMPLATE}versions/1/compare/2/" in page
    assert f'href="{release.module_path}"' in page
    assert client_of(release.lead).get("/templates/none/").status_code == 404


def test_two_versions_stand_side_by_side_with_their_words_marked(release: MadeRelease, client_of):
    content = edited(
        newest_content(),
        pre__schema_planned=lambda item: replace(item, text="Plan <b>database</b> schema", severity=Severity.KILLER),
    )
    publish(with_item(content, "pre-development", NEW), note="Dangerous to skip.")

    page = client_of(release.lead).get(f"{TEMPLATE}versions/1/compare/2/").text

    assert "Plan <ins>&lt;b&gt;</ins>database<ins>&lt;/b&gt;</ins> schema" in page
    assert "<del>required</del>" in page
    assert "<ins>killer</ins>" in page
    assert "<b>database</b>" not in page
    assert "1 added, 1 reworded. What is the same is left out." in words_of(page)
    assert "Dangerous to skip." in page
    assert "Identify all tables needed" not in page


def test_comparing_with_what_is_not_there_is_no_page(release: MadeRelease, client_of):
    assert client_of(release.lead).get(f"{TEMPLATE}versions/1/compare/7/").status_code == 404
    assert "Nothing is different." in client_of(release.lead).get(f"{TEMPLATE}versions/1/compare/1/").text


@pytest.mark.parametrize("number", [10, 2000])
def test_two_thousand_items_take_as_many_statements_as_ten(release: MadeRelease, client_of, statements, number: int):
    items = tuple(ItemContent(f"i.{n}", f"Item number {n}") for n in range(number))
    group = GroupContent("g", "G", items=items)
    publish(TemplateContent("Big", "", (group,)), key="big")
    publish(
        TemplateContent("Big", "", (replace(group, items=(replace(items[0], text="Other"), *items[1:])),)), key="big"
    )
    browser = client_of(release.lead)
    statements.clear()

    page = browser.get("/templates/big/versions/1/compare/2/").text

    assert page.count('<li class="diff-item') == 1
    assert len(statements) == 10


def test_the_choice_shows_live_checklists_by_release_and_all_at_once(make: Make, client_of):
    release = make.release(modules=2)
    second_version()
    browser = client_of(release.lead)

    none, every = browser.get(f"{ADOPT}?version=2").text, browser.get(f"{ADOPT}?version=2&select=all").text

    assert none.count('name="checklist"') == every.count('name="checklist"') == 3
    assert (none.count(" checked"), every.count(" checked")) == (0, 3)
    assert "The release itself" in none
    assert "Choose all" in none
    assert "Choose none" in every


def test_who_leads_one_module_is_offered_its_checklists_only(make: Make, client_of):
    release = make.release(modules=2)
    second_version()
    module = get_module_checklist(release.key, release.modules[1], release.lead.actor)
    own = client_of(make.person(Role.TEAM_LEAD, module_id=module.module_id))

    page = own.get(f"{ADOPT}?version=2").text
    assert re.findall(r'name="checklist" value="(\d+)"', page) == [str(module.id)]
    other = own.get(f"{ADOPT}?version=2&checklist={checklist_of(release)}").text
    assert 'name="seen"' not in other


def test_the_preview_says_what_is_the_same_for_all_once_and_changes_nothing(make: Make, client_of):
    release = make.release(modules=2)
    tick(release, PLANNED)
    tick(release, TABLES)
    second_version()
    chosen = "&".join(f"checklist={checklist_of(release, module)}" for module in release.modules)

    page = client_of(release.lead).get(f"{ADOPT}?version=2&{chosen}").text

    assert page.count('<li class="diff-item') == 3
    told = words_of(page)
    assert "2 checklists of a module" in told
    assert "1 added, 1 reworded, 1 removed. 1 tick is kept, 1 of them with the question" in told
    assert "1 1 asked again Plan it well none 1 folded away Identify all tables needed none" in told
    assert release.item(PLANNED).text == "Plan database schema"
    assert make.events("checklist.adopted") == []


def test_adopting_asks_still_true_and_folds_away_what_is_gone(release: MadeRelease, make: Make, client_of):
    tick(release, PLANNED)
    tick(release, TABLES)
    second_version()
    browser = client_of(release.lead)
    preview = browser.get(f"{ADOPT}?version=2&checklist={checklist_of(release)}").text

    answer = browser.post(ADOPT, data=fields_of(preview))

    assert (answer.status_code, answer.location) == (303, release.module_path)
    overview, group = (browser.get(release.module_path + tail).text for tail in ("", "groups/pre-development/"))
    assert "1 ticked item has other words now." in words_of(overview)
    assert 'class="newer"' not in overview
    assert "When it was ticked it said: “Plan database schema”" in words_of(group)
    assert "No longer asked (1)" in group
    assert "was done" in words_of(group)
    assert group.index("No longer asked (1)") > group.index(NEW.text)
    assert f"/items/{release.item(PLANNED).id}/still-true/" in group
    everything = browser.get(f"{release.module_path}everything/?show=left").text
    assert "Still true?" in everything
    assert "No longer asked" not in everything


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_still_true_is_one_press_with_and_without_a_script(release: MadeRelease, make: Make, client_of, headers: dict):
    tick(release, PLANNED)
    second_version()
    lead = client_of(release.lead)
    lead.post(ADOPT, data=fields_of(lead.get(f"{ADOPT}?version=2&checklist={checklist_of(release)}").text))
    item, browser = release.item(PLANNED), client_of(make.person(Role.DEVELOPER))

    answer = browser.post(f"/items/{item.id}/still-true/", data={"revision": item.revision}, headers=headers)
    late = browser.post(f"/items/{item.id}/still-true/", data={"revision": 1}, headers=headers)

    assert answer.status_code == (200 if headers else 303)
    assert "Still true?" not in answer.text
    assert late.status_code == 409
    assert not release.item(PLANNED).is_reworded
    assert len(make.events("item.confirmed")) == 1


def test_taking_back_the_tick_of_somebody_else_says_why_by_itself(release: MadeRelease, make: Make, client_of):
    tick(release, PLANNED)
    second_version()
    lead = client_of(release.lead)
    lead.post(ADOPT, data=fields_of(lead.get(f"{ADOPT}?version=2&checklist={checklist_of(release)}").text))
    browser, item = client_of(make.person(Role.DEVELOPER)), release.item(PLANNED)
    row = browser.get(f"{release.module_path}groups/pre-development/").text
    reason = re.search(r'name="reason" value="([^"]+)"', row[row.index("Still true?") :])[1]

    browser.post(f"/items/{item.id}/state/", data={"revision": item.revision, "state": "todo", "reason": reason})

    assert (release.item(PLANNED).state, release.item(PLANNED).reason) == (ItemState.TODO, reason)


def test_a_preview_that_is_no_longer_true_comes_back_as_it_is_now(release: MadeRelease, make: Make, client_of):
    second_version()
    browser = client_of(release.lead)
    sent = fields_of(browser.get(f"{ADOPT}?version=2&checklist={checklist_of(release)}").text)
    tick(release, PLANNED)

    answer = browser.post(ADOPT, data=sent)

    assert answer.status_code == 409
    assert "has changed since you looked" in answer.text
    assert "1 asked again" in answer.text
    assert release.item(PLANNED).text == "Plan database schema"
    again = browser.post(ADOPT, data=fields_of(answer.text))
    assert again.status_code == 303
    assert release.item(PLANNED).is_reworded


def test_the_same_form_sent_twice_adopts_once(make: Make, client_of):
    release = make.release(modules=2)
    second_version()
    browser = client_of(release.lead)
    chosen = "&".join(f"checklist={checklist_of(release, module)}" for module in release.modules)
    sent = fields_of(browser.get(f"{ADOPT}?version=2&{chosen}").text)

    answers = [browser.post(ADOPT, data=sent) for _ in range(2)]

    assert [(answer.status_code, answer.location) for answer in answers] == [(303, TEMPLATE)] * 2
    assert len(make.events("checklist.adopted")) == 2
    assert "2 checklists are at Migration maintenance, version 2 now." in browser.get(TEMPLATE).text


def test_choosing_nothing_is_refused_and_the_choice_is_there_again(release: MadeRelease, client_of):
    second_version()

    answer = client_of(release.lead).post(ADOPT, data={"version": "2"})

    assert answer.status_code == 422
    assert "Choose at least one checklist." in answer.text
    assert 'name="checklist"' in answer.text


def test_another_template_is_chosen_for_new_checklists_and_the_rest_comes_from_the_built_in(make: Make, client_of):
    lead = make.lead()
    publish(TemplateContent("Ours", "", (GroupContent("g", "G", items=(NEW,)),)), key="ours")
    browser = client_of(lead)

    answer = browser.post("/templates/ours/use-for-new/")
    again = browser.post("/templates/ours/use-for-new/")

    assert (answer.status_code, again.status_code) == (303, 303)
    page = words_of(browser.get("/templates/ours/").text)
    assert "New checklists are made from version 1, the newest." in page
    assert "It has no group for a release, change, target: for that the built-in list is used." in page
    release = make.release()
    assert [row.key for row in release.items] == [NEW.key]
    assert browser.get(f"/releases/{release.key}/checklist/").text.count("Migration maintenance, version 1") == 1
    [event] = make.events("template.chosen")
    assert (event.old_value, event.new_value, event.actor_id) == ("Migration maintenance", "Ours", lead.id)


def test_only_who_leads_everywhere_chooses_for_new_checklists(release: MadeRelease, make: Make, client_of):
    publish(TemplateContent("Ours", "", (GroupContent("g", "G", items=(NEW,)),)), key="ours")
    module = get_module_checklist(release.key, release.modules[0], release.lead.actor).module_id
    browser = client_of(make.person(Role.TEAM_LEAD, module_id=module))

    assert browser.post("/templates/ours/use-for-new/").status_code == 403
    assert "Use for new checklists" not in browser.get("/templates/ours/").text
    assert client_of(release.lead).post("/templates/none/use-for-new/").status_code == 404


def test_a_removed_item_keeps_its_page_and_history_and_offers_no_work(release: MadeRelease, client_of):
    tick(release, PLANNED)
    publish(edited(newest_content(), pre__schema_planned=gone))
    browser = client_of(release.lead)
    browser.post(ADOPT, data=fields_of(browser.get(f"{ADOPT}?version=2&checklist={checklist_of(release)}").text))
    item = release.item(PLANNED)

    page = browser.get(f"/items/{item.id}/").text

    assert "which the adopted version no longer asks; it was done" in words_of(page)
    assert f'action="/items/{item.id}/state/"' not in page
    assert browser.post(f"/items/{item.id}/state/", data={"revision": 9, "state": "todo"}).status_code == 409
