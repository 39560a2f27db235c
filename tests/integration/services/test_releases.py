"""Releases hold modules; what was done in one is never lost by moving modules about."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select

from app.database import db
from app.domain.checklist import ItemState
from app.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted, RuleViolation
from app.domain.permissions import Role
from app.models import Checklist, ChecklistGroup, ChecklistItem, Gate, Module, Release
from app.queries.checklists import get_change_checklist, get_release_checklist
from app.queries.releases import get_release, list_changes, list_release_module_ids, list_releases
from app.services.item_states import set_state
from app.services.modules import archive_module
from app.services.release_modules import add_modules, copy_modules, remove_module
from app.services.releases import (
    ReleaseFacts,
    add_change,
    archive_release,
    create_release,
    reopen_release,
    restore_release,
    ship_release,
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


def test_a_release_is_made_with_its_own_checklist(make: Make, lead: Made):
    assert create_release(lead.origin, "2026.11", FACTS) == "2026.11"

    release = get_release("2026.11", lead.actor)
    assert (release.name, release.planned_on, release.notes) == ("November", date(2026, 11, 2), "quiet")
    assert get_release_checklist("2026.11", lead.actor).release_id == release.id
    [event] = make.events("release.created")
    assert (event.object_label, event.release_id, event.actor_role) == ("November", release.id, "team_lead")


@pytest.mark.parametrize("key", ["", "Nov 26", "new", "current"])
def test_a_key_that_cannot_stand_in_an_address_is_refused(make: Make, lead: Made, key: str):
    with pytest.raises(InvalidInput) as refusal:
        create_release(lead.origin, key, FACTS)

    assert list(refusal.value.fields) == ["key"]
    assert make.events("release.created") == []


def test_a_key_is_given_once(lead: Made):
    create_release(lead.origin, "2026.11", FACTS)

    with pytest.raises(InvalidInput, match="already"):
        create_release(lead.origin, "2026.11", FACTS)


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.TEAM_LEAD, Role.ADMINISTRATOR}])
def test_only_a_lead_makes_and_changes_releases(make: Make, role: Role):
    made, person = make.release(), make.person(role)
    module = make.module()

    for attempt in (
        lambda: create_release(person.origin, "2026.11", FACTS),
        lambda: update_release(person.origin, made.key, FACTS, revision=2),
        lambda: add_modules(person.origin, made.key, (module.id,)),
        lambda: remove_module(person.origin, made.key, made.modules[0]),
        lambda: ship_release(person.origin, made.key),
        lambda: reopen_release(person.origin, made.key, "because"),
        lambda: archive_release(person.origin, made.key),
        lambda: restore_release(person.origin, made.key),
    ):
        with pytest.raises(NotPermitted, match="Team lead"):
            attempt()

    assert len(make.events("attempt.refused")) == 8


def test_the_lead_of_one_module_changes_no_release(make: Make):
    made = make.release()
    module_id = list_release_module_ids(_release(made).id)[0]

    with pytest.raises(NotFound):
        ship_release(make.lead(module_id=module_id).origin, made.key)


def test_copying_takes_over_the_modules_that_are_still_in_use(make: Make, lead: Made):
    made = make.release(modules=3)
    archive_module(lead.origin, made.modules[0])
    remove_module(lead.origin, made.key, made.modules[1])

    create_release(lead.origin, "next", FACTS, copy_from=made.key)

    copied = list_release_module_ids(get_release("next", lead.actor).id)
    assert [db.session.get_one(Module, number).key for number in copied] == [made.modules[2]]


def test_copying_takes_over_no_tick(make: Make, lead: Made):
    made = make.release()
    item = made.item(ITEM)
    set_state(lead.origin, item.id, revision=item.revision, state=ItemState.DONE)

    create_release(lead.origin, "next", FACTS, copy_from=made.key)

    assert MadeRelease("next", made.modules, lead).item(ITEM).state is ItemState.TODO


def test_copying_from_a_release_that_is_not_there_makes_none(make: Make, lead: Made):
    with pytest.raises(NotFound):
        create_release(lead.origin, "next", FACTS, copy_from="never")

    assert [line.key for line in list_releases(lead.actor)] == []


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


def test_a_shipped_release_takes_and_gives_no_module_until_it_is_reopened(make: Make):
    made, other = make.release(), make.module()
    assert ship_release(made.lead.origin, made.key) is True
    assert ship_release(made.lead.origin, made.key) is False

    with pytest.raises(RuleViolation, match="Reopen it first"):
        add_modules(made.lead.origin, made.key, (other.id,))
    with pytest.raises(RuleViolation, match="Reopen it first"):
        remove_module(made.lead.origin, made.key, made.modules[0])
    reopen_release(made.lead.origin, made.key, "a fix is missing")

    assert add_modules(made.lead.origin, made.key, (other.id,)) == 1
    assert len(make.events("release.shipped")) == 1


def test_reopening_says_why(make: Make):
    made = make.release()
    ship_release(made.lead.origin, made.key)

    with pytest.raises(InvalidInput, match="Say why"):
        reopen_release(made.lead.origin, made.key, "")
    assert reopen_release(made.lead.origin, made.key, "a fix is missing") is True
    assert reopen_release(made.lead.origin, made.key, "again") is False

    [event] = make.events("release.reopened")
    assert event.reason == "a fix is missing"
    assert _release(made).shipped_at is None


def test_each_changed_fact_leaves_one_event_with_both_values(make: Make, lead: Made):
    create_release(lead.origin, "2026.11", FACTS)

    update_release(lead.origin, "2026.11", ReleaseFacts("November", date(2026, 11, 9), ""), revision=1)

    assert [(e.fact, e.old_value, e.new_value) for e in make.events("release.changed")] == [
        ("date", "2026-11-02", "2026-11-09"),
        ("notes", "quiet", ""),
    ]


def test_a_release_that_was_changed_meanwhile_is_not_overwritten(make: Make, lead: Made):
    create_release(lead.origin, "2026.11", FACTS)
    update_release(lead.origin, "2026.11", ReleaseFacts("Winter"), revision=1)

    with pytest.raises(Conflict) as refusal:
        update_release(lead.origin, "2026.11", ReleaseFacts("Autumn"), revision=1)

    assert refusal.value.theirs == "Winter"
    assert get_release("2026.11", lead.actor).name == "Winter"


def test_an_archived_release_leaves_the_list_and_comes_back(make: Make):
    made = make.release()

    assert archive_release(made.lead.origin, made.key) is True
    assert archive_release(made.lead.origin, made.key) is False
    assert [line.key for line in list_releases(made.lead.actor)] == []
    assert [line.key for line in list_releases(made.lead.actor, archived=True)] == [made.key]
    assert restore_release(made.lead.origin, made.key) is True
    assert restore_release(made.lead.origin, made.key) is False

    assert [line.key for line in list_releases(made.lead.actor)] == [made.key]
    assert (len(make.events("release.archived")), len(make.events("release.restored"))) == (1, 1)


def test_a_change_is_named_by_who_works_on_the_module_and_has_its_checklist(make: Make):
    made = make.release()
    module_id = list_release_module_ids(_release(made).id)[0]
    developer = make.person(Role.DEVELOPER, module_id=module_id)

    add_change(developer.origin, made.key, made.modules[0], 412, title="Add an index", link="https://example.org/412")

    [change] = list_changes(_release(made).id, module_id)
    assert (change.number, change.title) == (412, "Add an index")
    assert get_change_checklist(made.key, made.modules[0], 412, developer.actor).own_name == "!412 Add an index"
    [event] = make.events("change.added")
    assert (event.object_label, event.new_value, event.actor_role) == (
        "!412 Add an index",
        "https://example.org/412",
        "developer",
    )


def test_a_change_is_named_once_with_a_web_address_for_a_module_of_the_release(make: Make):
    made, other = make.release(), make.module()
    origin = make.person(Role.DEVELOPER)
    add_change(origin.origin, made.key, made.modules[0], 412, title="", link="")

    with pytest.raises(InvalidInput, match="412 is here already"):
        add_change(origin.origin, made.key, made.modules[0], 412, title="", link="")
    with pytest.raises(InvalidInput, match="whole address"):
        add_change(origin.origin, made.key, made.modules[0], 413, title="", link="javascript:alert(1)")
    with pytest.raises(NotFound, match="not in the release"):
        add_change(origin.origin, made.key, other.key, 412, title="", link="")
    assert len(make.events("change.added")) == 1


def test_who_only_reads_names_no_change(make: Make):
    made = make.release()

    with pytest.raises(NotPermitted):
        add_change(make.person(Role.VIEWER).origin, made.key, made.modules[0], 1, title="", link="")
