"""People, modules and releases in a browser: create, edit, refuse, confirm."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.database import db
from app.domain.permissions import Role
from app.models import Module, Release, RoleGrant, Session
from app.models.base import utc_now
from app.queries.releases import list_release_module_ids
from tests.factories import MadeRelease, Make


def test_an_administrator_grants_a_role_for_one_module_and_takes_it_back(make: Make, client_of: Callable):
    module = make.module()
    person = make.person()
    admin = client_of(make.person(Role.ADMINISTRATOR))

    admin.post(f"/people/{person.id}/grants/", data={"role": "dba", "module_id": str(module.id)})
    grant = db.session.scalars(select(RoleGrant).where(RoleGrant.person_id == person.id)).one()
    before = client_of(person).get(f"/modules/{module.key}/").status_code
    admin.post(f"/people/{person.id}/grants/{grant.id}/revoke/")
    told = admin.get(f"/people/{person.id}/").text
    admin.post(f"/people/{person.id}/grants/{grant.id}/revoke/")

    assert before == 200
    assert "The role is revoked, from the next request on." in told
    assert "Somebody else has revoked this role already." in admin.get(f"/people/{person.id}/").text
    assert client_of(person).get(f"/modules/{module.key}/").status_code == 403
    page = admin.get(f"/people/{person.id}/").text
    assert f"DBA of {module.name}" in page


def test_the_last_administrator_cannot_be_removed(make: Make, client_of: Callable):
    person = make.person(Role.ADMINISTRATOR)
    admin = client_of(person)
    grant = db.session.scalars(select(RoleGrant).where(RoleGrant.person_id == person.id)).one()

    answer = admin.post(f"/people/{person.id}/grants/{grant.id}/revoke/")

    assert answer.status_code == 409
    assert "last administrator" in answer.text
    assert admin.post(f"/people/{person.id}/deactivate/").status_code == 409


def test_a_deactivated_person_is_out_and_can_come_back(make: Make, client_of: Callable):
    person = make.person(Role.VIEWER)
    browser = client_of(person)
    admin = client_of(make.person(Role.ADMINISTRATOR))

    admin.post(f"/people/{person.id}/deactivate/")
    out = browser.get("/me/").status_code
    admin.post(f"/people/{person.id}/reactivate/")

    assert out == 302
    assert client_of(person).get("/me/").status_code == 200


def test_one_changes_ones_name_and_the_history_keeps_only_its_digest(make: Make, client_of: Callable):
    person = make.person(Role.VIEWER, name="Old Name")
    browser = client_of(person)

    browser.post("/profile/", data={"name": "New Name", "time_zone": "Asia/Kolkata", "revision": 1})

    assert "New Name" in browser.get("/profile/").text
    events = make.events("person.changed")
    assert {event.fact for event in events} == {"name", "time zone", "shortcuts", "daily mail"}
    assert not any(b"Name" in event.body for event in events)


def test_a_stale_profile_is_refused(make: Make, client_of: Callable):
    browser = client_of(make.person(Role.VIEWER))
    form = {"name": "First", "time_zone": "UTC", "revision": 1}
    browser.post("/profile/", data=form)

    answer = browser.post("/profile/", data={**form, "name": "Second"})

    assert answer.status_code == 409
    assert "Second" in answer.text


def test_a_module_is_created_edited_archived_and_restored(make: Make, client_of: Callable):
    browser = client_of(make.lead())
    browser.post("/modules/new/", data={"key": "orders", "name": "Orders", "lead_id": ""})
    browser.post("/modules/orders/edit/", data={"name": "Purchase orders", "revision": 1, "lead_id": ""})
    browser.post("/modules/orders/archive/")
    archived = browser.get("/modules/?show=archived").text
    browser.post("/modules/orders/restore/")

    assert "Purchase orders" in archived
    assert "Purchase orders" in browser.get("/modules/").text
    assert [event.action.value for event in make.events() if event.object_kind == "module"] == [
        "module.created",
        "module.changed",
        "module.archived",
        "module.restored",
    ]


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"key": "Orders!", "name": "Orders"}, "small letters"),
        ({"key": "", "name": "Orders"}, "small letters"),
        ({"key": "orders", "name": ""}, "Type a name"),
        ({"key": "orders", "name": "Orders", "repository": "javascript:alert(1)"}, "whole address"),
        ({"key": "new", "name": "New"}, "key"),
    ],
)
def test_a_module_that_cannot_be_is_refused_and_what_was_typed_is_kept(
    make: Make, client_of: Callable, form: dict[str, str], words: str
):
    answer = client_of(make.lead()).post("/modules/new/", data={"purpose": "a careful text", "lead_id": "", **form})

    assert answer.status_code == 422
    assert words in answer.text
    assert "a careful text" in answer.text
    assert db.session.scalars(select(Module)).all() == []


@pytest.mark.parametrize("name", ["[Contact Info]", "TBD", "???", "<name>"])
def test_the_placeholder_of_a_contact_is_refused(make: Make, client_of: Callable, name: str):
    module = make.module()
    browser = client_of(make.lead())

    answer = browser.post(
        f"/modules/{module.key}/contacts/", data={"revision": 1, "dba-name": name, "dba-phone": "+49 30 1"}
    )

    assert answer.status_code == 422
    assert "placeholder" in answer.text


def test_a_contact_is_kept_with_the_day_it_was_verified(make: Make, client_of: Callable):
    module = make.module()
    browser = client_of(make.lead())

    browser.post(
        f"/modules/{module.key}/contacts/",
        data={"revision": 1, "on_call-name": "Rota", "on_call-phone": "+49 30 1", "on_call-verified_on": "2026-11-02"},
    )

    assert "2 November 2026" in browser.get(f"/modules/{module.key}/").text


def test_a_release_copies_the_modules_of_an_earlier_one(make: Make, client_of: Callable):
    earlier = make.release(modules=3, planned_on=date(2026, 10, 1))
    browser = client_of(make.lead())

    browser.post(
        "/releases/new/",
        data={"key": "2026.11", "name": "November", "planned_on": "2026-11-28", "copy_from": earlier.key},
    )

    page = browser.get("/releases/2026.11/").text
    assert "0 of 3 modules are ready" in page


def test_a_release_without_modules_says_what_to_do(make: Make, client_of: Callable):
    browser = client_of(make.lead())

    browser.post("/releases/new/", data={"key": "2026.11", "name": "November", "copy_from": ""})

    page = browser.get("/releases/2026.11/").text
    assert "No modules in this release yet" in page
    assert "/releases/2026.11/modules/" in page


def test_shipping_closes_a_release_and_reopening_asks_why(make: Make, client_of: Callable):
    release = make.release()
    browser = client_of(make.lead())
    browser.post(f"{release.path}ship/")
    closed = browser.post(f"{release.path}modules/{release.modules[0]}/remove/")

    without = browser.post(f"{release.path}reopen/", data={"reason": ""})
    browser.post(f"{release.path}reopen/", data={"reason": "one module was forgotten"})

    assert (closed.status_code, without.status_code) == (409, 422)
    assert db.session.scalars(select(Release.shipped_at)).one() is None
    assert make.events("release.reopened")[0].reason == "one module was forgotten"


def test_home_leads_to_the_release_that_is_next(make: Make, client_of: Callable):
    today = utc_now().date()
    make.release("later", planned_on=today + timedelta(days=90))
    make.release("next", planned_on=today + timedelta(days=2))
    shipped = make.release("shipped", planned_on=today - timedelta(days=2))
    browser = client_of(make.lead())
    browser.post(f"{shipped.path}ship/")

    first = browser.get("/")
    assert browser.get(first.location).location == "/releases/next/"


def test_a_module_that_is_taken_out_and_put_in_again_keeps_what_was_done(make: Make, client_of: Callable):
    release = make.release()
    item = release.item("pre.schema-planned")
    browser = client_of(make.lead())
    browser.post(f"/items/{item.id}/state/", data={"state": "done", "revision": 1})
    module_id = db.session.scalars(select(Module.id).where(Module.key == release.modules[0])).one()

    browser.post(f"{release.path}modules/{release.modules[0]}/remove/")
    out = browser.get(release.module_path).status_code
    browser.post(f"{release.path}modules/", data={"module_ids": [str(module_id)]})

    assert out == 404
    assert release.item("pre.schema-planned").state.value == "done"


def test_a_module_that_a_colleague_has_put_in_meanwhile_is_no_mistake(make: Make, client_of: Callable):
    release, browser = make.release(), client_of(make.lead())
    there = db.session.scalars(select(Module.id).where(Module.key == release.modules[0])).one()

    answer = browser.post(f"{release.path}modules/", data={"module_ids": [str(there)]})

    assert answer.status_code == 302
    assert "Nothing was added: each of them is in the release already, or archived." in browser.get(release.path).text


@pytest.mark.parametrize("wrong", ["archived", "999999", "9" * 30, "-1", "many"])
def test_a_module_that_cannot_be_added_is_refused_and_the_others_stay_chosen(
    make: Make, client_of: Callable, wrong: str
):
    release, other, archived = make.release(), make.module(), make.module()
    browser = client_of(make.lead())
    browser.post(f"/modules/{archived.key}/archive/")
    chosen = [str(other.id), str(archived.id) if wrong == "archived" else wrong]

    answer = browser.post(f"{release.path}modules/", data={"module_ids": chosen})

    assert answer.status_code == 422
    assert "One of these modules is archived or not there. Choose again." in answer.text
    assert re.search(rf'<input checked[^>]* value="{other.id}"', answer.text)
    assert len(list_release_module_ids(release_id(release))) == 1


def test_a_module_that_is_sent_twice_is_put_in_once(make: Make, client_of: Callable):
    release, other = make.release(), make.module()
    browser = client_of(make.lead())

    answer = browser.post(f"{release.path}modules/", data={"module_ids": [str(other.id)] * 2})

    assert answer.status_code == 302
    assert "1 module added, with its checklist." in browser.get(release.path).text
    assert len(list_release_module_ids(release_id(release))) == 2


def release_id(release: MadeRelease) -> int:
    return db.session.scalars(select(Release.id).where(Release.key == release.key)).one()


def test_the_modules_of_the_release_before_are_put_in_by_one_button(make: Make, client_of: Callable):
    earlier = make.release(modules=2, planned_on=date(2026, 10, 1))
    later = make.release("later", modules=0, planned_on=date(2026, 11, 1))
    browser = client_of(make.lead())

    answer = browser.post(f"{later.path}copy-modules/")

    assert answer.status_code == 302
    assert "2 modules added, each with its checklist." in browser.get(later.path).text
    assert set(list_release_module_ids(release_id(later))) == set(list_release_module_ids(release_id(earlier)))


def test_guessing_the_old_password_is_slowed_down(make: Make, client_of: Callable):
    browser = client_of(make.person(Role.VIEWER, password="a long enough sentence"))
    wrong = {"old_password": "not the password at all", "password": "another long sentence"}

    answers = [browser.post("/profile/password/", data=wrong).status_code for _ in range(6)]

    assert answers == [422] * 5 + [429]


def test_a_renamed_module_is_renamed_on_a_page_that_asks_whether_there_is_anything_new(make: Make, client_of: Callable):
    release = make.release()
    browser = client_of(make.lead())
    tags = {path: browser.get(path).headers["ETag"] for path in (release.path, release.module_path)}

    browser.post(f"/modules/{release.modules[0]}/edit/", data={"name": "New name", "revision": 1, "lead_id": ""})

    for path, tag in tags.items():
        answer = browser.get(path, headers={"If-None-Match": tag})
        assert answer.status_code == 200, path
        assert "New name" in answer.text


def test_who_reads_one_module_reads_the_items_of_its_releases_own_checklist(make: Make, client_of: Callable):
    release = make.release()
    module = db.session.scalars(select(Module).where(Module.key == release.modules[0])).one()
    insider = make.person(Role.VIEWER, module_id=module.id)
    outsider = make.person(Role.VIEWER, module_id=make.module().id)
    page = client_of(insider).get(f"{release.path}checklist/groups/release/").text
    item = re.search(r'id="item-(\d+)"', page)[1]

    assert client_of(insider).get(f"/items/{item}/").status_code == 200
    assert client_of(outsider).get(f"/items/{item}/").status_code == 404


def test_a_role_is_granted_only_soon_after_the_password_was_typed(make: Make, client_of: Callable):
    admin, other = make.person(Role.ADMINISTRATOR), make.person(Role.VIEWER)
    browser = client_of(admin)
    form = {"role": "dba", "module_id": ""}
    session = db.session.scalars(select(Session).where(Session.person_id == admin.id)).one()
    session.authenticated_at = utc_now() - timedelta(minutes=10, seconds=1)
    db.session.commit()

    for action in ("grants", "link", "deactivate", "reactivate", "grants/1/revoke"):
        asked = browser.post(f"/people/{other.id}/{action}/", data=form)
        assert asked.status_code == 401
        assert "within ten minutes of typing the password" in asked.text
    assert browser.post("/people/invite/", data=form).status_code == 401
    assert 'name="resume" value="' in asked.text
    assert db.session.scalars(select(RoleGrant.role).where(RoleGrant.person_id == other.id)).all() == [Role.VIEWER]

    session.authenticated_at = utc_now() - timedelta(minutes=9)
    db.session.commit()
    assert browser.post(f"/people/{other.id}/grants/", data=form).status_code == 302


def test_who_signs_in_again_sends_the_kept_grant_without_typing_it_again(make: Make, client_of: Callable):
    password = "carried " + "over " * 4
    admin, other = make.person(Role.ADMINISTRATOR, password=password), make.person(Role.VIEWER)
    browser = client_of(admin)
    session = db.session.scalars(select(Session).where(Session.person_id == admin.id)).one()
    session.authenticated_at = utc_now() - timedelta(hours=1)
    db.session.commit()
    asked = browser.post(f"/people/{other.id}/grants/", data={"role": "dba", "module_id": ""})
    kept = asked.text.split('name="resume" value="')[1].split('"')[0]

    again = browser.post("/sign-in/", data={"email": admin.email, "password": password, "resume": kept})

    assert f'action="/people/{other.id}/grants/"' in again.text
    assert 'name="role" value="dba"' in again.text
    assert browser.post(f"/people/{other.id}/grants/", data={"role": "dba", "module_id": ""}).status_code == 302
