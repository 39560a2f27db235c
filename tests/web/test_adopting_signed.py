"""Before a version is adopted, the preview says which sign-offs end with it; and just these end."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from app.domain.signoffs import EndKind
from app.domain.template_content import TemplateContent
from app.queries.gates import list_active
from app.services.templates import BUILT_IN
from tests.factories import Make
from tests.integration.services.test_signoffs import Room
from tests.versions import bring, edited, gone, newest_content, publish, said

COLUMN = "Sign-offs that end"
READY = "Ready: 2"


@pytest.fixture
def room(make: Make) -> Room:
    made = Room(make)
    made.sign_all()
    return made


def preview(room: Room, client_of: Callable[..., Any], content: TemplateContent) -> str:
    version = publish(content)
    address = f"/templates/{BUILT_IN}/adopt/?version={version.number}&checklist={room.checklist_id}"
    return str(client_of(room.release.lead).get(address).text)


def test_new_words_of_a_covered_item_end_the_signoffs_of_its_gate(room: Room, client_of: Callable[..., Any]):
    content = edited(newest_content(), pre__schema_planned=said("Plan the schema, and have it read"))

    assert READY in preview(room, client_of, content)
    bring(room.release, publish(content))

    assert list_active([room.gate().id]) == []
    assert [kind for kind, _ in room.ends()] == [EndKind.STALE] * 2


def test_so_does_a_covered_item_that_goes(room: Room, client_of: Callable[..., Any]):
    assert READY in preview(room, client_of, edited(newest_content(), pre__schema_planned=gone))


@pytest.mark.parametrize(
    "edit",
    [
        {"mig__file_exists": said("The file of the migration is there")},
        {"pre__schema_planned": lambda item: replace(item, guidance="Another line below it.")},
    ],
    ids=["an item of another gate", "what is not signed"],
)
def test_what_is_not_signed_ends_nothing(room: Room, client_of: Callable[..., Any], edit: dict[str, Any]):
    content = edited(newest_content(), **edit)

    page = preview(room, client_of, content)
    bring(room.release, publish(content))

    assert COLUMN in page
    assert READY not in page
    assert len(list_active([room.gate().id])) == 2
