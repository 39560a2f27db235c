"""Two workers, a decider and an asker at one waiver at one moment: one of them acts, and the rest fits together."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.database import db
from app.domain.actors import SYSTEM, Origin
from app.domain.checklist import WAIVED, ItemState
from app.domain.errors import Conflict, RuleViolation
from app.domain.permissions import Role
from app.domain.waiver_kinds import WaiverKind, WaiverReason
from app.domain.waivers import WaiverDecision
from app.models import ChecklistItem, Waiver
from app.models.base import pretending
from app.services.item_states import set_state
from app.services.waivers import decide_waiver, end_waiver, expire_waiver, request_waiver, withdraw_waiver
from app.worker.jobs import expire_waivers
from tests.factories import Made, MadeRelease, Make
from tests.races.running import history_of, race, stream_of

ROUNDS = 12
WAITING = ItemState.NOT_APPLICABLE_REQUESTED
LAST_DAY = datetime.now(UTC).date() + timedelta(days=1)
AFTER = datetime.now(UTC) + timedelta(days=3)


@pytest.fixture
def release(make: Make) -> MadeRelease:
    return make.release()


@pytest.fixture
def asker(make: Make) -> Made:
    return make.person(Role.DEVELOPER)


@pytest.fixture
def decider(make: Make) -> Made:
    return make.person(Role.DBA)


def ask(asker: Made, item_id: int) -> int:
    """Ask for an override of an item until tomorrow; the waiver's number."""
    request_waiver(
        asker.origin,
        item_id,
        revision=item_of(item_id).revision,
        kind=WaiverKind.OVERRIDE,
        reason=WaiverReason.FALSE_ALARM,
        explanation="the check is wrong here",
        ends_on=LAST_DAY,
    )
    return max(waiver.id for waiver in waivers_of(item_id))


def item_of(number: int) -> ChecklistItem:
    """An item as it is now."""
    db.session.rollback()
    return db.session.get_one(ChecklistItem, number, populate_existing=True)


def waivers_of(item_id: int) -> list[Waiver]:
    """Its waivers as they are now."""
    db.session.rollback()
    found = select(Waiver).where(Waiver.item_id == item_id).order_by(Waiver.id)
    return list(db.session.scalars(found.execution_options(populate_existing=True)))


def later(act: Callable[[], Any]) -> Callable[[], Any]:
    """An act on a day after the last one."""

    def run() -> Any:
        with pretending(AFTER):
            return act()

    return run


def check_fits(item_id: int) -> None:
    """At most one waiver waits and one is in force, and the item stands where they say."""
    item, decisions = item_of(item_id), Counter(waiver.decision for waiver in waivers_of(item_id))
    assert decisions[WaiverDecision.PENDING] <= 1
    assert decisions[WaiverDecision.APPROVED] <= 1
    assert (item.state in WAIVED) is bool(decisions[WaiverDecision.APPROVED])
    if not decisions[WaiverDecision.APPROVED]:
        assert (item.state is WAITING) is bool(decisions[WaiverDecision.PENDING])


def test_workers_that_run_at_once_open_each_item_once(
    app: Flask, make: Make, release: MadeRelease, asker: Made, decider: Made
):
    items = [row.id for row in release.items[:10]]
    for item_id in items:
        decide_waiver(decider.origin, ask(asker, item_id), approve=True)
    refused = len(make.events("attempt.refused"))

    race(app, [later(expire_waivers)] * 4)

    for item_id in items:
        assert item_of(item_id).state is ItemState.TODO
        assert len(make.events("waiver.expired", object_id=item_id)) == 1
        assert item_of(item_id).revision == 4
    assert len(make.events("attempt.refused")) == refused
    history_of(stream_of(item_of(items[0])))


def test_one_waiver_is_expired_by_one_of_many(app: Flask, release: MadeRelease, asker: Made, decider: Made):
    for row in release.items[:ROUNDS]:
        waiver = ask(asker, row.id)
        decide_waiver(decider.origin, waiver, approve=True)

        acts = [later(lambda waiver=waiver: expire_waiver(Origin(SYSTEM), waiver)) for _ in range(3)]

        assert sorted(race(app, acts)) == [False, False, True]
        check_fits(row.id)


def test_a_waiver_expires_or_is_ended_or_its_item_is_set_but_only_one_of_them(
    app: Flask, make: Make, release: MadeRelease, asker: Made, decider: Made
):
    for row in release.items[:ROUNDS]:
        waiver = ask(asker, row.id)
        decide_waiver(decider.origin, waiver, approve=True)
        revision, asking, deciding = item_of(row.id).revision, asker.origin, decider.origin

        race(
            app,
            [
                later(lambda waiver=waiver: expire_waiver(Origin(SYSTEM), waiver)),
                later(lambda waiver=waiver, origin=deciding: end_waiver(origin, waiver, reason="it is over")),
                later(
                    lambda item=row.id, origin=asking, revision=revision: set_state(
                        origin, item, revision=revision, state=ItemState.DONE
                    )
                ),
            ],
        )

        check_fits(row.id)
        ends = [*make.events("waiver.ended", object_id=row.id), *make.events("waiver.expired", object_id=row.id)]
        assert len(ends) == 1
        # Whoever came first, the item is never done unless somebody ticked it.
        ticked = any(event.new_value == "done" for event in ends)
        assert (item_of(row.id).state is ItemState.DONE) is ticked


def test_a_renewal_is_approved_or_withdrawn_while_the_old_one_expires(
    app: Flask, release: MadeRelease, asker: Made, decider: Made
):
    for row in release.items[:ROUNDS]:
        old = ask(asker, row.id)
        decide_waiver(decider.origin, old, approve=True)
        following = ask(asker, row.id)
        asking, deciding = asker.origin, decider.origin

        outcomes = race(
            app,
            [
                later(lambda old=old: expire_waiver(Origin(SYSTEM), old)),
                lambda number=following, origin=deciding: decide_waiver(origin, number, approve=True),
                lambda number=following, origin=asking: withdraw_waiver(origin, number),
            ],
        )

        check_fits(row.id)
        assert sum(isinstance(outcome, RuleViolation) for outcome in outcomes) == 1
        assert WaiverDecision.PENDING not in {waiver.decision for waiver in waivers_of(row.id)}


def test_of_two_who_ask_for_one_item_one_has_asked(app: Flask, make: Make, release: MadeRelease):
    for row in release.items[:ROUNDS]:
        origins = [make.person(Role.DEVELOPER).origin for _ in range(2)]

        outcomes = race(
            app,
            [
                lambda origin=origin, item=row.id: request_waiver(
                    origin, item, revision=1, reason=WaiverReason.OTHER, explanation="no table is touched"
                )
                for origin in origins
            ],
        )

        assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 1
        assert len(waivers_of(row.id)) == 1
        check_fits(row.id)
