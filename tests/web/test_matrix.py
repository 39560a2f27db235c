"""The readiness of a release on one page: verdict, cells, first blockers, filters."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from app.database import db
from app.domain.actors import SYSTEM, Origin
from app.domain.checklist import ItemState
from app.domain.permissions import Role
from app.domain.waiver_kinds import WaiverReason
from app.models import ChecklistItem, Person
from app.queries.checklists import get_module_checklist
from app.queries.modules import get_module
from app.queries.rows import list_rows
from app.services.item_states import set_state, set_states
from app.services.items import assign
from app.services.modules import ModuleFacts, update_module
from app.services.release_modules import remove_module
from app.services.roles import deactivate, erase_person
from app.services.waivers import request_waiver
from tests.factories import Make

KILLER = "mig.rollback-tested"
ITEM = "pre.schema-planned"


def finish(make: Make, release, module: str, *, leave: frozenset[str] = frozenset()) -> None:
    """Tick everything of a module but what is to be left."""
    worker = make.person(Role.DBA)
    rows = list_rows(get_module_checklist(release.key, module, release.lead.actor).id)
    easy = [row for row in rows if row.severity.value != "killer" and row.key not in leave]
    checklist = get_module_checklist(release.key, module, release.lead.actor)
    set_states(worker.origin, checklist.id, tuple((r.id, r.revision) for r in easy), state=ItemState.DONE, reason="all")
    for row in rows:
        if row.severity.value == "killer" and row.key not in leave:
            set_state(worker.origin, row.id, revision=row.revision, state=ItemState.DONE)


def test_the_verdict_counts_the_ready_modules_and_names_what_is_first_in_the_way(make: Make, client_of: Callable):
    release = make.release(modules=3)
    owner = make.person(Role.DBA, name="Meera Iyer")
    finish(make, release, release.modules[1])
    item = release.item(KILLER)
    set_state(owner.origin, item.id, revision=1, state=ItemState.FAILED, reason="an index stays")

    page = client_of(release.lead).get(release.path).text

    verdict = re.sub(r"<[^>]+>|\s+", " ", page.split("<h1>")[1].split("</h1>")[0])
    assert "1 of 3 modules are ready" in re.sub(r"\s+", " ", verdict)
    assert "Test rollback function" in verdict
    assert "unassigned" in verdict


def numbers_of(page: str) -> str:
    numbers = re.search(r'(?<=id="numbers" data-live>).*?</span>\s*</span>', page, re.DOTALL)[0]
    return " ".join(re.sub(r"<[^>]+>", "", numbers).split())


def test_a_matrix_that_was_looked_at_a_moment_ago_shows_every_change_since(make: Make, client_of: Callable):
    release = make.release(modules=2)
    worker, admin = make.person(Role.DBA, name="Meera Iyer"), make.person(Role.ADMINISTRATOR)
    browser = client_of(release.lead)
    item = release.item(KILLER)

    seen = [numbers_of(browser.get(release.path).text)]
    set_state(worker.origin, release.item(ITEM).id, revision=1, state=ItemState.DONE)
    seen.append(numbers_of(browser.get(release.path).text))
    assign(release.lead.origin, item.id, revision=1, assignee_id=worker.id, due_on=None)
    set_state(worker.origin, item.id, revision=2, state=ItemState.FAILED, reason="an index stays")
    page = browser.get(release.path).text
    remove_module(release.lead.origin, release.key, release.modules[1])
    after = browser.get(release.path).text
    update_module(release.lead.origin, release.modules[0], ModuleFacts("Another name"), revision=1)
    renamed = browser.get(release.path).text
    deactivate(admin.origin, worker.id)
    erase_person(Origin(SYSTEM), worker.id)
    erased = browser.get(release.path).text

    assert [told.split(" applicable")[0] for told in seen] == ["0 of 294", "1 of 294"]
    assert "1 failed" in page
    assert "Meera Iyer" in page
    assert f'id="row-{release.modules[1]}"' in page
    assert f'id="row-{release.modules[1]}"' not in after
    assert "Another name" in renamed
    assert "Meera Iyer" in renamed
    assert "Meera Iyer" not in erased


def test_days_are_those_of_whoever_looks(make: Make, client_of: Callable):
    release = make.release()
    late = datetime(2020, 8, 14, 23, 30, tzinfo=UTC)
    db.session.execute(update(ChecklistItem).values(state_since=late))
    db.session.execute(update(Person).where(Person.id == release.lead.id).values(time_zone="Pacific/Auckland"))
    db.session.commit()

    here = client_of(make.person(Role.TEAM_LEAD)).get(release.path).text
    there = client_of(release.lead).get(release.path).text

    assert ("since 14 August 2020" in here, "since 15 August 2020" in here) == (True, False)
    assert ("since 14 August 2020" in there, "since 15 August 2020" in there) == (False, True)


def test_what_one_was_shown_is_not_shown_to_who_may_not_see_it(make: Make, client_of: Callable):
    release = make.release(modules=2)
    mine = make.person(Role.DEVELOPER, module_id=get_module(release.modules[0], release.lead.actor).id)

    whole = client_of(release.lead).get(release.path).text
    part = client_of(mine).get(release.path).text

    assert all(f'id="row-{key}"' in whole for key in release.modules)
    assert f'id="row-{release.modules[0]}"' in part
    assert f'id="row-{release.modules[1]}"' not in part


def test_one_open_killer_keeps_a_module_from_being_ready_whatever_the_share(make: Make, client_of: Callable):
    release = make.release()
    finish(make, release, release.modules[0], leave=frozenset({KILLER}))

    page = client_of(release.lead).get(release.path).text

    assert "0 of 1 modules are ready" in page
    assert "146</a> of" in page


@pytest.mark.parametrize(
    "show", ["all", "open", "done", "applicable", "not-applicable", "waiting", "failed", "blocked"]
)
def test_each_number_opens_as_many_rows_as_it_says(make: Make, client_of: Callable, show: str):
    release = make.release(modules=2)
    worker = make.person(Role.DEVELOPER)
    states = {0: ItemState.DONE, 1: ItemState.FAILED, 2: ItemState.BLOCKED, 3: ItemState.DOING}
    for number, row in enumerate(release.items[:4]):
        set_state(worker.origin, row.id, revision=1, state=states[number], reason="for the test")
    expected = {"done": 1, "failed": 1, "blocked": 1, "not-applicable": 0, "waiting": 0, "open": 293}

    page = client_of(release.lead).get(f"{release.path}items/?show={show}").text

    assert len(re.findall(r"#item-\d+\"", page)) == expected.get(show, 294)


def test_a_release_of_more_modules_than_fit_says_how_many_are_further_down(make: Make, client_of: Callable):
    release = make.release(modules=19)

    page = client_of(release.lead).get(release.path).text

    assert "2 more further down" in page


def test_rows_are_narrowed_by_name_owner_and_state(make: Make, client_of: Callable):
    release = make.release(modules=2)
    finish(make, release, release.modules[0])
    browser = client_of(release.lead)

    def shown(query: str) -> set[str]:
        page = browser.get(f"{release.path}?{query}").text
        return {key for key in release.modules if f'href="/releases/{release.key}/modules/{key}/"' in page}

    first, second = release.modules
    assert shown("state=ready") == {first}
    assert shown("state=open") == {second}
    assert shown("owner=nobody") == {second}
    name = get_module(second, release.lead.actor).name
    assert shown(f"q={name}") == {second}
    assert shown("q=no such module") == set()


def test_the_blockers_stand_under_who_has_them_nobodys_first_and_can_be_copied_as_text(make: Make, client_of: Callable):
    release = make.release()
    browser = client_of(release.lead)
    owner = make.person(Role.DBA, name="Meera Iyer")
    item = release.item(KILLER)
    browser.post(f"/items/{item.id}/owner/", data={"revision": 1, "assignee_id": owner.id})

    page = browser.get(f"{release.path}blockers/?by=owner").text

    assert page.index("Unassigned") < page.index("Meera Iyer (1)")
    assert re.search(r"Meera Iyer \(1\)\n- [^\n]+Test rollback function", page)


def test_what_is_in_the_way_and_what_is_advice_add_up_to_what_is_open(make: Make, client_of: Callable):
    release = make.release(modules=2)
    set_state(release.lead.origin, release.item(ITEM).id, revision=1, state=ItemState.DONE)
    browser = client_of(release.lead)

    page = browser.get(f"{release.path}blockers/").text
    told = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    blocking = int(re.search(r"(\d+) items are in the way", told)[1])
    modules, own = map(int, re.search(r"(\d+) in the modules, (\d+) in the release itself", told).groups())
    advice = int(re.search(r"(\d+) pieces of advice are open", told)[1])
    address = re.search(r'<a href="([^"]+)">\d+ pieces of advice', page)[1]

    # Two modules of 147 boxes and the eighteen of the release itself, of which one is done.
    assert modules + own == blocking
    assert blocking + advice == 2 * 147 + 18 - 1
    assert len(re.findall(r"#item-\d+\"", browser.get(address).text)) == advice > 0


def test_what_waits_for_approval_is_with_whoever_may_decide_it(make: Make, client_of: Callable):
    release = make.release()
    asker, item = make.person(Role.DEVELOPER, name="Ravi Kumar"), release.item(ITEM)
    assign(release.lead.origin, item.id, revision=1, assignee_id=asker.id, due_on=None)
    request_waiver(asker.origin, item.id, revision=2, reason=WaiverReason.OTHER, explanation="it has no table")

    page = client_of(release.lead).get(f"{release.path}blockers/?by=owner").text

    assert "A DBA or team lead (1)" in page
    assert "Ravi Kumar" not in page.split('class="lines"', maxsplit=1)[1]


def test_ways_to_look_at_a_list_lead_to_that_list(make: Make, client_of: Callable):
    release = make.release()
    browser = client_of(release.lead)

    for path in (f"{release.path}blockers/", f"{release.module_path}everything/"):
        views = browser.get(path).text.split('class="views"')[1].split("</nav>")[0]
        links = re.findall(r'href="([^"]+)"', views)
        assert len(links) > 1
        assert [link for link in links if not link.startswith(path)] == []
