"""What has expired counts as what it will be, before the worker has come and after."""

import random
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.database import db
from app.domain.checklist import SETTABLE, ItemState
from app.domain.permissions import Role
from app.domain.waiver_kinds import REASONS, WaiverKind
from app.models import ChecklistItem, Waiver
from app.models.base import pretending, utc_now
from app.queries.checklists import get_module_checklist
from app.queries.expiry import list_due_waivers, list_expired_items
from app.queries.groups import list_groups
from app.queries.readiness import list_blockers, list_standings
from app.queries.releases import get_release
from app.services.item_states import set_state
from app.services.waivers import decide_waiver, request_waiver
from app.worker.jobs import expire_waivers
from tests.factories import MadeRelease, Make

NOW = utc_now()
LAST_DAY = NOW.date() + timedelta(days=2)
LATER = NOW + timedelta(days=4)


def _scatter(make: Make, release: MadeRelease, seed: int) -> None:
    """Waivers in force behind items of every kind and every state before."""
    chance = random.Random(seed)
    asker, decider = make.person(Role.DEVELOPER), make.person(Role.DBA)
    for row in chance.sample(release.items, 24):
        kind, before = chance.choice(list(WaiverKind)), chance.choice(sorted(SETTABLE))
        if before is ItemState.DONE and kind is not WaiverKind.NOT_APPLICABLE:
            before = ItemState.TODO
        saved = set_state(asker.origin, row.id, revision=1, state=before, reason="found so")
        request_waiver(
            asker.origin,
            row.id,
            revision=saved.revision,
            kind=kind,
            reason=REASONS[kind][0],
            explanation="it was agreed",
            ends_on=LAST_DAY + timedelta(days=chance.choice([0, 30])),
        )
        number = db.session.scalars(select(Waiver.id).where(Waiver.item_id == row.id)).one()
        decide_waiver(decider.origin, number, approve=True)


def _look(release: MadeRelease) -> list[Any]:
    """All numbers of a release and its first module, and what is in the way, as they are on the later day."""
    actor = release.lead.actor
    made = get_release(release.key, actor)
    checklist = get_module_checklist(release.key, release.modules[0], actor)
    return [
        [(standing.counts, standing.phases) for standing in list_standings(made, actor)],
        [standing.first and (standing.first.item_id, standing.first.state) for standing in list_standings(made, actor)],
        [(group.key, group.counts) for group in list_groups(checklist)],
        [(blocker.item_id, blocker.state, blocker.severity) for blocker in list_blockers(made, actor)],
    ]


@pytest.mark.parametrize("seed", range(5))
def test_every_number_is_the_same_before_the_worker_and_after(make: Make, seed: int):
    release = make.release()
    _scatter(make, release, seed)
    today = _look(release)

    with pretending(LATER):
        before = _look(release)
        assert list_expired_items([release.item("pre.schema-planned").checklist_id])
        expire_waivers()
        assert list_expired_items([release.item("pre.schema-planned").checklist_id]) == []
        after = _look(release)

    assert before == after
    assert before != today


def test_the_blocker_says_that_its_waiver_has_expired(make: Make):
    release = make.release()
    _scatter(make, release, 1)

    with pretending(LATER):
        found = list_blockers(get_release(release.key, release.lead.actor), release.lead.actor)

    waived = {item.id for item in db.session.scalars(select(ChecklistItem)) if item.state is ItemState.OVERRIDDEN}
    expired = [blocker for blocker in found if blocker.item_id in waived]
    assert expired
    assert {blocker.reason for blocker in expired} == {"its waiver has expired"}


def test_the_waivers_that_are_due_are_read_a_part_at_a_time(make: Make):
    release = make.release()
    _scatter(make, release, 2)
    tomorrow = LAST_DAY + timedelta(days=1)

    first = list_due_waivers(tomorrow, after=0, most=2)
    rest = list_due_waivers(tomorrow, after=first[-1], most=1000)

    assert [*first, *rest] == sorted(db.session.scalars(select(Waiver.id).where(Waiver.ends_on == LAST_DAY)).all())
    assert list_due_waivers(LAST_DAY, after=0, most=9) == []
