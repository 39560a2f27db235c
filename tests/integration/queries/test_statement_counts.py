"""A page asks the database as often for twenty rows as for one."""

from collections.abc import Callable

import pytest

from app.domain.actors import Actor
from app.domain.checklist import ItemState
from app.domain.permissions import Grant, Role
from app.domain.waiver_kinds import WaiverReason
from app.models.base import utc_now
from app.queries.audit import AuditFilter, list_item_events, read_page
from app.queries.checklists import get_module_checklist
from app.queries.groups import list_groups
from app.queries.lines import list_assigned, list_lines
from app.queries.modules import list_modules
from app.queries.people import find_signed_in, list_grant_lines, list_people
from app.queries.readiness import list_blockers, list_standings
from app.queries.register import WaiverFilter, list_expiring, list_pending, read_waivers
from app.queries.releases import get_release, list_releases
from app.queries.repeats import count_repeats
from app.queries.rows import list_rows
from app.queries.waivers import list_waivers_of
from app.services.item_states import set_states
from app.services.items import assign
from app.services.secret import token_digest
from app.services.waivers import request_waivers
from app.web.rows import undos_of
from tests.factories import MadeRelease, Make

FEW, MANY = 1, 6


def _work(release: MadeRelease, make: Make, number: int) -> None:
    """Assign, block and ask in as many items."""
    rows = [row for row in release.items if row.severity.value == "required"][: 2 * number]
    checklist_id = release.item(rows[0].key).checklist_id
    for row in rows[:number]:
        assign(release.lead.origin, row.id, revision=1, assignee_id=make.person(Role.DEVELOPER).id, due_on=None)
    here = tuple((row.id, 1) for row in rows[number:])
    request_waivers(release.lead.origin, checklist_id, here, reason=WaiverReason.OTHER, explanation="no schema here")
    some = tuple((row.id, 2) for row in rows[:number])
    set_states(release.lead.origin, checklist_id, some, state=ItemState.DONE, reason="together")


@pytest.fixture
def cost(make: Make, statements: list[str]) -> Callable[[Callable[[MadeRelease], object]], tuple[int, int]]:
    """How many statements a read takes with few rows behind it, and with many."""

    def measure(read: Callable[[MadeRelease], object]) -> tuple[int, int]:
        counts = []
        for number in (FEW, MANY):
            release = make.release(modules=number)
            _work(release, make, number)
            statements.clear()
            read(release)
            counts.append(len(statements))
        return counts[0], counts[1]

    return measure


@pytest.mark.parametrize("modules", [FEW, MANY])
def test_the_matrix_takes_four_statements(make: Make, statements: list[str], modules: int):
    made = make.release(modules=modules)
    _work(made, make, modules)
    release, actor = get_release(made.key, made.lead.actor), made.lead.actor
    statements.clear()

    standings = list_standings(release, actor)

    assert len(standings) == modules + 1
    assert len(statements) == 4


def test_the_blockers_take_as_many_for_six_modules_as_for_one(cost):
    few, many = cost(lambda release: list_blockers(get_release(release.key, release.lead.actor), release.lead.actor))

    assert few == many


def test_the_rows_of_a_checklist_take_one_whatever_is_in_them(cost):
    few, many = cost(lambda release: release.items)

    assert few == many


def test_the_groups_of_a_checklist_take_as_many_for_more_work(cost):
    few, many = cost(
        lambda release: list_groups(get_module_checklist(release.key, release.modules[0], release.lead.actor))
    )

    assert few == many


def test_the_items_behind_a_number_take_one_statement(make: Make, statements: list[str]):
    release = make.release(modules=MANY)
    standings = list_standings(get_release(release.key, release.lead.actor), release.lead.actor)
    statements.clear()

    rows = list_lines([standing.checklist_id for standing in standings], states=list(ItemState), phase=None)

    assert len(rows) == 147 * MANY + 18
    assert len(statements) == 1


@pytest.mark.parametrize(
    ("read", "number"),
    [
        (list_people, 2),
        (lambda: list_assigned(Actor(id=1, grants=(Grant(Role.VIEWER),))), 1),
        (lambda: list_item_events(1), 1),
        (lambda: list_waivers_of(list(range(1, 40))), 1),
        (lambda: find_signed_in(token_digest("x")), 1),
    ],
)
def test_a_list_takes_as_many_statements_as_it_says(make: Make, statements: list[str], read, number: int):
    _work(make.release(), make, MANY)
    statements.clear()

    read()

    assert len(statements) == number


def test_lists_that_ask_who_looks_take_one_or_two(make: Make, statements: list[str]):
    auditor = make.person(Role.AUDITOR)
    _work(make.release(modules=MANY), make, MANY)
    actor, today = auditor.actor, utc_now().date()
    waiting = list_pending(actor, today)
    assert len(waiting) == MANY

    for read, number in (
        (lambda: list_releases(actor), 1),
        (lambda: list_modules(actor), 1),
        (lambda: list_pending(actor, today), 1),
        (lambda: list_expiring(actor, today), 1),
        (lambda: read_waivers(WaiverFilter("waiting"), actor, today), 2),
        (lambda: count_repeats(waiting), 2),
        (lambda: read_page(AuditFilter(), actor), 2),
        (lambda: list_grant_lines(auditor.id), 1),
    ):
        statements.clear()
        read()
        assert len(statements) == number


def test_no_waiver_is_asked_for_when_no_item_needs_one(app, statements: list[str]):
    statements.clear()

    assert list_waivers_of([]) == {}
    assert statements == []


def test_what_could_be_taken_back_of_many_items_takes_one_statement(make: Make, statements: list[str]):
    release = make.release()
    checklist_id = release.item(release.items[0].key).checklist_id
    _work(release, make, MANY)
    rows, lead = list_rows(checklist_id), release.lead.actor
    statements.clear()

    assert len(undos_of(rows, lead)) == MANY
    assert len(statements) == 1
