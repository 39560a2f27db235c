"""The policy table says what the product's page says, cell by cell."""

import pytest

from app.domain.actors import Actor
from app.domain.permissions import (
    EVERYWHERE_ONLY,
    GRANTS,
    Grant,
    Permission,
    Role,
    acting_role,
    is_granted,
    is_granted_for,
    modules_of,
    roles_with,
)

ORDERS, STOCK = 1, 2

MATRIX = """
                    viewer developer qa security ops dba team_lead auditor administrator
    checklist:view     x       x     x     x      x   x      x        x         .
    item:work          .       x     x     x      x   x      x        .         .
    item:assign        .       .     .     .      .   .      x        .         .
    waiver:decide      .       .     .     .      .   x      x        .         .
    gate:sign          .       x     x     x      x   x      x        .         .
    deployment:run     .       .     .     .      x   x      x        .         .
    incident:work      .       x     x     x      x   x      x        .         .
    policy:propose     .       .     .     .      .   x      x        .         .
    gate:override      .       .     .     .      x   x      x        .         .
    module:manage      .       .     .     .      .   .      x        .         .
    release:manage     .       .     .     .      .   .      x        .         .
    duty:manage        .       .     .     .      .   .      x        .         .
    template:edit      .       x     x     x      x   x      x        .         .
    template:publish   .       .     .     .      .   x      x        .         .
    template:adopt     .       .     .     .      .   .      x        .         .
    audit:view         x       x     x     x      x   x      x        x         x
    person:manage      .       .     .     .      .   .      .        .         x
    profile:manage     x       x     x     x      x   x      x        x         x
"""


def _cells() -> list[tuple[Role, Permission, bool]]:
    heading, *lines = MATRIX.strip().splitlines()
    roles = [Role(word) for word in heading.split()]
    rows = [line.split() for line in lines]
    return [(role, Permission(row[0]), cell == "x") for row in rows for role, cell in zip(roles, row[1:], strict=True)]


CELLS = _cells()


def test_the_matrix_names_every_role_and_every_permission():
    assert {(role, permission) for role, permission, _ in CELLS} == {(r, p) for r in Role for p in Permission}
    assert len(CELLS) == len(Role) * len(Permission)


@pytest.mark.parametrize(("role", "permission", "allowed"), CELLS)
def test_a_role_may_what_its_cell_says_and_nothing_else(role: Role, permission: Permission, allowed: bool):
    assert Actor(id=1, grants=(Grant(role),)).may(permission) is allowed


def test_nobody_signed_in_may_anything_whatever_roles_are_claimed():
    everything = tuple(Grant(role) for role in Role)

    assert [p for p in Permission if Actor(grants=everything).may(p)] == []
    assert [p for p in Permission if Actor(grants=everything).may_for(p, ORDERS)] == []


def test_whoever_is_signed_in_without_a_role_manages_the_own_profile_only():
    assert [p for p in Permission if Actor(id=1).may(p)] == [Permission.PROFILE_MANAGE]


@pytest.mark.parametrize(
    ("granted_for", "asked_for", "allowed"),
    [(None, ORDERS, True), (None, None, True), (ORDERS, ORDERS, True), (ORDERS, STOCK, False), (ORDERS, None, False)],
)
def test_a_grant_for_one_module_reaches_that_module_and_not_the_whole(
    granted_for: int | None, asked_for: int | None, allowed: bool
):
    grants = [Grant(Role.DEVELOPER, granted_for)]

    assert is_granted_for(grants, Permission.ITEM_WORK, asked_for) is allowed


def test_two_roles_for_two_modules_do_not_mix():
    grants = [Grant(Role.TEAM_LEAD, ORDERS), Grant(Role.VIEWER, STOCK)]

    assert is_granted_for(grants, Permission.ITEM_ASSIGN, ORDERS)
    assert not is_granted_for(grants, Permission.ITEM_ASSIGN, STOCK)
    assert is_granted(grants, Permission.ITEM_ASSIGN)


def test_the_modules_of_a_permission_are_those_of_the_roles_that_carry_it():
    grants = [Grant(Role.DEVELOPER, ORDERS), Grant(Role.VIEWER, STOCK)]

    assert modules_of(grants, Permission.CHECKLIST_VIEW) == {ORDERS, STOCK}
    assert modules_of(grants, Permission.ITEM_WORK) == {ORDERS}
    assert modules_of(grants, Permission.PERSON_MANAGE) == frozenset()


def test_one_grant_for_everything_makes_the_modules_all():
    grants = [Grant(Role.DEVELOPER, ORDERS), Grant(Role.VIEWER)]

    assert modules_of(grants, Permission.CHECKLIST_VIEW) is None
    assert modules_of(grants, Permission.ITEM_WORK) == {ORDERS}


@pytest.mark.parametrize(
    ("grants", "module", "expected"),
    [
        ([Grant(Role.TEAM_LEAD), Grant(Role.DEVELOPER)], None, Role.DEVELOPER),
        ([Grant(Role.TEAM_LEAD, ORDERS), Grant(Role.DEVELOPER, STOCK)], ORDERS, Role.TEAM_LEAD),
        ([Grant(Role.TEAM_LEAD, ORDERS), Grant(Role.DEVELOPER, STOCK)], STOCK, Role.DEVELOPER),
        ([Grant(Role.VIEWER), Grant(Role.DBA)], None, Role.DBA),
        ([Grant(Role.AUDITOR), Grant(Role.VIEWER)], None, Role.VIEWER),
        ([], None, None),
    ],
)
def test_an_act_is_remembered_under_the_least_role_that_allows_it_there(
    grants: list[Grant], module: int | None, expected: Role | None
):
    assert acting_role(grants, Permission.ITEM_WORK, module) is expected


def test_only_auditor_and_administrator_cannot_be_granted_for_one_module():
    assert {Role.AUDITOR, Role.ADMINISTRATOR} == EVERYWHERE_ONLY


def test_the_roles_that_could_do_it_are_named_in_the_order_of_the_policy():
    assert roles_with(Permission.WAIVER_DECIDE) == [Role.DBA, Role.TEAM_LEAD]


def test_every_role_has_its_line_in_the_policy_and_its_title():
    assert set(GRANTS) == set(Role)
    assert [role.label for role in Role] == [
        *("Viewer", "Developer", "QA", "Security", "Ops", "DBA", "Team lead", "Auditor", "Administrator")
    ]
