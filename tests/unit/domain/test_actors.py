"""What somebody may not see does not exist for them; what they see and may not do is refused by name."""

import pytest

from app.domain.actors import NOBODY, SYSTEM, Actor, Origin, missing_role
from app.domain.errors import NotFound, NotPermitted
from app.domain.permissions import Grant, Permission, Role

ORDERS, STOCK = 1, 2


def _with(*grants: Grant) -> Actor:
    return Actor(id=7, grants=grants)


def test_what_the_role_allows_is_let_through():
    _with(Grant(Role.DEVELOPER, ORDERS)).require(Permission.ITEM_WORK, ORDERS)


def test_what_one_sees_and_may_not_do_is_refused_with_the_roles_that_may():
    with pytest.raises(NotPermitted, match="DBA or Team lead"):
        _with(Grant(Role.DEVELOPER, ORDERS)).require(Permission.WAIVER_DECIDE, ORDERS)


@pytest.mark.parametrize("permission", [Permission.ITEM_WORK, Permission.CHECKLIST_VIEW, Permission.WAIVER_DECIDE])
def test_what_one_may_not_even_see_does_not_exist(permission: Permission):
    with pytest.raises(NotFound):
        _with(Grant(Role.DEVELOPER, STOCK)).require(permission, ORDERS)


def test_what_belongs_to_no_module_does_not_exist_for_a_role_of_one_module():
    with pytest.raises(NotFound):
        _with(Grant(Role.TEAM_LEAD, ORDERS)).require(Permission.RELEASE_MANAGE, None)


def test_a_person_who_manages_people_does_not_see_checklists():
    with pytest.raises(NotFound):
        _with(Grant(Role.ADMINISTRATOR)).require(Permission.CHECKLIST_VIEW, ORDERS)


def test_one_role_that_may_is_named_alone_and_several_in_a_row():
    assert missing_role(Permission.PERSON_MANAGE) == "This needs the role Administrator. An administrator grants it."
    assert "Developer, QA, Security, Ops, DBA or Team lead" in missing_role(Permission.ITEM_WORK)


def test_the_modules_and_the_acting_role_are_those_of_the_grants():
    actor = _with(Grant(Role.QA, ORDERS), Grant(Role.VIEWER, STOCK))

    assert actor.modules(Permission.ITEM_WORK) == {ORDERS}
    assert actor.acting_role(Permission.ITEM_WORK, ORDERS) is Role.QA
    assert actor.acting_role(Permission.CHECKLIST_VIEW, STOCK) is Role.VIEWER


def test_nobody_and_the_system_have_no_number_and_say_how_they_came():
    assert (NOBODY.id, NOBODY.means) == (None, "link")
    assert (SYSTEM.id, SYSTEM.means, SYSTEM.name) == (None, "system", "system")


def test_two_requests_never_share_a_key_by_themselves():
    assert Origin(SYSTEM).key != Origin(SYSTEM).key
    assert len(Origin(SYSTEM).key) == 16
