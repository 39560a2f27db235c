"""I15 to I20 and I28: what ends a sign-off, what does not, and passing a gate. I18 stands beside the accounts."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.database import db, server_now
from app.domain.actors import Origin
from app.domain.checklist import ItemState
from app.domain.errors import InvalidInput, NotPermitted, RuleViolation
from app.domain.gates import GateState
from app.domain.permissions import Role
from app.domain.signoffs import EndKind
from app.models import Session, Signoff
from app.models.base import pretending, utc_now
from app.queries.gates import list_active
from app.queries.standing import standing_of
from app.services.change import Change
from app.services.item_states import set_state
from app.services.signoffs import consume, sign, withdraw
from app.services.templates import BUILT_IN
from app.services.write_path import write_path
from tests.factories import Made, Make
from tests.integration.services.test_gate_records import deploy, pass_gate, prepared, sign_deploy
from tests.integration.services.test_signoff_times import set_clock
from tests.integration.services.test_signoffs import COVERED, LEAD, QA, Room
from tests.versions import bring, edited, newest_content, publish, said
from tests.web.test_gates import path, send
from tests.web.waiving import plain

Browsers = Callable[[Made], FlaskClient]


@pytest.fixture
def room(make: Make) -> Room:
    return Room(make)


def test_i15_a_new_template_version_changes_nothing_until_it_is_adopted_and_then_ends_only_what_it_changes(
    room: Room, client_of: Browsers
):
    prepared(room)
    sign_deploy(room)
    before = {gate: standing_of(gate, server_now()).content.body for gate in (room.gate(), deploy(room).gate)}
    version = publish(edited(newest_content(), pre__schema_planned=said("Plan the schema, and have it read")))

    assert {gate: standing_of(gate, server_now()).content.body for gate in before} == before
    assert room.state is GateState.SATISFIED
    address = f"/templates/{BUILT_IN}/adopt/?version={version.number}&checklist={room.checklist_id}"
    told = plain(client_of(room.release.lead).get(address).text)
    assert "Ready: 2" in told
    compared = f"/templates/{BUILT_IN}/versions/{version.number - 1}/compare/{version.number}/"
    assert "Plan the schema, and have it read" in plain(client_of(room.release.lead).get(compared).text)
    assert room.state is GateState.SATISFIED

    bring(room.release, version)

    assert list_active([room.gate().id]) == []
    assert [kind for kind, _ in room.ends()] == [EndKind.STALE] * 2
    assert len(list_active([deploy(room).gate.id])) == 1


def test_i16_one_form_sent_five_times_is_one_signoff_one_event_and_one_answer(room: Room, client_of: Browsers):
    browser, here = client_of(room.lead), path(room, then="sign/")
    page = browser.get(here).text

    answers = [send(browser, here, page, idempotency_key="of one form") for _ in range(5)]

    assert {(answer.status_code, answer.headers["Location"]) for answer in answers} == {(303, path(room))}
    assert len(db.session.scalars(select(Signoff.id)).all()) == 1
    assert len(room.make.events("signoff.given")) == 1
    assert room.make.events("attempt.refused") == []


@pytest.mark.parametrize("wrong_by", [timedelta(hours=-2), timedelta(hours=2)], ids=["behind", "ahead"])
def test_i17_a_password_given_too_long_ago_by_the_clock_of_the_database_signs_nothing_and_is_an_attempt(
    room: Room, monkeypatch: pytest.MonkeyPatch, wrong_by: timedelta
):
    origin = room.origin(room.lead)
    given = update(Session).where(Session.id == origin.actor.session_id)
    db.session.execute(given.values(authenticated_at=server_now() - timedelta(minutes=31)))
    db.session.commit()
    set_clock(monkeypatch, wrong_by)

    with pytest.raises(RuleViolation, match="password again"):
        sign(origin, room.gate().id, room.wish(LEAD))

    [refused] = room.make.events("attempt.refused")
    assert (refused.actor_id, refused.object_label.startswith("Give your password again")) == (room.lead.id, True)
    db.session.execute(given.values(authenticated_at=server_now() - timedelta(minutes=29)))
    db.session.commit()
    assert sign(Origin(origin.actor), room.gate().id, room.wish(LEAD))


def test_i19_a_signoff_is_taken_back_with_a_reason_by_its_signer_or_a_lead_and_stays(make: Make, room: Room):
    number = room.sign(room.qa, QA)
    with pytest.raises(InvalidInput, match="Say why"):
        withdraw(room.qa.origin, number, reason="")
    of_another = make.person(LEAD, module_id=make.module().id)
    for somebody in (make.person(QA), room.dba, make.person(Role.ADMINISTRATOR, Role.VIEWER)):
        with pytest.raises(NotPermitted):
            withdraw(somebody.origin, number, reason="I would rather not.")
    assert of_another.id not in {one.person_id for one in list_active([room.gate().id])}
    assert room.ends() == []

    withdraw(room.qa.origin, number, reason="I looked at the wrong plan.")
    again = room.sign(room.qa, QA)
    withdraw(room.lead.origin, again, reason="She was ill.")

    assert db.session.scalars(select(Signoff.id).order_by(Signoff.id)).all() == [number, again]
    kept = [(EndKind.WITHDRAWN, "I looked at the wrong plan."), (EndKind.WITHDRAWN, "She was ill.")]
    assert room.ends() == kept


def test_i19_what_was_signed_at_a_gate_that_is_passed_is_not_taken_back(room: Room):
    room.sign_all()
    pass_gate(room.worker.origin, room.gate().id)
    number = list_active([room.gate().id])[0].id

    with pytest.raises(RuleViolation, match="has been passed"):
        withdraw(room.lead.origin, number, reason="Too late.")

    assert room.ends() == []


def test_i20_what_was_signed_too_long_ago_does_not_count_when_the_deployment_starts(room: Room):
    room.sign_all()
    ends = min(one.counts_until for one in list_active([room.gate().id]) if one.counts_until)

    with pretending(ends), pytest.raises(RuleViolation, match="is not open"):
        pass_gate(room.worker.origin, room.gate().id)

    assert room.gate().consumed_at is None
    with pretending(ends - timedelta(microseconds=1)):
        pass_gate(room.worker.origin, room.gate().id)
    assert room.state is GateState.CONSUMED


@write_path
def start_and_fail(change: Change, gate_id: int) -> bool:
    """A deployment that is found to be impossible after its gate was passed."""
    consume(change, gate_id)
    raise RuleViolation("There is no such target.")


def spoil(room: Room) -> None:
    item = room.item(COVERED)
    set_state(room.worker.origin, item.id, revision=item.revision, state=ItemState.TODO)


def facts(room: Room) -> tuple[Any, ...]:
    gate = room.gate()
    return gate.consumed_at, gate.cycle, [one.id for one in list_active([gate.id])], room.ends()


def test_i28_a_start_passes_a_gate_that_is_satisfied_then_or_changes_nothing(room: Room):
    room.sign_all()
    before = facts(room)
    with pytest.raises(RuleViolation, match="no such target"):
        start_and_fail(room.worker.origin, room.gate().id)
    assert facts(room) == before
    assert room.make.events("gate.consumed") == []

    spoil(room)
    spoiled = facts(room)
    with pytest.raises(RuleViolation, match="is not open"):
        pass_gate(room.worker.origin, room.gate().id)

    assert facts(room) == spoiled
    assert room.make.events("gate.consumed") == []


def test_i28_a_start_whose_outside_step_failed_is_sent_again_without_new_signoffs(room: Room):
    room.sign_all()
    origin, gate = Origin(room.worker.actor), room.gate().id
    first = pass_gate(origin, gate)
    at = room.gate().consumed_at

    with pretending(utc_now() + timedelta(days=1)):
        again = pass_gate(origin, gate)

    assert (again, room.gate().consumed_at) == (first, at)
    assert len(room.make.events("gate.consumed")) == 1
    assert len(list_active([gate])) == 2
