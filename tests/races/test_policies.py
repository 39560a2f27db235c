"""Adopting, signing, passing, agreeing, losing a role at one moment: a gate ends with one policy and what fits it."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, select

from app.database import db
from app.domain.errors import Busy, Conflict, DomainError, RuleViolation
from app.domain.gates import GateState
from app.domain.permissions import Role
from app.models import GatePolicy, RoleGrant
from app.models.base import utc_now
from app.queries.gates import GateRow, list_active
from app.queries.policies import read_policies
from app.queries.standing import standing_of
from app.services.policies import agree, propose, take_agreement_back, withdraw_proposal
from app.services.policy_adoption import Adopted, adopt
from app.services.roles import revoke_role
from app.services.signoffs import consume, sign
from app.services.write_path import write_path
from tests.factories import Made, Make
from tests.integration.services.council import READY, Council, choice_of
from tests.integration.services.test_signoffs import LEAD, QA
from tests.races.running import ROUNDS, elsewhere, history_of, just_before, race

Act = Callable[[], Any]
pass_gate = write_path(consume)


@pytest.fixture
def councils(make: Make) -> list[Council]:
    return [Council(make) for _ in range(ROUNDS)]


def adopting(council: Council, number: int, by: Made | None = None) -> Act:
    """A page that was opened now, ready to be sent."""
    person = by or council.lead
    origin, choice = person.origin, choice_of(number, person, [council.room])
    return lambda: adopt(origin, number, choice)


def signing(council: Council) -> Act:
    room = council.room
    origin, gate, wish = room.origin(council.lead), room.gate().id, room.wish(LEAD)
    return lambda: sign(origin, gate, wish)


def passing(council: Council) -> Act:
    origin, gate = council.room.origin(council.room.worker), council.room.gate().id
    return lambda: pass_gate(origin, gate)


def revoking(council: Council, make: Make) -> Act:
    boss = make.person(Role.ADMINISTRATOR).origin
    grant = db.session.scalars(select(RoleGrant.id).where(RoleGrant.person_id == council.qa.id)).one()
    return lambda: revoke_role(boss, council.qa.id, grant)


def now(council: Council) -> GateRow:
    """The gate as everybody sees it; its history is whole."""
    db.session.rollback()
    gate = council.room.gate()
    history_of(gate.stream_id)
    return gate


def events(council: Council) -> list[str]:
    gate = now(council)
    return [one.action for one in history_of(gate.stream_id) if (one.object_kind, one.object_id) == ("gate", gate.id)]


def test_two_people_who_adopt_at_once_change_each_gate_once(app: Flask, make: Make, councils: list[Council]):
    for council in councils:
        number = council.agreed()

        outcomes = race(app, [adopting(council, number), adopting(council, number, make.person(LEAD))])

        assert {type(one) for one in outcomes} <= {Adopted, Conflict, Busy}
        assert sum(isinstance(one, Adopted) for one in outcomes) == 1
        assert now(council).policy_id == number
        assert events(council) == ["gate.policy_changed"]


def test_who_signs_while_another_policy_is_adopted_is_refused_or_stops_it(app: Flask, councils: list[Council]):
    for council in councils:
        number, before = council.agreed(), council.room.gate().policy_id

        signed, adopted = race(app, [signing(council), adopting(council, number)])

        gate = now(council)
        active = list_active([gate.id])
        if isinstance(adopted, Adopted):
            assert isinstance(signed, Conflict | Busy)
            assert (gate.policy_id, active) == (number, [])
        else:
            assert isinstance(adopted, Conflict | Busy)
            assert gate.policy_id == before
        assert {one.digest for one in active} <= {standing_of(gate, utc_now()).content.digest}


def test_a_gate_is_passed_under_the_policy_that_was_signed_or_gets_the_other_unpassed(
    app: Flask, councils: list[Council]
):
    for council in councils:
        number, before = council.agreed(), council.room.gate().policy_id
        council.room.sign_all()

        passed, adopted = race(app, [passing(council), adopting(council, number)])

        gate = now(council)
        if isinstance(adopted, Adopted):
            assert isinstance(passed, RuleViolation | Busy)
            assert (gate.consumed_at, gate.policy_id, list_active([gate.id])) == (None, number, [])
            assert standing_of(gate, utc_now()).verdict.state is GateState.OPEN
        else:
            assert isinstance(adopted, DomainError)
            assert gate.policy_id == before
            assert gate.consumed_at is None or len(list_active([gate.id])) == 2


def test_a_role_that_is_lost_while_somebody_adopts_counts_whole_or_not_at_all(
    app: Flask, make: Make, councils: list[Council]
):
    for council in councils:
        number = council.agreed()
        council.room.sign(council.qa, QA)

        _, adopted = race(app, [revoking(council, make), adopting(council, number)])

        gate = now(council)
        assert isinstance(adopted, Adopted | Conflict | Busy)
        assert (gate.policy_id == number) is isinstance(adopted, Adopted)
        assert list_active([gate.id]) == []
        ended = [one.fact for one in history_of(gate.stream_id) if one.action == "signoff.ended"]
        assert ended == (["stale"] if isinstance(adopted, Adopted) else ["role_lost"])


def test_who_adopts_while_a_role_is_being_taken_back_does_not_count_on_it(
    app: Flask, make: Make, councils: list[Council]
):
    council = councils[0]
    number = council.agreed()
    revoke, bring = revoking(council, make), adopting(council, number)
    outcomes: list[Any] = []

    def meanwhile(_: Connection) -> None:
        try:
            outcomes.append(elsewhere(app, bring))
        except DomainError as refusal:
            outcomes.append(refusal)

    with just_before("COMMIT", meanwhile):
        revoke()

    assert [type(one) for one in outcomes] == [Busy]
    assert now(council).policy_id != number


def test_an_agreement_that_is_taken_back_while_somebody_adopts_counts_whole_or_not_at_all(
    app: Flask, councils: list[Council]
):
    for council in councils:
        number, qa = council.agreed(), council.qa.origin

        def take_back(number: int = number, qa: Any = qa) -> bool:
            return take_agreement_back(qa, number, reason="No.")

        taken, adopted = race(app, [take_back, adopting(council, number)])

        assert isinstance(taken, bool | Busy)
        assert isinstance(adopted, Adopted | Conflict | Busy)
        assert (now(council).policy_id == number) is isinstance(adopted, Adopted)


def test_a_proposal_is_withdrawn_or_adopted_for_new_gates_never_both(app: Flask, councils: list[Council]):
    for council in councils[:6]:
        days = read_policies().in_force(READY).revision  # each round goes on where the one before ended
        number = council.agreed(council.strict(days))
        lead, choice = council.lead.origin, choice_of(number, council.lead, is_for_new=True)

        def give_up(number: int = number, lead: Any = council.lead.origin) -> bool:
            return withdraw_proposal(lead, number, reason="No.")

        def take_on(number: int = number, lead: Any = lead, choice: Any = choice) -> Adopted:
            return adopt(lead, number, choice)

        race(app, [give_up, take_on])

        db.session.rollback()
        row = read_policies().get(number)
        assert (row.adopted_at is None) is not (row.withdrawn_at is None)


def test_proposals_that_are_made_at_once_have_revisions_without_gaps(app: Flask, councils: list[Council]):
    acts: list[Act] = []
    for place, council in enumerate(councils[:8]):
        wanted, origin = council.strict(100 + place), council.lead.origin
        acts.append(lambda wanted=wanted, origin=origin: propose(origin, *READY, wanted, note="Another."))

    outcomes = race(app, acts)

    assert {type(one) for one in outcomes} <= {int, Busy}
    db.session.rollback()
    revisions = list(
        db.session.scalars(
            select(GatePolicy.revision).where(GatePolicy.kind == READY[0], GatePolicy.environment_key == "")
        )
    )
    assert sorted(revisions) == list(range(1, len(revisions) + 1))


def test_one_person_in_two_tabs_agrees_once(app: Flask, make: Make, councils: list[Council]):
    for council in councils[:6]:
        both, number = make.person(LEAD, QA), council.propose(council.strict(200))
        tabs = [(council.room.origin(both), role) for role in (LEAD, QA)]

        outcomes = race(app, [lambda tab=tab, number=number: agree(tab[0], number, tab[1]) for tab in tabs])

        assert sum(isinstance(one, int) for one in outcomes) == 1
        assert {type(one) for one in outcomes} <= {int, RuleViolation, Busy}
