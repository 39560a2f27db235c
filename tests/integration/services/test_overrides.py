"""Break-glass through the database: two people, a short time, who was passed over, and a debt."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from app.database import db
from app.domain.actors import Origin
from app.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted, NotYours, RuleViolation
from app.domain.gates import Decision, GateKind, GateState
from app.domain.overrides import OverrideState, OverrideWish, ReviewOutcome
from app.domain.permissions import Role
from app.models import Gate, RoleGrant
from app.models.base import pretending, utc_now
from app.queries.gates import GateRow, get_gate
from app.queries.obstacles import seen_at
from app.queries.override_rows import OverrideRow
from app.queries.overrides import get_override, list_obstacles, list_passed_over, list_tellings
from app.queries.standing import Standing, standing_of
from app.services.overrides import confirm_override, end_override, open_override, review_override
from app.services.proof import PROVE_AGAIN
from app.services.release_modules import add_modules
from app.services.releases import ReleaseFacts, create_release
from app.services.roles import revoke_role
from app.worker.jobs import end_overrides
from tests.factories import Made, Make
from tests.integration.services.test_gate_records import pass_gate
from tests.integration.services.test_signoffs import COVERED, DBA, LEAD, QA, Room

OPS = Role.OPS
WISH = OverrideWish("Orders fail in production since ten.", "INC-2041", 60)
FOUND = "It was needed, and the tests were made up for."


class Broken(Room):
    """A room where people break the glass: an opener, a confirmer and a reviewer."""

    def __init__(self, make: Make) -> None:
        super().__init__(make)
        self.opener, self.confirmer = make.person(OPS), make.person(DBA)
        self.reviewer = make.person(OPS)

    def open(self, gate: GateRow | None = None, wish: OverrideWish = WISH, by: Made | None = None) -> int:
        return open_override(self.origin(by or self.opener), (gate or self.gate()).id, wish)

    def confirm(self, number: int, by: Made | None = None) -> None:
        gate = get_gate(self.row(number).gate_id)
        seen = seen_at(standing_of(gate, utc_now()))
        confirm_override(self.origin(by or self.confirmer), number, seen=seen)

    def breaks(self, gate: GateRow | None = None, wish: OverrideWish = WISH) -> int:
        number = self.open(gate, wish)
        self.confirm(number)
        return number

    def end(self, number: int) -> None:
        end_override(self.origin(self.opener), number, reason="It works again.")

    def review(self, number: int, by: Made | None = None, outcome: ReviewOutcome = ReviewOutcome.ACCEPTABLE) -> None:
        review_override(self.origin(by or self.reviewer), number, outcome=outcome, text=FOUND)

    def row(self, number: int) -> OverrideRow:
        return get_override(number, self.lead.actor)

    def at(self, gate: GateRow) -> Standing:
        return standing_of(get_gate(gate.id), utc_now())

    def next_release(self) -> GateRow:
        """The deploy gate of staging of the same module in another release."""
        key, lead = f"{self.release.key}-next", self.release.lead
        create_release(lead.origin, key, ReleaseFacts(name="The next one"))
        add_modules(lead.origin, key, (self.gate().module_id or 0,))
        staging = (Gate.kind == GateKind.DEPLOY) & (Gate.environment_key == "staging")
        return get_gate(db.session.scalars(select(Gate.id).where(staging).order_by(Gate.id.desc())).first() or 0)


@pytest.fixture
def room(make: Make) -> Broken:
    return Broken(make)


def untouched(room: Broken) -> GateRow:
    """The deploy gate of staging, with nothing that it needs."""
    return room.gate(GateKind.DEPLOY, "staging")


def test_one_person_opens_and_nothing_is_overridden_until_a_second_one_confirms(room: Broken):
    number = room.open()
    assert room.state is GateState.OPEN
    assert room.row(number).state(utc_now()) is OverrideState.WAITING

    room.confirm(number)

    assert room.state is GateState.OVERRIDDEN
    row = room.row(number)
    assert (row.opened.person_id, row.confirmed.person_id) == (room.opener.id, room.confirmer.id)
    assert timedelta(0) <= row.ends_at - row.confirmed.at - timedelta(minutes=60) < timedelta(seconds=5)


def test_i21_the_opener_does_not_confirm_and_neither_of_the_two_reviews(room: Broken):
    number = room.open()
    with pytest.raises(NotYours, match="second person"):
        room.confirm(number, by=room.opener)
    room.confirm(number)
    room.end(number)
    for one_of_two in (room.opener, room.confirmer):
        with pytest.raises(NotYours, match="third person"):
            room.review(number, by=one_of_two)
    room.review(number)

    assert len(room.make.events("attempt.refused")) == 3
    assert room.row(number).state(utc_now()) is OverrideState.REVIEWED


def test_i21_one_without_reason_incident_or_a_short_time_is_not_opened(room: Broken):
    for words in (("", "INC-1"), ("Orders fail.", ""), ("Orders fail.", "INC-1", 1441)):
        with pytest.raises(InvalidInput):
            room.open(wish=OverrideWish(*words))
    assert room.make.events("override.opened") == []


@pytest.mark.parametrize("role", [Role.VIEWER, Role.DEVELOPER, QA, Role.SECURITY, Role.AUDITOR, Role.ADMINISTRATOR])
def test_i10_no_administrator_and_no_other_role_opens_confirms_ends_or_reviews(make: Make, room: Broken, role: Role):
    # Somebody who sees everything, so that what refuses them is the rule.
    other = make.person(role, Role.VIEWER)
    with pytest.raises(NotPermitted, match="Ops, DBA or Team lead"):
        room.open(by=other)
    number = room.open()
    with pytest.raises(NotPermitted, match="Ops, DBA or Team lead"):
        room.confirm(number, by=other)
    with pytest.raises(NotPermitted, match="Ops, DBA or Team lead"):
        end_override(room.origin(other), number, reason="No.")
    room.confirm(number)
    room.end(number)
    with pytest.raises(NotPermitted, match="Ops, DBA or Team lead"):
        room.review(number, by=other)


def test_a_token_and_a_stale_password_break_no_glass(room: Broken):
    origin = room.origin(room.opener)
    with pytest.raises(NotPermitted, match="signed in"):
        open_override(Origin(replace(origin.actor, means="token")), room.gate().id, WISH)
    with pretending(utc_now() + timedelta(minutes=11)), pytest.raises(RuleViolation, match=PROVE_AGAIN):
        open_override(origin, room.gate().id, WISH)
    number = room.open()
    early, late = room.origin(room.confirmer), utc_now() + timedelta(minutes=11)
    with pretending(late), pytest.raises(RuleViolation, match=PROVE_AGAIN):
        confirm_override(early, number, seen=seen_at(room.standing()))
    room.confirm(number)
    room.end(number)
    early = room.origin(room.reviewer)
    with pretending(utc_now() + timedelta(minutes=11)), pytest.raises(RuleViolation, match=PROVE_AGAIN):
        review_override(early, number, outcome=ReviewOutcome.ACCEPTABLE, text=FOUND)


def test_a_role_that_was_taken_back_opens_and_confirms_nothing_even_in_an_old_session(make: Make, room: Broken):
    boss, origin = make.person(Role.ADMINISTRATOR), room.origin(room.confirmer)
    number = room.open()
    for person in (room.confirmer, room.opener):
        grant = db.session.scalars(select(RoleGrant.id).where(RoleGrant.person_id == person.id)).one()
        revoke_role(boss.origin, person.id, grant)

    with pytest.raises(NotPermitted):
        confirm_override(origin, number, seen=seen_at(room.standing()))
    with pytest.raises(RuleViolation, match="no longer holds a role"):
        room.confirm(number, by=room.reviewer)


def test_a_gate_of_a_module_that_one_may_not_see_is_not_broken(make: Make, room: Broken):
    stranger, number = make.person(OPS, module_id=make.module().id), room.open()
    with pytest.raises(NotFound):
        room.open(by=stranger)
    with pytest.raises(NotFound):
        room.confirm(number, by=stranger)


def test_nasty_13_a_gate_stays_overridden_when_the_normal_sign_offs_complete_meanwhile(room: Broken):
    number = room.breaks()
    room.sign_all()

    assert room.state is GateState.OVERRIDDEN
    assert room.standing().verdict.by_itself is GateState.SATISFIED
    assert room.standing().verdict.reasons == ()
    room.end(number)
    assert room.state is GateState.SATISFIED, "by its sign-offs alone"


def test_a_gate_that_cannot_be_opened_and_one_that_was_rejected_can_be_overridden(room: Broken):
    room.sign(room.lead, LEAD, Decision.REJECT, reason="Not like this.")
    assert room.state is GateState.REJECTED
    number = room.breaks()
    assert room.state is GateState.OVERRIDDEN
    told = {one.person_id for one in list_tellings([number])[number]}
    assert room.lead.id in told, "who rejected is passed over, too"


def test_an_unsatisfiable_gate_can_be_overridden(make: Make, room: Broken):
    boss = make.person(Role.ADMINISTRATOR)
    held = select(RoleGrant).where(RoleGrant.role == QA, RoleGrant.revoked_at.is_(None))
    for grant in list(db.session.scalars(held)):
        revoke_role(boss.origin, grant.person_id, grant.id)
    assert room.state is GateState.UNSATISFIABLE

    room.breaks()

    assert room.state is GateState.OVERRIDDEN


def test_it_ends_by_itself_and_the_gate_stands_where_it_stands_without(room: Broken):
    number = room.breaks()
    assert standing_of(room.gate(), utc_now() + timedelta(minutes=59)).verdict.state is GateState.OVERRIDDEN
    later = utc_now() + timedelta(minutes=61)

    assert standing_of(room.gate(), later).verdict.state is GateState.OPEN
    with pretending(later), pytest.raises(RuleViolation, match="not open"):
        pass_gate(room.origin(room.opener), room.gate().id)
    assert room.row(number).state(later) is OverrideState.TO_REVIEW


def test_what_nobody_confirms_within_half_an_hour_is_confirmed_by_nobody(room: Broken):
    number = room.open()
    with pretending(utc_now() + timedelta(minutes=31)), pytest.raises(RuleViolation, match="in time"):
        room.confirm(number)
    assert room.row(number).confirmed is None


def test_one_at_a_time_and_another_after_the_first_was_called_off(room: Broken):
    number = room.open()
    with pytest.raises(RuleViolation, match="under way"):
        room.open(by=room.reviewer)
    room.end(number)
    assert room.row(number).state(utc_now()) is OverrideState.CALLED_OFF
    assert room.breaks() != number
    with pytest.raises(RuleViolation, match="under way"):
        room.open()


def test_who_confirms_something_else_than_they_saw_is_shown_what_it_is_now(room: Broken):
    number, seen = room.open(), seen_at(room.standing())
    room.sign(room.qa, QA)
    with pytest.raises(Conflict, match="has changed since"):
        confirm_override(room.origin(room.confirmer), number, seen=seen)
    assert room.row(number).confirmed is None


def test_i21_everybody_who_is_passed_over_is_told_and_nobody_else(make: Make, room: Broken):
    room.sign(room.qa, QA)
    other_lead, elsewhere = make.person(LEAD), make.person(LEAD, module_id=make.module().id)

    number = room.breaks()

    told = {one.person_id: one.role for one in list_tellings([number])[number]}
    assert {room.lead.id, other_lead.id} <= set(told)
    assert set(told.values()) == {LEAD}
    assert not set(told) & {room.qa.id, room.opener.id, room.confirmer.id, elsewhere.id}
    events = room.make.events("override.told")
    assert {one.new_value for one in events} == {f"person {person}" for person in told}
    assert [one.id for one in list_passed_over(room.lead.actor)] == [number]
    assert list_passed_over(room.qa.actor) == []
    room.end(number)
    room.review(number)
    assert list_passed_over(room.lead.actor) == []


def test_who_approved_is_not_told_and_who_rejected_is_whatever_else_is_missing(make: Make, room: Broken):
    both, against = make.person(LEAD, QA), make.person(LEAD)
    room.sign(room.lead, LEAD)
    room.sign(both, QA)
    room.sign(against, LEAD, Decision.REJECT, reason="Not like this.")

    number = room.breaks()

    assert [one.person_id for one in list_tellings([number])[number]] == [against.id]


def test_who_approved_in_one_of_two_roles_is_not_told_about_the_other(make: Make, room: Broken):
    both = make.person(LEAD, QA)
    room.sign(both, QA)

    number = room.breaks()

    assert both.id not in {one.person_id for one in list_tellings([number])[number]}


def test_what_was_in_the_way_is_kept_as_it_was_at_the_confirmation(room: Broken):
    number = room.breaks(untouched(room))

    keys = [one.key for one in list_obstacles([number])[number]]
    assert {"record.plan", "record.backup", "gate.ready", "signoff.dba"} == set(keys)
    item = room.item()
    with pytest.raises(DBAPIError, match="only ever added"), db.session.begin_nested():
        db.session.connection().exec_driver_sql("UPDATE override_obstacles SET text = 'nothing'")
    assert item.key == COVERED


@pytest.mark.parametrize("verb", ["UPDATE {table} SET id = id", "DELETE FROM {table}"])
def test_the_database_refuses_to_change_or_remove_any_row_of_it(room: Broken, verb: str):
    number = room.breaks(untouched(room))
    pass_gate(room.origin(room.worker), untouched(room).id)
    room.review(number)
    other = room.open()
    room.end(other)
    for table in (
        *("overrides", "override_confirmations", "override_obstacles", "override_tellings"),
        *("override_endings", "override_uses", "override_reviews"),
    ):
        with pytest.raises(DBAPIError, match="only ever added"), db.session.begin_nested():
            db.session.connection().exec_driver_sql(verb.format(table=table))


def test_what_is_still_in_force_is_not_reviewed_yet(room: Broken):
    number = room.breaks()
    with pytest.raises(RuleViolation, match="still in force"):
        room.review(number)


def test_each_act_leaves_its_event_in_the_history_of_the_checklist(room: Broken):
    number = room.breaks()
    room.end(number)
    room.review(number)
    stream = room.gate().stream_id

    found: list[Callable] = [
        room.make.events(action)
        for action in ("override.opened", "override.confirmed", "override.ended", "override.reviewed")
    ]
    assert [(len(events), events[0].stream_id) for events in found] == [(1, stream)] * 4
    assert [events[0].actor_id for events in found] == [
        *(room.opener.id, room.confirmer.id, room.opener.id, room.reviewer.id)
    ]
    assert found[0][0].reason == WISH.reason
    assert "INC-2041" in found[0][0].new_value
    assert found[3][0].reason == FOUND


def test_the_same_form_sent_again_opens_confirms_and_reviews_once(room: Broken):
    origin = room.origin(room.opener)
    number = open_override(origin, room.gate().id, WISH)
    assert open_override(origin, room.gate().id, WISH) == number
    second, seen = room.origin(room.confirmer), seen_at(room.standing())
    for _ in range(2):
        confirm_override(second, number, seen=seen)
    assert len(room.make.events("override.confirmed")) == 1


def test_the_worker_says_what_time_has_ended_and_changes_nothing_by_it(room: Broken):
    confirmed = room.breaks()
    waiting = room.open(untouched(room))
    with pretending(utc_now() + timedelta(hours=2)):
        end_overrides()
        end_overrides()

    events = room.make.events("override.ended")
    assert sorted(one.fact for one in events) == ["expired", "lapsed"]
    assert {one.actor_id for one in events} == {None}
    row = room.row(confirmed)
    assert (row.ended.at, row.ended.name) == (row.ends_at, "Countersign")
    assert row.state(utc_now()) is OverrideState.TO_REVIEW
    assert room.row(waiting).state(utc_now()) is OverrideState.LAPSED
