"""Two people on call at one moment: one rollback, and each step taken once."""

from functools import partial

from flask import Flask

from app.domain.errors import Conflict
from app.services.rollback_work import do_step
from app.services.rollbacks import abort_rollback, start_rollback
from tests.factories import Make
from tests.integration.services.rolling import WHY, RollingBack
from tests.races.running import ROUNDS, race


def test_two_who_start_at_once_are_in_the_same_rollback(app: Flask, make: Make):
    for _ in range(ROUNDS):
        room = RollingBack(make)
        starts = [partial(start_rollback, one.origin, room.deployment, WHY) for one in (room.ravi, room.mia)]

        outcomes = race(app, starts)

        assert len({one.rollback_id for one in outcomes}) == 1, outcomes
        assert sorted(one.is_new for one in outcomes) == [False, True]


def test_two_who_do_the_same_step_at_once_do_it_once(app: Flask, make: Make):
    room = RollingBack(make)
    rollback, done = room.begun(), 0
    for _ in range(ROUNDS):
        item = room.items(rollback)[done]
        acts = [
            partial(do_step, one.origin, rollback, item.id, revision=item.revision) for one in (room.ravi, room.mia)
        ]

        outcomes = race(app, acts)
        done += 1

        assert sorted(isinstance(one, Conflict) for one in outcomes) == [False, True], outcomes
        assert len(room.records(rollback)) == done
        if done == len(room.items(rollback)):
            abort_rollback(room.ravi.origin, rollback, reason="Once more.")
            rollback, done = room.begun(), 0
