"""“Not applicable” is asked for by one person and decided by another."""

import pytest
from sqlalchemy import select

from app.database import db
from app.domain.checklist import ItemState
from app.domain.errors import Conflict, InvalidInput, NotFound, NotPermitted, NotYours, RuleViolation
from app.domain.permissions import Role
from app.domain.waiver_kinds import WaiverReason
from app.domain.waivers import WaiverDecision
from app.models import Waiver
from app.queries.waivers import list_waivers_of
from app.services.item_states import set_state
from app.services.waivers import decide_waiver, request_waiver, request_waivers, withdraw_waiver
from tests.factories import Made, MadeRelease, Make

ITEM = "pre.schema-planned"
KILLER = "mig.rollback-tested"
WHY = "this module has no schema"
WAITING = ItemState.NOT_APPLICABLE_REQUESTED


@pytest.fixture
def release(make: Make) -> MadeRelease:
    return make.release()


@pytest.fixture
def developer(make: Make) -> Made:
    return make.person(Role.DEVELOPER)


@pytest.fixture
def dba(make: Make) -> Made:
    return make.person(Role.DBA)


def _ask(person: Made, release: MadeRelease, key: str = ITEM) -> int:
    item = release.item(key)
    request_waiver(person.origin, item.id, revision=item.revision, reason=WaiverReason.NO_SUCH_FEATURE, explanation=WHY)
    return db.session.scalars(select(Waiver.id).where(Waiver.item_id == item.id).order_by(Waiver.id.desc())).first()


def _waiver(number: int) -> Waiver:
    return db.session.get_one(Waiver, number, populate_existing=True)


def _set(person: Made, release: MadeRelease, state: ItemState, reason: str = "") -> None:
    item = release.item(ITEM)
    set_state(person.origin, item.id, revision=item.revision, state=state, reason=reason)


def test_what_is_asked_for_waits_and_counts_as_open(make: Make, release: MadeRelease, developer: Made):
    number = _ask(developer, release)

    item, waiver = release.item(ITEM), _waiver(number)
    assert (item.state, item.reason, item.revision) == (WAITING, WHY, 2)
    assert (waiver.decision, waiver.requested_by_id, waiver.state_before) == (
        WaiverDecision.PENDING,
        developer.id,
        ItemState.TODO,
    )
    [event] = make.events("waiver.requested")
    assert (event.actor_role, event.new_value, event.reason) == (
        "developer",
        "not applicable: The module has no such thing",
        WHY,
    )


def test_another_person_approves_and_it_is_not_applicable(make: Make, release: MadeRelease, developer: Made, dba: Made):
    number = _ask(developer, release)

    decide_waiver(dba.origin, number, approve=True)

    item, waiver = release.item(ITEM), _waiver(number)
    assert (item.state, item.changed_by_id) == (ItemState.NOT_APPLICABLE, dba.id)
    assert (waiver.decision, waiver.decided_by_id) == (WaiverDecision.APPROVED, dba.id)
    assert waiver.decided_at is not None
    [event] = make.events("waiver.approved")
    assert (event.actor_id, event.actor_role, event.object_id) == (dba.id, "dba", item.id)
    assert [line.decided_by_name for line in list_waivers_of([item.id])[item.id]] == [dba.name]


@pytest.mark.parametrize("approve", [True, False])
@pytest.mark.parametrize("role", [Role.DBA, Role.TEAM_LEAD])
def test_nobody_decides_what_they_asked_for(make: Make, release: MadeRelease, role: Role, approve: bool):
    asker = make.person(role)
    number = _ask(asker, release)

    with pytest.raises(NotYours, match="somebody else has to decide"):
        decide_waiver(asker.origin, number, approve=approve, note="it does")

    assert release.item(ITEM).state is WAITING
    assert _waiver(number).decision is WaiverDecision.PENDING
    assert make.events("attempt.refused")[0].fact == "NotYours"


def test_holding_two_roles_does_not_make_two_people(make: Make, release: MadeRelease):
    both = make.person(Role.DEVELOPER, Role.DBA)

    with pytest.raises(NotYours):
        decide_waiver(both.origin, _ask(both, release), approve=True)


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.QA, Role.SECURITY, Role.OPS, Role.VIEWER, Role.AUDITOR])
def test_only_dba_and_lead_decide(make: Make, release: MadeRelease, developer: Made, role: Role):
    number = _ask(developer, release)

    with pytest.raises(NotPermitted, match="DBA or Team lead"):
        decide_waiver(make.person(role).origin, number, approve=True)
    assert release.item(ITEM).state is WAITING


def test_a_dba_of_another_module_sees_no_such_waiver(make: Make, release: MadeRelease, developer: Made):
    stranger = make.person(Role.DBA, module_id=make.module().id)

    with pytest.raises(NotFound):
        decide_waiver(stranger.origin, _ask(developer, release), approve=True)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR])
def test_who_only_reads_asks_for_nothing(make: Make, release: MadeRelease, role: Role):
    with pytest.raises(NotPermitted):
        _ask(make.person(role), release)
    assert release.item(ITEM).state is ItemState.TODO


def test_a_refusal_says_why(make: Make, release: MadeRelease, developer: Made, dba: Made):
    number = _ask(developer, release)

    with pytest.raises(InvalidInput, match="Say why the item applies"):
        decide_waiver(dba.origin, number, approve=False)
    decide_waiver(dba.origin, number, approve=False, note="it has two tables")

    assert (release.item(ITEM).state, _waiver(number).note) == (ItemState.TODO, "it has two tables")
    [event] = make.events("waiver.refused")
    assert (event.reason, event.actor_id) == ("it has two tables", dba.id)


AFTERWARDS = {
    ItemState.TODO: ItemState.TODO,
    ItemState.DOING: ItemState.DOING,
    ItemState.FAILED: ItemState.FAILED,
    ItemState.BLOCKED: ItemState.BLOCKED,
    ItemState.DONE: ItemState.TODO,
}


@pytest.mark.parametrize("before", AFTERWARDS)
@pytest.mark.parametrize("how", ["refused", "withdrawn"])
def test_what_applies_after_all_is_where_it_was_but_never_done_by_itself(
    release: MadeRelease, developer: Made, dba: Made, how: str, before: ItemState
):
    if before is not ItemState.TODO:
        _set(developer, release, before, "waits for the schema")
    number = _ask(developer, release)

    if how == "refused":
        decide_waiver(dba.origin, number, approve=False, note="it applies")
    else:
        withdraw_waiver(developer.origin, number)

    assert release.item(ITEM).state is AFTERWARDS[before]


def test_the_asker_alone_withdraws(make: Make, release: MadeRelease, developer: Made):
    number = _ask(developer, release)

    with pytest.raises(NotYours, match="Only the person who asked"):
        withdraw_waiver(make.person(Role.QA).origin, number)
    withdraw_waiver(developer.origin, number)

    assert _waiver(number).decision is WaiverDecision.WITHDRAWN
    [event] = make.events("waiver.withdrawn")
    assert event.actor_id == developer.id


@pytest.mark.parametrize("first", ["approved", "refused", "withdrawn"])
def test_what_is_decided_is_decided(release: MadeRelease, developer: Made, dba: Made, first: str):
    number = _ask(developer, release)
    if first == "withdrawn":
        withdraw_waiver(developer.origin, number)
    else:
        decide_waiver(dba.origin, number, approve=first == "approved", note="looked at it")

    with pytest.raises(RuleViolation, match="decided already"):
        decide_waiver(dba.origin, number, approve=True)
    with pytest.raises(RuleViolation, match="decided already"):
        withdraw_waiver(developer.origin, number)
    assert _waiver(number).decision.value == first


def test_a_waiver_is_asked_for_again_after_a_refusal(release: MadeRelease, developer: Made, dba: Made):
    decide_waiver(dba.origin, _ask(developer, release), approve=False, note="it applies")

    again = _ask(developer, release)

    assert [line.id for line in list_waivers_of([release.item(ITEM).id])[release.item(ITEM).id]] == [again]


def test_asking_twice_and_asking_without_a_sentence_is_refused(release: MadeRelease, developer: Made):
    item = release.item(ITEM)
    with pytest.raises(RuleViolation, match="Say in a sentence"):
        request_waiver(developer.origin, item.id, revision=1, reason=WaiverReason.OTHER, explanation="no")
    _ask(developer, release)
    with pytest.raises(RuleViolation, match="already waits"):
        _ask(developer, release)
    assert len(db.session.scalars(select(Waiver)).all()) == 1


def test_a_stale_page_asks_for_nothing(release: MadeRelease, developer: Made):
    item = release.item(ITEM)
    _set(developer, release, ItemState.DOING)

    with pytest.raises(Conflict) as refusal:
        request_waiver(developer.origin, item.id, revision=1, reason=WaiverReason.OTHER, explanation=WHY)
    assert (refusal.value.theirs, refusal.value.yours) == ("doing", WHY)


def test_an_approved_item_comes_back_with_a_reason_only(release: MadeRelease, developer: Made, dba: Made):
    decide_waiver(dba.origin, _ask(developer, release), approve=True)

    with pytest.raises(RuleViolation, match="why it applies after all"):
        _set(dba, release, ItemState.TODO)
    _set(developer, release, ItemState.TODO, "a table was added")

    assert release.item(ITEM).state is ItemState.TODO


def test_a_killer_is_asked_for_alone(make: Make, release: MadeRelease, developer: Made):
    killer, other = release.item(KILLER), release.item(ITEM)

    with pytest.raises(RuleViolation, match="ask for it alone"):
        request_waivers(
            developer.origin,
            killer.checklist_id,
            ((killer.id, 1), (other.id, 1)),
            reason=WaiverReason.OTHER,
            explanation=WHY,
        )
    assert db.session.scalars(select(Waiver)).all() == []

    _ask(developer, release, KILLER)
    assert release.item(KILLER).state is WAITING


def test_several_at_once_are_a_waiver_and_an_event_each_in_one_batch(make: Make, release: MadeRelease, developer: Made):
    rows = [row for row in release.items if row.severity.value == "required"][:4]
    checklist_id = release.item(ITEM).checklist_id

    saved = request_waivers(
        developer.origin,
        checklist_id,
        tuple((row.id, row.revision) for row in rows),
        reason=WaiverReason.NOT_TOUCHED,
        explanation=WHY,
    )

    waivers, events = db.session.scalars(select(Waiver)).all(), make.events("waiver.requested")
    assert {answer.item_id for answer in saved} == {waiver.item_id for waiver in waivers} == {row.id for row in rows}
    assert {waiver.batch for waiver in waivers} == {event.batch for event in events}
    assert len(events) == 4


def test_several_at_once_need_one_item_at_least(release: MadeRelease, developer: Made):
    with pytest.raises(InvalidInput, match="Select at least one"):
        request_waivers(developer.origin, 1, (), reason=WaiverReason.OTHER, explanation=WHY)


def test_a_waiver_that_is_not_there_is_neither_decided_nor_withdrawn(developer: Made, dba: Made):
    with pytest.raises(NotFound):
        decide_waiver(dba.origin, 999_999, approve=True)
    with pytest.raises(NotFound):
        withdraw_waiver(developer.origin, 999_999)


@pytest.mark.parametrize("how", ["refused", "withdrawn"])
def test_what_blocked_an_item_before_blocks_it_again_with_its_reason(make: Make, release: MadeRelease, how: str):
    asker, decider = make.person(Role.DEVELOPER), make.person(Role.DBA)
    item = release.item(ITEM)
    saved = set_state(asker.origin, item.id, revision=1, state=ItemState.BLOCKED, reason="no test account")
    request_waiver(
        asker.origin, item.id, revision=saved.revision, reason=WaiverReason.OTHER, explanation="it is another's"
    )
    waiver = db.session.scalars(select(Waiver).where(Waiver.item_id == item.id)).one()

    if how == "refused":
        decide_waiver(decider.origin, waiver.id, approve=False, note="it is ours")
    else:
        withdraw_waiver(asker.origin, waiver.id)

    now = release.item(ITEM)
    assert (now.state, now.reason) == (ItemState.BLOCKED, "no test account")
