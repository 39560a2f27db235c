"""Releases hold modules; what was done in one is never lost by moving modules about."""

from datetime import date

import pytest

from app.database import db
from app.domain.checklist import ItemState
from app.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted, RuleViolation
from app.domain.permissions import Role
from app.models import Module, Release
from app.queries.checklists import get_change_checklist, get_release_checklist
from app.queries.releases import get_release, list_changes, list_release_module_ids, list_releases
from app.services.item_states import set_state
from app.services.modules import archive_module
from app.services.release_modules import add_modules, remove_module
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
