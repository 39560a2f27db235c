"""Which release is next, which one came before, and what the lists say about them."""

from datetime import date, timedelta

import pytest

from app.domain.checklist import ItemState, Phase
from app.domain.errors import NotFound
from app.domain.permissions import Role
from app.queries.items import get_item_now, get_place
from app.queries.lines import list_assigned, list_lines
from app.queries.modules import list_releases_of
from app.queries.people import list_grant_lines, list_people, names_of
from app.queries.readiness import list_standings
from app.queries.releases import (
    find_current_release_key,
    find_previous_release_key,
    get_release,
    list_modules_to_add,
    list_release_module_ids,
    list_releases,
)
from app.queries.rows import get_placed_row
from app.queries.templates import get_version
from app.services.item_states import set_state
from app.services.items import assign
from app.services.releases import ReleaseFacts, archive_release, create_release, ship_release
from app.services.roles import deactivate, grant_role, revoke_role
from tests.factories import Made, Make

OCTOBER, NOVEMBER, DECEMBER = (date(2026, month, 2) for month in (10, 11, 12))


@pytest.fixture
def reader(make: Make) -> Made:
    return make.person(Role.VIEWER)


def test_the_next_release_is_the_one_with_the_earliest_date_that_has_not_shipped(make: Make, reader: Made):
    october, november = make.release(planned_on=OCTOBER), make.release(planned_on=NOVEMBER)
    make.release(planned_on=DECEMBER)
    make.release(planned_on=None)

    assert find_current_release_key(reader.actor, OCTOBER) == october.key
    ship_release(october.lead.origin, october.key)
    assert find_current_release_key(reader.actor, OCTOBER) == november.key


def test_without_a_date_a_release_is_next_when_nothing_else_is(make: Make, reader: Made):
    undated = make.release(planned_on=None)
    assert find_current_release_key(reader.actor, OCTOBER) == undated.key

    dated = make.release(planned_on=DECEMBER)
    assert find_current_release_key(reader.actor, OCTOBER) == dated.key


def test_a_release_without_modules_is_next_only_when_every_other_is_empty_too(make: Make, reader: Made):
    empty, december = make.release(planned_on=OCTOBER, modules=0), make.release(planned_on=DECEMBER)

    assert find_current_release_key(reader.actor, OCTOBER) == december.key
    ship_release(december.lead.origin, december.key)
    assert find_current_release_key(reader.actor, OCTOBER) == empty.key


@pytest.mark.parametrize(("late_by", "is_next"), [(30, True), (31, False)])
def test_a_release_that_is_late_by_more_than_thirty_days_gives_way(
    make: Make, reader: Made, late_by: int, *, is_next: bool
):
    late, undated = make.release(planned_on=OCTOBER), make.release(planned_on=None)
    today = OCTOBER + timedelta(days=late_by)

    assert find_current_release_key(reader.actor, today) == (late if is_next else undated).key
    ship_release(undated.lead.origin, undated.key)
    assert find_current_release_key(reader.actor, today) == late.key


def test_when_all_have_shipped_the_newest_of_them_is_shown(make: Make, reader: Made):
    releases = [make.release(planned_on=day) for day in (OCTOBER, DECEMBER, NOVEMBER)]
    for release in releases:
        ship_release(release.lead.origin, release.key)

    assert find_current_release_key(reader.actor, OCTOBER) == releases[1].key


def test_without_a_release_there_is_no_next_one(reader: Made):
    assert find_current_release_key(reader.actor, OCTOBER) is None


def test_an_archived_release_is_neither_next_nor_in_the_list(make: Make, reader: Made):
    archived, other = make.release(planned_on=OCTOBER), make.release(planned_on=NOVEMBER)
    archive_release(archived.lead.origin, archived.key)

    assert find_current_release_key(reader.actor, OCTOBER) == other.key
    assert [line.key for line in list_releases(reader.actor)] == [other.key]


def test_releases_are_listed_without_a_date_first_and_then_the_newest(make: Make, reader: Made):
    made = {day: make.release(planned_on=day, modules=2).key for day in (OCTOBER, None, DECEMBER, NOVEMBER)}

    lines = list_releases(reader.actor)

    assert [line.key for line in lines] == [made[day] for day in (None, DECEMBER, NOVEMBER, OCTOBER)]
    assert {line.modules for line in lines} == {2}


def test_modules_are_copied_from_the_newest_earlier_release_that_has_any(make: Make, reader: Made):
    make.release(planned_on=OCTOBER)
    november, december = make.release(planned_on=NOVEMBER), make.release(planned_on=DECEMBER)
    create_release(december.lead.origin, "empty", ReleaseFacts("Empty", date(2026, 11, 20)))

    def before(key: str) -> str | None:
        return find_previous_release_key(get_release(key, reader.actor), reader.actor)

    assert before(december.key) == november.key
    assert before("empty") == november.key


def test_the_first_release_has_none_before_it(make: Make, reader: Made):
    only = make.release(planned_on=OCTOBER)

    assert find_previous_release_key(get_release(only.key, reader.actor), reader.actor) is None


def test_the_choice_of_modules_to_add_leaves_out_what_is_in(make: Make):
    release, other = make.release(), make.module()

    choice = [row.id for row in list_modules_to_add(get_release(release.key, release.lead.actor).id)]

    assert choice == [other.id]


def test_a_module_names_the_releases_that_hold_it(make: Make):
    release = make.release()
    module_id = list_release_module_ids(get_release(release.key, release.lead.actor).id)[0]

    assert [row.key for row in list_releases_of(module_id)] == [release.key]


def test_the_rows_behind_a_number_are_those_of_the_phase_and_state(make: Make):
    release = make.release()
    standing = list_standings(get_release(release.key, release.lead.actor), release.lead.actor)[1]
    done = release.item("tests.unit.models")
    set_state(release.lead.origin, done.id, revision=1, state=ItemState.DONE)

    def lines(state: ItemState, phase: Phase | None) -> list[int]:
        return [line.id for line in list_lines([standing.checklist_id], states=[state], phase=phase)]

    assert lines(ItemState.DONE, None) == lines(ItemState.DONE, Phase.TESTING) == [done.id]
    assert lines(ItemState.DONE, Phase.SECURITY) == []
    assert len(lines(ItemState.TODO, Phase.TESTING)) == standing.phases[Phase.TESTING].total - 1


def test_ones_work_is_what_is_open_in_releases_that_have_not_shipped_the_most_pressing_first(make: Make):
    release, shipped = make.release(), make.release()
    developer = make.person(Role.DEVELOPER)
    rows = release.items[:4]
    for row, day in zip(rows, (None, DECEMBER, NOVEMBER, OCTOBER), strict=True):
        assign(release.lead.origin, row.id, revision=1, assignee_id=developer.id, due_on=day)
    set_state(developer.origin, rows[3].id, revision=release.item(rows[3].key).revision, state=ItemState.DONE)
    gone = shipped.item("pre.schema-planned")
    assign(shipped.lead.origin, gone.id, revision=1, assignee_id=developer.id, due_on=OCTOBER)
    ship_release(shipped.lead.origin, shipped.key)

    assert [line.id for line in list_assigned(developer.actor)] == [rows[2].id, rows[1].id, rows[0].id]


def test_people_are_listed_with_their_roles_and_who_has_left_last(make: Make):
    administrator = make.person(Role.ADMINISTRATOR, name="Ada")
    module = make.module("orders")
    left, stays = make.person(name="Aaron"), make.person(Role.QA, module_id=module.id, name="Zoe")
    deactivate(administrator.origin, left.id)

    lines = {line.id: line for line in list_people()}

    assert [line.id for line in list_people()][-1] == left.id
    assert lines[stays.id].roles == ("QA of Orders",)
    assert (lines[left.id].is_active, lines[stays.id].is_active, lines[stays.id].seen_at) == (False, True, None)


def test_past_roles_stay_on_the_page_with_who_gave_and_took_them(make: Make):
    administrator = make.person(Role.ADMINISTRATOR, name="Ada")
    person = make.person(Role.VIEWER)
    grant_role(administrator.origin, person.id, Role.QA, None)
    lines = list_grant_lines(person.id)
    revoke_role(administrator.origin, person.id, lines[1].id)

    lines = list_grant_lines(person.id)

    assert [(line.words, line.granted_by, line.revoked_by) for line in lines] == [
        ("Viewer", "the setup link", ""),
        ("QA", "Ada", "Ada"),
    ]
    assert names_of({None}) == {}


def test_what_is_not_there_is_not_found(app):
    for get in (get_place, get_item_now, get_placed_row):
        with pytest.raises(NotFound):
            get(999_999)
    with pytest.raises(NotFound, match="no such template version"):
        get_version("migration-maintenance", 2)
