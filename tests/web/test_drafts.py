"""The editor of a template: every act by plain forms, what was typed kept, and nothing that a live checklist shows."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from app.domain.permissions import Role
from app.domain.template_content import Imported
from app.queries.drafts import content_of_draft, get_draft, list_draft_groups, list_draft_items
from app.queries.template_content import content_of_version
from app.queries.templates import get_newest_version
from app.services.drafts import begin_draft
from app.services.imports import import_content
from app.services.templates import BUILT_IN
from tests.factories import Make

EDITOR = f"/templates/{BUILT_IN}/draft/"
ITEM = {
    "severity": "required",
    "natural_role": "dba",
    "phase": "development",
    "depth": "0",
    "value_kind": "",
    "due_anchor": "",
}
GROUP = {"belongs_to": "module", "mode": "do-confirm"}


@pytest.fixture
def editor(make: Make, client_of: Callable) -> Any:
    lead = make.lead()
    begin_draft(lead.origin, BUILT_IN)
    return client_of(lead)


def first_item() -> Any:
    return list_draft_items(get_draft(BUILT_IN).id)[0]


def first_group() -> Any:
    return list_draft_groups(get_draft(BUILT_IN).id)[0].row


def test_a_template_is_made_group_by_group_and_published(editor: Any, make: Make):
    answer = editor.post("/templates/new/", data={"name": "Nightly batch", "key": "nightly"})
    assert answer.headers["Location"].endswith("/templates/nightly/draft/")
    assert "No groups yet." in editor.get("/templates/nightly/draft/").text
    answer = editor.post("/templates/nightly/draft/groups/new/", data={**GROUP, "title": "Before"})
    group = answer.headers["Location"]
    assert "No items yet." in editor.get(group).text
    answer = editor.post(f"{group}items/new/", data={**ITEM, "text": "Stop the `queue`"})
    assert "<code>queue</code>" in editor.get(answer.headers["Location"]).text
    page = editor.get("/templates/nightly/draft/publish/").text
    assert "It has 1 item in 1 group. No live checklist is made from it." in page
    seen = re.search(r'name="seen"[^>]*value="(\w+)"', page)[1]

    answer = editor.post("/templates/nightly/draft/publish/", data={"note": "The first.", "seen": seen})

    assert answer.headers["Location"].endswith("/templates/nightly/versions/1/")
    assert "Stop the" in editor.get("/templates/nightly/versions/1/").text


def test_what_is_typed_wrongly_stays_and_is_explained(editor: Any):
    answer = editor.post(f"{EDITOR}items/{first_item().id}/", data={**ITEM, "text": "", "guidance": "Keep me"})

    assert answer.status_code == 422
    assert "Type it." in answer.text
    assert 'value="Keep me"' in answer.text


def test_the_second_editor_sees_what_it_says_now_and_may_save_over_it(editor: Any):
    item = first_item()
    editor.post(f"{EDITOR}items/{item.id}/", data={**ITEM, "text": "Theirs", "revision": "1"})

    answer = editor.post(f"{EDITOR}items/{item.id}/", data={**ITEM, "text": "Mine", "revision": "1"})
    assert answer.status_code == 409
    assert "It now says “Theirs”." in answer.text
    assert 'value="Mine"' in answer.text
    revision = re.search(r'name="revision"[^>]*value="(\d+)"', answer.text)[1]
    editor.post(f"{EDITOR}items/{item.id}/", data={**ITEM, "text": "Mine", "revision": revision})

    assert first_item().text == "Mine"


def test_the_form_of_an_item_shows_what_it_says(editor: Any):
    item = next(row for row in list_draft_items(get_draft(BUILT_IN).id) if row.value_prompt)

    page = editor.get(f"{EDITOR}items/{item.id}/").text

    assert f'<option selected value="{item.value_kind}"' in page
    assert f'<option selected value="{item.severity.value}"' in page


def test_rows_move_by_buttons(editor: Any):
    group = first_group()
    before = [row.key for row in list_draft_items(get_draft(BUILT_IN).id, group_id=group.id)]
    page = editor.get(f"{EDITOR}groups/{group.id}/").text
    assert page.count('data-move="up" disabled') == page.count('data-move="down" disabled') == 1

    editor.post(f"{EDITOR}items/{first_item().id}/move/", data={"way": "down"})
    editor.post(f"{EDITOR}groups/{group.id}/move/", data={"way": "down"})

    after = [row.key for row in list_draft_items(get_draft(BUILT_IN).id, group_id=group.id)]
    assert after == [before[1], before[0], *before[2:]]
    assert [line.row.id for line in list_draft_groups(get_draft(BUILT_IN).id)].index(group.id) == 1


def test_an_item_goes_to_another_group_is_split_and_retired(editor: Any):
    item, lines = first_item(), list_draft_groups(get_draft(BUILT_IN).id)
    text, other = item.text, lines[1].row.id
    assert f'<option selected value="{item.group_id}"' in editor.get(f"{EDITOR}items/{item.id}/place/").text

    editor.post(f"{EDITOR}items/{item.id}/place/", data={"group_id": other, "revision": "1"})
    editor.post(f"{EDITOR}items/{item.id}/split/", data={"first": text, "second": "Another", "revision": "2"})
    assert [row.text for row in list_draft_items(get_draft(BUILT_IN).id, group_id=other)][-2:] == [text, "Another"]
    editor.post(f"{EDITOR}items/{item.id}/retire/", data={"revision": "3"})

    assert text not in [row.text for row in list_draft_items(get_draft(BUILT_IN).id, group_id=other)]


def test_an_empty_group_can_be_taken_out_and_a_full_one_cannot(editor: Any):
    answer = editor.post(f"{EDITOR}groups/new/", data={**GROUP, "title": "Empty"})
    empty = answer.headers["Location"]
    assert "Take out" in editor.get(empty).text
    assert "Take out" not in editor.get(f"{EDITOR}groups/{first_group().id}/").text

    editor.post(f"{empty}remove/", data={"revision": "1"})

    assert "Empty" not in [group.title for group in content_of_draft(get_draft(BUILT_IN)).groups]


def test_the_whole_is_named_and_described(editor: Any):
    editor.post(f"{EDITOR}words/", data={"name": "Changes of ours", "description": "Read it.", "revision": "1"})

    draft = get_draft(BUILT_IN)
    assert (draft.name, draft.description) == ("Changes of ours", "Read it.")
    assert 'value="Changes of ours"' in editor.get(f"{EDITOR}words/").text


def test_the_preview_shows_every_item_and_nothing_to_tick(editor: Any):
    page = editor.get(f"{EDITOR}preview/").text

    assert page.count('<li class="item ') == len(content_of_draft(get_draft(BUILT_IN)).items)
    assert 'role="checkbox"' not in page


def test_a_draft_is_thrown_away_after_a_question(editor: Any):
    assert "Throw this draft away?" in editor.get(EDITOR).text

    editor.post(f"{EDITOR}discard/", data={"revision": "1"})

    assert editor.get(EDITOR).status_code == 404


def test_who_edits_but_does_not_publish_is_told_who_does(make: Make, client_of: Callable, editor: Any):
    developer = client_of(make.person(Role.DEVELOPER))

    page = developer.get(EDITOR).text

    assert "A DBA or team lead publishes it." in page
    assert f"{EDITOR}publish/" not in page
    assert developer.get(f"{EDITOR}publish/").status_code == 403


@pytest.mark.parametrize("path", ["", "words/", "groups/new/", "preview/"])
def test_a_viewer_reads_versions_and_no_drafts(make: Make, client_of: Callable, editor: Any, path: str):
    assert client_of(make.person(Role.VIEWER)).get(f"{EDITOR}{path}").status_code == 403


def test_what_is_not_in_the_draft_is_not_found(editor: Any):
    for path in ("groups/999999/", "items/999999/", "items/999999/place/"):
        assert editor.get(f"{EDITOR}{path}").status_code == 404
    assert editor.get("/templates/no-such/draft/").status_code == 404


def test_the_list_opens_the_draft_that_is_there_and_begins_one_where_there_is_none(editor: Any):
    assert "Open the draft" in editor.get("/templates/").text
    editor.post(f"{EDITOR}discard/", data={"revision": "1"})

    answer = editor.post(f"{EDITOR}begin/")

    assert answer.headers["Location"].endswith(EDITOR)
    assert editor.get(EDITOR).status_code == 200


def test_before_publishing_the_differences_from_the_last_version_are_shown(editor: Any):
    assert "Nothing is different." in editor.get(f"{EDITOR}publish/").text
    item = first_item()
    editor.post(f"{EDITOR}items/{item.id}/", data={**ITEM, "text": "Plan it well", "revision": "1"})

    page = editor.get(f"{EDITOR}publish/").text

    assert "What is different from version 1" in page
    assert "reworded" in page


def test_the_rules_of_a_draft_are_tried_before_it_is_published(editor: Any):
    item = first_item()
    changes = {**ITEM, "text": item.text, "applies_when": "has_uploads", "revision": "1"}
    editor.post(f"{EDITOR}items/{item.id}/", data=changes)

    page = editor.get(f"{EDITOR}applicability/?has_uploads=no").text

    assert "What applies by this draft" in page
    assert item.text.replace("`", "") in re.sub(r"</?code>", "", page)


def test_a_document_that_was_ticked_offers_its_ticks_where_it_is_adopted(editor: Any, make: Make, client_of: Callable):
    release = make.release()
    editor.post(f"{EDITOR}discard/", data={"revision": "1"})
    found = Imported(content_of_version(get_newest_version(BUILT_IN).id), frozenset({"pre.schema-planned"}))
    found = replace(found, content=replace(found.content, description="Brought in again."))
    import_content(release.lead.origin, found, source="ours.md", into=BUILT_IN, with_ticks=True)
    seen = re.search(r'name="seen"[^>]*value="(\w+)"', editor.get(f"{EDITOR}publish/").text)[1]
    editor.post(f"{EDITOR}publish/", data={"note": "Out of our document.", "seen": seen})
    adopting = f"/templates/{BUILT_IN}/adopt/"
    checklist = release.item("pre.schema-planned").checklist_id
    page = editor.get(f"{adopting}?version=2&checklist={checklist}").text
    assert "1 of its boxes were." in page
    mark = re.search(r'name="seen" value="([^"]+)"', page)[1]

    editor.post(adopting, data={"version": "2", "seen": mark, "with_ticks": "y"})

    assert release.item("pre.schema-planned").state.value == "done"
