"""The numbers of a release equal what a plain recount of its items gives."""

import random
from collections import Counter

import pytest
from sqlalchemy import select, update

from app.database import db
from app.domain.checklist import TAKEN_AWAY, WAIVED, BelongsTo, ItemState, Severity
from app.models import Checklist, ChecklistItem
from app.queries.readiness import Standing, list_blockers, list_standings, release_version
from app.queries.releases import get_release
from app.services.item_states import set_state
from app.services.items import assign
from app.services.release_modules import remove_module
from tests.factories import MadeRelease, Make

WORST_FIRST = [ItemState.FAILED, ItemState.BLOCKED, ItemState.NOT_APPLICABLE_REQUESTED]
DANGEROUS_FIRST = [Severity.KILLER, Severity.REQUIRED, Severity.ADVISORY]
SETTLED = {ItemState.DONE, *WAIVED, *TAKEN_AWAY}


def _scatter(seed: int, *, weights: tuple[int, ...] = (1,) * len(ItemState)) -> None:
    """Put every item into some state."""
    chance = random.Random(seed)
    ids = list(db.session.scalars(select(ChecklistItem.id).order_by(ChecklistItem.id)))
    rows = [{"id": number, "state": chance.choices(list(ItemState), weights)[0]} for number in ids]
    db.session.execute(update(ChecklistItem), rows)
    db.session.commit()


def _standings(release: MadeRelease) -> list[Standing]:
    return list_standings(get_release(release.key, release.lead.actor), release.lead.actor)


def _items(checklist_id: int) -> list[ChecklistItem]:
    return list(
        db.session.scalars(
            select(ChecklistItem)
            .where(ChecklistItem.checklist_id == checklist_id)
            .execution_options(populate_existing=True)
        )
    )


def _in_the_way(item: ChecklistItem) -> bool:
    if item.state is ItemState.FAILED:
        return True
    return item.state not in SETTLED and item.severity is not Severity.ADVISORY


def _rank(item: ChecklistItem) -> tuple[int, int, int]:
    worst = WORST_FIRST.index(item.state) if item.state in WORST_FIRST else len(WORST_FIRST)
    return worst, DANGEROUS_FIRST.index(item.severity), item.position


@pytest.mark.parametrize("seed", range(4))
def test_every_number_equals_a_recount(make: Make, seed: int):
    release = make.release(modules=2)
    _scatter(seed)

    standings = _standings(release)

    assert len(standings) == 3
    for standing in standings:
        items = [item for item in _items(standing.checklist_id) if item.state is not ItemState.REMOVED]
        states = Counter(item.state for item in items)
        counts = standing.counts
        assert counts.total == len(items)
        assert (counts.done, counts.failed, counts.blocked) == (
            states[ItemState.DONE],
            states[ItemState.FAILED],
            states[ItemState.BLOCKED],
        )
        assert (counts.not_applicable, counts.waiting) == (
            states[ItemState.NOT_APPLICABLE] + states[ItemState.RULED_OUT],
            states[ItemState.NOT_APPLICABLE_REQUESTED],
        )
        assert (counts.overridden, counts.deferred) == (states[ItemState.OVERRIDDEN], states[ItemState.DEFERRED])
        assert counts.blocking == sum(map(_in_the_way, items))
        assert {phase: c.total for phase, c in standing.phases.items() if c.total} == Counter(
            item.phase for item in items
        )
        assert {phase: c.done for phase, c in standing.phases.items() if c.done} == Counter(
            item.phase for item in items if item.state is ItemState.DONE
        )


@pytest.mark.parametrize("seed", range(6))
def test_the_first_blocker_is_the_most_urgent_of_all(make: Make, seed: int):
    release = make.release(modules=2)
    _scatter(seed, weights=(6, 6, 60, 1 if seed % 2 else 0, 2 if seed % 3 else 0, 3, 40, 5, 5, 5, 0))

    for standing in _standings(release):
        blocking = [item for item in _items(standing.checklist_id) if _in_the_way(item)]
        first = min(blocking, key=_rank, default=None)
        assert (standing.first and standing.first.item_id) == (first and first.id)


@pytest.mark.parametrize("seed", range(3))
def test_the_list_of_blockers_holds_each_item_in_the_way_once_the_most_urgent_first(make: Make, seed: int):
    release = make.release(modules=2)
    _scatter(seed)
    everything = {item.id: item for standing in _standings(release) for item in _items(standing.checklist_id)}

    found = list_blockers(get_release(release.key, release.lead.actor), release.lead.actor)

    assert sorted(blocker.item_id for blocker in found) == sorted(i.id for i in everything.values() if _in_the_way(i))
    ranks = [_rank(everything[blocker.item_id]) for blocker in found]
    assert ranks == sorted(ranks)


def test_the_blockers_of_one_checklist_are_only_its_own(make: Make):
    release = make.release(modules=2)
    standing = _standings(release)[1]

    found = list_blockers(
        get_release(release.key, release.lead.actor), release.lead.actor, checklist_id=standing.checklist_id
    )

    own = {item.id for item in _items(standing.checklist_id)}
    assert {blocker.item_id for blocker in found} <= own
    assert found


def test_a_release_is_ready_when_nothing_that_must_be_done_is_open(make: Make):
    release = make.release()
    db.session.execute(
        update(ChecklistItem).where(ChecklistItem.severity != Severity.ADVISORY).values(state=ItemState.DONE)
    )
    db.session.commit()

    assert {standing.is_ready for standing in _standings(release)} == {True}
    assert {standing.first for standing in _standings(release)} == {None}

    db.session.execute(
        update(ChecklistItem)
        .where(ChecklistItem.id == release.item("mig.rollback-tested").id)
        .values(state=ItemState.NOT_APPLICABLE_REQUESTED)
    )
    db.session.commit()
    assert [standing.is_ready for standing in _standings(release)] == [True, False]


def test_a_blocker_says_where_it_is_who_has_it_and_since_when(make: Make):
    release = make.release()
    item = release.item("mig.rollback-tested")
    saved = assign(release.lead.origin, item.id, revision=1, assignee_id=release.lead.id, due_on=None)
    failed = set_state(
        release.lead.origin, item.id, revision=saved.revision, state=ItemState.FAILED, reason="it left a table"
    )

    first = _standings(release)[1].first

    assert first is not None
    assert (first.item_id, first.owner_id, first.owner_name) == (item.id, release.lead.id, release.lead.name)
    assert (first.why, first.since) == ("failed, killer: it left a table", failed.at)
    assert first.url == f"{release.module_path}groups/migration-creation/?at={item.id}#item-{item.id}"


def test_the_releases_own_checklist_comes_first_and_the_modules_by_name(make: Make):
    release = make.release(modules=3)

    standings = _standings(release)

    assert standings[0].module_id is None
    names = [standing.module_name for standing in standings[1:]]
    assert names == sorted(names, key=str.casefold)
    assert standings[0].path == f"/releases/{release.key}/checklist/"
    assert {standing.path for standing in standings[1:]} == {
        f"/releases/{release.key}/modules/{key}/" for key in release.modules
    }


def test_a_module_that_was_taken_out_counts_no_more(make: Make):
    release = make.release(modules=2)

    remove_module(release.lead.origin, release.key, release.modules[0])

    assert [standing.module_key for standing in _standings(release)] == ["", release.modules[1]]


def test_the_checklists_of_another_release_do_not_count(make: Make):
    release, _other = make.release(), make.release()
    own = set(
        db.session.scalars(
            select(Checklist.id).where(
                Checklist.release_id == get_release(release.key, release.lead.actor).id,
                Checklist.belongs_to.in_([BelongsTo.RELEASE, BelongsTo.MODULE]),
            )
        )
    )

    assert {standing.checklist_id for standing in _standings(release)} == own


def test_the_version_of_a_release_moves_with_every_item_in_it_and_with_no_other(make: Make):
    release, other = make.release(), make.release()
    item, elsewhere = release.item("pre.schema-planned"), other.item("pre.schema-planned")

    def version() -> int:
        return release_version(get_release(release.key, release.lead.actor))

    seen = [version()]
    set_state(release.lead.origin, item.id, revision=1, state=ItemState.DONE)
    seen.append(version())
    set_state(other.lead.origin, elsewhere.id, revision=1, state=ItemState.DONE)
    assert version() == seen[-1]
    remove_module(release.lead.origin, release.key, release.modules[0])
    seen.append(version())

    assert len(set(seen)) == 3
