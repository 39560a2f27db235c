"""One fact, one tick: what its author linked is set together, with an event for each."""

from typing import Any

import pytest
from sqlalchemy import select, update

from app.database import db
from app.domain.checklist import ItemState
from app.domain.errors import RuleViolation
from app.domain.permissions import Role
from app.models import AuditEvent, ChecklistItem
from app.services.item_states import set_state, set_states
from app.services.undo import undo
from tests.factories import Made, MadeRelease, Make

# Two items, a killer, and one that shares nothing.
FIRST, SECOND, KILLER, OTHER = "mig.file-exists", "pre.schema-planned", "mig.rollback-tested", "pre.tables-identified"


@pytest.fixture
def release(make: Make) -> MadeRelease:
    made = make.release()
    link(made, FIRST, SECOND, KILLER)
    return made


@pytest.fixture
def worker(make: Make) -> Made:
    return make.person(Role.DEVELOPER)


def link(release: MadeRelease, *keys: str) -> None:
    numbers = [release.item(key).id for key in keys]
    db.session.execute(update(ChecklistItem).where(ChecklistItem.id.in_(numbers)).values(fact="the file is there"))
    db.session.commit()


def set_to(state: ItemState, release: MadeRelease, who: Made, key: str = FIRST, reason: str = "") -> Any:
    item = release.item(key)
    return set_state(who.origin, item.id, revision=item.revision, state=state, reason=reason)


def states(release: MadeRelease, *keys: str) -> list[str]:
    return [release.item(key).state.value for key in keys]


def events_of(release: MadeRelease, key: str) -> list[AuditEvent]:
    same = select(AuditEvent).where(AuditEvent.object_kind == "item", AuditEvent.object_id == release.item(key).id)
    return list(db.session.scalars(same.order_by(AuditEvent.stream_sequence)))


def test_ticking_an_item_ticks_its_twin_and_names_it_but_not_a_killer(release: MadeRelease, worker: Made):
    saved = set_to(ItemState.DONE, release, worker)

    assert saved.twins == (release.item(SECOND).text,)
    assert states(release, FIRST, SECOND, KILLER) == ["done", "done", "todo"]
    twin = release.item(SECOND)
    assert twin.changed_by_id == worker.id
    assert twin.reason == f"The same fact as “{release.item(FIRST).text}”."


def test_each_of_them_leaves_its_own_event_in_one_batch(release: MadeRelease, worker: Made):
    set_to(ItemState.DONE, release, worker)

    (first,), (second,) = events_of(release, FIRST), events_of(release, SECOND)
    assert first.batch is not None
    assert first.batch == second.batch
    assert (second.old_value, second.new_value) == ("to do", "done")
    assert events_of(release, KILLER) == []


def test_a_killer_ticks_all_that_state_the_same(release: MadeRelease, worker: Made):
    set_to(ItemState.DONE, release, worker, KILLER)

    assert states(release, FIRST, SECOND, KILLER) == ["done", "done", "done"]


def test_a_tick_that_is_taken_away_takes_that_of_its_twins_along(release: MadeRelease, worker: Made):
    set_to(ItemState.DONE, release, worker, KILLER)

    set_to(ItemState.FAILED, release, worker, FIRST, "The file is empty.")

    assert states(release, FIRST, SECOND, KILLER) == ["failed", "failed", "failed"]
    assert release.item(SECOND).reason == "The file is empty."


def test_the_tick_of_somebody_else_on_a_twin_asks_for_a_reason_and_until_then_nothing_is_changed(
    make: Make, release: MadeRelease, worker: Made
):
    set_to(ItemState.DONE, release, make.person(Role.DBA), KILLER)
    set_to(ItemState.TODO, release, worker, FIRST, "Not mine.")
    set_to(ItemState.DONE, release, worker, FIRST)
    set_to(ItemState.DONE, release, make.person(Role.DBA), KILLER)

    with pytest.raises(RuleViolation, match="Somebody else ticked"):
        set_to(ItemState.TODO, release, worker, FIRST)

    assert states(release, FIRST, SECOND, KILLER) == ["done", "done", "done"]


def test_taking_back_takes_back_the_twins(release: MadeRelease, worker: Made):
    saved = set_to(ItemState.DONE, release, worker)

    undo(worker.origin, saved.item_id, bytes.fromhex(saved.event))

    assert states(release, FIRST, SECOND) == ["todo", "todo"]


def test_a_value_that_was_typed_with_the_tick_stays_when_the_tick_is_taken_back(release: MadeRelease, worker: Made):
    item = release.item(FIRST)
    saved = set_state(worker.origin, item.id, revision=item.revision, state=ItemState.DONE, value="3 files")

    undo(worker.origin, saved.item_id, bytes.fromhex(saved.event))

    assert states(release, FIRST, SECOND) == ["todo", "todo"]
    assert release.item(FIRST).value == "3 files"


def test_several_at_once_take_their_twins_along_each_only_once(release: MadeRelease, worker: Made):
    link(release, OTHER)
    chosen = [release.item(key) for key in (FIRST, SECOND)]
    pairs = tuple((item.id, item.revision) for item in chosen)

    saved = set_states(worker.origin, chosen[0].checklist_id, pairs, state=ItemState.DONE, reason="Seen both.")

    assert [one.twins for one in saved] == [(release.item(OTHER).text,), ()]
    assert states(release, FIRST, SECOND, OTHER, KILLER) == ["done", "done", "done", "todo"]
    assert [len(events_of(release, key)) for key in (FIRST, SECOND, OTHER)] == [1, 1, 1]


def test_the_twin_in_another_checklist_is_left_alone(make: Make, release: MadeRelease, worker: Made):
    other = make.release()
    link(other, FIRST, SECOND)

    set_to(ItemState.DONE, release, worker)

    assert states(other, FIRST, SECOND) == ["todo", "todo"]


def test_an_item_without_twins_costs_not_one_statement_more(make: Make, worker: Made, statements: list[str]):
    made = make.release()
    counts = []
    for key in (FIRST, OTHER):
        item = made.item(key)
        statements.clear()
        set_state(worker.origin, item.id, revision=item.revision, state=ItemState.DONE)
        counts.append(len(statements))
    link(made, SECOND)
    item = made.item(SECOND)
    statements.clear()
    set_state(worker.origin, item.id, revision=item.revision, state=ItemState.DONE)

    assert counts[0] == counts[1] == len(statements) - 1
