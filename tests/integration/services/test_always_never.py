"""Somebody tries to break each of the twelve rules, and it holds."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from app.database import db
from app.domain.always_never import OF_CHANGES, RULES, find_rule
from app.domain.checklist import ItemState
from app.domain.errors import RuleViolation
from app.domain.gates import Decision, GateKind, GateState
from app.domain.permissions import Role
from app.domain.waiver_kinds import WaiverKind, WaiverReason
from app.models import Checklist, ChecklistItem, Gate, Waiver
from app.models.base import pretending, utc_now
from app.queries.checklists import get_change_checklist
from app.queries.gates import GateRow, get_gate, list_gates
from app.queries.gates_before import NO_RELEASE, NOT_SHIPPED
from app.queries.rules import RuleNumbers, count_rules
from app.queries.standing import BACKUP_OLD, NO_BACKUP, NO_PLAN, NOT_REHEARSED, REHEARSAL_FAILED, standing_of
from app.services.gate_records import write_rollback_plan
from app.services.item_states import set_state
from app.services.release_modules import remove_module
from app.services.releases import add_change
from app.services.signoffs import Wish, sign
from app.services.waivers import decide_waiver, request_waiver
from app.worker.jobs import tell_of_windows
from tests.factories import Make
from tests.integration.services.deploying import Deploying
from tests.integration.services.test_gate_records import (
    PLAN,
    backed_up,
    deploy,
    pass_gate,
    prepared,
    rehearsed,
    sign_deploy,
)
from tests.integration.services.test_overrides import Broken, untouched
from tests.integration.services.test_signoffs import DBA, LEAD, Room
from tests.web.waiving import let_pass


@pytest.fixture
def room(make: Make) -> Broken:
    return Broken(make)


def release_gate(room: Room, kind: GateKind = GateKind.RELEASE) -> GateRow:
    """The gate of the room's release itself."""
    found = (
        select(Gate.id)
        .join(Checklist, Checklist.id == Gate.checklist_id)
        .where(Gate.kind == kind, Checklist.release_id == room.gate().release_id)
    )
    return get_gate(db.session.scalars(found).one())


def reasons(gate: GateRow) -> tuple[str, ...]:
    """Why a gate is not further."""
    return standing_of(gate, utc_now()).verdict.reasons


def done(checklist_id: int, room: Room) -> None:
    """Somebody has ticked all of a checklist."""
    items = update(ChecklistItem).where(ChecklistItem.checklist_id == checklist_id)
    db.session.execute(items.values(state=ItemState.DONE, changed_by_id=room.worker.id))
    db.session.commit()


def a_change(room: Room) -> int:
    """A merge request of the module, whose checklist nobody has touched; the number of that."""
    release = room.release
    add_change(release.lead.origin, release.key, release.modules[0], 7, title="Add a column", link="")
    return get_change_checklist(release.key, release.modules[0], 7, release.lead.actor).id


def item_of(checklist_id: int, key: str) -> ChecklistItem:
    """An item of a checklist, as it is now."""
    found = select(ChecklistItem).where(ChecklistItem.checklist_id == checklist_id, ChecklistItem.key == key)
    return db.session.scalars(found.execution_options(populate_existing=True)).one()


def untick(room: Room, item: ChecklistItem, state: ItemState = ItemState.TODO) -> str:
    """Somebody finds that it is not done; how that stands in the way."""
    set_state(room.worker.origin, item.id, revision=item.revision, state=state, reason="Not so.")
    return f"“{item.text}” is {state.word}."


def refused_to_pass(room: Room, words: str) -> None:
    """Passing the deploy gate of staging is refused with words, and the attempt is remembered."""
    with pytest.raises(RuleViolation, match="not open") as refused:
        pass_gate(room.origin(room.worker), deploy(room).gate.id)
    assert words in refused.value.sentence
    assert words in room.make.events("attempt.refused")[-1].object_label


def test_migrations(room: Broken) -> None:
    """No rehearsal, one that failed, one of an older plan, an open test: each keeps the gate shut."""
    write_rollback_plan(room.worker.origin, room.checklist_id, body=PLAN, revision=0)
    backed_up(room)
    room.sign_all()
    refused_to_pass(room, NOT_REHEARSED)
    rehearsed(room, has_passed=False)
    refused_to_pass(room, REHEARSAL_FAILED)
    rehearsed(room)
    sign_deploy(room)
    assert deploy(room).verdict.state is GateState.SATISFIED
    write_rollback_plan(room.worker.origin, room.checklist_id, body=f"{PLAN} Twice.", revision=1)
    refused_to_pass(room, NOT_REHEARSED)
    rehearsed(room)
    refused_to_pass(room, untick(room, room.item("test.consolidated-migration")))


def test_backup(room: Broken) -> None:
    """No backup, one of elsewhere, one of the day before yesterday: nothing starts, and the attempt is an event."""
    write_rollback_plan(room.worker.origin, room.checklist_id, body=PLAN, revision=0)
    rehearsed(room)
    room.sign_all()
    refused_to_pass(room, NO_BACKUP)
    backed_up(room, environment_key="production")
    refused_to_pass(room, NO_BACKUP)
    backed_up(room, taken_at=utc_now() - timedelta(hours=24, minutes=1))
    refused_to_pass(room, BACKUP_OLD)
    backed_up(room, taken_at=utc_now() - timedelta(hours=23))
    sign_deploy(room)
    assert deploy(room).verdict.state is GateState.SATISFIED
    later = utc_now() + timedelta(hours=2)
    assert standing_of(deploy(room).gate, later).verdict.reasons == (BACKUP_OLD,)
    backed_up(room, taken_at=utc_now() - timedelta(days=9))
    assert deploy(room).verdict.state is GateState.SATISFIED, "an older record does not hide the newer one"


def test_documents(room: Broken) -> None:
    """An open item of documentation keeps the ready gate shut, and with it the release; one of a change does, too."""
    gate, change = release_gate(room), a_change(room)
    done(change, room)
    done(gate.checklist_id, room)
    room.sign_all()
    assert GateState.OPEN is standing_of(gate, utc_now()).verdict.state
    untick(room, room.item("docs.mod.schema"))
    assert "1 module is not signed as ready." in reasons(gate)
    own = item_of(gate.checklist_id, "rel.pre.docs-complete")
    assert untick(room, own) in reasons(gate)
    deployed = item_of(change, "vc.post.docs-deployed")
    untick(room, deployed)
    assert any(deployed.text in one and "change !7" in one for one in reasons(gate))


def test_review(room: Broken) -> None:
    """A change that nobody has reviewed keeps its merge gate and the release gate shut, also after they were signed."""
    gate, change = release_gate(room), a_change(room)
    done(gate.checklist_id, room)
    room.sign_all()
    found = standing_of(gate, utc_now())
    assert {one.key for one in found.of_changes} == OF_CHANGES
    assert set(found.verdict.reasons) == {one.sentence for one in found.of_changes}
    merge = next(one for one in list_gates(change) if one.kind is GateKind.MERGE)
    reviewed = item_of(change, "vc.pre.reviewed")
    assert f"“{reviewed.text}” is to do." in reasons(merge)
    done(change, room)
    assert standing_of(gate, utc_now()).verdict.state is GateState.OPEN
    for person, role in ((room.make.person(LEAD), LEAD), (room.opener, Role.OPS)):
        now = standing_of(gate, utc_now())
        sign(room.origin(person), gate.id, Wish(role, Decision.APPROVE, now.content.digest))
    assert NO_RELEASE not in deploy(room, "production").verdict.reasons
    untick(room, item_of(change, "vc.pre.reviewed"))
    assert standing_of(gate, utc_now()).verdict.state is GateState.BLOCKED
    assert NO_RELEASE in deploy(room, "production").verdict.reasons
    remove_module(room.release.lead.origin, room.release.key, room.release.modules[0])
    assert standing_of(get_gate(gate.id), utc_now()).of_changes == []


def test_an_item_of_a_change_whose_waiver_has_passed_its_day_is_asked_again(room: Broken):
    gate, change = release_gate(room), a_change(room)
    done(change, room)
    item = item_of(change, "vc.post.tagged")
    untick(room, item)
    wish = {"kind": WaiverKind.DEFERRAL, "reason": WaiverReason.NEXT_RELEASE, "explanation": "Next week."}
    request_waiver(
        room.worker.origin, item.id, revision=item.revision + 1, ends_on=utc_now().date() + timedelta(days=3), **wish
    )
    waiver = db.session.scalars(select(Waiver.id).where(Waiver.item_id == item.id)).one()
    decide_waiver(room.lead.origin, waiver, approve=True)
    assert standing_of(gate, utc_now()).of_changes == []

    let_pass(waiver)

    assert [one.key for one in standing_of(gate, utc_now()).of_changes] == ["vc.post.tagged"]


def test_monitoring(room: Broken) -> None:
    """Nothing is closed before it has shipped, whatever is ticked."""
    close = release_gate(room, GateKind.CLOSE)
    done(close.checklist_id, room)
    assert NOT_SHIPPED in reasons(close)
    with pretending(utc_now() - timedelta(hours=3)):
        going = Deploying(room.make)
        going.started()
    rule = find_rule("always.monitor")
    counted = count_rules([rule], going.lead.actor, utc_now(), utc_now().date()).numbers[rule.key]
    assert (counted.windows_over, counted.windows_missed) == (1, 0), "nobody has found it missed yet"
    tell_of_windows()
    counted = count_rules([rule], going.lead.actor, utc_now(), utc_now().date()).numbers[rule.key]
    assert (counted.windows_over, counted.windows_missed) == (1, 1)
    assert any(one.gate.kind is GateKind.FIRST_HOUR for one in counted.shut)


def test_audit_log(room: Broken) -> None:
    """No event is changed or removed, and an unprotected log keeps the module from being ready."""
    for statement in ("UPDATE audit_events SET reason = 'x'", "DELETE FROM audit_events"):
        with pytest.raises(DBAPIError), db.session.begin_nested():
            db.session.connection().exec_driver_sql(statement)
    sentence = untick(room, room.item("secdata.audit-protected"))
    assert sentence in reasons(room.gate())


def test_testing(room: Broken) -> None:
    """A test is skipped only by a waiver with a reason, a last day and a second person, and is then counted."""
    item = room.item("tests.unit.models")
    assert untick(room, item) in reasons(room.gate())
    wish = {"kind": WaiverKind.DEFERRAL, "reason": WaiverReason.NEXT_RELEASE}
    with pytest.raises(RuleViolation, match="in a sentence why"):
        request_waiver(room.worker.origin, item.id, revision=item.revision + 1, explanation="", **wish)
    until = (utc_now() + timedelta(days=3)).date()
    asked = request_waiver(
        room.worker.origin, item.id, revision=item.revision + 1, explanation="Next week.", ends_on=until, **wish
    )
    assert "waiting for approval" in " ".join(reasons(room.gate()))
    waiver = db.session.scalars(select(Waiver.id).where(Waiver.item_id == asked.item_id)).one()
    decide_waiver(room.lead.origin, waiver, approve=True)
    assert room.state is GateState.OPEN
    assert numbers(room, "never.skip-testing").waivers_in_force == 1
    assert db.session.get_one(ChecklistItem, item.id).state is ItemState.DEFERRED


def test_errors(room: Broken) -> None:
    """A failed rehearsal is not ticked away, and a failed item stays in the way."""
    prepared(room)
    rehearsed(room, has_passed=False)
    item = room.item("test.rollback")
    set_state(room.worker.origin, item.id, revision=item.revision, state=ItemState.DONE, reason="It is fine.")
    refused_to_pass(room, REHEARSAL_FAILED)
    refused_to_pass(room, untick(room, room.item("test.rollback"), ItemState.FAILED))


def test_hardcoded(room: Broken) -> None:
    """A change with literals is not merged."""
    change = a_change(room)
    done(change, room)
    merge = next(one for one in list_gates(change) if one.kind is GateKind.MERGE)
    assert untick(room, item_of(change, "vc.pre.no-hardcoded")) in reasons(merge)


def test_rollback_plan(room: Broken) -> None:
    """Without a plan nothing starts; with another one what was signed over the first has ended."""
    backed_up(room)
    room.sign_all()
    refused_to_pass(room, NO_PLAN)
    write_rollback_plan(room.worker.origin, room.checklist_id, body=PLAN, revision=0)
    refused_to_pass(room, NOT_REHEARSED)


TRIED: dict[str, Callable[[Broken], None]] = {
    "always.test-migrations": test_migrations,
    "always.backup-before": test_backup,
    "always.document": test_documents,
    "always.review": test_review,
    "always.monitor": test_monitoring,
    "always.audit": test_audit_log,
    "never.skip-testing": test_testing,
    "never.no-backup": test_backup,
    "never.ignore-errors": test_errors,
    "never.hardcode": test_hardcoded,
    "never.skip-docs": test_documents,
    "never.no-rollback-plan": test_rollback_plan,
}


def test_every_rule_is_tried():
    assert list(TRIED) == [rule.key for rule in RULES]


def numbers(room: Broken, key: str) -> RuleNumbers:
    """What became of a rule, as the room's lead sees it."""
    return count_rules(RULES, room.lead.actor, utc_now(), utc_now().date()).numbers[key]


def test_what_stood_in_the_way_of_a_break_glass_is_counted_at_its_rules_and_no_others(room: Broken):
    before = {rule.key: numbers(room, rule.key).overridden for rule in RULES}
    assert set(before.values()) == {0}
    gate = untouched(room)
    room.breaks(gate)

    over = {rule.key for rule in RULES if numbers(room, rule.key).overridden}

    assert over == {"always.backup-before", "always.test-migrations", "never.no-backup", "never.no-rollback-plan"}
    pass_gate(room.origin(room.worker), gate.id)
    assert numbers(room, "never.no-backup").passed == 0, "passed, and not with a backup"
    assert numbers(room, "always.test-migrations").passed == 0, "without a plan nothing was rehearsed"
    assert numbers(room, "always.document").passed == 1
    assert numbers(room, "never.ignore-errors").passed == 1, "nothing had failed"


def test_the_gates_that_a_rule_keeps_shut_are_those_where_it_is_in_the_way(room: Broken):
    key = "never.no-backup"
    assert {one.gate.environment_key for one in numbers(room, key).shut} == {"staging", "production"}

    backed_up(room)

    found = numbers(room, key)
    assert [one.gate.environment_key for one in found.shut] == ["production"]
    assert [one.text for one in found.shut[0].obstacles] == [NO_BACKUP]
    assert found.live == 2


def test_only_what_one_may_see_is_counted(make: Make, room: Broken):
    room.breaks(untouched(room))
    stranger = make.person(DBA, module_id=make.module().id)

    found = count_rules(RULES, stranger.actor, utc_now(), utc_now().date())

    assert (found.releases, found.since) == (0, None)
    assert {(one.live, one.overridden, one.waivers_ever) for one in found.numbers.values()} == {(0, 0, 0)}


def test_counting_takes_the_same_statements_for_one_release_and_for_many(
    make: Make, room: Broken, statements: list[str]
):
    counts = []
    for _ in range(2):
        statements.clear()
        numbers(room, "never.no-backup")
        counts.append(len(statements))
        Broken(make).breaks()

    assert counts[0] == counts[1]
