"""Adopting while people tick: whoever takes the checklist second sees what the other did, and nothing is lost."""

import pytest
from flask import Flask

from app.database import db
from app.domain.checklist import ItemState
from app.domain.errors import Busy, Conflict
from app.domain.permissions import Role
from app.models import ChecklistItem
from app.queries.adoption import list_heads
from app.queries.templates import VersionLine
from app.services.adoption import adopt
from app.services.item_states import set_state
from app.services.items import Saved
from tests.factories import MadeRelease, Make
from tests.races.running import ROUNDS, history_of, race, stream_of
from tests.versions import checklists_of, edited, gone, newest_content, publish, said, seen

PLANNED, TABLES, OTHER = "pre.schema-planned", "pre.tables-identified", "mig.rollback-tested"


@pytest.fixture
def versions(app: Flask) -> tuple[VersionLine, VersionLine]:
    """Two versions that reword one item and remove and bring back another, there and back."""
    first = newest_content()
    there = publish(edited(first, pre__schema_planned=said("Plan it well"), pre__tables_identified=gone))
    return there, publish(first)


def _now(release: MadeRelease, key: str) -> ChecklistItem:
    db.session.rollback()
    return release.item(key)


@pytest.mark.parametrize("key", [PLANNED, TABLES, OTHER])
def test_a_tick_and_an_adoption_at_once_lose_nothing(app: Flask, make: Make, versions, key: str):
    release, ticker = make.release(), make.person(Role.DEVELOPER)
    stream = stream_of(release.item(OTHER))
    for number in range(ROUNDS):
        version = versions[number % 2]
        before = _now(release, key)
        state = ItemState.DOING if before.state is ItemState.TODO else ItemState.TODO
        shown, lead, developer = seen(*checklists_of(release)), release.lead.origin, ticker.origin
        item, revision = before.id, before.revision

        adopted, ticked = race(
            app,
            [
                lambda lead=lead, version=version, shown=shown: adopt(lead, version.id, shown),
                lambda developer=developer, item=item, revision=revision, state=state: set_state(
                    developer, item, revision=revision, state=state
                ),
            ],
        )

        now, head = _now(release, key), list_heads(checklists_of(release))[0]
        has_adopted, has_ticked = isinstance(adopted, list), isinstance(ticked, Saved)
        assert isinstance(adopted, list | Conflict), adopted
        assert head.version_id == (version.id if has_adopted else head.version_id)
        own = now.state_before if now.state is ItemState.REMOVED else now.state
        assert own is (state if has_ticked else before.state_before or before.state)
        if key == OTHER:
            assert has_ticked, ticked
        elif has_adopted and has_ticked:
            pytest.fail("a page with other words was taken")
        if not has_adopted:
            adopt(release.lead.origin, version.id, seen(*checklists_of(release)))
    history_of(stream)


def test_of_two_adoptions_at_once_one_is_done_and_the_other_is_told(app: Flask, make: Make, versions):
    release, other = make.release(modules=3), make.lead()
    for number in range(6):
        version = versions[number % 2]
        shown = seen(*checklists_of(release))
        people = [release.lead.origin, other.origin]

        outcomes = race(
            app,
            [
                lambda origin=origin, shown=shown[:: 1 if turn else -1], version=version: adopt(
                    origin, version.id, shown
                )
                for turn, origin in enumerate(people)
            ],
        )

        done = [outcome for outcome in outcomes if isinstance(outcome, list)]
        told = [outcome for outcome in outcomes if isinstance(outcome, Conflict | Busy)]
        assert (len(done), len(told)) == (1, 1), outcomes
        db.session.rollback()
        assert {head.version_id for head in list_heads(checklists_of(release))} == {version.id}
    assert len(make.events("checklist.adopted")) >= 18


def test_a_form_sent_five_times_at_once_adopts_once(app: Flask, make: Make, versions):
    release = make.release(modules=2)
    origin, shown, version = release.lead.origin, seen(*checklists_of(release)), versions[0]

    outcomes = race(app, [lambda: adopt(origin, version.id, shown)] * 5)

    given = [outcome for outcome in outcomes if not isinstance(outcome, Busy)]
    assert given
    assert all(outcome == given[0] and isinstance(outcome, list) for outcome in given), outcomes
    numbers = set(checklists_of(release))
    assert len([event for event in make.events("checklist.adopted") if event.object_id in numbers]) == 2
