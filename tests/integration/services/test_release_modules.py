"""Modules are put into a release together, each with its checklist; nothing that was done in one is lost."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select

from app.database import db
from app.domain.checklist import ItemState
from app.domain.errors import Conflict, InvalidInput, NotFound
from app.models import Checklist, ChecklistGroup, ChecklistItem, Gate, Release, Stream
from app.queries.releases import get_release, list_release_module_ids
from app.services.item_states import set_state
from app.services.modules import archive_module
from app.services.release_modules import add_modules, copy_modules, remove_module
from app.services.releases import (
    ReleaseFacts,
    create_release,
    update_release,
)
from tests.factories import Made, MadeRelease, Make

FACTS = ReleaseFacts("November", date(2026, 11, 2), "quiet")
ITEM = "pre.schema-planned"


@pytest.fixture
def lead(make: Make) -> Made:
    return make.lead()


def _release(made: MadeRelease) -> Release:
    return get_release(made.key, made.lead.actor)


def _checklists() -> int:
    return db.session.scalar(select(func.count(Checklist.id))) or 0


def test_each_added_module_gets_a_checklist_and_an_event(make: Make, lead: Made):
    create_release(lead.origin, "2026.11", FACTS)
    modules = [make.module() for _ in range(3)]
    before = _checklists()

    assert add_modules(lead.origin, "2026.11", tuple(module.id for module in modules)) == 3

    assert _checklists() == before + 3
    assert [event.new_value for event in make.events("release.module_added")] == [module.name for module in modules]
    assert {event.module_id for event in make.events("release.module_added")} == {module.id for module in modules}


def test_each_of_several_added_modules_has_the_same_checklist_as_one_that_is_added_alone(make: Make, lead: Made):
    create_release(lead.origin, "2026.11", FACTS)
    modules = [make.module() for _ in range(3)]

    add_modules(lead.origin, "2026.11", tuple(module.id for module in modules[:2]))
    add_modules(lead.origin, "2026.11", (modules[2].id,))

    made = [_content(module.id) for module in modules]
    assert made[0] == made[1] == made[2]
    assert len(made[0]) == 147
    streams = db.session.scalars(select(Checklist.stream_id).where(Checklist.module_id.is_not(None))).all()
    assert len(set(streams)) == 3
    gates = [_gates(module.id) for module in modules]
    assert gates[0] == gates[1] == gates[2] != []


def _gates(module_id: int) -> list[Any]:
    found = select(Gate.kind, Gate.environment_key).join(Checklist, Checklist.id == Gate.checklist_id)
    return sorted(tuple(row) for row in db.session.execute(found.where(Checklist.module_id == module_id)))


def _content(module_id: int) -> list[Any]:
    """The items of the only checklist of a module, each with the group it stands in."""
    found = db.session.execute(
        select(
            ChecklistGroup.key,
            ChecklistGroup.title,
            ChecklistItem.key,
            ChecklistItem.text,
            ChecklistItem.gate,
            ChecklistItem.state,
            ChecklistItem.revision,
        )
        .join(ChecklistGroup, ChecklistGroup.id == ChecklistItem.group_id)
        .join(Checklist, Checklist.id == ChecklistItem.checklist_id)
        .where(Checklist.module_id == module_id, ChecklistGroup.checklist_id == Checklist.id)
        .order_by(ChecklistItem.position, ChecklistItem.key)
    )
    return [tuple(row) for row in found]


def test_one_module_more_costs_no_statement_more(make: Make, lead: Made, statements: list[str]):
    create_release(lead.origin, "2026.11", FACTS)
    modules, counts = [make.module().id for _ in range(14)], []
    for chosen in (modules[:3], modules[3:]):
        statements.clear()
        add_modules(lead.origin, "2026.11", tuple(chosen))
        counts.append(len(statements))

    assert counts[1] == counts[0]


def test_new_modules_and_those_that_come_back_are_added_together(make: Make):
    made = make.release()
    there = list_release_module_ids(_release(made).id)[0]
    remove_module(made.lead.origin, made.key, made.modules[0])
    new = [make.module().id for _ in range(2)]
    before = _checklists()

    assert add_modules(made.lead.origin, made.key, (there, *new)) == 3

    assert sorted(list_release_module_ids(_release(made).id)) == sorted([there, *new])
    assert _checklists() == before + 2
    assert {event.module_id for event in make.events("release.module_added")[-3:]} == {there, *new}


def test_adding_what_is_there_adds_nothing(make: Make):
    made = make.release()
    there = list_release_module_ids(_release(made).id)[0]
    before = _checklists()

    assert add_modules(made.lead.origin, made.key, (there,)) == 0
    assert _checklists() == before


@pytest.mark.parametrize("which", ["archived", "unknown"])
def test_where_one_module_cannot_be_added_none_of_them_is(make: Make, which: str):
    made, other = make.release(), make.module()
    archived = make.module()
    archive_module(made.lead.origin, archived.key)
    before = _checklists()

    with pytest.raises(InvalidInput, match="archived or not there"):
        add_modules(made.lead.origin, made.key, (other.id, {"archived": archived.id, "unknown": 999_999}[which]))

    assert _checklists() == before
    assert other.id not in list_release_module_ids(_release(made).id)


def test_no_module_is_put_into_a_release_that_is_not_there(make: Make, lead: Made):
    with pytest.raises(NotFound):
        add_modules(lead.origin, "never", (make.module().id,))


def test_who_puts_a_module_into_a_release_holds_up_nobody_who_works_on_another(make: Make):
    made, module = make.release(modules=2), make.module()
    make.release(modules=2)
    before = _versions()

    add_modules(made.lead.origin, made.key, (module.id,))

    moved = [name for name, version in _versions().items() if name in before and before[name] != version]
    assert sorted(moved) == [("module", module.id), ("release", _release(made).id)]


def _versions() -> dict[tuple[str, int], int]:
    rows = db.session.execute(select(Stream.kind, Stream.subject_id, Stream.version))
    return {(row.kind, row.subject_id): row.version for row in rows}


def test_copying_the_modules_of_an_earlier_release_leaves_out_the_archived_and_those_that_are_there(make: Make):
    earlier, lead = make.release(modules=3), make.lead()
    create_release(lead.origin, "next", FACTS)
    ids = list_release_module_ids(_release(earlier).id)
    add_modules(lead.origin, "next", (ids[0],))
    archive_module(lead.origin, earlier.modules[2])

    assert copy_modules(lead.origin, "next", earlier.key) == 1
    assert copy_modules(lead.origin, "next", earlier.key) == 0
    assert sorted(list_release_module_ids(get_release("next", lead.actor).id)) == sorted(ids[:2])


def test_a_colleague_who_edits_a_release_can_save_after_a_module_was_put_in_or_taken_out(make: Make):
    made = make.release()
    revision = _release(made).revision
    module = made.modules[0]
    remove_module(made.lead.origin, made.key, module)
    add_modules(made.lead.origin, made.key, (make.module().id,))

    assert update_release(made.lead.origin, made.key, FACTS, revision=revision)
    with pytest.raises(Conflict):
        update_release(made.lead.origin, made.key, FACTS, revision=revision)


def test_a_module_taken_out_and_added_again_keeps_what_was_done(make: Make):
    made = make.release()
    item = made.item(ITEM)
    set_state(made.lead.origin, item.id, revision=item.revision, state=ItemState.DONE)
    module_id = list_release_module_ids(_release(made).id)[0]
    before = _checklists()

    remove_module(made.lead.origin, made.key, made.modules[0])
    assert list_release_module_ids(_release(made).id) == []
    assert add_modules(made.lead.origin, made.key, (module_id,)) == 1

    assert made.item(ITEM).state is ItemState.DONE
    assert _checklists() == before
    [removed] = make.events("release.module_removed")
    assert (removed.module_id, removed.old_value != "") == (module_id, True)


def test_a_module_that_is_not_in_the_release_is_not_taken_out(make: Make):
    made, other = make.release(), make.module()

    with pytest.raises(NotFound, match="not in the release"):
        remove_module(made.lead.origin, made.key, other.key)
    remove_module(made.lead.origin, made.key, made.modules[0])
    with pytest.raises(NotFound, match="not in the release"):
        remove_module(made.lead.origin, made.key, made.modules[0])
