"""The sheet of sign-offs: everything that was ever given, as it was then, to print, to take and to prove."""

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256

import pytest
from sqlalchemy import select, update

from app.database import db
from app.domain.checklist import ItemState
from app.domain.gates import Decision
from app.domain.permissions import Role
from app.models import Person, PersonName, RoleGrant, Signoff
from app.models.base import utc_now
from app.queries.releases import get_release
from app.queries.signoff_sheet import read_sheet
from app.services.item_states import set_state
from app.services.roles import deactivate, erase_person, revoke_role
from app.services.signoffs import withdraw
from app.web.signoff_rows import HEADER
from tests.factories import Make
from tests.integration.services.test_gate_records import pass_gate
from tests.integration.services.test_signoffs import LEAD, QA, Room


@pytest.fixture
def room(make: Make) -> Room:
    return Room(make)


def sheet_of(room: Room, client_of: Callable, reader: object | None = None) -> str:
    reader = reader or room.make.person(Role.AUDITOR)
    return client_of(reader).get(f"/releases/{room.release.key}/signoffs/").text


def entry(page: str, number: int) -> str:
    """What the sheet says of one sign-off, without markup."""
    found = page.split(f'id="signoff-{number}"')[1].split("</li>", maxsplit=1)[0]
    return " ".join(re.sub(r"<[^>]+>", " ", found).split())


def test_a_release_that_nobody_signed_says_so_and_names_its_gates(room: Room, client_of: Callable):
    page = sheet_of(room, client_of)

    assert "Nobody has signed anything yet." in page
    for words in (": Ready", ": Deploy to staging", ": Deploy to production", ": Release", ": Close"):
        assert words in page
    assert "Take them as CSV" not in page
    titles = re.findall(r"<li>[^<]*: ([A-Z][a-z ]+)<p", page)
    assert titles == ["Release", "Close", "Ready", "Deploy to production", "Deploy to staging"]
    assert f'href="/releases/{room.release.key}/signoffs/"' in client_of(room.lead).get(room.release.path).text


def test_each_signoff_stands_with_who_when_in_which_role_and_words_over_what(room: Room, client_of: Callable):
    until = (utc_now() + timedelta(days=2)).date()
    number = room.sign(room.lead, LEAD, on_condition="The <index> comes on Monday.", condition_ends_on=until)

    page = sheet_of(room, client_of)
    told, row = entry(page, number), db.session.get_one(Signoff, number)

    assert f"{room.lead.name}, Team lead: approved" in told
    assert "I answer for it that the module is ready for release." in told
    assert "The &lt;index&gt; comes on Monday." in told
    assert f"{row.signed_at:%Y-%m-%d %H:%M:%S} UTC" in told
    assert "counts" in told
    assert f'title="{row.digest.hex()}"' in page
    assert "".join(re.findall(r"<span[^>]*>([0-9a-f]{12,})</span>", page)) == row.digest.hex()


def test_what_ended_each_is_said_with_when_by_whom_and_why(make: Make, room: Room, client_of: Callable):
    boss = make.person(Role.ADMINISTRATOR)
    first = room.sign(room.qa, QA)
    withdraw(room.origin(room.qa), first, reason="I looked at the wrong plan.")
    second = room.sign(room.lead, LEAD)
    item = room.item()
    set_state(room.worker.origin, item.id, revision=item.revision, state=ItemState.DONE, reason="With a column.")
    third = room.sign(room.lead, LEAD, Decision.REJECT, reason="Not on a Friday.")
    grant = db.session.scalar(select(RoleGrant.id).where(RoleGrant.person_id == room.lead.id, RoleGrant.role == LEAD))
    revoke_role(boss.origin, room.lead.id, grant)
    fourth = room.sign(room.qa, QA)

    page = sheet_of(room, client_of)

    assert f"by {room.qa.name}: I looked at the wrong plan." in entry(page, first)
    assert "withdrawn" in entry(page, first)
    assert "stale" in entry(page, second)
    assert f"by {room.worker.name}: set “{item.text}” from done to done" in entry(page, second)
    assert "rejected" in entry(page, third)
    assert "Not on a Friday." in entry(page, third)
    assert "role lost" in entry(page, third)
    assert "counts" in entry(page, fourth)
    assert "No longer counts" not in entry(page, fourth)


def test_what_time_has_ended_is_expired_before_the_worker_says_so_unless_the_gate_was_passed(make: Make, room: Room):
    passed = Room(make)
    for one in (room, passed):
        one.sign_all()
    pass_gate(passed.origin(passed.worker), passed.gate().id)

    def statuses(one: Room, days: int) -> set[tuple[str, str]]:
        found = get_release(one.release.key, one.lead.actor)
        gates = read_sheet(found, one.lead.actor, utc_now() + timedelta(days=days))
        return {(signoff.status, signoff.ended_by) for gate in gates for signoff in gate.signoffs}

    assert statuses(room, 13) == {("counts", "")}
    assert statuses(room, 15) == {("expired", "Countersign")}
    assert statuses(passed, 15) == {("counts", "")}


def test_a_name_stays_as_it_was_then_until_it_is_erased(make: Make, room: Room, client_of: Callable):
    number = room.sign(room.lead, LEAD)
    boss = make.person(Role.ADMINISTRATOR)
    db.session.execute(update(Person).where(Person.id == room.lead.id).values(name="Renamed Since"))
    db.session.commit()
    assert f"{room.lead.name}, Team lead" in entry(sheet_of(room, client_of), number)

    deactivate(boss.origin, room.lead.id)
    erase_person(boss.origin, room.lead.id)

    told = entry(sheet_of(room, client_of), number)
    assert f"Person {room.lead.id}, Team lead" in told
    assert "Renamed" not in told
    assert db.session.scalars(select(PersonName.name).where(PersonName.person_id == room.lead.id)).all() == [None]


def test_a_relaxed_rule_is_printed_and_a_strict_policy_says_that_it_is(room: Room, client_of: Callable):
    room.sign(room.lead, LEAD)

    page = sheet_of(room, client_of)

    assert "Policy revision 1, no rule relaxed" in page.split('id="gate-')[1]
    assert "Relaxed: Who ticked, proved or waived a covered item may sign." in page.split("Signed by nobody")[1]


def test_the_sheet_shows_the_gates_of_ones_own_modules_alone(make: Make, room: Room, client_of: Callable):
    number = room.sign(room.lead, LEAD)
    elsewhere = make.person(Role.AUDITOR, module_id=make.module().id)
    mine = make.person(Role.AUDITOR, module_id=room.gate().module_id)

    path = f"/releases/{room.release.key}/signoffs/"
    assert client_of(elsewhere).get(path).status_code == 404
    assert client_of(elsewhere).get(f"/signoffs/{number}/content/").status_code == 404
    assert f'id="signoff-{number}"' in client_of(mine).get(path).text


def test_the_sheet_takes_the_same_statements_for_one_signoff_and_for_many(
    make: Make, room: Room, client_of: Callable, statements: list[str]
):
    room.sign(room.lead, LEAD)
    browser = client_of(make.person(Role.AUDITOR))
    path = f"/releases/{room.release.key}/signoffs/"
    browser.get(path)
    counts = []
    for _ in range(2):
        statements.clear()
        browser.get(path)
        counts.append(len(statements))
        for again in range(3):
            number = room.sign(room.qa, QA)
            withdraw(room.origin(room.qa), number, reason=f"Wrong {again}.")

    assert counts[0] == counts[1]


def test_the_export_holds_the_same_rows_computes_nothing_and_is_remembered(make: Make, room: Room, client_of: Callable):
    number = room.sign(room.lead, LEAD, Decision.REJECT, reason="=1+1")
    auditor = make.person(Role.AUDITOR)

    answer = client_of(auditor).get(f"/releases/{room.release.key}/signoffs/export/")

    [row] = csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig")))
    assert answer.mimetype == "text/csv"
    assert list(row) == list(HEADER)
    assert (row["signoff_id"], row["name"], row["role"]) == (str(number), room.lead.name, "Team lead")
    assert (row["decision"], row["reason"], row["status"]) == ("reject", "'=1+1", "counts")
    assert row["content_sha256"] == db.session.get_one(Signoff, number).digest.hex()
    [event] = make.events("signoff.exported")
    assert (event.actor_id, event.object_label) == (auditor.id, f"Release {room.release.key}")


def test_the_content_is_given_byte_for_byte_as_a_file_that_no_browser_runs(room: Room, client_of: Callable):
    number = room.sign(room.lead, LEAD)

    answer = client_of(room.lead).get(f"/signoffs/{number}/content/")

    assert sha256(answer.data).digest() == db.session.get_one(Signoff, number).digest
    assert json.loads(answer.data)["gate"] == "ready"
    assert answer.headers["Content-Disposition"] == f"attachment; filename=countersign-signoff-{number}.json"
    assert answer.mimetype == "application/octet-stream"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert client_of(room.lead).get("/signoffs/999999/content/").status_code == 404
