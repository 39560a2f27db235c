"""Who has a role for one module sees that module, and nothing shows that there is more."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from app.database import db
from app.domain.actors import Actor
from app.domain.checklist import BelongsTo, ItemState
from app.domain.errors import NotFound
from app.domain.permissions import Role
from app.domain.waiver_kinds import WaiverReason
from app.models import Checklist, Environment, Module
from app.models.base import utc_now
from app.queries.audit import AuditFilter, count_events, read_page, stream_events
from app.queries.checklists import (
    get_change_checklist,
    get_checklist,
    get_module_checklist,
    get_release_checklist,
    get_target_checklist,
)
from app.queries.modules import get_module, list_modules
from app.queries.readiness import list_blockers, list_standings
from app.queries.register import WaiverFilter, list_pending, read_waivers
from app.queries.releases import find_current_release_key, get_release, list_releases
from app.services.item_states import set_state
from app.services.items import add_comment
from app.services.modules import add_target
from app.services.release_modules import remove_module
from app.services.releases import add_change
from app.services.roles import grant_role
from app.services.waivers import request_waiver
from tests.factories import Made, MadeRelease, Make

PEOPLE = {"person", "session", "environment", "attempt", "audit"}
WORKING = [Role.VIEWER, Role.DEVELOPER, Role.QA, Role.SECURITY, Role.OPS, Role.DBA, Role.TEAM_LEAD]


@pytest.fixture
def mine(make: Make) -> MadeRelease:
    """A release with two modules; only the first is one's own."""
    return make.release(modules=2)


@pytest.fixture
def theirs(make: Make) -> MadeRelease:
    """A release with a module of somebody else."""
    return make.release()


def _module_id(key: str) -> int:
    return db.session.scalars(select(Module.id).where(Module.key == key)).one()


def _reader(make: Make, release: MadeRelease, role: Role = Role.VIEWER) -> Made:
    return make.person(role, module_id=_module_id(release.modules[0]))


def _checklist_id(release: MadeRelease, belongs_to: BelongsTo, module: str = "") -> int:
    found = select(Checklist.id).where(
        Checklist.belongs_to == belongs_to,
        Checklist.release_id == get_release(release.key, release.lead.actor).id,
    )
    if module:
        found = found.where(Checklist.module_id == _module_id(module))
    return db.session.scalars(found).one()


@pytest.mark.parametrize("role", WORKING)
def test_the_lists_hold_what_is_ones_own(make: Make, mine: MadeRelease, theirs: MadeRelease, role: Role):
    reader = _reader(make, mine, role).actor

    assert [line.key for line in list_releases(reader)] == [mine.key]
    assert [line.key for line in list_modules(reader)] == [mine.modules[0]]
    assert find_current_release_key(reader, utc_now().date()) == mine.key


@pytest.mark.parametrize("role", [*WORKING, Role.AUDITOR])
def test_a_role_for_everything_shows_everything(make: Make, mine: MadeRelease, theirs: MadeRelease, role: Role):
    reader = make.person(role).actor

    assert {line.key for line in list_releases(reader)} == {mine.key, theirs.key}
    assert {line.key for line in list_modules(reader)} == {*mine.modules, *theirs.modules}


def test_an_administrator_alone_sees_no_release_and_no_module(make: Make, mine: MadeRelease):
    reader = make.person(Role.ADMINISTRATOR).actor

    assert (list_releases(reader), list_modules(reader), find_current_release_key(reader, utc_now().date())) == (
        [],
        [],
        None,
    )
    with pytest.raises(NotFound):
        get_release(mine.key, reader)
    with pytest.raises(NotFound):
        get_module(mine.modules[0], reader)


def test_what_is_not_ones_own_reads_like_what_is_not_there(make: Make, theirs: MadeRelease, mine: MadeRelease):
    reader = _reader(make, mine).actor

    for get, key in ((get_release, theirs.key), (get_module, theirs.modules[0]), (get_module, mine.modules[1])):
        assert _refused(get, key, reader) == _refused(get, "never-there", reader)
    hidden = _checklist_id(theirs, BelongsTo.MODULE, theirs.modules[0])
    assert _refused(get_checklist, hidden, reader) == _refused(get_checklist, 999_999, reader)


def _refused(get: Callable[..., object], key: object, reader: Actor) -> str:
    with pytest.raises(NotFound) as refusal:
        get(key, reader)
    return refusal.value.sentence


def test_a_release_shows_ones_own_modules_and_the_release_itself(make: Make, mine: MadeRelease):
    reader = _reader(make, mine).actor
    release = get_release(mine.key, reader)

    assert [standing.module_key for standing in list_standings(release, reader)] == ["", mine.modules[0]]
    assert {blocker.module_key for blocker in list_blockers(release, reader)} == {"", mine.modules[0]}


def test_asking_for_the_blockers_of_somebody_elses_checklist_gives_none(make: Make, mine: MadeRelease):
    reader = _reader(make, mine).actor
    hidden = _checklist_id(mine, BelongsTo.MODULE, mine.modules[1])

    assert list_blockers(get_release(mine.key, reader), reader, checklist_id=hidden) == []


def test_a_checklist_of_another_module_is_not_there(make: Make, mine: MadeRelease):
    reader = _reader(make, mine).actor
    other = mine.modules[1]
    staging = db.session.scalars(select(Environment.id).where(Environment.key == "staging")).one()
    add_change(mine.lead.origin, mine.key, other, 412, title="", link="")
    add_target(mine.lead.origin, other, staging, "primary", "")

    assert get_module_checklist(mine.key, mine.modules[0], reader)
    for hidden in (
        lambda: get_module_checklist(mine.key, other, reader),
        lambda: get_change_checklist(mine.key, other, 412, reader),
        lambda: get_target_checklist(other, "staging", "primary", reader),
        lambda: get_checklist(_checklist_id(mine, BelongsTo.MODULE, other), reader),
    ):
        with pytest.raises(NotFound):
            hidden()


def test_the_checklist_of_a_release_is_there_for_who_has_a_module_in_it(
    make: Make, mine: MadeRelease, theirs: MadeRelease
):
    reader = _reader(make, mine).actor

    assert get_release_checklist(mine.key, reader).belongs_to is BelongsTo.RELEASE
    assert get_checklist(_checklist_id(mine, BelongsTo.RELEASE), reader)
    with pytest.raises(NotFound):
        get_release_checklist(theirs.key, reader)
    with pytest.raises(NotFound):
        get_checklist(_checklist_id(theirs, BelongsTo.RELEASE), reader)


def test_a_release_goes_out_of_sight_with_ones_module(make: Make, mine: MadeRelease):
    reader = _reader(make, mine)
    remove_module(mine.lead.origin, mine.key, mine.modules[0])

    assert list_releases(reader.actor) == []
    with pytest.raises(NotFound):
        get_release(mine.key, reader.actor)


def test_the_checklist_of_a_module_that_was_taken_out_has_no_page(mine: MadeRelease):
    remove_module(mine.lead.origin, mine.key, mine.modules[0])

    with pytest.raises(NotFound):
        get_module_checklist(mine.key, mine.modules[0], mine.lead.actor)


def test_waivers_are_listed_for_ones_own_modules(make: Make, mine: MadeRelease, theirs: MadeRelease):
    for release in (mine, theirs):
        item = release.item("pre.schema-planned")
        request_waiver(
            release.lead.origin, item.id, revision=1, reason=WaiverReason.OTHER, explanation="no schema here"
        )

    def seen(actor: Actor) -> list[str]:
        waiting = [row.line.release_name for row in list_pending(actor, utc_now().date())]
        page = read_waivers(WaiverFilter(), actor, utc_now().date())
        assert ([row.line.release_name for row in page.rows], page.total) == (waiting[::-1], len(waiting))
        return waiting

    assert seen(_reader(make, mine).actor) == [f"Release {mine.key}"]
    assert seen(make.person(Role.DBA).actor) == [f"Release {mine.key}", f"Release {theirs.key}"]
    assert seen(make.person(Role.ADMINISTRATOR).actor) == []


def _history(make: Make, mine: MadeRelease, theirs: MadeRelease) -> None:
    for release in (mine, theirs):
        add_comment(release.lead.origin, release.item("pre.schema-planned").id, text="said")
    set_state(
        mine.lead.origin,
        next(row.id for row in MadeRelease(mine.key, mine.modules[1:], mine.lead).items),
        revision=1,
        state=ItemState.DOING,
    )


def _seen(actor: Actor) -> list[tuple[str, int | None]]:
    rows = [row for part in stream_events(AuditFilter(), actor) for row in part]
    assert len(rows) == count_events(AuditFilter(), actor) == read_page(AuditFilter(), actor).total
    return [(row.object_kind, row.actor_id) for row in rows]


def test_the_history_of_ones_modules_and_ones_own_acts_is_there_and_no_other(
    make: Make, mine: MadeRelease, theirs: MadeRelease
):
    _history(make, mine, theirs)
    reader = _reader(make, mine, Role.DEVELOPER)
    other = mine.item("pre.schema-planned")
    add_comment(reader.origin, other.id, text="mine")
    module_id = _module_id(mine.modules[0])
    expected = {
        event.id
        for event in make.events()
        if event.actor_id == reader.id or (event.module_id == module_id and event.object_kind not in PEOPLE)
    }

    found = {row.id for part in stream_events(AuditFilter(), reader.actor) for row in part}

    assert found == expected
    assert len(expected) > 3


def test_who_reads_everything_reads_no_sign_ins_and_no_roles_of_others(
    make: Make, mine: MadeRelease, theirs: MadeRelease
):
    _history(make, mine, theirs)
    reader = make.person(Role.DEVELOPER)

    assert {kind for kind, _ in _seen(reader.actor)}.isdisjoint(PEOPLE)
    assert len(_seen(reader.actor)) == sum(event.object_kind not in PEOPLE for event in make.events())


def test_an_administrator_reads_people_and_settings_and_an_auditor_everything(
    make: Make, mine: MadeRelease, theirs: MadeRelease
):
    _history(make, mine, theirs)
    administrator, auditor = make.person(Role.ADMINISTRATOR), make.person(Role.AUDITOR)
    grant_role(administrator.origin, make.person().id, Role.QA, None)

    assert {kind for kind, _ in _seen(administrator.actor)} == {"person"}
    assert len(_seen(auditor.actor)) == len(make.events())


def test_without_a_role_one_reads_ones_own_acts(make: Make, mine: MadeRelease):
    assert _seen(make.person().actor) == []
