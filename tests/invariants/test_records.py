"""I22 to I27: what is shown and kept of a sign-off, for whom one signs, and that refusals are remembered."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from flask_migrate import downgrade, upgrade
from sqlalchemy import select

from app import create_app
from app.database import db, server_now
from app.domain.actors import SYSTEM, Origin
from app.domain.checklist import ItemState
from app.domain.errors import NotPermitted, RuleViolation
from app.domain.gates import GateKind, GateState
from app.domain.permissions import Role
from app.models import Gate, SignedContent, Signoff, SignoffEnd
from app.models.base import pretending
from app.queries.gates import list_active
from app.queries.signoff_verification import verify_signoffs
from app.services.item_states import set_state
from app.services.profile import update_profile
from app.services.roles import deactivate
from app.services.templates import load_catalogue
from config import Settings
from tests.factories import Made, Make
from tests.integration.services.test_delegations import DAY, asked, lent, sign_for
from tests.integration.services.test_gate_records import pass_gate
from tests.integration.services.test_signoffs import DBA, LEAD, QA, Room
from tests.web.test_gates import hidden, path, send
from tests.web.test_signoff_sheet import entry
from tests.web.waiving import plain

Browsers = Callable[[Made], FlaskClient]


@pytest.fixture
def room(make: Make) -> Room:
    return Room(make)


def rename(person: Made, name: str) -> None:
    update_profile(person.origin, revision=1, name=name, time_zone="UTC", shortcuts_enabled=False)


def test_i22_every_page_and_export_shows_a_signoff_as_it_was_whatever_becomes_of_the_person(
    make: Make, room: Room, client_of: Browsers
):
    number = room.sign(room.lead, LEAD)
    row = db.session.get_one(Signoff, number)
    auditor = client_of(make.person(Role.AUDITOR))
    old = room.lead.name
    rename(room.lead, "Somebody Else")

    sheet, page = auditor.get(f"/releases/{room.release.key}/signoffs/").text, auditor.get(path(room)).text
    export = auditor.get(f"/releases/{room.release.key}/signoffs/export/").get_data(as_text=True)
    [line] = csv.DictReader(io.StringIO(export.lstrip("\ufeff")))

    when = f"{row.signed_at:%Y-%m-%d %H:%M:%S} UTC"
    for words in (old, "Team lead", when, "I answer for it that the module is ready for release.", "counts"):
        assert words in entry(sheet, number)
    assert row.digest.hex() in "".join(sheet.split())
    for words in (old, row.digest.hex(), "Team lead"):
        assert words in " ".join(line.values())
    assert old in plain(page)
    assert "Somebody Else" not in entry(sheet, number) + export + page

    deactivate(make.person(Role.ADMINISTRATOR).origin, room.lead.id)

    told = entry(auditor.get(f"/releases/{room.release.key}/signoffs/").text, number)
    assert "role lost" in told
    assert all(words in told for words in (old, "Team lead", when))


def test_i23_who_signs_for_somebody_is_shown_with_them_within_the_time_and_lends_it_to_nobody(
    make: Make, room: Room, client_of: Browsers
):
    stand_in, third = make.person(Role.OPS), make.person(DBA)
    starts_at = (server_now() + timedelta(hours=1)).replace(microsecond=0)
    number = lent(room, room.lead, stand_in, starts_at=starts_at, ends_at=starts_at + DAY)
    for then in (starts_at - timedelta(seconds=1), starts_at + DAY):
        with pretending(then), pytest.raises(NotPermitted, match="do not sign for this person"):
            sign_for(room, stand_in, number)
    with pytest.raises(NotPermitted, match="do not hold the role Team lead"):
        asked(room, stand_in, third)

    with pretending(starts_at):
        signed = sign_for(room, stand_in, number)
        sheet = client_of(make.person(Role.AUDITOR)).get(f"/releases/{room.release.key}/signoffs/").text

    assert stand_in.name in entry(sheet, signed)
    assert room.lead.name in entry(sheet, signed)


def test_i23_for_whom_stands_behind_something_nobody_else_signs_either(make: Make, room: Room):
    stand_in = make.person(Role.OPS)
    number = lent(room, room.lead, stand_in)
    for then in (ItemState.TODO, ItemState.DONE):
        item = room.item()
        set_state(room.lead.origin, item.id, revision=item.revision, state=then, reason="I looked.")

    with pytest.raises(NotPermitted, match="stand behind"):
        sign_for(room, stand_in, number)


def everything_signed() -> tuple[object, ...]:
    """All that is kept of sign-offs, as rows."""
    db.session.remove()
    return tuple(
        db.session.execute(select(*columns).order_by(columns[0])).all()
        for columns in (
            (Signoff.id, Signoff.digest, Signoff.gate_id, Signoff.cycle, Signoff.policy_id),
            (SignedContent.digest, SignedContent.body),
            (SignoffEnd.signoff_id, SignoffEnd.kind),
            (Gate.id, Gate.cycle, Gate.consumed_at),
        )
    )


def test_i25_an_upgrade_of_our_own_tables_changes_no_digest_and_ends_no_signoff(tmp_path: Path):
    app = create_app(Settings(COUNTERSIGN_ENV="test", COUNTERSIGN_DATA=tmp_path, LOG_LEVEL="ERROR"))
    with app.app_context():
        upgrade()
        load_catalogue(Origin(SYSTEM))
        room = Room(Make())
        room.sign_all()
        before, content = everything_signed(), room.standing().content

        downgrade()  # to the tables of the version before, and up again as whoever upgrades does
        upgrade()

        assert everything_signed() == before
        assert room.standing().content.body == content.body
        assert room.state is GateState.SATISFIED
        assert [fault for one in verify_signoffs() for fault in one.faults] == []
        db.session.remove()
        db.engine.dispose()


def untick(room: Room) -> None:
    item = room.item()
    set_state(room.worker.origin, item.id, revision=item.revision, state=ItemState.TODO, reason="Not yet.")


def stand_behind(room: Room) -> None:
    room.make.evidence(room.lead, room.item().id)


REFUSED: dict[str, tuple[Callable[[Room], object], dict[str, str], int, str]] = {
    "a stale page": (untick, {}, 409, "has changed since"),
    "a role not held": (lambda _: None, {"role": "qa"}, 403, "is not signed as QA by you"),
    "signed already": (lambda room: room.sign(room.lead, LEAD), {}, 409, "counts once"),
}


@pytest.mark.parametrize("attempt", REFUSED)
def test_i26_a_refused_attempt_is_in_the_history_with_who_at_which_gate_and_why(
    room: Room, client_of: Browsers, attempt: str
):
    prepare, typed, status, words = REFUSED[attempt]
    browser, here = client_of(room.lead), path(room, then="sign/")
    page = browser.get(here).text
    prepare(room)

    answer = send(browser, here, page, **typed)

    assert answer.status_code == status
    [event] = room.make.events("attempt.refused")
    assert (event.actor_id, event.new_value) == (room.lead.id, f"POST {here}")
    assert words in event.object_label


@pytest.mark.parametrize("obstacle", [untick, stand_behind], ids=["an open item", "one's own work"])
def test_i26_an_approval_that_the_rules_refuse_is_in_the_history_too(
    room: Room, client_of: Browsers, obstacle: Callable[[Room], None]
):
    obstacle(room)
    browser, here = client_of(room.lead), path(room, then="sign/")

    digest = room.standing().content.digest.hex()
    said = {"role": "team_lead", "decision": "approve", "typed_name": room.lead.name, "digest": digest, "seen": ""}
    answer = browser.post(here, data=said)

    assert answer.status_code in {403, 409}
    [event] = room.make.events("attempt.refused")
    assert (event.actor_id, event.new_value) == (room.lead.id, f"POST {here}")
    assert "is to do" in event.object_label or "stand behind" in event.object_label


def test_i26_a_start_that_is_refused_is_in_the_history(room: Room):
    origin = Origin(room.worker.actor, path=f"POST {path(room)}")

    with pytest.raises(RuleViolation, match="is not open") as refused:
        pass_gate(origin, room.gate().id)

    [event] = room.make.events("attempt.refused")
    assert (event.actor_id, event.new_value) == (room.worker.id, f"POST {path(room)}")
    assert event.object_label == str(refused.value)[:500]


FOREIGN = ("another gate's sign-off", "a delegation of others", "a module that one does not see", "no such gate")


@pytest.mark.parametrize("foreign", FOREIGN)
def test_i27_a_number_that_does_not_belong_there_is_404_is_remembered_and_changes_nothing(
    make: Make, room: Room, client_of: Browsers, foreign: str
):
    room.sign(room.qa, QA)
    [number] = [one.id for one in list_active([room.gate().id])]
    other = Room(make)
    lending = lent(room, other.lead, make.person(Role.OPS))
    stranger = make.person(LEAD, module_id=make.module().id)
    browser, page = client_of(room.lead), client_of(room.lead).get(path(room, then="sign/")).text
    signed = {"decision": "approve", "typed_name": room.lead.name, "digest": hidden(page, "digest"), "seen": ""}
    who, address, typed = {
        "another gate's sign-off": (
            room.lead,
            f"/gates/{room.gate(GateKind.DEPLOY, 'staging').id}/signoffs/{number}/withdraw/",
            {"reason": "Not mine."},
        ),
        "a delegation of others": (room.lead, path(room, then="sign/"), {**signed, "role": f"team_lead:{lending}"}),
        "a module that one does not see": (stranger, path(room, then="sign/"), {**signed, "role": "team_lead"}),
        "no such gate": (room.lead, "/gates/987654321/sign/", {**signed, "role": "team_lead"}),
    }[foreign]

    answer = (browser if who is room.lead else client_of(who)).post(address, data=typed)

    assert answer.status_code == 404
    [event] = make.events("attempt.refused")
    assert (event.actor_id, event.fact, event.new_value) == (who.id, "NotFound", f"POST {address}")
    assert [one.id for one in list_active([room.gate().id])] == [number]
    assert room.ends() == []
