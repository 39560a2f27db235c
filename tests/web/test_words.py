"""What pages say, they say once, in words, and without the marks of a catalogue text."""

import re
from collections.abc import Callable

import pytest

from app.domain.checklist import ItemState
from app.domain.permissions import Role
from app.domain.waiver_kinds import WaiverReason
from app.services.item_states import set_state
from app.services.items import assign
from app.services.waivers import request_waiver
from tests.factories import MadeRelease, Make

CODED = "mig.file-exists"
CODE = "<code>migrations/add_&lt;module_name&gt;_module.py</code>"


@pytest.fixture
def release(make: Make) -> MadeRelease:
    return make.release()


def main_of(page: str) -> str:
    """The words of the main part of a page."""
    main = page.split("<main", maxsplit=1)[1].split("</main>", maxsplit=1)[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))


def test_a_text_with_code_in_it_shows_no_marks_in_any_list(make: Make, client_of: Callable, release: MadeRelease):
    owner, item = make.person(Role.DEVELOPER), release.item(CODED)
    assign(release.lead.origin, item.id, revision=1, assignee_id=owner.id, due_on=None)
    request_waiver(owner.origin, item.id, revision=2, reason=WaiverReason.OTHER, explanation="it has no table")
    browser = client_of(owner)

    for path in (
        f"{release.path}blockers/",
        f"{release.path}items/?show=waiting",
        release.module_path,
        "/waivers/",
        "/me/",
        "/audit/",
    ):
        page = browser.get(path).text
        assert CODE in page, path
        assert not re.search(r"`\w*migrations/", page), path


def test_the_page_of_such_a_text_has_none_in_its_title_and_history(
    make: Make, client_of: Callable, release: MadeRelease
):
    item, worker = release.item(CODED), make.person(Role.DEVELOPER)
    set_state(worker.origin, item.id, revision=1, state=ItemState.DOING)

    page = client_of(worker).get(f"/items/{item.id}/").text

    title = re.search(r"<title>([^<]+)</title>", page)[1]
    assert title.startswith("Create migration file: migrations/add_&lt;module_name&gt;_module.py - ")
    assert CODE in page.split('id="history-title"')[1]


def test_several_such_texts_are_told_without_marks_also_when_they_are_refused(
    make: Make, client_of: Callable, release: MadeRelease
):
    item = release.item(CODED)
    form = {"action": "done", "waiver_reason": "other", "reason": "", "item_ids": f"{item.id}.1"}

    page = client_of(make.person(Role.DEVELOPER)).post(f"/checklists/{item.checklist_id}/several/", data=form).text

    assert CODE in page
    assert "`" not in page


def test_no_way_back_names_the_same_thing_twice(client_of: Callable, release: MadeRelease):
    browser = client_of(release.lead)
    own = f"{release.path}checklist/"

    for path in (own, f"{own}groups/release/", f"{own}everything/", release.module_path, f"{release.path}blockers/"):
        way = browser.get(path).text.split('class="crumbs"', maxsplit=1)[1].split("</nav>")[0]
        names = re.findall(r'(?:<a [^>]+|class="fact")>([^<]+)<', way)
        assert len(names) == len(set(names)) > 1, path


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("/people/", 403, "This needs the role Administrator. An administrator grants it."),
        ("/releases/nowhere/", 404, "There is no such thing here, or it is not yours to see."),
        ("/nowhere/", 404, "There is no such page, or it is not yours to see. Check the address."),
    ],
)
def test_a_page_that_says_no_says_so_once(make: Make, client_of: Callable, path: str, status: int, reason: str):
    answer = client_of(make.lead()).get(path)

    assert answer.status_code == status
    told = main_of(answer.text)
    assert f"{reason} To the start" in told


def test_an_empty_page_says_once_that_it_is_empty(make: Make, client_of: Callable):
    browser = client_of(make.lead())
    browser.post("/releases/new/", data={"key": "2026.11", "name": "November", "copy_from": ""})

    empty = main_of(browser.get("/releases/2026.11/").text)

    assert len(re.findall("no modules?|nothing", empty, re.IGNORECASE)) == 1
    assert main_of(browser.get("/me/").text).count("Nothing waits for you") == 1
    assert "0 events" not in main_of(browser.get("/audit/?q=no such thing at all").text)


def test_what_a_killer_is_stands_where_the_word_does(client_of: Callable, release: MadeRelease):
    browser = client_of(release.lead)

    group = browser.get(f"{release.module_path}groups/migration-testing/").text
    tags = re.findall(r'<span class="tag killer"([^>]*)>', group)

    assert tags
    assert all("Dangerous to skip" in tag for tag in tags)
    for path in (
        f"{release.path}blockers/",
        f"{release.path}items/",
        f"{release.module_path}groups/migration-testing/",
    ):
        assert "dangerous to skip" in browser.get(path).text.lower(), path
