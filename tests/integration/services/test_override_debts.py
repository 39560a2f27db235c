"""What break-glass does to other gates: it passes one, lets others on, and holds the next deployment back."""

import pytest
from sqlalchemy import select

from app.database import db
from app.domain.errors import RuleViolation
from app.domain.gates import GateKind, GateState
from app.domain.overrides import ReviewOutcome, debt_sentence
from app.models import Gate
from app.models.base import utc_now
from app.queries.gates import list_gates
from app.queries.gates_before import NO_READY, NO_RELEASE
from app.queries.standing import standing_of
from app.services.release_modules import remove_module
from tests.factories import Make
from tests.integration.services.test_gate_records import backed_up, deploy, pass_gate, prepared, sign_deploy
from tests.integration.services.test_overrides import Broken, untouched


@pytest.fixture
def room(make: Make) -> Broken:
    return Broken(make)


def test_a_gate_is_passed_by_it_once_and_remembers_by_which(room: Broken):
    gate = untouched(room)
    number = room.breaks(gate)

    pass_gate(room.origin(room.worker), gate.id)

    assert room.at(gate).verdict.state is GateState.CONSUMED
    assert room.at(gate).override.id == number
    assert room.row(number).used.person_id == room.worker.id
    (event,) = room.make.events("gate.consumed")
    assert event.new_value == f"break-glass {number} and 0 sign-offs"
    with pytest.raises(RuleViolation, match="been passed"):
        room.open(gate)
    with pytest.raises(RuleViolation, match="not open"):
        pass_gate(room.origin(room.worker), gate.id)


def test_a_passed_gate_keeps_its_break_glass_and_one_that_was_signed_has_none(room: Broken):
    prepared(room)
    sign_deploy(room)
    number = room.open(untouched(room))
    pass_gate(room.origin(room.lead), untouched(room).id)
    assert room.at(untouched(room)).override is None
    with pytest.raises(RuleViolation, match="been passed"):
        room.confirm(number)


def test_an_overridden_ready_gate_lets_the_deploy_gate_on_and_is_named_there(room: Broken):
    backed_up(room)
    assert NO_READY in deploy(room).verdict.reasons

    number = room.breaks()

    standing = deploy(room)
    assert NO_READY not in standing.verdict.reasons
    assert [(on.kind, one.id) for on, one in standing.leans_on] == [(GateKind.READY, number)]
    assert standing.debts == [], "its own checklist is what it was broken for"
    room.end(number)
    assert NO_READY in deploy(room).verdict.reasons


def test_an_overridden_release_gate_lets_production_on_and_holds_back_other_releases(room: Broken):
    (release,) = [gate for gate in list_gates(_release_checklist(room)) if gate.kind is GateKind.RELEASE]
    assert NO_RELEASE in deploy(room, "production").verdict.reasons

    number = room.breaks(release)

    standing = deploy(room, "production")
    assert NO_RELEASE not in standing.verdict.reasons
    assert [one.id for _, one in standing.leans_on] == [number]
    assert standing.debts == []
    elsewhere = room.next_release()
    assert room.at(elsewhere).debts == [number]
    # Taking the module out afterwards does not pay the debt.
    remove_module(room.release.lead.origin, room.release.key, room.release.modules[0])
    assert room.at(elsewhere).debts == [number]


def _release_checklist(room: Broken) -> int:
    release_id = room.gate().release_id
    found = select(Gate.checklist_id).where(Gate.kind == GateKind.RELEASE).order_by(Gate.id.desc())
    return next(number for number in db.session.scalars(found) if list_gates(number)[0].release_id == release_id)


def test_i21_the_next_deployment_of_the_module_is_blocked_until_a_third_person_has_reviewed_it(room: Broken):
    prepared(room)
    backed_up(room, environment_key="production")
    sign_deploy(room)
    assert deploy(room).verdict.state is GateState.SATISFIED
    elsewhere = room.next_release()

    number = room.breaks(room.gate(GateKind.DEPLOY, "production"))

    assert deploy(room).verdict.state is GateState.BLOCKED
    assert deploy(room).verdict.reasons == (debt_sentence(number),)
    assert debt_sentence(number) in room.at(elsewhere).verdict.reasons
    with pytest.raises(RuleViolation, match="third person"):
        pass_gate(room.origin(room.worker), deploy(room).gate.id)
    pass_gate(room.origin(room.worker), room.gate(GateKind.DEPLOY, "production").id)
    assert deploy(room).verdict.reasons == (debt_sentence(number),)

    room.review(number, outcome=ReviewOutcome.NOT_ACCEPTABLE)

    assert deploy(room).verdict.state is GateState.SATISFIED, "what is asked is that somebody has looked"
    assert room.at(elsewhere).debts == []


def test_i21_a_second_break_glass_does_not_skip_the_review_that_is_owed_for_the_first(room: Broken):
    first = room.breaks(untouched(room))
    pass_gate(room.origin(room.worker), untouched(room).id)
    production = room.gate(GateKind.DEPLOY, "production")

    room.breaks(production)

    standing = room.at(production)
    assert standing.verdict.state is GateState.OVERRIDDEN
    assert debt_sentence(first) in standing.verdict.reasons
    assert not standing.verdict.may_pass
    with pytest.raises(RuleViolation, match="third person"):
        pass_gate(room.origin(room.worker), production.id)
    room.review(first)
    pass_gate(room.origin(room.worker), production.id)


def test_a_later_break_glass_does_not_hold_back_what_an_earlier_one_is_for(room: Broken):
    room.breaks(untouched(room))
    later = room.breaks(room.gate(GateKind.DEPLOY, "production"))

    assert room.at(untouched(room)).debts == [later]
    pass_gate(room.origin(room.worker), untouched(room).id)


def test_one_that_was_never_used_has_to_be_reviewed_all_the_same(room: Broken):
    number = room.breaks(room.gate(GateKind.DEPLOY, "production"))
    room.end(number)

    assert deploy(room).debts == [number]
    assert deploy(room, "production").debts == [number], "whoever deploys there now does so without it"
    with pytest.raises(RuleViolation, match="third person"):
        pass_gate(room.origin(room.worker), deploy(room).gate.id)


def test_the_debt_of_one_module_is_not_that_of_another(make: Make, room: Broken):
    other = Broken(make)
    room.breaks()

    assert deploy(other).debts == []


def test_standing_takes_the_same_statements_for_one_break_glass_and_for_many(room: Broken, statements: list[str]):
    gate = untouched(room)
    room.breaks()
    counts = []
    for _ in range(2):
        statements.clear()
        standing_of(gate, utc_now())
        counts.append(len(statements))
        if len(counts) == 1:
            for place in ("staging", "production"):
                room.breaks(room.gate(GateKind.DEPLOY, place))

    assert counts[0] == counts[1]
