"""What only a cluster can show: what one server has is seen on the other, and what both change is done one by one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext

from app.database import db, error_number
from app.domain.errors import Busy, RuleViolation
from app.domain.gates import Decision, GateState
from app.queries.gates import list_active
from app.services.change import Change
from app.services.signoffs import withdraw
from app.services.write_path import write_path
from tests.factories import Make
from tests.integration.services.test_signoffs import LEAD, QA, Room
from tests.races.rooms import Act, check_agrees, kinds, ready, rounds, signing, unticking
from tests.races.running import OTHER_NODE, elsewhere, nodes_of, race

DEADLOCK = 1213


@contextmanager
def refusals_noted(app: Flask) -> Iterator[list[str]]:
    """The statements that a server took back because of the other; a COMMIT has no text."""
    noted: list[str] = []

    def note(context: ExceptionContext) -> None:
        if error_number(context.original_exception) == DEADLOCK:
            noted.append((context.statement or "COMMIT").split()[0])

    engines = []
    for node in nodes_of(app):
        with node.app_context():
            engines.append(db.engine)
    for engine in engines:
        event.listen(engine, "handle_error", note)
    yield noted
    for engine in engines:
        event.remove(engine, "handle_error", note)


def test_what_a_server_takes_back_at_its_commit_is_done_again(app: Flask, make: Make):
    with refusals_noted(app) as noted:
        for room in rounds(make, 40):
            outcomes = race(app, [signing(room, room.lead, LEAD), signing(room, room.qa, QA)])

            assert kinds(outcomes) <= {Busy}
            assert check_agrees(room).verdict.state is GateState.SATISFIED

    assert "COMMIT" in noted


def test_who_goes_on_at_the_other_server_finds_what_they_have_just_done(app: Flask, make: Make):
    [other] = app.extensions[OTHER_NODE]
    for room in rounds(make, 40):
        number = room.sign(room.lead, LEAD)
        origin, gate = room.lead.origin, room.gate().id
        found: list[Any] = []

        with other.app_context():
            withdraw(origin, number, reason="I looked at the wrong plan.")
            found = list_active([gate])
            db.session.remove()

        assert found == []


@write_path
def refuse_after(change: Change, stream_id: int, act: str) -> bool:
    """Take a stream, let something happen elsewhere meanwhile, and refuse."""
    change.take(stream_id)
    MEANWHILE[act]()
    raise RuleViolation("Not like this.")


MEANWHILE: dict[str, Act] = {}


def test_what_is_refused_stays_refused_though_the_other_server_has_taken_the_same_checklist_meanwhile(
    app: Flask, make: Make
):
    room, [other] = Room(make), app.extensions[OTHER_NODE]
    untick, stream = unticking(room), room.gate().stream_id

    def on_the_other() -> None:
        elsewhere(other, lambda: (untick(), db.session.remove()))
        elsewhere(app, lambda: (ready(room), db.session.remove()))  # this server has it now, and ours is undone

    MEANWHILE["untick"] = on_the_other
    with pytest.raises(RuleViolation, match="Not like this"):
        refuse_after(room.lead.origin, stream, "untick")

    assert ready(room).verdict.state is GateState.BLOCKED
    assert room.sign(room.lead, LEAD, Decision.REJECT, reason="It is not done.")
