"""Overrides, accepted risks and deferrals: approved until a day, renewed, ended early, and over when the day is."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from app.database import db
from app.domain.actors import SYSTEM, Origin
from app.domain.checklist import ItemState
from app.domain.errors import InvalidInput, NotFound, NotPermitted, RuleViolation
from app.domain.permissions import Role
from app.domain.waiver_kinds import REASONS, WaiverKind
from app.domain.waivers import WaiverDecision
from app.models import ChecklistItem, Waiver
from app.models.base import pretending
from app.services.item_states import set_state, set_states
from app.services.undo import undo
from app.services.waivers import decide_waiver, end_waiver, expire_waiver, request_waiver, withdraw_waiver
from app.worker.jobs import expire_waivers
from tests.factories import Made, MadeRelease, Make

ITEM = "pre.schema-planned"
KILLER = "mig.rollback-tested"
OTHER = "mig.file-exists"
WHY = "the index follows with the next copy"
WAITING = ItemState.NOT_APPLICABLE_REQUESTED
DATED = sorted(set(WaiverKind) - {WaiverKind.NOT_APPLICABLE})
TODAY = datetime.now(UTC).date()
SOON = TODAY + timedelta(days=3)
AFTER = datetime(SOON.year, SOON.month, SOON.day, tzinfo=UTC) + timedelta(days=1)


@pytest.fixture
def release(make: Make) -> MadeRelease:
    return make.release()


@pytest.fixture
def developer(make: Make) -> Made:
    return make.person(Role.DEVELOPER)


@pytest.fixture
def dba(make: Make) -> Made:
    return make.person(Role.DBA)


def _item(number: int) -> ChecklistItem:
    return db.session.get_one(ChecklistItem, number, populate_existing=True)


def _waivers(item_id: int) -> list[Waiver]:
    found = select(Waiver).where(Waiver.item_id == item_id).order_by(Waiver.id)
    return list(db.session.scalars(found.execution_options(populate_existing=True)))


def ask(person: Made, item_id: int, kind: WaiverKind = WaiverKind.OVERRIDE, ends_on: date | None = SOON) -> int:
    """Ask for a waiver; its number."""
    request_waiver(
        person.origin,
        item_id,
        revision=_item(item_id).revision,
        kind=kind,
        reason=REASONS[kind][0],
        explanation=WHY,
        ends_on=ends_on,
    )
    return _waivers(item_id)[-1].id


def put(person: Made, item_id: int, state: ItemState, reason: str = "") -> None:
    """Set an item by hand."""
    set_state(person.origin, item_id, revision=_item(item_id).revision, state=state, reason=reason)


@pytest.fixture
def waived(release: MadeRelease, developer: Made, dba: Made) -> int:
    """A waiver in force behind an item that had failed."""
    number = release.item(ITEM).id
    put(developer, number, ItemState.FAILED, "one index is missing")
    waiver = ask(developer, number)
    decide_waiver(dba.origin, waiver, approve=True, note="until the copy")
    return waiver


@pytest.mark.parametrize("kind", DATED)
@pytest.mark.parametrize("key", [ITEM, KILLER])
def test_what_is_approved_stands_in_the_state_of_its_kind(
    make: Make, release: MadeRelease, developer: Made, kind: WaiverKind, key: str
):
    dba = make.person(Role.DBA)
    waiver = ask(developer, release.item(key).id, kind)
    assert release.item(key).state is WAITING

    decide_waiver(dba.origin, waiver, approve=True)

    assert release.item(key).state is kind.state
    [asked], [approved] = make.events("waiver.requested"), make.events("waiver.approved")
    assert asked.new_value == f"{kind.label}, until {SOON}: {REASONS[kind][0].label}"
    assert (approved.new_value, approved.actor_id) == (f"{kind.state.word} until {SOON}", dba.id)


def test_what_is_wrong_with_a_wish_leaves_nothing_behind(release: MadeRelease, developer: Made):
    item = release.item(ITEM)
    for kind, ends_on in ((WaiverKind.OVERRIDE, None), (WaiverKind.DEFERRAL, TODAY - timedelta(days=1))):
        with pytest.raises(InvalidInput):
            ask(developer, item.id, kind, ends_on)

    assert (_waivers(item.id), release.item(ITEM).revision) == ([], 1)


def test_what_waited_too_long_is_refused_and_not_approved(release: MadeRelease, developer: Made, dba: Made):
    waiver = ask(developer, release.item(ITEM).id)

    with pretending(AFTER):
        with pytest.raises(RuleViolation, match="has passed"):
            decide_waiver(dba.origin, waiver, approve=True)
        decide_waiver(dba.origin, waiver, approve=False, note="ask again")

    assert release.item(ITEM).state is ItemState.TODO


def test_whoever_may_decide_ends_a_waiver_early_with_a_reason(make: Make, release: MadeRelease, waived: int, dba: Made):
    with pytest.raises(InvalidInput, match="Say why it ends early"):
        end_waiver(dba.origin, waived, reason="")
    end_waiver(dba.origin, waived, reason="the copy is here")

    [waiver], item = _waivers(release.item(ITEM).id), release.item(ITEM)
    assert (item.state, item.reason, item.changed_by_id) == (ItemState.FAILED, "one index is missing", dba.id)
    assert (waiver.decision, waiver.ended_by_id, waiver.ended_reason) == (
        WaiverDecision.ENDED,
        dba.id,
        "the copy is here",
    )
    [event] = make.events("waiver.ended")
    assert (event.old_value, event.new_value, event.reason) == ("overridden", "failed", "the copy is here")
    with pytest.raises(RuleViolation, match="not in force"):
        end_waiver(dba.origin, waived, reason="again")


def test_ones_own_waiver_is_ended_too(make: Make, release: MadeRelease, dba: Made):
    lead = make.lead()
    waiver = ask(lead, release.item(ITEM).id)
    decide_waiver(dba.origin, waiver, approve=True)

    end_waiver(lead.origin, waiver, reason="it is there")

    assert release.item(ITEM).state is ItemState.TODO


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.QA, Role.VIEWER, Role.AUDITOR])
def test_who_may_not_decide_ends_nothing(make: Make, release: MadeRelease, waived: int, role: Role):
    with pytest.raises(NotPermitted, match="DBA or Team lead"):
        end_waiver(make.person(role).origin, waived, reason="the copy is here")
    with pytest.raises(NotFound):
        end_waiver(make.person(Role.DBA, module_id=make.module().id).origin, waived, reason="the copy is here")

    assert release.item(ITEM).state is ItemState.OVERRIDDEN


def test_a_waiver_whose_day_has_passed_opens_its_item_by_itself(make: Make, release: MadeRelease, waived: int):
    with pretending(AFTER - timedelta(microseconds=1)):
        expire_waivers()
    assert release.item(ITEM).state is ItemState.OVERRIDDEN

    with pretending(AFTER):
        expire_waivers()
        expire_waivers()

    item, [waiver] = release.item(ITEM), _waivers(release.item(ITEM).id)
    assert (item.state, item.reason, item.changed_by_id) == (ItemState.FAILED, "one index is missing", None)
    assert (waiver.decision, waiver.ended_at, waiver.ended_by_id) == (WaiverDecision.EXPIRED, AFTER, None)
    [event] = make.events("waiver.expired")
    assert (event.actor_id, event.actor_role, event.object_id) == (None, "system", item.id)
    assert (event.old_value, event.new_value) == ("overridden", "failed")
    assert event.reason == f"Its last day was {SOON}, counted in UTC."
    assert make.events("attempt.refused") == []


def test_a_worker_that_was_away_catches_up_with_all_of_them(release: MadeRelease, developer: Made, dba: Made):
    items = [row.id for row in release.items[:5]]
    for number, item_id in enumerate(items, start=1):
        decide_waiver(
            dba.origin, ask(developer, item_id, WaiverKind.DEFERRAL, TODAY + timedelta(days=number)), approve=True
        )

    with pretending(AFTER):
        expire_waivers()

    opened = [_item(item_id).state for item_id in items]
    assert opened == [ItemState.TODO] * 3 + [ItemState.DEFERRED] * 2
    assert _item(items[0]).reason.startswith("Its last day was")


def test_what_has_no_last_day_does_not_expire(release: MadeRelease, developer: Made, dba: Made):
    waiver = ask(developer, release.item(ITEM).id, WaiverKind.NOT_APPLICABLE, None)
    decide_waiver(dba.origin, waiver, approve=True)

    with pretending(AFTER + timedelta(days=3000)):
        expire_waivers()
        assert not expire_waiver(Origin(SYSTEM), waiver)

    assert release.item(ITEM).state is ItemState.NOT_APPLICABLE


def test_asking_again_before_the_day_leaves_the_item_waived_and_takes_over(
    make: Make, release: MadeRelease, developer: Made, dba: Made, waived: int
):
    item_id = release.item(ITEM).id
    later = TODAY + timedelta(days=60)
    following = ask(developer, item_id, WaiverKind.ACCEPTED_RISK, later)
    assert release.item(ITEM).state is ItemState.OVERRIDDEN

    decide_waiver(dba.origin, following, approve=True)

    old, new = _waivers(item_id)
    assert (old.decision, old.ended_reason) == (WaiverDecision.ENDED, "A new one took its place.")
    assert (new.decision, new.state_before, new.reason_before) == (
        WaiverDecision.APPROVED,
        ItemState.FAILED,
        "one index is missing",
    )
    assert len(make.events("waiver.ended")) == 1
    with pretending(AFTER):
        expire_waivers()
    assert release.item(ITEM).state is ItemState.OVERRIDDEN


@pytest.mark.parametrize("how", ["refused", "withdrawn"])
def test_a_renewal_that_is_not_given_changes_nothing(
    release: MadeRelease, developer: Made, dba: Made, waived: int, how: str
):
    following = ask(developer, release.item(ITEM).id)
    before = release.item(ITEM)
    stood = (before.state, before.reason, before.revision)
    if how == "refused":
        decide_waiver(dba.origin, following, approve=False, note="do it")
    else:
        withdraw_waiver(developer.origin, following)

    now = release.item(ITEM)
    assert (now.state, now.reason, now.revision) == stood
    assert [waiver.decision.value for waiver in _waivers(now.id)] == ["approved", how]


@pytest.mark.parametrize("how", ["expired", "ended"])
def test_what_runs_out_while_its_renewal_waits_waits_with_it(
    release: MadeRelease, developer: Made, dba: Made, waived: int, how: str
):
    following = ask(developer, release.item(ITEM).id, ends_on=TODAY + timedelta(days=60))
    with pretending(AFTER):
        if how == "expired":
            expire_waivers()
        else:
            end_waiver(dba.origin, waived, reason="it was a mistake")
    assert release.item(ITEM).state is WAITING

    decide_waiver(dba.origin, following, approve=False, note="do it")

    assert (release.item(ITEM).state, release.item(ITEM).reason) == (ItemState.FAILED, "one index is missing")


@pytest.mark.parametrize("state", [ItemState.DONE, ItemState.TODO])
def test_setting_a_waived_item_by_hand_ends_its_waiver(
    make: Make, release: MadeRelease, developer: Made, waived: int, state: ItemState
):
    reason = "" if state is ItemState.DONE else "it is needed after all"
    put(developer, release.item(ITEM).id, state, reason)

    [waiver] = _waivers(release.item(ITEM).id)
    assert release.item(ITEM).state is state
    assert (waiver.decision, waiver.ended_by_id, waiver.ended_reason) == (
        WaiverDecision.ENDED,
        developer.id,
        reason or "done",
    )
    [event] = make.events("waiver.ended")
    assert (event.actor_id, event.old_value, event.new_value) == (developer.id, "overridden", state.word)
    with pretending(AFTER):
        expire_waivers()
    assert release.item(ITEM).state is state


def test_a_value_typed_with_it_is_an_event_of_its_own(make: Make, release: MadeRelease, developer: Made, waived: int):
    item = release.item(ITEM)

    set_state(developer.origin, item.id, revision=item.revision, state=ItemState.DONE, value="https://example.org/plan")

    assert [event.fact for event in make.events("waiver.ended")] == ["state"]
    assert [event.fact for event in make.events("item.changed")] == ["value"]


def test_what_ended_a_waiver_is_not_taken_back(make: Make, release: MadeRelease, developer: Made, waived: int):
    item = release.item(ITEM)
    saved = set_state(developer.origin, item.id, revision=item.revision, state=ItemState.DONE)

    assert saved.event is None
    with pytest.raises(NotFound):
        undo(developer.origin, item.id, make.events("waiver.ended")[0].id)
    assert release.item(ITEM).state is ItemState.DONE


def test_several_at_once_of_which_one_ended_a_waiver_stay_as_they_are(
    release: MadeRelease, developer: Made, waived: int
):
    first, second = release.item(ITEM), release.item(OTHER)
    chosen = tuple((item.id, item.revision) for item in (first, second))
    saved = set_states(developer.origin, first.checklist_id, chosen, state=ItemState.DONE, reason="seen together")
    event = next(one.event for one in saved if one.event)

    with pytest.raises(RuleViolation, match="ended a waiver"):
        undo(developer.origin, second.id, bytes.fromhex(event))
    assert release.item(ITEM).state is ItemState.DONE


def test_what_a_renewal_waits_for_is_not_set_by_hand(release: MadeRelease, developer: Made, waived: int):
    ask(developer, release.item(ITEM).id)

    with pytest.raises(RuleViolation, match="Withdraw or decide it first"):
        put(developer, release.item(ITEM).id, ItemState.DONE)
    assert release.item(ITEM).state is ItemState.OVERRIDDEN


def test_an_item_that_something_else_has_moved_stays_there_when_its_waiver_ends(
    make: Make, release: MadeRelease, dba: Made, waived: int
):
    item = release.item(ITEM)
    item.state = ItemState.DOING
    db.session.commit()

    end_waiver(dba.origin, waived, reason="it is over")

    assert (release.item(ITEM).state, _waivers(item.id)[0].decision) == (ItemState.DOING, WaiverDecision.ENDED)
    assert len(make.events("waiver.ended")) == 1
