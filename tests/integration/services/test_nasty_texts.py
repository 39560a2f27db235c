"""The nasty case of texts: whatever somebody writes, what is signed is just that, whole, and has one digest."""

import unicodedata
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from app.database import db
from app.domain.checklist import ItemState
from app.domain.gates import GateState
from app.models import SignedContent, Signoff
from app.queries.signoff_verification import verify_signoffs
from app.services.gate_records import write_rollback_plan
from tests.factories import Made, Make
from tests.integration.services.test_gate_records import deploy
from tests.integration.services.test_nasty_cases import set_to
from tests.integration.services.test_signoffs import COVERED, LEAD, Room

Browsers = Callable[[Made], FlaskClient]


@pytest.fixture
def room(make: Make) -> Room:
    return Room(make)


NOTES = {
    "composed": unicodedata.normalize("NFC", "Größe geprüft, déjà vu"),
    "decomposed": unicodedata.normalize("NFD", "Größe geprüft, déjà vu"),
    "beyond the plane": "looked at it 👩‍🔧🇩🇪 \U0001d518",
    "spaces around": "  twice  ",
    "a tab and lines": "one\ttwo\r\nthree\nfour",
    "not to be seen": "zero\u200bwidth\ufeff and \u202eback",
    "like markup": "<b>&amp;</b> \"'\\ {{ x }}",
    "empty": "",
    "as long as can be": "👍" * 1000,
}


@pytest.mark.parametrize("note", NOTES)
def test_nasty_14_whatever_is_written_in_a_note_is_signed_as_it_is_and_has_one_digest(room: Room, note: str):
    written = NOTES[note]
    set_to(room, ItemState.TODO, "Not yet.")
    set_to(room, ItemState.DONE, written)

    number = room.sign(room.lead, LEAD)
    digests = set()
    for _ in range(3):
        db.session.expire_all()
        digests.add(room.standing().content.digest)

    row = db.session.get_one(Signoff, number)
    assert digests == {row.digest}
    assert written in [item.signed.note for item in room.standing().covered if item.facts.key == COVERED]
    kept = db.session.get_one(SignedContent, row.digest)
    assert kept.body.decode() == room.standing().content.body.decode()
    assert room.state is GateState.PARTIAL
    assert [fault for one in verify_signoffs() for fault in one.faults] == []


def test_nasty_14_texts_that_look_alike_are_different_contents(room: Room):
    digests = set()
    for note in ("composed", "decomposed", "spaces around", "empty"):
        set_to(room, ItemState.TODO, "Not yet.")
        set_to(room, ItemState.DONE, NOTES[note])
        digests.add(room.standing().content.digest)
        assert room.item().reason == NOTES[note]

    assert len(digests) == 4


@pytest.mark.parametrize("sign", ["x", "👍"], ids=["letters", "emoji"])
def test_nasty_14_a_text_of_65_kilobytes_is_refused_or_kept_whole_and_never_cut(
    room: Room, client_of: Browsers, sign: str
):
    long = sign * (65_536 // len(sign.encode()) + 1)
    item = room.item()
    note = client_of(room.worker).post(
        f"/items/{item.id}/state/", data={"state": "doing", "revision": str(item.revision), "reason": long}
    )
    plan = client_of(room.worker).post(
        path_of_plan(room), data={"body": long, "revision": "0", "idempotency_key": "one"}
    )

    assert (note.status_code, plan.status_code) == (422, 422)
    assert room.item().state is ItemState.DONE
    whole = sign * (65_535 // len(sign.encode()))
    assert write_rollback_plan(room.worker.origin, room.checklist_id, body=whole, revision=0) == 1
    assert deploy(room).gate.id
    assert db.session.scalar(text("SELECT body FROM rollback_plans ORDER BY id DESC LIMIT 1")) == whole


def path_of_plan(room: Room) -> str:
    return f"/gates/{deploy(room).gate.id}/plan/"
