"""A list is brought in on screen: sent, looked at, made a draft. Nothing is imported half, nor seen by others."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest

from app.domain.permissions import Role
from app.domain.template_files import Column
from app.queries.drafts import content_of_draft, get_draft
from app.services.drafts import begin_draft
from app.services.templates import BUILT_IN
from tests.factories import Make

NEW = "/templates/import/"
DOCUMENT = (
    "# Nightly batch\n\n## Before\n\n- [ ] Stop the queue\n  ```sh\n  queue stop\n  ```\n- [x] Look\n- plain line\n"
)
TABLE = "Task,Area,Status\nStop the queue,Before,done\nLook,Before,\nStart it,After,\n"


@pytest.fixture
def editor(make: Make, client_of: Callable) -> Any:
    return client_of(make.lead())


def sent(editor: Any, data: str | bytes, name: str = "nightly.md") -> Any:
    file = (io.BytesIO(data if isinstance(data, bytes) else data.encode()), name)
    return editor.post(NEW, data={"file": file, "text": "", "kind": ""}, content_type="multipart/form-data")


def imported(editor: Any, where: str, **more: str) -> Any:
    """Send the form as a browser does, with the key that its page gave it."""
    key = re.search(r'name="idempotency_key"[^>]*value="(\w+)"', editor.get(where).text.split("<h2>Import it")[1])[1]
    form = {"idempotency_key": key, "into": "", "name": "Nightly batch", "key": "nightly"}
    return editor.post(where, data={**form, **more})


def test_a_file_is_shown_as_it_was_understood_and_then_becomes_a_draft(editor: Any):
    where = sent(editor, DOCUMENT).headers["Location"]
    page = editor.get(where).text
    assert "2 items" in page
    assert "1 group, 1 of them ticked" in page
    assert "plain line" in page
    assert "Nothing is imported yet." in page
    assert editor.get("/templates/nightly/draft/").status_code == 404

    answer = imported(editor, where)

    assert answer.headers["Location"].endswith("/templates/nightly/draft/")
    (group,) = content_of_draft(get_draft("nightly")).groups
    assert [(item.text, item.body) for item in group.items] == [
        ("Stop the queue", "```sh\nqueue stop\n```"),
        ("Look", ""),
    ]


def test_the_form_sent_twice_imports_once_and_leads_to_the_same_draft(editor: Any, make: Make):
    where = sent(editor, DOCUMENT).headers["Location"]
    key = {"idempotency_key": "a" * 32}

    first, second = imported(editor, where, **key), imported(editor, where, **key)

    assert first.headers["Location"] == second.headers["Location"]
    assert len(make.events("template.imported")) == 1


def test_text_can_be_pasted_instead(editor: Any):
    answer = editor.post(NEW, data={"text": DOCUMENT, "kind": ""})

    assert "2 items" in editor.get(answer.headers["Location"]).text


def test_a_paste_of_two_megabytes_is_taken(editor: Any):
    text = "# Long\n\n" + "".join(f"- [ ] Step {number} {'x' * 400}\n" for number in range(5000))

    answer = editor.post(NEW, data={"text": text, "kind": ""})

    assert "5000 items" in editor.get(answer.headers["Location"]).text


def test_the_columns_of_a_table_are_chosen_on_screen(editor: Any):
    where = sent(editor, TABLE, "nightly.csv").headers["Location"]
    page = editor.get(where).text
    assert "3 items" in page
    assert re.search(r'<select[^>]*name="column-group".*?<option selected value="1">Area</option>', page, re.DOTALL)

    names = re.findall(r'<select[^>]*name="([\w-]+)"', page.split("Which column is what")[1].split("</form>")[0])
    editor.post(f"{where}columns/", data=dict.fromkeys(names, "-1") | {"column-text": "1"})

    assert "Before" in editor.get(where).text
    assert imported(editor, where).status_code == 302
    texts = [item.text for item in content_of_draft(get_draft("nightly")).items]
    assert texts == ["Before", "Before", "After"]


def test_a_table_whose_columns_have_unknown_names_is_asked_about(editor: Any):
    where = sent(editor, "Aufgabe;Bereich\nStop the queue;Before\nLook;Before\n", "ours.csv").headers["Location"]
    page = editor.get(where).text
    assert "Say which column holds the texts of the items." in page
    assert "Import it" not in page

    editor.post(
        f"{where}columns/",
        data={f"column-{column.value}": "-1" for column in Column} | {"column-text": "0", "column-group": "1"},
    )

    assert "2 items</b> in 1 group" in editor.get(where).text


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("list.exe", b"MZ\x90", "Nothing here reads files"),
        ("list.md", b"\x00\x01\x02\x03" * 20, "No text|not a text|no text"),
        ("list.yaml", b"a: &a [x]\nb: *a\n", "."),
        ("list.md", b"", "empty"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(editor: Any, name: str, data: bytes, why: str):
    answer = sent(editor, data, name)

    assert answer.status_code == 422
    assert re.search(why, answer.text.split("<main")[1])


def test_nothing_sent_is_asked_for(editor: Any):
    answer = editor.post(NEW, data={"text": "", "kind": ""})

    assert answer.status_code == 422
    assert "Choose a file or paste its text." in answer.text


def test_a_key_that_is_taken_keeps_what_was_typed(editor: Any):
    where = sent(editor, DOCUMENT).headers["Location"]

    answer = imported(editor, where, key=BUILT_IN, name="My own words")

    assert answer.status_code == 422
    assert "already" in answer.text
    assert 'value="My own words"' in answer.text


def test_a_template_with_a_draft_is_not_offered(make: Make, editor: Any):
    where = sent(editor, DOCUMENT).headers["Location"]
    assert f'value="{BUILT_IN}"' in editor.get(where).text

    begin_draft(make.lead().origin, BUILT_IN)

    assert f'value="{BUILT_IN}"' not in editor.get(where).text


def test_another_lead_does_not_see_it_and_a_viewer_cannot_send_one(make: Make, client_of: Callable, editor: Any):
    where = sent(editor, DOCUMENT).headers["Location"]

    assert client_of(make.lead()).get(where).status_code == 404
    assert client_of(make.person(Role.VIEWER)).get(NEW).status_code == 403


def test_what_is_thrown_away_is_gone(editor: Any):
    where = sent(editor, DOCUMENT).headers["Location"]

    editor.post(f"{where}forget/")

    assert editor.get(where).status_code == 404
    assert editor.get("/templates/nightly/draft/").status_code == 404
