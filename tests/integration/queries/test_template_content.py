"""What a version and a checklist say, read back as the content that files and drafts are made of."""

import pytest
from sqlalchemy import insert, update

from app.catalogue.reader import read_catalogue
from app.database import db
from app.domain.checklist import BelongsTo, ItemState
from app.domain.errors import NotFound
from app.domain.permissions import Role
from app.domain.template_content import DueAnchor, DueRule, ValueKind
from app.domain.template_files import ItemStanding
from app.models import ChecklistGroup, ChecklistItem, TemplateVersion
from app.models.base import table_of
from app.queries.checklists import get_checklist, get_module_checklist
from app.queries.template_content import content_of_checklist, content_of_version, title_of
from app.queries.templates import get_version
from app.services.item_states import set_state
from app.services.items import assign
from tests.factories import MadeRelease, Make

ITEM = "pre.schema-planned"


def head_of(release: MadeRelease):
    return get_module_checklist(release.key, release.modules[0], release.lead.actor)


def test_a_version_says_all_that_the_built_in_checklists_say(app):
    content = content_of_version(get_version("migration-maintenance", 1).id)

    expected = [(group.key, [item.key for item in group.items]) for group in read_catalogue().groups]
    assert [(group.key, [item.key for item in group.items]) for group in content.groups] == expected
    assert len(content.items) == 242
    assert {group.belongs_to for group in content.groups} == set(BelongsTo)


def test_a_version_that_is_not_there_is_not_found(app):
    with pytest.raises(NotFound):
        content_of_version(10**9)


def test_every_field_of_a_box_is_read(make: Make):
    release = make.release()
    item = release.item(ITEM)
    words = {
        "body": "below",
        "depth": 2,
        "value_kind": "number",
        "value_unit": "min",
        "value_prompt": "How long?",
        "due_anchor": DueAnchor.RELEASE_PLANNED,
        "due_days": -3,
        "due_weekdays_only": True,
        "fact": "shared",
        "origin": "a book",
        "origin_link": "https://example.org/",
        "applies_when": "personal_data",
    }
    db.session.execute(update(ChecklistItem).where(ChecklistItem.id == item.id).values(**words))
    db.session.execute(
        update(ChecklistGroup)
        .where(ChecklistGroup.id == item.group_id)
        .values(body="between", applies_when="has_uploads")
    )
    db.session.execute(update(TemplateVersion).values(description="before all"))

    content, _ = content_of_checklist(head_of(release))

    group = next(group for group in content.groups if group.items[0].key == ITEM)
    box = group.items[0]
    assert content.description == "before all"
    assert (group.body, group.applies_when, group.belongs_to) == ("between", "has_uploads", BelongsTo.MODULE)
    assert (box.body, box.depth, box.value_kind, box.value_unit) == ("below", 2, ValueKind.NUMBER, "min")
    assert box.due == DueRule(DueAnchor.RELEASE_PLANNED, -3, weekdays_only=True)
    assert (box.origin, box.origin_link, box.applies_when, box.fact) == (
        "a book",
        "https://example.org/",
        "personal_data",
        "shared",
    )


def test_where_an_item_stands_is_told_with_who_and_when(make: Make):
    release, worker = make.release(), make.person(Role.DEVELOPER, name="Ravi Kumar")
    item = release.item(ITEM)
    assign(release.lead.origin, item.id, revision=1, assignee_id=worker.id, due_on=None)
    set_state(worker.origin, item.id, revision=2, state=ItemState.BLOCKED, reason="no server")

    content, standings = content_of_checklist(head_of(release))

    found = standings[ITEM]
    assert (found.state, found.reason, found.owner) == (ItemState.BLOCKED, "no server", "Ravi Kumar")
    assert (found.changed_by, found.changed_at) == ("Ravi Kumar", release.item(ITEM).state_since)
    untouched = [standing for key, standing in standings.items() if key != ITEM]
    assert set(untouched) == {ItemStanding(ItemState.TODO)}
    assert set(standings) == {box.key for box in content.items}


def test_a_checklist_alone_is_called_with_its_release(make: Make):
    release = make.release()
    head = head_of(release)

    assert title_of(head) == f"{head.module_name}, Release {release.key}"


def test_both_take_three_statements_however_many_items(make: Make, statements: list[str]):
    release = make.release()
    head, version = head_of(release), get_version("migration-maintenance", 1)
    counts = []
    for more in (0, 300):
        _add_items(release.item(ITEM), more)
        statements.clear()
        content_of_version(version.id)
        content, _ = content_of_checklist(head)
        counts.append((len(content.items), len(statements)))

    assert counts == [(147, 6), (447, 6)]
    assert get_checklist(head.id, release.lead.actor) == head


def _add_items(like: ChecklistItem, number: int) -> None:
    table = table_of(ChecklistItem)
    values = {column.name: getattr(like, column.name) for column in table.c if column.name != "id"}
    if number:
        db.session.execute(insert(table), [values | {"key": f"more.{more}"} for more in range(number)])
