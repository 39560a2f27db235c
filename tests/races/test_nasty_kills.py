"""The nasty case of a process that dies while it starts a deployment: the gate is passed once, or not at all."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.database import db
from app.domain.actors import Origin
from app.domain.gates import GateState
from app.queries.gates import list_active
from tests.factories import Make
from tests.integration.services.test_signoffs import Room
from tests.races.killed import KILLED
from tests.races.rooms import check_agrees, happened, pass_gate, ready

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(("moment", "left"), [("before", GateState.SATISFIED), ("after", GateState.CONSUMED)])
def test_nasty_10_who_dies_while_passing_a_gate_tries_again_without_new_signoffs(
    make: Make, database: SimpleNamespace, tmp_path: Path, moment: str, left: GateState
):
    room = Room(make)
    room.sign_all()
    origin, gate = Origin(room.worker.actor), room.gate().id
    who = [str(gate), str(room.worker.id), origin.key.hex(), moment]
    db.session.remove()

    command = [sys.executable, "-m", "tests.races.killed", database.url, str(tmp_path), *who]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (KILLED, "")
    assert ready(room).verdict.state is left
    assert pass_gate(origin, gate).id == gate
    assert check_agrees(room).verdict.state is GateState.CONSUMED
    assert len(list_active([gate])) == 2
    assert happened(room) == ["signoff.given", "signoff.given", "gate.consumed"]
