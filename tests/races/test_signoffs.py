"""Signing, unticking, taking back, passing and losing a role at one moment: gate and sign-offs always agree.

`make races` runs each 200 times, on MariaDB, MySQL 9 or across two nodes of a cluster. The nasty cases have numbers;
those that need no race stand in `tests/integration/services/test_nasty_cases.py`, and what the accounts of the database
may do in `test_accounts.py`.
"""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app.database import db
from app.domain.actors import Origin
from app.domain.checklist import ItemState
from app.domain.errors import Busy, Conflict, NotPermitted, RuleViolation
from app.domain.gates import Decision, GateKind, GateState, RequiredSignoff
from app.models.base import pretending, utc_now
from app.queries.gates import GateRow, list_active
from app.queries.signoff_verification import verify_signoffs
from app.queries.standing import standing_of
from app.services.adoption import adopt
from app.services.item_states import set_state
from app.worker.jobs import expire_signoffs
from tests.factories import Make
from tests.integration.services.test_gate_records import prepared, sign_deploy
from tests.integration.services.test_signoffs import DBA, LEAD, QA, Room
from tests.races.killed import KILLED
from tests.races.rooms import (
    Act,
    ask,
    check_agrees,
    explained,
    happened,
    kinds,
    pass_gate,
    passing,
    ready,
    revoking,
    rounds,
    signing,
    unticking,
    withdrawing,
)
from tests.races.running import elsewhere, just_before, race
from tests.versions import edited, newest_content, publish, said, seen

ROOT = Path(__file__).resolve().parents[2]


def test_two_people_who_sign_at_once_both_count(app: Flask, make: Make):
    for room in rounds(make):
        outcomes = race(app, [signing(room, room.lead, LEAD), signing(room, room.qa, QA)])

        assert kinds(outcomes) <= {Busy}
        assert check_agrees(room).verdict.state is GateState.SATISFIED


def test_workers_that_run_at_once_end_each_signoff_once(app: Flask, make: Make):
    rooms = list(rounds(make))
    for room in rooms:
        room.sign_all()
    later = utc_now() + timedelta(days=15)

    def work() -> None:
        with pretending(later):
            expire_signoffs()

    race(app, [work] * 3)

    for room in rooms:
        assert list_active([room.gate().id]) == []
        ended = [one for one in explained(room) if one.action == "signoff.ended"]
        assert [(one.actor_id, one.fact) for one in ended] == [(None, "expired")] * 2


def test_nasty_01_two_dbas_sign_while_an_item_is_unticked(app: Flask, make: Make):
    for room in rounds(make):
        ask(room, RequiredSignoff(DBA, 2))
        other = make.person(DBA)

        outcomes = race(app, [signing(room, room.dba, DBA), signing(room, other, DBA), unticking(room)])

        assert kinds(outcomes) <= {Conflict, Busy}
        assert check_agrees(room).verdict.state is GateState.BLOCKED
        assert list_active([room.gate().id]) == []
        given = sum(isinstance(one, int) for one in outcomes)
        assert happened(room) == ["signoff.given"] * given + ["signoff.ended"] * given


def test_nasty_01_who_signs_while_an_item_is_unticked_is_refused_or_ends_with_it(app: Flask, make: Make):
    for room in rounds(make):
        signed, _ = race(app, [signing(room, room.lead, LEAD), unticking(room)])

        assert check_agrees(room).verdict.state is GateState.BLOCKED
        assert list_active([room.gate().id]) == []
        if isinstance(signed, int):
            assert happened(room) == ["signoff.given", "signoff.ended"]
        else:
            assert isinstance(signed, Conflict | Busy)
            assert happened(room) == []


def unticking_and_ticking(room: Room) -> Act:
    """An item taken back and set again: afterwards it looks as it did."""
    item, origins = room.item(), (room.worker.origin, room.worker.origin)
    number, revision = item.id, item.revision

    def there_and_back() -> None:
        set_state(origins[0], number, revision=revision, state=ItemState.TODO)
        set_state(origins[1], number, revision=revision + 1, state=ItemState.DONE)

    return there_and_back


def test_nasty_02_nobody_has_signed_what_was_taken_back_and_set_again_meanwhile(app: Flask, make: Make):
    for room in rounds(make):
        signed, _ = race(app, [signing(room, room.lead, LEAD), unticking_and_ticking(room)])

        assert check_agrees(room).verdict.state is GateState.OPEN
        assert list_active([room.gate().id]) == []
        assert isinstance(signed, int | Conflict | Busy)
        assert happened(room) == ["signoff.given", "signoff.ended"] * isinstance(signed, int)


def test_nasty_03_one_form_sent_ten_times_at_once_is_one_signoff_with_one_answer(app: Flask, make: Make):
    for room in rounds(make):
        answers = race(app, [signing(room, room.lead, LEAD)] * 10)

        given = [answer for answer in answers if not isinstance(answer, Busy)]
        assert given
        assert given == [ready(room).signoffs[0].id] * len(given)
        assert happened(room) == ["signoff.given"]


def test_nasty_03_two_tabs_of_one_person_are_one_signoff(app: Flask, make: Make):
    for room in rounds(make):
        outcomes = race(app, [signing(room, room.lead, LEAD), signing(room, room.lead, LEAD)])

        assert kinds(outcomes) <= {RuleViolation, Busy}
        assert [str(one) for one in outcomes if isinstance(one, RuleViolation)] in (
            [],
            ["You have signed this already. A person counts once."],
        )
        assert sum(isinstance(one, int) for one in outcomes) == 1
        assert check_agrees(room).verdict.state is GateState.PARTIAL


def test_nasty_03_who_holds_both_roles_moves_no_gate_by_clicking_twice(app: Flask, make: Make):
    for room in rounds(make):
        both = make.person(LEAD, QA, DBA)
        others = [one.id for kind in ("staging", "production") for one in [room.gate(GateKind.DEPLOY, kind)]]

        outcomes = race(app, [signing(room, both, LEAD), signing(room, both, QA)])

        assert kinds(outcomes) <= {RuleViolation, Busy}
        assert sum(isinstance(one, int) for one in outcomes) == 1
        assert check_agrees(room).verdict.state is GateState.PARTIAL
        assert list_active(others) == []


def test_nasty_04_who_signs_while_losing_the_role_has_no_signoff_that_counts(app: Flask, make: Make):
    for room in rounds(make):
        signed, _ = race(app, [signing(room, room.lead, LEAD), revoking(make, room.lead)])

        assert isinstance(signed, int | NotPermitted | Busy)
        assert list_active([check_agrees(room).gate.id]) == []
        ended = [event.fact for event in explained(room) if event.action == "signoff.ended"]
        assert ended == ["role_lost"] * isinstance(signed, int)


def test_nasty_04_between_the_look_at_a_role_and_the_signoff_nobody_takes_it_back(
    app: Flask, make: Make, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("app.database.PATIENCE", 0.0)
    room = Room(make)
    give, take = signing(room, room.lead, LEAD), revoking(make, room.lead)
    tried: list[Any] = []

    with just_before("INSERT INTO signoffs", lambda _: tried.extend(race_of_one(app, take))):
        give()

    assert kinds(tried) == {Busy}
    assert len(list_active([room.gate().id])) == 1
    take()
    assert list_active([room.gate().id]) == []
    assert [event.fact for event in explained(room)] == ["approve", "role_lost"]


def race_of_one(app: Flask, act: Act) -> list[Any]:
    """One act on a connection of its own: what it gave, or the refusal that it met."""

    def run() -> Any:
        try:
            return act()
        except Busy as refusal:
            return refusal
        finally:
            db.session.remove()

    return [elsewhere(app, run)]


def test_nasty_07_a_version_adopted_with_the_last_signoff_leaves_none_over_the_old_words(app: Flask, make: Make):
    first = newest_content()
    versions = [publish(edited(first, pre__schema_planned=said("Plan it, and have it read"))), publish(first)]
    rooms = list(rounds(make))
    adopt(rooms[0].release.lead.origin, versions[1].id, seen(*(room.checklist_id for room in rooms)))
    for number, room in enumerate(rooms):
        prepared(room)
        sign_deploy(room)
        untouched = room.gate(GateKind.DEPLOY, "staging").id
        withdrawing(room, room.qa)()
        lead, shown, version = room.release.lead.origin, seen(room.checklist_id), versions[0]

        last, adopted = race(
            app,
            [
                signing(room, room.qa, QA),
                lambda lead=lead, shown=shown, version=version: adopt(lead, version.id, shown),
            ],
        )

        assert isinstance(adopted, list), adopted
        assert isinstance(last, int | Conflict | Busy)
        assert list_active([check_agrees(room).gate.id]) == [], number
        ends = [event.fact for event in explained(room) if event.action == "signoff.ended"]
        assert ends == ["withdrawn", *["stale"] * (1 + isinstance(last, int))]
        assert len(list_active([untouched])) == 1


def test_nasty_07_a_new_column_of_our_own_ends_no_signoff_and_changes_no_digest(app: Flask, make: Make):
    room = Room(make)
    room.sign_all()
    before = ready(room).content
    db.session.remove()
    with db.engine.connect() as connection:
        connection.execute(text("ALTER TABLE checklist_items ADD COLUMN later VARCHAR(40) NOT NULL DEFAULT 'new'"))
        connection.commit()

    try:
        assert ready(room).verdict.state is GateState.SATISFIED
        assert (ready(room).content.body, ready(room).content.digest) == (before.body, before.digest)
        assert [fault for one in verify_signoffs() for fault in one.faults] == []
        other = room.item("mig.file-exists")  # nor does what changes afterwards, where it is not covered
        set_state(room.worker.origin, other.id, revision=other.revision, state=ItemState.TODO)
        assert len(list_active([room.gate().id])) == 2
    finally:
        db.session.remove()
        with db.engine.connect() as connection:
            connection.execute(text("ALTER TABLE checklist_items DROP COLUMN later"))
            connection.commit()


def test_nasty_10_a_gate_is_passed_once_however_many_start(app: Flask, make: Make):
    for room in rounds(make):
        room.sign_all()

        outcomes = race(app, [passing(room) for _ in range(4)])

        assert kinds(outcomes) <= {RuleViolation, Busy}
        assert sum(isinstance(one, GateRow) for one in outcomes) == 1
        assert check_agrees(room).verdict.state is GateState.CONSUMED
        assert happened(room).count("gate.consumed") == 1


def of_one_gate(room: Room, make: Make) -> dict[str, Act]:
    """What may come between a signed gate and whoever passes it."""
    return {
        "withdraw": withdrawing(room, room.lead),
        "untick": unticking(room),
        "revoke": revoking(make, room.lead),
    }


@pytest.mark.parametrize("other", ["withdraw", "untick", "revoke"])
def test_nasty_10_a_gate_is_passed_with_all_its_signoffs_or_not_at_all(app: Flask, make: Make, other: str):
    for room in rounds(make):
        room.sign_all()

        passed, came = race(app, [passing(room), of_one_gate(room, make)[other]])

        assert isinstance(passed, GateRow | RuleViolation | Busy)
        standing = check_agrees(room)
        assert (standing.gate.consumed_at is not None) is isinstance(passed, GateRow)
        if other == "withdraw":  # one of them comes second, and is refused
            assert isinstance(came, RuleViolation | Busy) is isinstance(passed, GateRow)
        if isinstance(passed, GateRow):
            assert len(standing.signoffs) == 2
            assert happened(room)[-1] == "gate.consumed"


def test_nasty_10_a_signoff_that_ran_out_a_millisecond_ago_passes_nothing(app: Flask, make: Make):
    room = Room(make)
    room.sign_all()
    ends = min(one.counts_until for one in ready(room).signoffs if one.counts_until)
    late, in_time = ends + timedelta(milliseconds=1), ends - timedelta(milliseconds=1)

    with pretending(late), pytest.raises(RuleViolation, match="is not open"):
        pass_gate(room.worker.origin, room.gate().id)
    assert ready(room).gate.consumed_at is None
    with pretending(in_time):
        pass_gate(room.worker.origin, room.gate().id)
    assert check_agrees(room).verdict.state is GateState.CONSUMED


@pytest.mark.parametrize(("moment", "left"), [("before", GateState.SATISFIED), ("after", GateState.CONSUMED)])
def test_nasty_10_who_dies_while_passing_a_gate_tries_again_without_new_signoffs(
    make: Make, database: SimpleNamespace, tmp_path: Path, moment: str, left: GateState
):
    room = Room(make)
    room.sign_all()
    origin, gate = Origin(room.worker.actor), room.gate().id
    who = ["pass", str(gate), str(room.worker.id), origin.key.hex(), moment]
    db.session.remove()

    command = [sys.executable, "-m", "tests.races.killed", database.url, str(tmp_path), *who]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (KILLED, "")
    assert ready(room).verdict.state is left
    assert pass_gate(origin, gate).id == gate
    assert check_agrees(room).verdict.state is GateState.CONSUMED
    assert len(list_active([gate])) == 2
    assert happened(room) == ["signoff.given", "signoff.given", "gate.consumed"]


def test_nasty_15_a_rejection_and_the_last_approval_at_once_leave_the_gate_rejected(app: Flask, make: Make):
    for room in rounds(make):
        room.sign(room.lead, LEAD)
        other = make.person(QA)

        approved, rejected = race(
            app,
            [signing(room, room.qa, QA), signing(room, other, QA, Decision.REJECT, reason="Not like this.")],
        )

        assert isinstance(rejected, int)
        assert isinstance(approved, int | RuleViolation | Busy)
        standing = check_agrees(room)
        assert standing.verdict.state is GateState.REJECTED
        assert happened(room) == ["signoff.given"] * (2 + isinstance(approved, int))
        with pytest.raises(RuleViolation, match="is not open"):
            passing(room)()
        assert standing_of(room.gate(), utc_now()).gate.consumed_at is None
