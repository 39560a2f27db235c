"""Working a checklist in a browser, with and without a script."""

import re
from collections.abc import Callable

import pytest

from app.domain.checklist import ItemState
from app.domain.permissions import Role
from app.services.item_states import set_state
from tests.factories import Make

ITEM = "pre.schema-planned"
GROUP = "groups/pre-development/"
SCRIPT = {"HX-Request": "true"}


def tick(browser, item, *, state: str = "done", headers=None, **more):
    return browser.post(
        f"/items/{item.id}/state/", data={"state": state, "revision": item.revision, **more}, headers=headers
    )


def test_a_group_shows_its_rows_each_with_a_tick_named_after_its_item(make: Make, client_of: Callable):
    release = make.release()

    page = client_of(make.person(Role.DEVELOPER)).get(release.module_path + GROUP).text

    named_by = re.findall(r'role="checkbox"[^>]*aria-labelledby="([^" ]+) ', page)
    names = [re.search(rf'id="{text}">([^<]+)<', page)[1] for text in named_by]
    assert len(names) == len(set(names)) == 5
    assert "Plan database schema" in names
    assert "Pre-development is not complete: 5 left." in page


def forms_of(html: str) -> set[str]:
    return set(re.findall(r'<form[^>]* action="(/items/[^"]+)"', html))


def test_a_row_leads_to_its_forms_and_a_script_gets_them_in_the_row(make: Make, client_of: Callable):
    release = make.release()
    item = release.item(ITEM)
    browser = client_of(make.person(Role.TEAM_LEAD))

    group = browser.get(release.module_path + GROUP).text
    row = re.search(rf'id="item-{item.id}".*?</li>', group, re.DOTALL)[0]
    link = re.search(r'<a class="more-link" href="([^"]+)"', row)[1]
    page, fragment = browser.get(link).text, browser.get(link, headers=SCRIPT).text

    everything = {f"/items/{item.id}/{name}/" for name in ("state", "value", "comments", "owner", "waiver", "evidence")}
    assert forms_of(row) == {f"/items/{item.id}/state/"}
    assert forms_of(fragment) == everything
    assert forms_of(page) == everything
    assert "<html" not in fragment


def test_a_row_of_a_list_in_short_comes_back_in_short(make: Make, client_of: Callable):
    release = make.release()
    browser = client_of(make.person(Role.DEVELOPER))

    short = tick(browser, release.item(ITEM), headers=SCRIPT | {"X-Compact": "1"}).text
    whole = tick(browser, release.item(ITEM), state="todo", headers=SCRIPT).text

    assert "item-guide" not in short
    assert "item-guide" in whole


def test_a_value_that_should_be_a_link_and_is_none_is_refused_with_what_was_typed(make: Make, client_of: Callable):
    release = make.release()
    item = release.item(ITEM)
    browser = client_of(make.person(Role.DEVELOPER))

    alone = browser.post(f"/items/{item.id}/value/", data={"revision": 1, "value": "see the wiki", "link": ""})
    with_tick = tick(browser, item, value="see the wiki")

    for answer in (alone, with_tick):
        assert answer.status_code == 422
        assert "Give a whole address without spaces, beginning with https://." in answer.text
        assert 'value="see the wiki"' in answer.text
    assert (release.item(ITEM).state, release.item(ITEM).value) == (ItemState.TODO, "")


def test_who_only_reads_sees_no_control_that_changes(make: Make, client_of: Callable):
    release = make.release()
    browser = client_of(make.person(Role.AUDITOR))

    for path in (release.path, release.module_path, release.module_path + GROUP, release.module_path + "everything/"):
        page = browser.get(path).text
        actions = set(re.findall(r'<form[^>]*method="post"[^>]*action="([^"]*)"', page))
        assert actions <= {"/sign-out/"}, path


def test_a_tick_without_a_script_comes_back_to_the_group_with_a_way_to_undo(make: Make, client_of: Callable):
    release = make.release()
    item = release.item(ITEM)
    browser = client_of(make.person(Role.DEVELOPER))

    answer = tick(browser, item)

    assert answer.status_code == 303
    assert answer.location == f"{release.module_path}{GROUP}?at={item.id}#item-{item.id}"
    page = browser.get(answer.location).text
    assert "Saved." in page
    assert f"/items/{item.id}/undo/" in page
    assert release.item(ITEM).state is ItemState.DONE


def test_a_tick_by_script_gets_its_row_back_saved_with_name_and_time(make: Make, client_of: Callable):
    release = make.release()
    item = release.item(ITEM)
    developer = make.person(Role.DEVELOPER, name="Ravi Kumar")

    answer = tick(client_of(developer), item, headers=SCRIPT)

    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert 'aria-checked="true"' in answer.text
    assert "Ravi Kumar" in answer.text
    assert re.search(r"\d\d:\d\d", answer.text)


def test_the_same_form_sent_ten_times_makes_one_event(make: Make, client_of: Callable):
    release = make.release()
    item = release.item(ITEM)
    browser = client_of(make.person(Role.DEVELOPER))

    answers = {tick(browser, item, idempotency_key="one form").status_code for _ in range(10)}

    assert answers == {303}
    assert len(make.events("item.state_changed", object_id=item.id)) == 1


def test_one_key_with_other_content_is_refused(make: Make, client_of: Callable):
    release = make.release()
    item = release.item(ITEM)
    browser = client_of(make.person(Role.DEVELOPER))
    tick(browser, item, idempotency_key="one form")

    answer = tick(browser, item, state="failed", idempotency_key="one form")

    assert answer.status_code == 422
    assert release.item(ITEM).state is ItemState.DONE


@pytest.mark.parametrize("headers", [None, SCRIPT])
def test_a_stale_page_is_told_both_values_and_keeps_what_was_typed(
    make: Make, client_of: Callable, headers: dict[str, str] | None
):
    release = make.release()
    item = release.item(ITEM)
    other = make.person(Role.QA)
    set_state(other.origin, item.id, revision=item.revision, state=ItemState.FAILED, reason="schema is missing")
    browser = client_of(make.person(Role.DEVELOPER))

    answer = tick(browser, item, state="blocked", reason="my careful reason", headers=headers)

    assert answer.status_code == 409
    assert "schema is missing" in answer.text
    assert "my careful reason" in answer.text
    assert release.item(ITEM).state is ItemState.FAILED


def test_a_rule_that_refuses_says_so_on_the_row(make: Make, client_of: Callable):
    release = make.release()
    item = release.item(ITEM)

    answer = tick(client_of(make.person(Role.DEVELOPER)), item, state="blocked", headers=SCRIPT)

    assert answer.status_code == 409
    assert "Say what blocks it" in answer.text
    assert 'aria-checked="false"' in answer.text


def test_an_unknown_state_is_refused_and_nothing_changes(make: Make, client_of: Callable):
    release = make.release()
    item = release.item(ITEM)

    answer = tick(client_of(make.person(Role.DEVELOPER)), item, state="wonderful", headers=SCRIPT)

    assert answer.status_code == 422
    assert release.item(ITEM).revision == item.revision


def test_undo_brings_the_state_back_and_keeps_both_events(make: Make, client_of: Callable):
    release = make.release()
    item = release.item(ITEM)
    browser = client_of(make.person(Role.DEVELOPER))
    tick(browser, item)
    [event] = make.events("item.state_changed", object_id=item.id)

    answer = browser.post(f"/items/{item.id}/undo/{event.id.hex()}/")

    assert answer.status_code == 303
    assert release.item(ITEM).state is ItemState.TODO
    assert [e.action.value for e in make.events(object_id=item.id) if e.object_kind == "item"] == [
        "item.state_changed",
        "item.undone",
    ]


def test_the_page_answers_nothing_new_until_something_is(make: Make, client_of: Callable):
    release = make.release()
    item = release.item(ITEM)
    browser = client_of(make.person(Role.DEVELOPER))
    for path in (release.path, release.module_path, release.module_path + GROUP, release.module_path + "everything/"):
        tag = browser.get(path).headers["ETag"]
        assert browser.get(path, headers={"If-None-Match": tag}).status_code == 304, path
        tick(browser, release.item(ITEM), state="doing" if path == release.path else "done")
        changed = browser.get(path, headers={"If-None-Match": tag})
        assert changed.status_code == 200, path
        tick(browser, release.item(ITEM), state="todo")
    assert item.id


def test_several_at_once_need_a_sentence_and_then_are_saved_together(make: Make, client_of: Callable):
    release = make.release()
    rows = [row for row in release.items if row.severity.value == "required"][:3]
    checklist_id = release.item(rows[0].key).checklist_id
    browser = client_of(make.person(Role.DEVELOPER))
    form = {"action": "done", "waiver_reason": "other", "item_ids": [f"{row.id}.{row.revision}" for row in rows]}

    refused = browser.post(f"/checklists/{checklist_id}/several/", data={**form, "reason": ""})
    saved = browser.post(f"/checklists/{checklist_id}/several/", data={**form, "reason": "seen together"})

    assert refused.status_code == 409
    assert "one sentence" in refused.text
    assert saved.status_code == 302
    assert len(make.events("item.state_changed")) == 3


def test_several_without_a_choice_of_what_to_set_them_to_are_asked_for_it(make: Make, client_of: Callable):
    release = make.release()
    item = release.item("pre.schema-planned")

    answer = client_of(release.lead).post(
        f"/checklists/{item.checklist_id}/several/",
        data={"item_ids": f"{item.id}.{item.revision}", "reason": "Gone through together."},
    )

    assert answer.status_code == 422
    assert item.text in answer.text


def test_several_that_meet_another_persons_change_are_saved_without_that_one(make: Make, client_of: Callable):
    release = make.release()
    rows = [row for row in release.items if row.severity.value == "required"][:3]
    address = f"/checklists/{release.item(rows[0].key).checklist_id}/several/"
    mine, other = make.person(Role.DEVELOPER), make.person(Role.OPS, name="Bea Baker")
    form = {"action": "doing", "waiver_reason": "other", "reason": "seen together"}
    chosen = [f"{row.id}.{row.revision}" for row in rows]
    tick(client_of(other), release.item(rows[1].key))

    refused = client_of(mine).post(address, data={**form, "item_ids": chosen})
    left = re.findall(r'name="item_ids" value="([0-9.]+)" checked', refused.text)
    saved = client_of(mine).post(address, data={**form, "item_ids": left})

    assert refused.status_code == 409
    assert "now done, by Bea Baker: left out" in refused.text
    assert left == [chosen[0], chosen[2]]
    assert saved.status_code == 302
    assert [release.item(row.key).state.value for row in rows] == ["doing", "done", "doing"]


def test_several_of_nothing_say_so_and_lead_back(make: Make, client_of: Callable):
    release = make.release()
    checklist_id = release.item(release.items[0].key).checklist_id
    form = {"action": "done", "waiver_reason": "other", "reason": "all", "back": release.module_path}

    refused = client_of(make.person(Role.DEVELOPER)).post(f"/checklists/{checklist_id}/several/", data=form)

    assert refused.status_code == 422
    assert "Select at least one item." in refused.text
    assert f'href="{release.module_path}"' in refused.text
    assert "Save the chosen" not in refused.text


def test_not_applicable_is_asked_by_one_and_approved_by_another(make: Make, client_of: Callable):
    release = make.release()
    item = release.item(ITEM)
    asker, decider = make.person(Role.DBA), make.person(Role.DBA)
    client_of(asker).post(
        f"/items/{item.id}/waiver/",
        data={"revision": item.revision, "reason_code": "not_touched", "explanation": "no table is touched"},
    )
    waiver_id = re.search(r"waivers/(\d+)/decision", client_of(decider).get("/waivers/").text)[1]
    own_page = client_of(asker).get("/waivers/").text

    own = client_of(asker).post(f"/waivers/{waiver_id}/decision/", data={"decision": "approve"})
    other = client_of(decider).post(f"/waivers/{waiver_id}/decision/", data={"decision": "approve"})

    assert "Approve" not in own_page
    assert (own.status_code, other.status_code) == (403, 303)
    assert release.item(ITEM).state is ItemState.NOT_APPLICABLE


def test_not_applicable_without_a_reason_is_refused(make: Make, client_of: Callable):
    release = make.release()
    item = release.item(ITEM)

    answer = client_of(make.person(Role.QA)).post(
        f"/items/{item.id}/waiver/",
        data={"revision": item.revision, "reason_code": "other", "explanation": ""},
        headers=SCRIPT,
    )

    assert answer.status_code == 409
    assert "Say in a sentence" in answer.text


def test_the_item_page_tells_its_whole_history(make: Make, client_of: Callable):
    release = make.release()
    item = release.item(ITEM)
    browser = client_of(make.person(Role.DEVELOPER, name="Ravi Kumar"))
    tick(browser, item)
    browser.post(f"/items/{item.id}/comments/", data={"text": "see the plan"})

    page = browser.get(f"/items/{item.id}/").text

    assert "Ravi Kumar" in page
    assert "from to do to done" in page
    assert "see the plan" in page


def test_a_change_gets_sixteen_boxes_and_a_target_seven(make: Make, client_of: Callable):
    release = make.release()
    lead = client_of(release.lead)
    module = release.modules[0]
    lead.post(f"{release.module_path}changes/new/", data={"number": 7, "title": "x", "link": "https://example.org/7"})
    lead.post(f"/modules/{module}/targets/", data={"environment_id": 1, "key": "primary", "name": "Primary"})

    change = lead.get(f"{release.module_path}changes/7/everything/").text
    target = lead.get(f"/modules/{module}/targets/staging/primary/everything/").text
    own = lead.get(f"{release.path}checklist/everything/").text

    assert [page.count('role="checkbox"') for page in (change, target, own)] == [16, 7, 18]


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("state", {"state": "blocked", "reason": "waits for the DBA"}),
        ("value", {"value": "https://example.org/plan", "link": "https://example.org/more"}),
        ("owner", {"assignee_id": "", "due_on": "2031-01-02"}),
        ("waiver", {"reason_code": "other", "explanation": "no table is touched"}),
    ],
)
def test_the_row_that_comes_back_is_the_row_that_was_written(
    make: Make, client_of: Callable, name: str, form: dict[str, str]
):
    item = make.release().item(ITEM)
    browser = client_of(make.person(Role.TEAM_LEAD))

    answer = browser.post(f"/items/{item.id}/{name}/", data={"revision": 1, **form}, headers=SCRIPT)
    read = browser.get(f"/items/{item.id}/", headers=SCRIPT).text

    def told(row: str) -> list[str]:
        return re.findall(r'data-(?:revision|state|word)="[^"]*"|class="item-meta".*?</p>', row, re.DOTALL)

    assert answer.status_code == 200
    assert told(answer.text) == told(read)
    assert 'data-revision="2"' in answer.text
