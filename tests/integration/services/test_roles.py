"""Roles are given and taken back by an administrator, and nothing of it is forgotten."""

import pytest
from sqlalchemy import select

from app.database import db
from app.domain.errors import InvalidInput, NotFound, NotPermitted, RuleViolation
from app.domain.permissions import EVERYWHERE_ONLY, Permission, Role
from app.models import RoleGrant
from app.queries.people import actor_of, list_grants
from app.services.roles import deactivate, grant_role, reactivate, revoke_role
from tests.factories import Made, Make


@pytest.fixture
def administrator(make: Make) -> Made:
    return make.person(Role.ADMINISTRATOR)


def _grant_id(person: Made) -> int:
    return list_grants(person.id)[0].id


@pytest.mark.parametrize("role", list(Role))
def test_a_role_counts_from_the_next_request_on(make: Make, administrator: Made, role: Role):
    person = make.person()

    grant_role(administrator.origin, person.id, role, None)

    assert [grant.role for grant in actor_of(person.id, means="session").grants] == [role]
    [event] = make.events("role.granted")
    assert (event.actor_id, event.object_id, event.new_value) == (administrator.id, person.id, role.label)


def test_a_role_for_one_module_names_it_in_the_history(make: Make, administrator: Made):
    module, person = make.module("orders"), make.person()

    grant_role(administrator.origin, person.id, Role.DBA, module.id)

    assert person.actor.may_for(Permission.WAIVER_DECIDE, module.id)
    assert not person.actor.may_for(Permission.WAIVER_DECIDE, None)
    [event] = make.events("role.granted")
    assert (event.new_value, event.module_id) == ("DBA of Orders", module.id)


@pytest.mark.parametrize("role", sorted(EVERYWHERE_ONLY))
def test_what_is_for_everything_is_not_given_for_one_module(make: Make, administrator: Made, role: Role):
    module, person = make.module(), make.person()

    with pytest.raises(InvalidInput, match="not for one module"):
        grant_role(administrator.origin, person.id, role, module.id)
    assert list_grants(person.id) == []


def test_a_role_for_a_module_that_is_not_there_is_not_given(make: Make, administrator: Made):
    person = make.person()

    with pytest.raises(NotFound, match="no such module"):
        grant_role(administrator.origin, person.id, Role.DBA, 999_999)
    assert list_grants(person.id) == []


def test_the_same_role_twice_is_refused_and_for_another_module_is_not(make: Make, administrator: Made):
    one, other, person = make.module(), make.module(), make.person()
    grant_role(administrator.origin, person.id, Role.QA, one.id)

    with pytest.raises(RuleViolation, match="has this role already"):
        grant_role(administrator.origin, person.id, Role.QA, one.id)
    grant_role(administrator.origin, person.id, Role.QA, other.id)
    grant_role(administrator.origin, person.id, Role.QA, None)

    assert [grant.module_id for grant in list_grants(person.id)] == [one.id, other.id, None]


def test_a_revoked_role_ends_and_its_row_stays_with_who_took_it(make: Make, administrator: Made):
    person = make.person(Role.TEAM_LEAD)
    grant_id = _grant_id(person)

    revoke_role(administrator.origin, person.id, grant_id)

    assert person.actor.grants == ()
    row = db.session.get_one(RoleGrant, grant_id, populate_existing=True)
    assert (row.revoked_by_id, row.revoked_at is not None) == (administrator.id, True)
    [event] = make.events("role.revoked")
    assert (event.object_id, event.old_value) == (person.id, "Team lead")


def test_a_role_is_revoked_once(make: Make, administrator: Made):
    person = make.person(Role.TEAM_LEAD)
    grant_id = _grant_id(person)

    assert revoke_role(administrator.origin, person.id, grant_id) is True
    assert revoke_role(make.person(Role.ADMINISTRATOR).origin, person.id, grant_id) is False
    row = db.session.get_one(RoleGrant, grant_id, populate_existing=True)
    assert row.revoked_by_id == administrator.id
    assert len(make.events("role.revoked")) == 1


def test_a_role_of_somebody_else_is_not_revoked_by_the_way(make: Make, administrator: Made):
    one, other = make.person(Role.QA), make.person(Role.QA)

    with pytest.raises(NotFound):
        revoke_role(administrator.origin, one.id, _grant_id(other))
    assert len(list_grants(other.id)) == 1


def test_a_revoked_role_can_be_given_again(make: Make, administrator: Made):
    person = make.person(Role.QA)
    revoke_role(administrator.origin, person.id, _grant_id(person))

    grant_role(administrator.origin, person.id, Role.QA, None)

    rows = db.session.scalars(select(RoleGrant).where(RoleGrant.person_id == person.id).order_by(RoleGrant.id)).all()
    assert [row.revoked_at is None for row in rows] == [False, True]


def test_the_last_administrator_stays(make: Make, administrator: Made):
    with pytest.raises(RuleViolation, match="last administrator"):
        revoke_role(administrator.origin, administrator.id, _grant_id(administrator))
    with pytest.raises(RuleViolation, match="last administrator"):
        deactivate(administrator.origin, administrator.id)
    assert administrator.actor.may(Permission.PERSON_MANAGE)


def test_of_two_administrators_one_may_go(make: Make, administrator: Made):
    other = make.person(Role.ADMINISTRATOR)

    revoke_role(administrator.origin, other.id, _grant_id(other))

    assert not other.actor.may(Permission.PERSON_MANAGE)
    with pytest.raises(RuleViolation, match="last administrator"):
        revoke_role(administrator.origin, administrator.id, _grant_id(administrator))


def test_an_administrator_who_cannot_sign_in_does_not_count(make: Make, administrator: Made):
    other = make.person(Role.ADMINISTRATOR)
    deactivate(administrator.origin, other.id)

    with pytest.raises(RuleViolation, match="last administrator"):
        deactivate(administrator.origin, administrator.id)


def test_deactivating_ends_all_sessions_at_once_and_keeps_the_roles(make: Make, administrator: Made):
    person = make.person(Role.DEVELOPER)
    make.session_token(person)

    assert deactivate(administrator.origin, person.id) is True
    assert deactivate(administrator.origin, person.id) is False

    assert make.open_sessions(person) == []
    assert len(list_grants(person.id)) == 1
    [event] = make.events("person.deactivated")
    assert (event.actor_id, event.object_id) == (administrator.id, person.id)


def test_reactivating_opens_the_account_with_the_roles_it_had(make: Make, administrator: Made):
    person = make.person(Role.DEVELOPER)
    deactivate(administrator.origin, person.id)

    assert reactivate(administrator.origin, person.id) is True
    assert reactivate(administrator.origin, person.id) is False

    assert person.actor.may(Permission.ITEM_WORK)
    [event] = make.events("person.reactivated")
    assert event.object_id == person.id


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_nobody_else_gives_or_takes_roles_or_closes_accounts(make: Make, administrator: Made, role: Role):
    somebody, victim = make.person(role), make.person(Role.QA)

    for attempt in (
        lambda: grant_role(somebody.origin, somebody.id, Role.ADMINISTRATOR, None),
        lambda: revoke_role(somebody.origin, victim.id, _grant_id(victim)),
        lambda: deactivate(somebody.origin, victim.id),
        lambda: reactivate(somebody.origin, victim.id),
    ):
        with pytest.raises(NotPermitted, match="Administrator"):
            attempt()

    assert [grant.role for grant in list_grants(somebody.id)] == [role]
    assert len(make.events("attempt.refused")) == 4


def test_a_role_taken_between_two_clicks_refuses_the_second(make: Make):
    first, second, person = make.person(Role.ADMINISTRATOR), make.person(Role.ADMINISTRATOR), make.person()
    revoke_role(first.origin, second.id, _grant_id(second))

    with pytest.raises(NotFound):
        grant_role(second.origin, person.id, Role.QA, None)
