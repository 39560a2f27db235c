"""Gates in a browser: what is in the way, exactly what is signed, and what happens when it changes meanwhile."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.database import db
from app.domain.checklist import ItemState, Severity
from app.domain.gates import Decision, GateKind
from app.domain.permissions import Role
from app.domain.waiver_kinds import WaiverKind
from app.models import ChecklistItem, Signoff
from app.models.base import pretending, utc_now
from app.queries.gates import list_active
from app.queries.signed import find_records
from app.queries.waiting import list_waiting
from app.services.item_states import set_state
from app.services.profile import update_profile
from app.services.releases import ship_release
from app.services.signoffs import withdraw
from tests.factories import Made, Make
from tests.integration.services.test_signoffs import COVERED, DBA, LEAD, QA, Room
from tests.web.waiving import grant, plain

PLAN = "1. Stop the workers.\n2. Run the downgrade."
Browsers = Callable[[Made], FlaskClient]


@pytest.fixture
def room(make: Make) -> Room:
    return Room(make)


def untick(room: Room, key: str = COVERED, state: ItemState = ItemState.TODO) -> ChecklistItem:
    """Somebody finds that an item is not done after all."""
    item = room.item(key)
    set_state(room.worker.origin, item.id, revision=item.revision, state=state, reason="Not yet.")
    return room.item(key)


def path(room: Room, kind: GateKind = GateKind.READY, environment: str = "", then: str = "") -> str:
    return f"/gates/{room.gate(kind, environment).id}/{then}"


def hidden(page: str, name: str) -> str:
    return re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)[1]


def send(browser: FlaskClient, address: str, page: str | None = None, **typed: str) -> TestResponse:
    """Fill in the sign form of a page that was opened before, or is opened now."""
    page = page if page is not None else browser.get(address).text
    name = re.search(r"As your profile has it: (.*?)\.</p>", page)
    said = {"role": "team_lead", "decision": "approve", "typed_name": unescape(name[1]) if name else "", **typed}
    return browser.post(address, data={**said, "digest": hidden(page, "digest"), "seen": hidden(page, "seen")})


def signed() -> list[Signoff]:
    return list(db.session.scalars(select(Signoff).execution_options(populate_existing=True)))


def test_the_page_of_a_gate_says_where_it_stands_and_leads_to_everything_in_its_way(room: Room, client_of: Browsers):
    item = untick(room)

    page = client_of(room.lead).get(path(room)).text

    assert "blocked" in plain(page)
    assert f'<a href="/items/{item.id}/">“{item.text}” is to do.</a>' in page
    assert "1 sign-off of Team lead and 1 of QA" in plain(page)
    assert "lasts 14 days" in page


def test_a_deploy_gate_leads_to_the_forms_of_what_it_lacks_and_to_the_gate_before_it(room: Room, client_of: Browsers):
    here = path(room, GateKind.DEPLOY, "staging")

    page = client_of(room.worker).get(here).text
    seen = client_of(room.make.person(Role.VIEWER)).get(here).text

    for then in ("plan/", "backup/"):
        assert f'href="{here}{then}"' in page
        assert f'href="{here}{then}"' not in seen
    assert f'<a href="{path(room)}">The module is not signed as ready.</a>' in page


def test_a_gate_of_somebody_elses_module_is_not_there(room: Room, make: Make, client_of: Browsers):
    stranger = client_of(make.person(LEAD, module_id=make.module().id))

    for then in ("", "sign/"):
        assert stranger.get(path(room, then=then)).status_code == 404


def test_the_form_counts_as_the_database_does_and_shows_exceptions_before_all_others(room: Room, client_of: Browsers):
    asker, decider = room.make.person(Role.DEVELOPER), room.make.person(DBA)
    untick(room)
    grant(asker, decider, room.release, COVERED, WaiverKind.OVERRIDE)

    page = client_of(room.lead).get(path(room, then="sign/")).text

    found = db.session.execute(
        select(ChecklistItem.state, ChecklistItem.severity).where(
            ChecklistItem.checklist_id == room.checklist_id, ChecklistItem.gate == "ready"
        )
    ).all()
    states = [state for state, _ in found]
    counts = plain(page.split('id="counts"')[1].split("</p>")[0])
    assert f"{states.count(ItemState.DONE)} done" in counts
    assert "1 overridden" in counts
    assert "0 open" in counts
    assert f"{len(found)} in all" in counts
    killers = page.index('id="killers"')
    assert page.index('id="exceptions"') < page.index(f'/items/{room.item().id}/"') < killers < page.index('id="sign"')
    assert page.count("</svg>killer</span>") == sum(severity is Severity.KILLER for _, severity in found)


def test_who_signs_is_named_with_role_time_and_content(room: Room, client_of: Browsers):
    browser = client_of(room.lead)

    answer = send(browser, path(room, then="sign/"))

    assert answer.status_code == 303
    (one,) = signed()
    page = plain(browser.get(answer.location).text)
    assert f"{room.lead.name} as Team lead, {one.signed_at:%Y-%m-%d %H:%M:%S} UTC" in page
    assert one.digest.hex()[:16] in page
    assert "partly signed" in page


def test_the_name_beside_a_signoff_is_that_of_then(room: Room, client_of: Browsers):
    send(client_of(room.lead), path(room, then="sign/"))

    update_profile(room.lead.origin, name="Somebody Else", time_zone="UTC", shortcuts_enabled=True, revision=1)

    assert f"<b>{room.lead.name}</b> as Team lead" in client_of(room.qa).get(path(room)).text


def test_the_same_form_sent_twice_signs_once(room: Room, client_of: Browsers):
    browser, address = client_of(room.lead), path(room, then="sign/")
    page = browser.get(address).text

    answers = [send(browser, address, page, idempotency_key="once").status_code for _ in range(2)]

    assert answers == [303, 303]
    assert len(signed()) == 1


def test_while_something_is_open_approving_is_off_with_its_reasons_and_rejecting_is_on(room: Room, client_of: Browsers):
    item = untick(room)
    browser, address = client_of(room.lead), path(room, then="sign/")

    page = browser.get(address).text

    boxes = re.findall(r'<input[^>]*name="decision"[^>]*>', page)
    assert [("disabled" in box, re.search(r'value="(\w+)"', box)[1]) for box in boxes] == [
        (True, "approve"),
        (True, "condition"),
        (False, "reject"),
    ]
    assert f'href="/items/{item.id}/"' in page.split('id="why-not"')[1].split("</div>")[0]
    assert send(browser, address).status_code == 409
    assert send(browser, address, decision="reject").status_code == 422
    assert signed() == []
    assert send(browser, address, decision="reject", reason="The plan is missing.").status_code == 303
    assert [one.decision for one in signed()] == [Decision.REJECT]
    assert "The plan is missing." in browser.get(path(room)).text


def test_what_changed_since_the_page_was_opened_is_named_and_what_was_typed_is_kept(room: Room, client_of: Browsers):
    browser, address = client_of(room.lead), path(room, then="sign/")
    page = browser.get(address).text
    item = untick(room)
    set_state(room.worker.origin, item.id, revision=item.revision, state=ItemState.DONE)
    until = (utc_now() + timedelta(days=3)).date().isoformat()
    typed = {"decision": "condition", "on_condition": "The index comes later.", "condition_ends_on": until}

    answer = send(browser, address, page, **typed)

    assert answer.status_code == 409
    told = answer.text.split('role="alert"')[1].split("</div>")[0]
    assert item.text in told
    assert told.count("<li>") == 1
    assert 'value="The index comes later."' in answer.text
    assert f'value="{until}"' in answer.text
    assert signed() == []
    # What is shown now can be signed.
    assert send(browser, address, answer.text, **typed).status_code == 303
    assert len(signed()) == 1


def test_a_form_that_is_refused_for_what_was_typed_does_not_take_another_content_for_seen(
    room: Room, client_of: Browsers
):
    browser, address = client_of(room.lead), path(room, then="sign/")
    page = browser.get(address).text
    untick(room)

    answer = send(browser, address, page, decision="condition")

    assert answer.status_code == 422
    assert hidden(answer.text, "digest") == hidden(page, "digest")
    assert send(browser, address, answer.text).status_code == 409


def test_who_stands_behind_something_is_told_so_before_the_form(room: Room, make: Make, client_of: Browsers):
    prover = make.person(LEAD, Role.DEVELOPER)
    make.evidence(prover, room.item().id)
    browser = client_of(prover)

    page = browser.get(path(room, then="sign/")).text

    assert page.index('id="behind"') < page.index('id="sign"')
    assert f'/items/{room.item().id}/"' in page.split('id="behind"')[1].split("</section>")[0]
    assert send(browser, path(room, then="sign/")).status_code == 403
    assert signed() == []


def test_a_team_lead_does_not_sign_for_the_dba_and_the_attempt_is_remembered(room: Room, client_of: Browsers):
    address = path(room, GateKind.DEPLOY, "staging", "sign/")
    browser = client_of(room.lead)
    assert "You hold no role that this gate asks" in browser.get(address).text

    answer = browser.post(address, data={"role": "dba", "decision": "approve"})
    own = browser.post(address, data={"role": "team_lead", "decision": "approve"})

    assert (answer.status_code, own.status_code) == (403, 403)
    refused = room.make.events("attempt.refused")
    assert [(one.actor_id, one.new_value) for one in refused] == [(room.lead.id, f"POST {address}")] * 2


def test_a_password_typed_too_long_ago_is_asked_for_again_and_what_was_typed_is_kept(room: Room, client_of: Browsers):
    browser, address = client_of(room.lead), path(room, then="sign/")
    page = browser.get(address).text
    with pretending(utc_now() + timedelta(minutes=31)):
        told = browser.get(address).text
        answer = send(browser, address, page, decision="reject", reason="The plan is missing.")

    assert "You typed your password too long ago" in told
    assert answer.status_code == 401
    assert "Give your password again" in answer.text
    assert len(hidden(answer.text, "resume")) > 100
    assert signed() == []


def test_a_signoff_is_withdrawn_with_a_reason_and_stays_in_sight(room: Room, client_of: Browsers):
    number = room.sign(room.lead, LEAD)
    browser, address = client_of(room.lead), path(room, then=f"signoffs/{number}/withdraw/")

    assert browser.post(address, data={}).status_code == 422
    assert client_of(room.qa).post(address, data={"reason": "No."}).status_code == 403
    assert browser.post(path(room, GateKind.DEPLOY, "staging", f"signoffs/{number}/withdraw/")).status_code == 404
    assert len(list_active([room.gate().id])) == 1
    assert browser.post(address, data={"reason": "I looked at the wrong plan."}).status_code == 303

    page = plain(browser.get(path(room)).text)
    assert list_active([room.gate().id]) == []
    assert "withdrawn since" in page
    assert "I looked at the wrong plan." in page


@pytest.mark.parametrize(
    ("decision", "typed"),
    [("condition", {"on_condition": "By Friday.", "reason": "Too slow."}), ("reject", {"on_condition": "By Friday."})],
)
def test_what_was_typed_for_another_decision_is_asked_about_and_not_dropped(
    room: Room, client_of: Browsers, decision: str, typed: dict[str, str]
):
    answer = send(client_of(room.lead), path(room, then="sign/"), decision=decision, **{"reason": "Why.", **typed})

    assert answer.status_code == 422
    assert "choose what it belongs to, or clear it" in answer.text
    assert "By Friday." in answer.text
    assert signed() == []


def test_what_is_different_since_the_last_signoff_ended_stands_above_the_form(room: Room, client_of: Browsers):
    room.sign(room.lead, LEAD)
    room.make.evidence(room.worker, room.item().id)

    page = client_of(room.lead).get(path(room, then="sign/")).text

    since = page.split('id="since"')[1].split("</section>")[0]
    assert room.lead.name in since
    assert since.count(f'href="/items/{room.item().id}/"') == 1
    assert since.count("<li>") == 1


def test_the_records_of_a_deploy_gate_are_written_from_its_page(room: Room, client_of: Browsers):
    browser, gate = client_of(room.worker), room.gate(GateKind.DEPLOY, "staging")
    here = f"/gates/{gate.id}/"

    assert browser.post(f"{here}rehearsal/", data={"ran_at": "2026-01-02T10:00", "minutes": "x"}).status_code == 422
    assert browser.post(f"{here}plan/", data={"revision": 0, "body": PLAN}).status_code == 303
    passed = {"ran_at": "2026-01-02T10:00", "minutes": "12", "outcome": "passed", "note": "on the copy"}
    assert browser.post(f"{here}rehearsal/", data=passed).status_code == 303
    kept = {"target": "orders", "taken_at": "2026-01-02T09:00", "size_bytes": "1 234 567", "checksum": "ab" * 32}
    assert browser.post(f"{here}backup/", data=kept).status_code == 303

    records = find_records(gate)
    assert records.plan.body == PLAN
    assert [(one.minutes, one.has_passed) for one in records.rehearsals] == [(12, True)]
    assert [(one.size_bytes, one.is_restore_tested) for one in records.backups] == [(1_234_567, False)]
    page = plain(browser.get(here).text)
    assert "There is no record of a backup" not in page
    assert "1.2 MB" in page


def test_who_writes_the_plan_from_an_old_page_sees_both_and_keeps_theirs(room: Room, client_of: Browsers):
    browser, address = client_of(room.worker), path(room, GateKind.DEPLOY, "staging", "plan/")
    browser.post(address, data={"revision": 0, "body": PLAN})

    answer = browser.post(address, data={"revision": 0, "body": "Mine."})

    assert answer.status_code == 409
    assert "Somebody else wrote the plan" in answer.text
    assert "Run the downgrade." in answer.text
    assert ">\nMine.</textarea>" in answer.text.replace("\r", "")
    assert browser.post(address, data={"revision": 1, "body": "Both."}).status_code == 303


def test_the_inbox_puts_what_ended_first_then_what_can_be_signed_then_the_rest(room: Room, client_of: Browsers):
    browser = client_of(room.lead)
    before = browser.get("/signoffs/").text
    assert f'href="{path(room, then="sign/")}"' in before.split("Ready to sign")[1].split("Not yet")[0]
    room.sign(room.lead, LEAD)
    page = browser.get("/signoffs/").text
    assert f'href="{path(room)}' not in page

    room.make.evidence(room.worker, room.item().id)

    page = browser.get("/signoffs/").text
    assert f'href="{path(room, then="sign/")}"' in page.split("Sign again")[1].split("Not yet")[0]
    assert "evidence" in page.split("yours ended:")[1].split("</span>")[0]
    assert path(room, GateKind.DEPLOY, "production") in page.split("Not yet")[1]


def test_a_signoff_that_one_took_back_oneself_is_not_called_ended_by_itself(room: Room, client_of: Browsers):
    withdraw(room.origin(room.lead), room.sign(room.lead, LEAD), reason="Wrong.")

    page = client_of(room.lead).get("/signoffs/").text

    assert "Sign again" not in page
    assert "Ready to sign" in page


def test_an_empty_inbox_says_so_with_the_roles(make: Make, client_of: Browsers):
    page = client_of(make.person(Role.SECURITY)).get("/signoffs/")

    assert page.status_code == 200
    assert "No gate is waiting for you." in page.text
    assert "Security" in page.text


def test_the_inbox_stands_in_the_navigation_of_those_who_sign(make: Make, client_of: Browsers):
    assert 'href="/signoffs/"' in client_of(make.person(QA)).get("/releases/").text
    assert 'href="/signoffs/"' not in client_of(make.person(Role.VIEWER)).get("/releases/").text


def test_the_inbox_takes_as_many_statements_for_six_modules_as_for_one(make: Make, statements: list[str]):
    lead, dba = make.person(LEAD), make.person(DBA)
    counts = []
    for number in (1, 6):
        make.release(modules=number)
        for person in (lead, dba):
            actor, now = person.actor, utc_now()
            statements.clear()
            assert len(list_waiting(actor, now)) >= number
            counts.append(len(statements))

    assert counts[:2] == counts[2:]


def test_the_module_and_the_release_say_how_their_gates_stand(room: Room, client_of: Browsers):
    browser = client_of(room.lead)

    module, release = browser.get(room.release.module_path).text, browser.get(room.release.path).text
    again = browser.get(room.release.module_path).headers["ETag"]
    room.sign(room.lead, LEAD)

    assert f'<a href="{path(room)}">Gate Ready: ' in module
    assert "Gate Release: " in release
    after = browser.get(room.release.module_path, headers={"If-None-Match": again})
    assert after.status_code == 200
    assert "partly signed" in after.text


def test_a_shipped_release_waits_only_to_be_closed(room: Room):
    def waiting() -> set[GateKind]:
        return {one.standing.gate.kind for one in list_waiting(room.lead.actor, utc_now())}

    assert GateKind.READY in waiting()
    assert GateKind.CLOSE not in waiting()

    ship_release(room.release.lead.origin, room.release.key)

    assert waiting() == {GateKind.CLOSE}
