"""Nothing is deployed in a freeze, but by break-glass; and environments have an order."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.database import db
from app.domain.deployments import NotStartable
from app.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted, RuleViolation
from app.domain.gates import GateState
from app.domain.overrides import OverrideWish, ReviewOutcome
from app.domain.permissions import Role
from app.models import Environment, Freeze, OverrideUse
from app.models.base import utc_now
from app.queries.gates import GateRow, get_gate
from app.queries.obstacles import seen_at
from app.queries.override_facts import list_letting_on
from app.queries.standing import standing_of
from app.services.deployment_plans import plan_deployment
from app.services.environments import add_environment, move_environment, rename_environment
from app.services.freezes import FreezeFacts, add_freeze, end_freeze
from app.services.overrides import confirm_override, open_override, review_override
from tests.factories import Make
from tests.integration.services.deploying import Deploying, planned_for


@pytest.fixture
def room(make: Make) -> Deploying:
    return Deploying(make)


def freeze(room: Deploying, **more: object) -> int:
    now = utc_now()
    facts = {"starts_at": now - timedelta(hours=1), "ends_at": now + timedelta(days=1), "reason": "Year's end.", **more}
    return add_freeze(room.lead.origin, FreezeFacts(**facts))  # type: ignore[arg-type]  # said above


def environments() -> dict[str, int]:
    return {key: number for number, key in db.session.execute(select(Environment.id, Environment.key))}


def break_the_glass(room: Deploying, gate: GateRow) -> int:
    opener, confirmer = room.make.person(Role.OPS), room.make.person(Role.DBA)
    number = open_override(room.origin(opener), gate.id, OverrideWish("Orders fail.", "INC-1", 60))
    seen = seen_at(standing_of(get_gate(gate.id), utc_now()))
    confirm_override(room.origin(confirmer), number, seen=seen)
    return number


def review(room: Deploying, number: int) -> None:
    reviewer = room.make.person(Role.OPS)
    review_override(room.origin(reviewer), number, outcome=ReviewOutcome.ACCEPTABLE, text="It was needed.")


def test_in_a_freeze_nothing_starts_until_it_ends_or_is_ended(room: Deploying, make: Make):
    number = room.plan()
    room.sign_deploy()
    frozen = freeze(room)
    with pytest.raises(NotStartable, match=r"Nothing is deployed there until .* Year's end"):
        room.start(number)

    end_freeze(room.lead.origin, frozen, reason="The books are closed.")

    room.start(number)
    assert [event.action.value for event in make.events(object_id=frozen) if event.object_kind == "freeze"] == [
        "freeze.added",
        "freeze.ended",
    ]
    with pytest.raises(RuleViolation, match="over already"):
        end_freeze(room.lead.origin, frozen, reason="Again.")


def test_a_freeze_of_another_environment_module_or_time_stops_nothing(room: Deploying, make: Make):
    number, now = room.plan(), utc_now()
    room.sign_deploy()
    freeze(room, environment_id=environments()["production"])
    freeze(room, module_id=make.module().id)
    freeze(room, starts_at=now + timedelta(hours=1))

    room.start(number)


def test_a_freeze_of_this_environment_and_module_stops_it(room: Deploying):
    number = room.plan()
    room.sign_deploy()
    freeze(room, environment_id=environments()["staging"], module_id=room.gate().module_id)

    with pytest.raises(NotStartable, match="Nothing is deployed there"):
        room.start(number)


def test_break_glass_at_its_gate_passes_a_freeze_and_the_order_but_not_the_window(room: Deploying):
    freeze(room)
    number, gate = room.plan("production"), room.deploy_gate("production")
    break_the_glass(room, gate)

    room.start(number)

    assert standing_of(room.deploy_gate("production"), utc_now()).verdict.state is GateState.CONSUMED


def test_a_break_glass_of_an_earlier_turn_lets_nothing_on_and_holds_the_next_deployment_back(room: Deploying):
    gate = room.deploy_gate()
    first = room.plan()
    used = break_the_glass(room, gate)
    room.start(first)
    room.finish(first)

    second = room.plan()

    assert list_letting_on([gate.id], utc_now()) == {}
    with pytest.raises(NotStartable, match=f"[Bb]reak-glass {used}"):
        room.start(second)
    review(room, used)
    again = break_the_glass(room, room.deploy_gate())
    room.start(second)
    uses = select(OverrideUse.override_id).where(OverrideUse.gate_id == gate.id).order_by(OverrideUse.id)
    assert list(db.session.scalars(uses)) == [used, again]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"reason": ""}, "reason"),
        ({"ends_at": utc_now() - timedelta(hours=2)}, "ends_at"),
        ({"starts_at": utc_now() - timedelta(days=2), "ends_at": utc_now() - timedelta(days=1)}, "ends_at"),
        ({"environment_id": 999_999}, "environment_id"),
    ],
)
def test_a_freeze_that_says_too_little_is_refused(room: Deploying, wrong: dict[str, object], field: str):
    with pytest.raises(InvalidInput) as refused:
        freeze(room, **wrong)

    assert list(refused.value.fields) == [field]


def test_a_team_lead_freezes_and_only_for_their_own_modules(room: Deploying, make: Make):
    module = make.module().id
    for_one = make.person(Role.TEAM_LEAD, module_id=module)
    facts = FreezeFacts(utc_now(), utc_now() + timedelta(days=1), "Inventory.")
    for person in (room.ops, room.dba, for_one):
        with pytest.raises((NotPermitted, NotFound)):
            add_freeze(person.origin, facts)

    frozen = add_freeze(for_one.origin, FreezeFacts(facts.starts_at, facts.ends_at, facts.reason, module_id=module))

    with pytest.raises(NotPermitted):
        end_freeze(room.ops.origin, frozen, reason="It is in my way.")
    with pytest.raises(InvalidInput):
        end_freeze(for_one.origin, frozen, reason="")
    with pytest.raises(NotFound):
        end_freeze(for_one.origin, 999_999, reason="No such thing.")
    assert db.session.scalar(select(Freeze.ended_at)) is None


def test_another_order_counts_for_what_starts_from_now_on_and_changes_no_passed_gate(room: Deploying, make: Make):
    room.finish(room.started())
    before = room.deploy_gate()
    numbers = environments()
    order = list(db.session.scalars(select(Environment.id).order_by(Environment.position)))
    third = add_environment(room.lead.origin, "dr", "Disaster recovery")

    move_environment(room.lead.origin, third, place=1, seen=[order[0], third, order[1]])

    assert list(db.session.scalars(select(Environment.id).order_by(Environment.position))) == [third, *order]
    assert room.deploy_gate().consumed_at == before.consumed_at
    number = plan_deployment(room.ops.origin, room.next_release().id, planned_for(room))
    with pytest.raises(NotStartable, match="It goes to Disaster recovery first, where it has not been deployed"):
        room.start(number)
    with pytest.raises(Conflict, match="changed the order"):
        move_environment(room.lead.origin, numbers["staging"], place=1, seen=order)
    (event,) = make.events("environment.moved")
    assert (event.old_value, event.new_value) == ("staging, dr, production", "dr, staging, production")


def test_an_environment_is_renamed_by_who_saw_its_name(room: Deploying, make: Make):
    staging = environments()["staging"]

    assert rename_environment(room.lead.origin, staging, "Try-out", seen="Staging")
    assert not rename_environment(room.lead.origin, staging, "Try-out", seen="Staging")

    with pytest.raises(Conflict, match="renamed"):
        rename_environment(room.lead.origin, staging, "Third", seen="Staging")
    with pytest.raises(InvalidInput):
        rename_environment(room.lead.origin, staging, "", seen="Try-out")
    with pytest.raises(NotFound):
        rename_environment(room.lead.origin, 999_999, "Third", seen="")
    with pytest.raises(NotFound):
        move_environment(room.lead.origin, 999_999, place=1, seen=[])
    for person in (room.ops, room.dba):
        with pytest.raises(NotPermitted):
            rename_environment(person.origin, staging, "Mine", seen="Try-out")
        with pytest.raises(NotPermitted):
            move_environment(person.origin, staging, place=2, seen=[])
    assert [event.new_value for event in make.events("environment.changed")] == ["Try-out"]
