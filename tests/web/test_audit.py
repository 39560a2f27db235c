"""The history in a browser: found, filtered, taken away, never changed."""

import csv
import io
import re
from collections.abc import Callable

import pytest
from sqlalchemy import select

from app.database import db
from app.domain.checklist import ItemState
from app.domain.permissions import Role
from app.models import Module
from app.services.item_states import set_state
from app.services.items import add_comment
from app.services.modules import archive_module
from app.services.releases import archive_release
from app.services.roles import deactivate, grant_role
from app.web.form_words import NOT_OFFERED
from app.web.past import modules_ever
from tests.factories import Make

ITEM = "pre.schema-planned"


def rows_of(answer) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_a_tick_is_in_the_history_with_who_when_and_from_what_to_what(make: Make, client_of: Callable):
    release = make.release()
    item = release.item(ITEM)
    developer = make.person(Role.DEVELOPER, name="Ravi Kumar")
    set_state(developer.origin, item.id, revision=1, state=ItemState.DONE)

    page = client_of(make.person(Role.AUDITOR)).get("/audit/?action=item.state_changed").text

    assert "1 event fits" in page
    assert "Ravi Kumar" in page
    assert "from to do to done" in page


def test_the_file_has_the_same_rows_as_the_page_and_is_itself_remembered(make: Make, client_of: Callable):
    release = make.release()
    developer = make.person(Role.DEVELOPER)
    for row in release.items[:60]:
        set_state(developer.origin, row.id, revision=1, state=ItemState.DONE)
    auditor = client_of(make.person(Role.AUDITOR))

    page = auditor.get("/audit/?action=item.state_changed").text
    rows = rows_of(auditor.get("/audit/export/?action=item.state_changed"))

    assert "60 events fit" in page
    assert len(rows) == 60
    assert [event.object_label for event in make.events("audit.exported")] == ["action=item.state_changed"]


def test_nothing_found_is_a_file_with_its_header(make: Make, client_of: Callable):
    answer = client_of(make.person(Role.AUDITOR)).get("/audit/export/?q=no such thing at all")

    assert answer.status_code == 200
    assert rows_of(answer) == []
    assert answer.data.decode("utf-8-sig").startswith("time_utc,actor,role,action")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", "  =HYPERLINK(0)"])
def test_no_cell_of_the_file_becomes_a_formula(make: Make, client_of: Callable, text: str):
    release = make.release()
    add_comment(make.person(Role.DEVELOPER).origin, release.item(ITEM).id, text=text)

    [row] = rows_of(client_of(make.person(Role.AUDITOR)).get("/audit/export/?action=item.commented"))

    assert row["to"] == f"'{text}"


def test_a_line_break_in_a_text_stays_inside_its_cell(make: Make, client_of: Callable):
    release = make.release()
    add_comment(make.person(Role.DEVELOPER).origin, release.item(ITEM).id, text='one\ntwo,"three"')

    rows = rows_of(client_of(make.person(Role.AUDITOR)).get("/audit/export/?action=item.commented"))

    assert [row["to"] for row in rows] == ['one\ntwo,"three"']


def test_the_filter_stands_in_the_address_and_gives_another_browser_the_same(make: Make, client_of: Callable):
    release = make.release(modules=2)
    developer = make.person(Role.DEVELOPER)
    set_state(developer.origin, release.item(ITEM).id, revision=1, state=ItemState.BLOCKED, reason="a rare word")
    auditor = make.person(Role.AUDITOR)
    address = f"/audit/?person={developer.id}&module={release.modules[0]}&release={release.key}&q=rare"

    pages = [client_of(auditor).get(address).text for _ in range(2)]

    assert all("1 event fits" in page for page in pages)
    assert f'<option selected value="{developer.id}">' in pages[0]


@pytest.mark.parametrize("query", ["since=yesterday", "until=2026-13-01T00:00", "action=no.such", "person=somebody"])
def test_a_filter_that_cannot_be_read_is_said_and_no_fault(make: Make, client_of: Callable, query: str):
    assert client_of(make.person(Role.AUDITOR)).get(f"/audit/?{query}").status_code in {200, 422}


def test_a_time_that_is_none_is_answered_with_how_to_write_one_and_stays_to_be_mended(make: Make, client_of: Callable):
    answer = client_of(make.person(Role.AUDITOR)).get("/audit/?since=yesterday&q=orders")

    assert answer.status_code == 422
    assert "Write a day and a time, for example 2026-11-28 14:05." in answer.text
    field = re.search(r'<input[^>]*name="since"[^>]*>', answer.text)[0]
    # A browser shows nothing that is no time in a field for times.
    assert ('type="text"' in field, 'value="yesterday"' in field) == (True, True)


def test_the_time_that_is_said_to_be_right_is_right(make: Make, client_of: Callable):
    assert client_of(make.person(Role.AUDITOR)).get("/audit/?since=2026-11-28 14:05").status_code == 200


def test_actions_are_chosen_by_words_and_stand_in_the_address_by_name(make: Make, client_of: Callable):
    page = client_of(make.person(Role.AUDITOR)).get("/audit/").text

    assert '<option value="item.state_changed">Item: state changed</option>' in page
    assert not re.search(r">[a-z]+\.[a-z_]+</option>", page)


@pytest.mark.parametrize("key", ["x", "2026-01-01_zz", "_", "2026-01-01T00:00:00_00"])
def test_a_page_key_that_nobody_gave_is_no_fault(make: Make, client_of: Callable, key: str):
    assert client_of(make.person(Role.AUDITOR)).get("/audit/", query_string={"before": key}).status_code in {200, 404}


def test_who_works_on_one_module_sees_only_its_history(make: Make, client_of: Callable):
    release = make.release(modules=2)
    for row in release.items[:2]:
        set_state(make.person(Role.DBA).origin, row.id, revision=1, state=ItemState.DONE)
    other = make.module()

    rows = rows_of(client_of(make.person(Role.DEVELOPER, module_id=other.id)).get("/audit/export/"))

    assert {row["module"] for row in rows} <= {other.name, ""}
    assert not any(row["action"] == "item.state_changed" for row in rows)


def test_an_administrator_sees_people_and_no_work(make: Make, client_of: Callable):
    release = make.release()
    set_state(make.person(Role.DBA).origin, release.item(ITEM).id, revision=1, state=ItemState.DONE)
    admin = make.person(Role.ADMINISTRATOR)
    client_of(admin).post("/profile/", data={"name": "New", "time_zone": "UTC", "revision": 1})

    kinds = {row["object_kind"] for row in rows_of(client_of(admin).get("/audit/export/"))}

    assert "person" in kinds
    assert "item" not in kinds


def test_no_route_changes_or_removes_an_event(app):
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("audit.")]

    assert {method for rule in rules for method in rule.methods} == {"GET", "HEAD", "OPTIONS"}


def test_what_is_archived_by_now_and_who_has_left_can_still_be_asked_for(make: Make, client_of: Callable):
    release, leaver = make.release(modules=2), make.person(Role.DEVELOPER, name="Ravi Kumar")
    set_state(leaver.origin, release.item(ITEM).id, revision=1, state=ItemState.DONE)
    archive_module(release.lead.origin, release.modules[0])
    archive_release(release.lead.origin, release.key)
    deactivate(make.person(Role.ADMINISTRATOR).origin, leaver.id)
    auditor = client_of(make.person(Role.AUDITOR))

    page = auditor.get("/audit/").text
    asked = {"module": release.modules[0], "release": release.key, "person": str(leaver.id)}
    found = [auditor.get(f"/audit/?action=item.state_changed&{name}={value}") for name, value in asked.items()]

    assert f'value="{release.modules[0]}">Module' in page
    assert page.count("(archived)</option>") == 2
    assert "Ravi Kumar (deactivated)</option>" in page
    assert [(answer.status_code, "1 event fits" in answer.text) for answer in found] == [(200, True)] * 3


def test_who_works_on_one_module_is_not_told_of_archived_ones_beside_it(make: Make):
    release = make.release(modules=2)
    archive_module(release.lead.origin, release.modules[0])
    viewer = make.person()
    mine = db.session.scalars(select(Module.id).where(Module.key == release.modules[1])).one()
    grant_role(make.person(Role.ADMINISTRATOR).origin, viewer.id, Role.DEVELOPER, mine)

    assert [key for key, _ in modules_ever(viewer.actor)] == [release.modules[1]]
    assert [key for key, _ in modules_ever(release.lead.actor)] == [release.modules[1], release.modules[0]]


def test_what_is_not_offered_is_refused_in_our_words(make: Make, client_of: Callable):
    answer = client_of(make.person(Role.AUDITOR)).get("/audit/?module=never")

    assert answer.status_code == 422
    assert NOT_OFFERED in answer.text
