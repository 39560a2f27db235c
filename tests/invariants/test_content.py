"""I1 to I7: a sign-off is over an exact content, and counts while that content stands.

The rules of the sign-off have numbers, and each has a test that carries its number. I8 to I13 stand in
`test_people.py`, I15 to I20 and I28 in `test_ends.py`, I22 to I27 in `test_records.py`; I18 needs the accounts of the
database and stands in `tests/races/test_accounts.py`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, func, select, update

from app.database import db, server_now
from app.domain.checklist import ItemState, Severity
from app.domain.errors import Conflict, RuleViolation
from app.domain.gates import Decision, GateKind, GateState, RequiredSignoff
from app.domain.signoffs import EndKind
from app.domain.waiver_kinds import WaiverKind
from app.models import ChecklistItem, Evidence, Signoff, SignoffEnd
from app.models.base import utc_now
from app.queries.gates import GateRow, list_active, list_gates
from app.queries.gates_before import NO_READY
from app.queries.standing import standing_of
from app.services.evidence import withdraw_evidence
from app.services.gate_records import write_rollback_plan
from app.services.item_states import set_state
from app.services.items import set_value
from app.services.signoffs import sign, withdraw
from tests.factories import Made, Make
from tests.integration.services.test_gate_records import deploy, prepared, sign_deploy
from tests.integration.services.test_signoffs import COVERED, LEAD, OTHERS, QA, Room
from tests.races.rooms import ask
from tests.versions import bring, edited, newest_content, publish, said
from tests.web.test_gates import path, send
from tests.web.waiving import FAR, SOON, grant

Browsers = Callable[[Made], FlaskClient]


@pytest.fixture
def room(make: Make) -> Room:
    return Room(make)


def change_state(room: Room, state: ItemState, reason: str = "", key: str = COVERED) -> None:
    item = room.item(key)
    set_state(room.worker.origin, item.id, revision=item.revision, state=state, reason=reason)


def severity(of: Severity) -> Callable[[Any], Any]:
    return lambda item: replace(item, severity=of)


# These want an item that is still open while everything is signed: advice, which is in nobody's way.
OF_WHAT_IS_OPEN = {"tick", "waiver", "waiver renewed"}
CHANGES: dict[str, Callable[[Room], object]] = {
    "tick": lambda r: change_state(r, ItemState.DONE),
    "untick": lambda r: change_state(r, ItemState.TODO),
    "text": lambda r: bring(r.release, publish(edited(newest_content(), pre__schema_planned=said("Plan it well")))),
    "note": lambda r: change_state(r, ItemState.DONE, "With the new column."),
    "value": lambda r: set_value(
        r.worker.origin, r.item().id, revision=r.item().revision, value="", link="https://example.org/plan"
    ),
    "evidence added": lambda r: r.make.evidence(r.worker, r.item().id),
    "evidence withdrawn": lambda r: withdraw_evidence(
        r.worker.origin, r.item().id, db.session.scalars(select(Evidence.id)).one(), reason="Another."
    ),
    "required flag": lambda r: bring(
        r.release, publish(edited(newest_content(), pre__schema_planned=severity(Severity.KILLER)))
    ),
    "waiver": lambda r: grant(r.worker, r.dba, r.release, COVERED, WaiverKind.OVERRIDE),
    "waiver renewed": lambda r: grant(r.worker, r.dba, r.release, COVERED, WaiverKind.OVERRIDE, FAR),
}


@pytest.mark.parametrize("change", CHANGES)
def test_i01_any_change_of_what_is_covered_ends_every_approval_at_once_and_opens_the_gate(room: Room, change: str):
    room.make.evidence(room.worker, room.item().id)
    if change in OF_WHAT_IS_OPEN:
        advice = update(ChecklistItem).where(ChecklistItem.id == room.item().id)
        db.session.execute(advice.values(state=ItemState.TODO, severity=Severity.ADVISORY))
        db.session.commit()
    if change == "waiver renewed":
        grant(room.worker, room.dba, room.release, COVERED, WaiverKind.OVERRIDE, SOON)
    room.sign_all()
    assert room.state is GateState.SATISFIED

    CHANGES[change](room)

    assert list_active([room.gate().id]) == []
    assert [kind for kind, _ in room.ends()] == [EndKind.STALE] * 2
    assert room.state in {GateState.OPEN, GateState.BLOCKED}


@contextmanager
def failing_at(start: str) -> Iterator[None]:
    """Let the database refuse the first statement that begins so."""

    def refuse(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(start):
            raise RuntimeError("the disk is gone")

    connection = db.session.connection()
    event.listen(connection, "before_cursor_execute", refuse)
    try:
        yield
    finally:
        event.remove(connection, "before_cursor_execute", refuse)


def test_i01_a_change_whose_signoffs_cannot_be_ended_is_not_made(room: Room):
    room.sign_all()

    with failing_at("INSERT INTO signoff_ends"), pytest.raises(RuntimeError):
        change_state(room, ItemState.TODO)

    assert room.item().state is ItemState.DONE
    assert room.state is GateState.SATISFIED


def test_i02_another_rollback_plan_ends_what_was_signed_at_the_gates_that_cover_it(room: Room):
    prepared(room)
    sign_deploy(room)

    write_rollback_plan(room.worker.origin, room.checklist_id, body="1. Something else.", revision=1)

    assert list_active([deploy(room).gate.id]) == []
    assert deploy(room).verdict.state is GateState.BLOCKED
    assert room.state is GateState.SATISFIED


def test_i03_what_a_gate_does_not_cover_leaves_its_signoffs_alone(room: Room):
    prepared(room)
    sign_deploy(room)

    change_state(room, ItemState.TODO, key=OTHERS)

    assert list_active([deploy(room).gate.id]) == []
    assert len(list_active([room.gate().id])) == 2
    assert room.state is GateState.SATISFIED


def test_i04_a_digest_that_is_not_of_the_present_content_is_refused_with_409_and_signs_nothing(
    room: Room, client_of: Browsers
):
    browser, here = client_of(room.lead), path(room, then="sign/")
    before = browser.get(here).text
    for then in (ItemState.TODO, ItemState.DONE):  # another revision
        change_state(room, then)
    assert send(browser, here, before).status_code == 409
    room.sign(room.qa, QA)
    seen = browser.get(here).text
    for link in ("https://example.org/plan", ""):  # another cycle: all looks as it did
        item = room.item()
        set_value(room.worker.origin, item.id, revision=item.revision, value="", link=link)
    assert room.gate().cycle == 2
    assert send(browser, here, seen).status_code == 409
    for digest in (b"", bytes(32), deploy(room).content.digest):
        with pytest.raises(Conflict):
            sign(room.origin(room.lead), room.gate().id, replace(room.wish(LEAD), digest=digest))
    assert db.session.scalars(select(Signoff.person_id)).all() == [room.qa.id]


def test_i05_unticked_and_ticked_again_since_the_page_was_opened_it_is_not_signed(room: Room, client_of: Browsers):
    browser, here = client_of(room.lead), path(room, then="sign/")
    opened = browser.get(here).text
    looked = {one.facts.key: one.facts.state for one in room.standing().covered}
    change_state(room, ItemState.TODO)
    change_state(room, ItemState.DONE)
    assert {one.facts.key: one.facts.state for one in room.standing().covered} == looked

    answer = send(browser, here, opened)

    assert answer.status_code == 409
    assert db.session.scalars(select(Signoff.id)).all() == []


def test_i06_over_an_open_item_that_is_required_nobody_approves(room: Room):
    change_state(room, ItemState.TODO)

    with pytest.raises(RuleViolation, match="is to do"):
        room.sign(room.lead, LEAD)

    assert room.state is GateState.BLOCKED


def is_met(gate: GateRow, asked: dict[str, int]) -> bool:
    """Whether the rows say that enough different people have approved what is there now."""
    digest = standing_of(gate, server_now()).content.digest
    given = (
        select(Signoff.role, func.count(Signoff.person_id.distinct()))
        .outerjoin(SignoffEnd, SignoffEnd.signoff_id == Signoff.id)
        .where(SignoffEnd.id.is_(None), Signoff.gate_id == gate.id, Signoff.digest == digest)
        .where(Signoff.decision == Decision.APPROVE)
        .group_by(Signoff.role)
    )
    counts = {role.value: number for role, number in db.session.execute(given)}
    return all(counts.get(role, 0) >= quorum for role, quorum in asked.items())


def test_i07_a_gate_is_satisfied_exactly_when_the_rows_say_that_every_quorum_is_met(make: Make, room: Room):
    ask(room, RequiredSignoff(LEAD, 2), RequiredSignoff(QA, 1))
    other = make.person(LEAD)
    steps: list[Callable[[], object]] = [
        lambda: room.sign(room.lead, LEAD),
        lambda: room.sign(room.qa, QA),
        lambda: room.sign(other, LEAD),
        lambda: withdraw(room.qa.origin, list_active([room.gate().id])[1].id, reason="I looked again."),
        lambda: room.sign(make.person(QA), QA),
        lambda: change_state(room, ItemState.DONE, "With the new column."),
        lambda: room.sign(room.lead, LEAD),
    ]
    states = []

    for number, step in enumerate(steps):
        step()
        is_satisfied = room.state is GateState.SATISFIED
        states.append(is_satisfied)
        assert is_satisfied is is_met(room.gate(), {"team_lead": 2, "qa": 1}), number
        for gate in list_gates(room.checklist_id):
            if gate.kind is GateKind.DEPLOY:  # what is derived from it says the same
                assert (NO_READY in standing_of(gate, utc_now()).verdict.reasons) is not is_satisfied, number

    assert states == [False, False, True, False, True, False, False]
