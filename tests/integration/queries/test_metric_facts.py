"""The facts of metrics as they are read: gates with when they opened, phases with their first and last tick."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from app.database import db
from app.domain.checklist import ItemState, Phase
from app.domain.gates import Decision, GateKind
from app.domain.metric_facts import GateFact
from app.domain.metric_keys import Source
from app.domain.periods import Period
from app.domain.permissions import Role
from app.models import ChecklistItem, Module, Signoff
from app.models.base import pretending, utc_now
from app.queries.checklists import get_release_checklist
from app.queries.gates import list_gates
from app.queries.metrics import list_scope_modules, read_facts, scope_of
from app.queries.phase_times import list_documents, list_phase_times
from app.queries.standing import standing_of
from app.services.item_states import set_state
from app.services.releases import ship_release
from app.services.signoffs import Wish, expire_signoffs, sign, withdraw
from tests.factories import Made, MadeRelease, Make
from tests.integration.services.deploying import Deploying
from tests.integration.services.test_signoffs import Room

DAY = timedelta(days=1)


def period(days_after: int = 0) -> Period:
    today = utc_now().date()
    return Period(today - DAY, today + days_after * DAY)


def gates_for(person: Made, *, days_after: int = 0, **narrowed: str) -> list[GateFact]:
    scope = scope_of(list_scope_modules(person.actor), person.actor, **narrowed)
    return list(read_facts(scope, period(days_after), [Source.GATES]).gates)


def opened(person: Made, kind: GateKind, *, days_after: int = 0) -> datetime | None:
    found = [one for one in gates_for(person, days_after=days_after) if one.kind is kind]
    return found[0].opened_at if found else None


def test_a_gate_opened_with_its_last_sign_off_also_when_time_has_ended_it_since(make: Make):
    room = Room(make)
    room.sign_all()
    last = db.session.scalars(select(Signoff.signed_at).order_by(Signoff.id.desc())).first()
    assert opened(room.lead, GateKind.READY) == last

    later = utc_now() + 60 * DAY
    with pretending(later):
        assert expire_signoffs(room.origin(room.lead), room.gate().id) == 2

    assert opened(room.lead, GateKind.READY, days_after=60) == last


def test_a_gate_from_which_a_sign_off_was_taken_back_has_not_opened(make: Make):
    room = Room(make)
    room.sign_all()
    number = db.session.scalars(select(Signoff.id).order_by(Signoff.id)).first()

    withdraw(room.origin(room.lead), number or 0, reason="The wrong one.")

    assert opened(room.lead, GateKind.READY) is None


def test_a_gate_that_was_passed_and_begins_anew_keeps_its_first_passing(make: Make):
    room = Deploying(make)
    number = room.started()
    passed = room.deploy_gate().consumed_at
    room.finish(number)
    room.plan()

    assert room.deploy_gate().consumed_at is None
    assert opened(room.lead, GateKind.DEPLOY) == passed


def test_the_gates_of_a_release_are_read_for_who_looks_at_all_and_sees_the_release(make: Make):
    release, other = make.release(), make.release()
    checklist = get_release_checklist(release.key, release.lead.actor)
    gate = next(one for one in list_gates(checklist.id) if one.kind is GateKind.RELEASE)
    origin = make.origin_in(make.session_token(release.lead))
    digest = standing_of(gate, utc_now()).content.digest
    sign(origin, gate.id, Wish(Role.TEAM_LEAD, Decision.REJECT, digest, reason="Not yet."))

    def sees(person: Made, **narrowed: str) -> bool:
        return GateKind.RELEASE in {one.kind for one in gates_for(person, **narrowed)}

    ids = {row.key: row.id for row in db.session.execute(select(Module.key, Module.id))}
    assert sees(make.person(Role.AUDITOR))
    assert sees(make.person(Role.VIEWER, module_id=ids[release.modules[0]]))
    assert not sees(make.person(Role.VIEWER, module_id=ids[other.modules[0]]))
    assert not sees(make.person(Role.AUDITOR), module_key=release.modules[0])


@pytest.fixture
def ticked(make: Make) -> tuple[MadeRelease, datetime]:
    """A module of which all is done, two boxes of the tests by hand with two hours between; one build box is open."""
    release = make.release()
    items = update(ChecklistItem).where(ChecklistItem.checklist_id == release.item("pre.schema-planned").checklist_id)
    tests = [row for row in release.items if db.session.get_one(ChecklistItem, row.id).phase is Phase.TESTING][:2]
    numbers = [row.id for row in tests] + [release.item("dev.models-file").id]
    db.session.execute(items.where(ChecklistItem.id.not_in(numbers)).values(state=ItemState.DONE))
    db.session.commit()
    begun = utc_now() + timedelta(minutes=1)
    for place, row in enumerate(tests):
        for step, state in enumerate((ItemState.DOING, ItemState.DONE)):
            with pretending(begun + timedelta(hours=2 * place - 1 + step)):
                set_state(release.lead.origin, row.id, revision=1 + step, state=state)
    return release, begun


def phases_of(release: MadeRelease) -> dict[Any, tuple[datetime | None, datetime]]:
    module = db.session.scalars(select(Module.id).where(Module.key == release.modules[0])).one()
    found = list_phase_times([module], period(days_after=1))
    return {one.phase: (one.first_at, one.last_at) for one in found}


def test_a_phase_takes_from_its_first_to_its_last_tick_once_nothing_of_it_is_open(
    ticked: tuple[MadeRelease, datetime],
):
    release, begun = ticked

    found = phases_of(release)

    assert found[Phase.TESTING] == (begun, begun + timedelta(hours=2))
    assert found[Phase.SECURITY][0] is None  # nothing of it was ticked
    assert Phase.DEVELOPMENT not in found
    assert None not in found  # the whole is not over


def test_the_whole_takes_from_the_making_of_the_checklist_to_its_last_item(ticked: tuple[MadeRelease, datetime]):
    release, begun = ticked
    with pretending(begun + timedelta(hours=5)):
        set_state(release.lead.origin, release.item("dev.models-file").id, revision=1, state=ItemState.DONE)

    made, last = phases_of(release)[None]

    assert last == begun + timedelta(hours=5)
    assert made is not None
    assert made < begun


def test_documentation_is_counted_of_releases_that_shipped(ticked: tuple[MadeRelease, datetime]):
    release, _ = ticked
    module = db.session.scalars(select(Module.id).where(Module.key == release.modules[0])).one()
    assert list_documents([module], period()) == []
    ship_release(release.lead.origin, release.key)
    items = [db.session.get_one(ChecklistItem, row.id) for row in release.items]
    first, second, *others = [item for item in items if item.phase is Phase.DOCUMENTATION]
    first.state, second.state = ItemState.OVERRIDDEN, ItemState.NOT_APPLICABLE
    db.session.commit()

    [found] = list_documents([module], period())

    assert (found.applicable, found.done) == (len(others) + 1, len(others))
