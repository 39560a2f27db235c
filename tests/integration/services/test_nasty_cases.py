"""The nasty cases that need no race: one human with many hats, wrong clocks, lost rules, foreign numbers.

Those in which people do things at one moment or a process is killed (10) stand in `tests/races/test_signoffs.py`, what
the accounts of the database may do (12) in `test_accounts.py` beside it, odd texts (14) in `test_nasty_texts.py` here.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.database import db, server_now
from app.domain.checklist import ItemState
from app.domain.errors import Conflict, DomainError, InvalidInput, RuleViolation
from app.domain.gates import Decision, GateState, RequiredSignoff
from app.domain.permissions import Role
from app.domain.signoffs import EndKind
from app.models import RoleGrant, Signoff
from app.models.base import utc_now
from app.queries.gates import list_active
from app.queries.signoff_verification import verify_signoffs
from app.queries.verification import find_faults
from app.services.accounts import invite, new_link_token
from app.services.evidence import withdraw_evidence
from app.services.item_states import set_state
from app.services.profile import update_profile
from app.services.roles import deactivate, erase_person, revoke_role
from app.services.signoffs import Wish, sign, withdraw
from tests.factories import Made, Make
from tests.integration.services.test_delegations import lent, sign_for
from tests.integration.services.test_gate_records import deploy, pass_gate, prepared, sign_deploy
from tests.integration.services.test_signoffs import DBA, LEAD, QA, Room
from tests.races.rooms import ask
from tests.versions import bring, edited, newest_content, publish, said, with_item
from tests.web.test_gates import path, send
from tests.web.waiving import plain

Browsers = Callable[[Made], FlaskClient]


@pytest.fixture
def room(make: Make) -> Room:
    return Room(make)


def set_to(room: Room, state: ItemState, reason: str = "") -> None:
    item = room.item()
    set_state(room.worker.origin, item.id, revision=item.revision, state=state, reason=reason)


def grant_of(person: Made, role: Role) -> int:
    return db.session.scalars(
        select(RoleGrant.id).where(RoleGrant.person_id == person.id, RoleGrant.role == role)
    ).one()


def test_nasty_02_a_page_from_before_an_untick_and_a_tick_is_409_with_what_changed(room: Room, client_of: Browsers):
    browser, here = client_of(room.lead), path(room, then="sign/")
    opened = browser.get(here).text
    set_to(room, ItemState.TODO)
    set_to(room, ItemState.DONE)

    answer = send(browser, here, opened)

    assert answer.status_code == 409
    assert "has changed since you opened the page" in plain(answer.text)
    assert f"“{room.item().text}” has changed and is done." in plain(answer.text)
    assert list_active([room.gate().id]) == []


def test_nasty_02_a_file_of_evidence_swapped_for_one_of_the_same_name_is_another_content(
    make: Make, room: Room, client_of: Browsers
):
    first = make.file(room.worker, room.item().id)
    browser, here = client_of(room.lead), path(room, then="sign/")
    opened = browser.get(here).text
    withdraw_evidence(room.worker.origin, room.item().id, first, reason="The wrong one.")
    make.file(room.worker, room.item().id, content=PICTURE)

    answer = send(browser, here, opened)

    assert answer.status_code == 409
    assert room.item().text in plain(answer.text)
    assert list_active([room.gate().id]) == []


PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001e221bc33"
    "0000000049454e44ae42608200"
)


def test_nasty_03_a_form_sent_twice_by_who_holds_both_roles_moves_neither_this_gate_nor_the_next(
    make: Make, room: Room, client_of: Browsers
):
    both = make.person(LEAD, QA, DBA)
    browser, here = client_of(both), path(room, then="sign/")
    page = browser.get(here).text

    answers = [send(browser, here, page, idempotency_key="one") for _ in range(2)]
    tab = send(browser, here, page, role="qa", idempotency_key="two")

    assert [answer.status_code for answer in answers] == [303, 303]
    assert (tab.status_code, "A person counts once." in tab.text) == (409, True)
    assert room.state is GateState.PARTIAL
    assert deploy(room).verdict.state is GateState.BLOCKED


def test_nasty_04_a_role_taken_back_after_signing_stops_the_deployment(make: Make, room: Room):
    prepared(room)
    sign_deploy(room)
    revoke_role(make.person(Role.ADMINISTRATOR).origin, room.dba.id, grant_of(room.dba, DBA))

    with pytest.raises(RuleViolation, match="is not open"):
        pass_gate(room.origin(room.worker), deploy(room).gate.id)


def test_nasty_04_an_old_browser_signs_nothing_after_the_role_was_taken_back(
    make: Make, room: Room, client_of: Browsers
):
    browser, here = client_of(room.lead), path(room, then="sign/")
    opened = browser.get(here).text
    revoke_role(make.person(Role.ADMINISTRATOR).origin, room.lead.id, grant_of(room.lead, LEAD))

    assert send(browser, here, opened).status_code == 403
    assert list_active([room.gate().id]) == []


def test_nasty_04_a_role_taken_back_after_the_gate_was_passed_changes_nothing_there(make: Make, room: Room):
    room.sign_all()
    pass_gate(room.worker.origin, room.gate().id)

    revoke_role(make.person(Role.ADMINISTRATOR).origin, room.lead.id, grant_of(room.lead, LEAD))

    assert room.state is GateState.CONSUMED
    assert len(room.standing().signoffs) == 2
    assert room.ends() == []


def test_nasty_05_one_human_with_many_hats_is_one(make: Make, room: Room):
    ask(room, RequiredSignoff(LEAD, 2))
    human = make.person(*Role)
    room.sign(human, LEAD)
    update_profile(human.origin, revision=1, name="Another Name", time_zone="UTC", shortcuts_enabled=False)
    by = lent(room, room.lead, human)
    own = lent(room, human, room.qa)

    for attempt in (
        lambda: room.sign(human, LEAD),
        lambda: room.sign(human, QA),
        lambda: sign_for(room, human, by),
        lambda: sign_for(room, room.qa, own),
    ):
        with pytest.raises(DomainError):
            attempt()

    assert room.state is GateState.PARTIAL
    room.sign(room.lead, LEAD)
    assert room.state is GateState.SATISFIED


@contextmanager
def server_clock(by: timedelta) -> Iterator[None]:
    """Let the clock of the database be another, as after somebody set it."""
    at = (server_now() + by).timestamp()
    db.session.execute(text(f"SET SESSION timestamp = {at:.6f}"))
    try:
        yield
    finally:
        db.session.execute(text("SET SESSION timestamp = DEFAULT"))


def test_nasty_06_with_three_clocks_that_differ_the_order_is_that_of_the_history_and_nothing_counts_too_early(
    make: Make, room: Room
):
    lead, qa = room.origin(room.lead), room.origin(room.qa)
    with time_machine.travel(utc_now() + timedelta(minutes=10), tick=True):
        first = sign(lead, room.gate().id, room.wish(LEAD))
    with server_clock(-timedelta(minutes=2)):
        assert room.standing().signoffs == [], "signed at a moment that has not come yet"
        with time_machine.travel(utc_now() - timedelta(minutes=10), tick=True):
            second = sign(qa, room.gate().id, room.wish(QA))
        assert room.state is GateState.PARTIAL
        with pytest.raises(RuleViolation, match="is not open"):
            pass_gate(room.worker.origin, room.gate().id)

    assert room.state is GateState.SATISFIED
    given = make.events("signoff.given")
    assert [event.id for event in given] == [db.session.get_one(Signoff, one).event_id for one in (first, second)]
    assert [event.stream_sequence for event in given] == sorted(event.stream_sequence for event in given)
    assert [fault for one in verify_signoffs() for fault in one.faults] == []
    assert list(find_faults()) == []


def test_nasty_07_a_version_published_midway_changes_nothing_until_it_is_adopted(room: Room):
    prepared(room)
    sign_deploy(room)
    withdraw(room.qa.origin, list_active([room.gate().id])[1].id, reason="I look again.")
    wish = room.wish(QA)
    content = edited(newest_content(), pre__schema_planned=said("Plan it, and have it read"))
    [like] = [one for group in content.groups for one in group.items if one.key == "pre.tables-identified"]
    group = next(one.key for one in content.groups if like in one.items)
    version = publish(with_item(content, group, replace(like, key="pre.one-more")))
    assert room.state is GateState.PARTIAL
    assert room.standing().content.digest == wish.digest

    bring(room.release, version)

    with pytest.raises(Conflict):
        sign(room.origin(room.qa), room.gate().id, wish)
    assert list_active([room.gate().id]) == []
    assert room.state is GateState.BLOCKED, "what the version asks newly is open"
    assert len(list_active([deploy(room).gate.id])) == 1


def test_nasty_08_renamed_closed_and_come_again_under_the_old_address_a_signer_stays_who_signed(
    make: Make, room: Room, client_of: Browsers
):
    boss, auditor, old = make.person(Role.ADMINISTRATOR), make.person(Role.AUDITOR), room.lead.name
    number = room.sign(room.lead, LEAD)
    update_profile(room.lead.origin, revision=1, name="Somebody Else", time_zone="UTC", shortcuts_enabled=False)
    export = f"/releases/{room.release.key}/signoffs/export/"
    assert old in client_of(room.lead).get(export).text, "who was renamed may ask for it, too"
    deactivate(boss.origin, room.lead.id)

    for address in (export, f"/releases/{room.release.key}/signoffs/", path(room)):
        page = client_of(auditor).get(address).text
        assert old in page
        assert "Somebody Else" not in page
    with pytest.raises(InvalidInput, match="is here already"):
        invite(boss.origin, SecretStr(new_link_token()), "New", room.lead.email.upper(), ((LEAD, None),))
    for statement in ("DELETE FROM people", "DELETE FROM role_grants", "DELETE FROM person_names"):
        with pytest.raises(DBAPIError, match="foreign key"), db.session.begin_nested():
            db.session.connection().exec_driver_sql(statement)

    erase_person(boss.origin, room.lead.id)
    again = invite(boss.origin, SecretStr(new_link_token()), old, room.lead.email, ((LEAD, None),))
    assert again != room.lead.id
    assert db.session.get_one(Signoff, number).person_id == room.lead.id
    assert [fault for one in verify_signoffs() for fault in one.faults] == []


def deactivate_all_dbas(room: Room) -> None:
    held = select(RoleGrant.person_id).where(RoleGrant.role == DBA)
    boss = room.make.person(Role.ADMINISTRATOR)
    for person in db.session.scalars(held).all():
        deactivate(boss.origin, person)


def test_nasty_09_where_the_last_dba_is_gone_nothing_is_deployed(room: Room):
    prepared(room)
    sign_deploy(room)
    gate = deploy(room).gate.id

    deactivate_all_dbas(room)

    assert deploy(room).verdict.state is GateState.UNSATISFIABLE
    assert "There are too few people who may sign it." in deploy(room).verdict.reasons
    with pytest.raises(RuleViolation, match="is not open"):
        pass_gate(room.origin(room.worker), gate)


@pytest.mark.parametrize("required", [(), (RequiredSignoff(LEAD, 0),), (RequiredSignoff(LEAD, -1),)])
def test_nasty_09_a_rule_that_asks_for_nobody_opens_nothing(room: Room, required: tuple[RequiredSignoff, ...]):
    ask(room, *required)

    assert room.state is GateState.UNSATISFIABLE
    with pytest.raises(RuleViolation, match="is not open"):
        pass_gate(room.worker.origin, room.gate().id)


def test_nasty_11_what_was_opened_for_one_gate_is_not_sent_to_another(make: Make, room: Room, client_of: Browsers):
    other = Room(make)
    page = client_of(room.lead).get(path(room, then="sign/")).text

    answer = send(client_of(room.lead), path(other, then="sign/"), page)

    assert answer.status_code == 409
    for elsewhere in (deploy(room).content.digest, other.standing().content.digest):
        with pytest.raises(Conflict):
            sign(room.origin(room.lead), room.gate().id, Wish(LEAD, Decision.APPROVE, elsewhere))
    assert len(make.events("attempt.refused")) == 3
    assert db.session.scalars(select(Signoff.id)).all() == []


def test_nasty_11_the_signoff_of_one_gate_is_not_taken_back_at_another(make: Make, room: Room, client_of: Browsers):
    number, other = room.sign(room.qa, QA), Room(make)

    answer = client_of(room.lead).post(f"{path(other)}signoffs/{number}/withdraw/", data={"reason": "No."})

    assert answer.status_code == 404
    assert [event.fact for event in make.events("attempt.refused")] == ["NotFound"]
    assert room.ends() == []


def test_nasty_11_by_a_delegation_between_others_nobody_signs(make: Make, room: Room):
    number = lent(room, room.lead, make.person(Role.OPS))
    third = make.person(QA)

    with pytest.raises(DomainError) as refused:
        sign_for(room, third, number)

    assert type(refused.value).__name__ == "NotFound"
    assert [event.actor_id for event in make.events("attempt.refused")] == [third.id]
    assert list_active([room.gate().id]) == []


def test_nasty_15_a_rejection_after_the_last_approval_shuts_the_gate(make: Make, room: Room):
    room.sign_all()

    room.sign(make.person(QA), QA, Decision.REJECT, reason="Not like this.")

    assert room.state is GateState.REJECTED
    with pytest.raises(RuleViolation, match="It is rejected"):
        pass_gate(room.worker.origin, room.gate().id)
    assert [kind for kind, _ in room.ends() if kind is EndKind.STALE] == []
