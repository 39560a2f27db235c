"""Starting, planning, taking back and freezing at one moment: at most one deployment, and its gate always agrees."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.database import db
from app.domain.actors import Origin
from app.domain.checklist import ItemState
from app.domain.errors import Busy, NotPermitted, RuleViolation
from app.domain.gates import GateState
from app.domain.permissions import Role
from app.models import Checklist, ChecklistItem, Deployment, DeploymentWindow, Stream, WindowNotice
from app.models.base import pretending, utc_now
from app.queries.gates import list_active
from app.queries.standing import standing_of
from app.services.deployment_plans import plan_deployment
from app.services.deployments import start_deployment
from app.services.environments import move_environment
from app.services.freezes import FreezeFacts, add_freeze
from app.services.item_states import set_state
from app.services.signoffs import withdraw
from app.worker.jobs import tell_of_windows
from tests.factories import Make
from tests.integration.services.deploying import Deploying, planned_for
from tests.races.killed import KILLED
from tests.races.rooms import Act, kinds
from tests.races.running import ROUNDS, history_of, race

ROOT = Path(__file__).resolve().parents[2]


def rooms(make: Make) -> Iterator[tuple[Deploying, int]]:
    """A deployment that may start, for each round."""
    for _ in range(ROUNDS):
        room = Deploying(make)
        number = room.plan()
        room.sign_deploy()
        yield room, number


def starting(room: Deploying, number: int, *, by: Any = None) -> Act:
    origin = (by or room.ops).origin
    return lambda: start_deployment(origin, number)


def agrees(room: Deploying) -> bool:
    """Whether it started; gate, checklist, windows and history say the same, and nothing was passed with less."""
    db.session.rollback()
    started = list(db.session.scalars(select(Deployment).where(Deployment.started_at.is_not(None))))
    own = [one for one in started if one.gate_id == room.deploy_gate().id]
    standing = standing_of(room.deploy_gate(), utc_now())
    assert len(own) <= 1
    assert (standing.gate.consumed_at is not None) is bool(own)
    assert (standing.verdict.state is GateState.CONSUMED) is bool(own)
    numbers = [one.id for one in own]
    lists = select(Checklist.id).where(Checklist.belongs_to == "deployment", Checklist.subject_id.in_(numbers))
    windows = select(DeploymentWindow.id).where(DeploymentWindow.deployment_id.in_(numbers))
    assert (len(db.session.scalars(lists).all()), len(db.session.scalars(windows).all())) == ((1, 4) if own else (0, 0))
    told = [event.action for event in history_of(standing.gate.stream_id)]
    assert told.count("gate.consumed") == len(own)
    for one in own:
        assert len(list_active([one.gate_id])) == 1
        stream = select(Stream.id).where(Stream.kind == "deployment", Stream.subject_id == one.id)
        actions = [event.action for event in history_of(db.session.scalars(stream).one())]
        assert actions == ["deployment.planned", "deployment.started"]
    return bool(own)


def test_nasty_10_of_those_who_start_at_once_one_does(app: Flask, make: Make):
    for room, number in rooms(make):
        other = make.person(Role.OPS)

        outcomes = race(app, [starting(room, number), starting(room, number, by=other), starting(room, number)])

        assert kinds(outcomes) <= {RuleViolation, Busy}
        assert sum(isinstance(one, int) for one in outcomes) == 1
        assert agrees(room)


def test_nasty_10_a_signoff_taken_back_at_the_start_stops_it_or_comes_too_late(app: Flask, make: Make):
    for room, number in rooms(make):
        signed = list_active([room.deploy_gate().id])[0].id
        origin = room.origin(room.dba)

        started, taken = race(
            app, [starting(room, number), lambda signed=signed, origin=origin: withdraw(origin, signed, reason="No.")]
        )

        assert isinstance(started, int | RuleViolation | Busy)
        assert agrees(room) is isinstance(started, int)
        assert isinstance(taken, RuleViolation | Busy) is isinstance(started, int)


def test_nasty_10_an_item_taken_back_at_the_start_stops_it_or_comes_too_late(app: Flask, make: Make):
    for room, number in rooms(make):
        item = room.item("mig.file-exists")
        origin, item_id, revision = room.worker.origin, item.id, item.revision

        started, _ = race(
            app,
            [
                starting(room, number),
                lambda origin=origin, item_id=item_id, revision=revision: set_state(
                    origin, item_id, revision=revision, state=ItemState.TODO
                ),
            ],
        )

        assert isinstance(started, int | RuleViolation | Busy)
        assert agrees(room) is isinstance(started, int)
        db.session.rollback()
        assert db.session.scalar(select(ChecklistItem.state).where(ChecklistItem.id == item_id)) is ItemState.TODO


def test_one_place_gets_one_plan_however_many_plan_it(app: Flask, make: Make):
    for _ in range(ROUNDS):
        room = Deploying(make)
        gate, facts = room.deploy_gate().id, planned_for(room)
        origins = [room.ops.origin, room.dba.origin, room.ops.origin]

        outcomes = race(
            app,
            [lambda origin=origin, gate=gate, facts=facts: plan_deployment(origin, gate, facts) for origin in origins],
        )

        assert kinds(outcomes) <= {RuleViolation, Busy}
        assert sum(isinstance(one, int) for one in outcomes) == 1
        db.session.rollback()
        assert len(db.session.scalars(select(Deployment.id).where(Deployment.gate_id == gate)).all()) == 1


def test_a_freeze_at_the_start_stops_it_or_comes_after_it(app: Flask, make: Make):
    for room, number in rooms(make):
        now, lead = utc_now(), room.lead.origin
        module = room.gate().module_id
        facts = FreezeFacts(now - timedelta(hours=1), now + timedelta(days=1), "Inventory.", module_id=module)

        started, frozen = race(app, [starting(room, number), lambda lead=lead, facts=facts: add_freeze(lead, facts)])

        assert isinstance(started, int | RuleViolation | Busy)
        assert isinstance(frozen, int | Busy)
        assert agrees(room) is isinstance(started, int)


@pytest.mark.parametrize(("moment", "is_started"), [("before", False), ("after", True)])
def test_nasty_10_who_dies_while_starting_tries_again_without_new_signoffs(
    make: Make, database: SimpleNamespace, tmp_path: Path, moment: str, is_started: bool
):
    room = Deploying(make)
    number = room.plan()
    room.sign_deploy()
    origin = Origin(room.ops.actor)
    who = ["start", str(number), str(room.ops.id), origin.key.hex(), moment]
    db.session.remove()

    command = [sys.executable, "-m", "tests.races.killed", database.url, str(tmp_path), *who]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (KILLED, "")
    assert agrees(room) is is_started
    assert start_deployment(origin, number) > 0
    assert agrees(room)


def test_workers_that_look_at_once_tell_each_thing_once(app: Flask, make: Make):
    numbers = []
    for room, number in rooms(make):
        room.start(number)
        numbers.append(number)
    later = utc_now() + timedelta(hours=3)

    def work() -> None:
        with pretending(later):
            tell_of_windows()

    race(app, [work] * 3)

    db.session.rollback()
    told = db.session.execute(
        select(DeploymentWindow.deployment_id, WindowNotice.kind)
        .join(DeploymentWindow, DeploymentWindow.id == WindowNotice.window_id)
        .where(DeploymentWindow.deployment_id.in_(numbers))
    ).all()
    assert sorted(tuple(row) for row in told) == sorted((number, "missed") for number in numbers)


def test_two_who_put_the_environments_in_order_at_once_do_not_both(app: Flask, make: Make):
    from_two = [make.lead().origin, make.lead().origin]
    room = Deploying(make)
    order = room_order()

    outcomes = race(
        app,
        [lambda origin=origin: move_environment(origin, order[-1], place=1, seen=order) for origin in from_two],
    )

    assert sorted(isinstance(one, bool) for one in outcomes) == [False, True]
    assert not kinds(outcomes) & {NotPermitted}
    assert room_order() == [order[-1], *order[:-1]]
    move_environment(room.lead.origin, order[-1], place=len(order), seen=room_order())


def room_order() -> list[int]:
    """The environments as they follow each other."""
    db.session.rollback()
    places = db.metadata.tables["environments"].c
    return list(db.session.scalars(select(places.id).order_by(places.position)))
