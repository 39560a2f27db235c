"""Modules, whom to call about them, and the databases they own."""

from datetime import date

import pytest
from sqlalchemy import select

from app.database import db
from app.domain.checklist import BelongsTo
from app.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted, RuleViolation
from app.domain.modules import ContactKind
from app.domain.permissions import Role
from app.models import Checklist, Environment, Module, Target
from app.queries.modules import get_module, list_contacts, list_environments, list_modules, list_targets
from app.services.environments import add_environment
from app.services.modules import (
    ContactFacts,
    ModuleFacts,
    add_target,
    archive_module,
    archive_target,
    create_module,
    restore_module,
    set_contacts,
    update_module,
)
from tests.factories import Made, Make

ORDERS = ModuleFacts(name="Orders")
CALL_ME = ContactFacts("Ops desk", phone="+49 30 1234", hours="always", verified_on=date(2026, 10, 1))


@pytest.fixture
def lead(make: Make) -> Made:
    return make.lead()


def _staging() -> int:
    return db.session.scalars(select(Environment.id).where(Environment.key == "staging")).one()


def test_a_module_is_made_with_what_was_typed_and_one_event(make: Make, lead: Made):
    facts = ModuleFacts("Orders", "What is ordered", "Team Blue", lead.id, "git@example.org:orders.git", "orders")

    assert create_module(lead.origin, "orders", facts) == "orders"

    module = get_module("orders", lead.actor)
    assert (module.name, module.team, module.lead_id, module.schema_name) == ("Orders", "Team Blue", lead.id, "orders")
    [event] = make.events("module.created")
    assert (event.object_label, event.module_id, event.actor_role) == ("Orders", module.id, "team_lead")


@pytest.mark.parametrize("key", ["Orders", "", "a b", "new", "../x"])
def test_a_key_that_cannot_stand_in_an_address_is_refused(make: Make, lead: Made, key: str):
    with pytest.raises(InvalidInput) as refusal:
        create_module(lead.origin, key, ORDERS)

    assert list(refusal.value.fields) == ["key"]
    assert make.events("module.created") == []


def test_a_key_is_given_once_even_after_archiving(lead: Made):
    create_module(lead.origin, "orders", ORDERS)
    archive_module(lead.origin, "orders")

    with pytest.raises(InvalidInput, match="already, perhaps an archived one"):
        create_module(lead.origin, "orders", ORDERS)


def test_a_lead_who_is_not_there_is_refused(lead: Made):
    with pytest.raises(InvalidInput, match="no such person"):
        create_module(lead.origin, "orders", ModuleFacts("Orders", lead_id=999_999))


@pytest.mark.parametrize("repository", ["javascript:alert(1)", "example.org/orders", "file:///etc/passwd"])
def test_a_repository_is_a_whole_address(lead: Made, repository: str):
    with pytest.raises(InvalidInput, match="whole address"):
        create_module(lead.origin, "orders", ModuleFacts("Orders", repository=repository))


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.TEAM_LEAD, Role.ADMINISTRATOR}])
def test_only_a_lead_makes_and_changes_modules(make: Make, role: Role):
    module, person = make.module(), make.person(role)

    for attempt in (
        lambda: create_module(person.origin, "orders", ORDERS),
        lambda: update_module(person.origin, module.key, ORDERS, revision=module.revision),
        lambda: archive_module(person.origin, module.key),
        lambda: restore_module(person.origin, module.key),
        lambda: set_contacts(person.origin, module.key, {}, revision=module.revision),
        lambda: add_environment(person.origin, "dr", "Disaster recovery"),
        lambda: add_target(person.origin, module.key, _staging(), "primary", ""),
        lambda: archive_target(person.origin, module.key, 1),
    ):
        with pytest.raises(NotPermitted, match="Team lead"):
            attempt()

    assert len(make.events("attempt.refused")) == 8


def test_the_lead_of_one_module_changes_it_and_makes_no_other(make: Make):
    mine, other = make.module(), make.module()
    lead = make.lead(module_id=mine.id)

    assert update_module(lead.origin, mine.key, ORDERS, revision=1)
    with pytest.raises(NotFound):
        update_module(lead.origin, other.key, ORDERS, revision=1)
    with pytest.raises(NotFound):
        create_module(lead.origin, "stock", ORDERS)


def test_each_changed_fact_leaves_one_event_with_both_values(make: Make, lead: Made):
    create_module(lead.origin, "orders", ORDERS)

    update_module(lead.origin, "orders", ModuleFacts("Orders", team="Blue", lead_id=lead.id), revision=1)

    assert [(e.fact, e.old_value, e.new_value) for e in make.events("module.changed")] == [
        ("team", "", "Blue"),
        ("lead", "", f"person {lead.id}"),
    ]
    assert get_module("orders", lead.actor).revision == 2


def test_a_module_that_was_changed_meanwhile_is_not_overwritten(make: Make, lead: Made):
    create_module(lead.origin, "orders", ORDERS)
    update_module(lead.origin, "orders", ModuleFacts("Ordering"), revision=1)

    with pytest.raises(Conflict) as refusal:
        update_module(lead.origin, "orders", ModuleFacts("Purchases"), revision=1)

    assert refusal.value.theirs == "Ordering"
    assert get_module("orders", lead.actor).name == "Ordering"


def test_what_a_module_may_not_be_made_with_it_may_not_be_changed_to(lead: Made):
    create_module(lead.origin, "orders", ORDERS)

    with pytest.raises(InvalidInput, match="whole address"):
        update_module(lead.origin, "orders", ModuleFacts("Orders", repository="file:///etc/passwd"), revision=1)
    with pytest.raises(InvalidInput, match="no such person"):
        update_module(lead.origin, "orders", ModuleFacts("Orders", lead_id=999_999), revision=1)


def test_an_archived_module_leaves_the_list_and_comes_back(make: Make, lead: Made):
    create_module(lead.origin, "orders", ORDERS)

    assert archive_module(lead.origin, "orders") is True
    assert archive_module(lead.origin, "orders") is False
    assert "orders" not in {line.key for line in list_modules(lead.actor)}
    assert "orders" in {line.key for line in list_modules(lead.actor, archived=True)}
    assert restore_module(lead.origin, "orders") is True
    assert restore_module(lead.origin, "orders") is False

    assert "orders" in {line.key for line in list_modules(lead.actor)}
    assert (len(make.events("module.archived")), len(make.events("module.restored"))) == (1, 1)


def test_a_contact_is_kept_changed_and_taken_away_with_an_event_each(make: Make):
    module, lead = make.module(), make.lead()
    other = ContactFacts("Night desk", email="night@example.org")

    set_contacts(lead.origin, module.key, {ContactKind.ON_CALL: CALL_ME, ContactKind.DBA: None}, revision=1)
    set_contacts(lead.origin, module.key, {ContactKind.ON_CALL: CALL_ME}, revision=2)
    set_contacts(lead.origin, module.key, {ContactKind.ON_CALL: other}, revision=3)
    [row] = list_contacts(module.id)
    assert (row.kind, row.name, row.email, row.phone) == (ContactKind.ON_CALL, "Night desk", "night@example.org", "")
    set_contacts(lead.origin, module.key, {ContactKind.ON_CALL: None}, revision=4)

    assert list_contacts(module.id) == []
    words = "Ops desk, +49 30 1234, always, verified 2026-10-01"
    assert [(e.fact, e.old_value, e.new_value) for e in make.events("module.changed")] == [
        ("contact On-call support", "", words),
        ("contact On-call support", words, "Night desk, night@example.org"),
        ("contact On-call support", "Night desk, night@example.org", ""),
    ]


@pytest.mark.parametrize("field", ["name", "email", "phone"])
@pytest.mark.parametrize("text", ["[Contact Info]", "TBD", "n/a"])
def test_a_placeholder_is_no_contact(make: Make, field: str, text: str):
    module = make.module()
    typed = {"name": "Ops desk", "email": "ops@example.org", "phone": "1", field: text}

    with pytest.raises(InvalidInput, match="This is a placeholder") as refusal:
        set_contacts(make.lead().origin, module.key, {ContactKind.DBA: ContactFacts(**typed)}, revision=1)

    assert list(refusal.value.fields) == [f"dba_{field}"]
    assert list_contacts(module.id) == []


def test_a_contact_can_be_reached(make: Make):
    module = make.module()

    with pytest.raises(InvalidInput, match="e-mail address or a phone number"):
        set_contacts(make.lead().origin, module.key, {ContactKind.DBA: ContactFacts("Asha")}, revision=1)


def test_contacts_that_were_changed_meanwhile_are_not_overwritten(make: Make):
    module, lead = make.module(), make.lead()
    set_contacts(lead.origin, module.key, {ContactKind.DBA: CALL_ME}, revision=1)

    with pytest.raises(Conflict):
        set_contacts(lead.origin, module.key, {ContactKind.DBA: None}, revision=1)
    assert len(list_contacts(module.id)) == 1


def test_a_new_environment_stands_before_the_last(make: Make, lead: Made):
    number = add_environment(lead.origin, "dr", "Disaster recovery")

    assert [environment.key for environment in list_environments()] == ["staging", "dr", "production"]
    [event] = make.events("environment.added")
    assert (event.object_id, event.object_label) == (number, "Disaster recovery")


@pytest.mark.parametrize("key", ["staging", "No Key"])
def test_an_environment_has_a_key_of_its_own(lead: Made, key: str):
    with pytest.raises(InvalidInput) as refusal:
        add_environment(lead.origin, key, "Again")
    assert list(refusal.value.fields) == ["environment"]


def test_a_target_comes_with_its_monitoring_checklist(make: Make, lead: Made):
    module = make.module("orders")

    assert add_target(lead.origin, "orders", _staging(), "orders-primary", "") == "orders-primary"

    [(target, environment_name, _)] = list_targets(module.id)
    assert (target.name, environment_name) == ("orders-primary", "Staging")
    checklist = db.session.scalars(select(Checklist).where(Checklist.belongs_to == BelongsTo.TARGET)).one()
    assert (checklist.subject_id, checklist.module_id) == (target.id, module.id)
    [event] = make.events("target.added")
    assert (event.object_label, event.module_id) == ("orders-primary, Staging", module.id)


def test_a_target_is_named_once_in_an_environment(make: Make, lead: Made):
    make.module("orders")
    add_target(lead.origin, "orders", _staging(), "primary", "Primary")

    with pytest.raises(InvalidInput, match="Staging has a target “primary” already"):
        add_target(lead.origin, "orders", _staging(), "primary", "Primary")
    with pytest.raises(InvalidInput, match="no such environment"):
        add_target(lead.origin, "orders", 999_999, "primary", "")
    with pytest.raises(InvalidInput, match="small letters"):
        add_target(lead.origin, "orders", _staging(), "Not A Key", "")
    assert len(make.events("target.added")) == 1


def test_an_archived_target_leaves_the_list_once(make: Make, lead: Made):
    module, other = make.module("orders"), make.module()
    add_target(lead.origin, "orders", _staging(), "primary", "")
    target = db.session.scalars(select(Target)).one()

    with pytest.raises(NotFound, match="no such target"):
        archive_target(lead.origin, other.key, target.id)
    with pytest.raises(NotFound, match="no such target"):
        archive_target(lead.origin, "orders", 999_999)
    archive_target(lead.origin, "orders", target.id)
    with pytest.raises(RuleViolation, match="archived already"):
        archive_target(lead.origin, "orders", target.id)

    assert list_targets(module.id) == []
    assert db.session.get_one(Module, module.id)
    [event] = make.events("target.archived")
    assert event.object_id == target.id
