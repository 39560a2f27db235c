"""A sign-off changed beside the product is found out. On the embedded database, whose fences can be taken down."""

import csv
import io
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask_migrate import upgrade
from pypdf import PdfReader
from sqlalchemy import text
from werkzeug.test import TestResponse

from app import create_app
from app.database import db
from app.domain.actors import SYSTEM, Origin
from app.domain.errors import RuleViolation
from app.queries.signoff_sheet import get_signed_content
from app.queries.signoff_verification import verify_signoffs
from app.services.signoffs import withdraw
from app.services.templates import load_catalogue
from config import Settings
from tests.factories import Make
from tests.integration.services.test_signoffs import Room
from tests.web.test_signoff_sheet import entry

FENCED = ("audit_events", "signoff", "signed_contents")


@pytest.fixture
def signed(tmp_path: Path) -> Iterator[SimpleNamespace]:
    """A small product with two sign-offs, its fences taken down."""
    app = create_app(Settings(COUNTERSIGN_ENV="test", COUNTERSIGN_DATA=tmp_path, LOG_LEVEL="ERROR"))
    with app.app_context():
        upgrade()
        load_catalogue(Origin(SYSTEM))
        room = Room(Make())
        room.sign_all()
        triggers = db.session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all()
        for name in triggers:
            if name.startswith(FENCED):
                db.session.execute(text(f"DROP TRIGGER {name}"))
        db.session.commit()
        browser = app.test_client()
        with browser.session_transaction() as cookie:
            cookie["token"] = Make().session_token(room.lead)

        def get(name: str = "") -> TestResponse:
            db.session.remove()
            return browser.get(f"/releases/{room.release.key}/signoffs/{name}")

        yield SimpleNamespace(app=app, reader=room.lead.actor, get=get, sheet=lambda: get().text)
        db.session.remove()
        db.engine.dispose()


def faults() -> list[tuple[int, str]]:
    """What does not fit, with the number of the sign-off."""
    return [(one.id, fault) for one in verify_signoffs() for fault in one.faults]


def change(statement: str) -> None:
    """Change something beside the product."""
    db.session.remove()
    with closing(sqlite3.connect(str(db.engine.url.database))) as connection:
        connection.execute(statement)
        connection.commit()


def test_untouched_signoffs_have_no_fault(signed: SimpleNamespace):
    assert [(one.id, one.faults) for one in verify_signoffs()] == [(1, ()), (2, ())]
    assert [one.id for one in verify_signoffs(2)] == [2]
    result = signed.app.test_cli_runner().invoke(args=["verify-signoffs"])
    assert (result.exit_code, result.output) == (
        0,
        "All 2 sign-offs are over the content that is kept, as their events say.\n",
    )


def test_an_end_that_was_removed_or_made_up_is_found_out(signed: SimpleNamespace):
    withdraw(Origin(signed.reader), 1, reason="I was wrong.")
    assert faults() == []

    change("DELETE FROM signoff_ends WHERE signoff_id = 1")
    assert faults() == [(1, "its end differs from the history: withdrawn there, none in the table")]
    change(
        "INSERT INTO signoff_ends (signoff_id, kind, reason, ended_at) VALUES (2, 'stale', '', '2026-01-01 00:00:00')"
    )
    assert faults()[1:] == [(2, "its end differs from the history: none there, stale in the table")]


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE signoffs SET digest = zeroblob(32) WHERE id = 2", "the digest differs from its event"),
        ("UPDATE signoffs SET role = 'dba' WHERE id = 2", "the role differs from its event"),
        ("UPDATE signoffs SET decision = 'reject' WHERE id = 2", "the decision differs from its event"),
        ("UPDATE signoffs SET person_id = 1 WHERE id = 2", "the person differs from its event"),
        ("UPDATE signoffs SET name_id = 1 WHERE id = 2", "the name differs from its event"),
        ("UPDATE signoffs SET statement = 'I was not there.' WHERE id = 2", "the statement differs from its event"),
        ("UPDATE signoffs SET on_condition = 'None.' WHERE id = 2", "the condition differs from its event"),
        (
            "UPDATE signoffs SET signed_at = '2020-01-01 00:00:00' WHERE id = 2",
            "the time differs from its event",
        ),
        ("UPDATE signoffs SET gate_id = gate_id + 1 WHERE id = 2", "the gate differs from the content"),
        ("UPDATE signoffs SET cycle = 7 WHERE id = 2", "the cycle differs from the content"),
        ("UPDATE signoffs SET event_id = zeroblob(16) WHERE id = 2", "there is no event that says it was given"),
        ("DELETE FROM signed_contents", "the content that was signed is gone"),
        (
            "UPDATE signed_contents SET body = CAST(replace(body, 'done', 'todo') AS BLOB)",
            "the content that is kept does not have the digest that was signed",
        ),
        ("UPDATE signed_contents SET body = CAST('x' AS BLOB)", "the content that is kept is not in canonical form"),
        (
            "UPDATE audit_events SET body = CAST(replace(body, 'qa', 'QA') AS BLOB) WHERE action = 'signoff.given'",
            "the bytes of its event do not have the hash that is stored",
        ),
        (
            "UPDATE audit_events SET body = CAST('{ }' AS BLOB) WHERE action = 'signoff.given'",
            "the event is not in canonical form",
        ),
        (
            "UPDATE person_names SET name = 'Somebody Else' WHERE id = (SELECT name_id FROM signoffs WHERE id = 2)",
            "the name of the person then was changed",
        ),
    ],
)
def test_what_was_changed_by_hand_is_named(signed: SimpleNamespace, statement: str, words: str):
    change(statement)

    assert (2, words) in faults()
    result = signed.app.test_cli_runner().invoke(args=["verify-signoffs", "2"])
    assert result.exit_code == 1
    assert f"sign-off 2: {words}\n" in result.output
    assert "1 of 1 sign-offs were changed beside the product." in result.output


def test_content_that_was_changed_is_not_given_out(signed: SimpleNamespace):
    assert get_signed_content(2, signed.reader).startswith(b'{"cycle":1,')

    change("UPDATE signed_contents SET body = CAST(replace(body, 'done', 'todo') AS BLOB)")

    with pytest.raises(RuleViolation, match="not the one that is kept"):
        get_signed_content(2, signed.reader)


def test_the_content_can_be_printed_and_piped(signed: SimpleNamespace):
    result = signed.app.test_cli_runner().invoke(args=["verify-signoffs", "1", "--show"])
    nobody = signed.app.test_cli_runner().invoke(args=["verify-signoffs", "9"])

    assert result.exit_code == 0
    assert result.stdout.encode() == get_signed_content(1, signed.reader) + b"\n"
    assert (nobody.exit_code, nobody.output) == (1, "There is no sign-off 9.\n")


CHANGED = "UPDATE signed_contents SET body = CAST(replace(body, 'done', 'todo') AS BLOB)"


@pytest.mark.parametrize(
    "statement",
    [CHANGED, "DELETE FROM signed_contents", "UPDATE signoffs SET digest = zeroblob(32) WHERE id = 2"],
)
def test_a_sheet_says_loudly_which_signoff_does_not_fit_its_content(signed: SimpleNamespace, statement: str):
    whole = signed.sheet()
    assert "Does not fit" not in whole
    assert "Each digest was computed anew for this sheet, and fits." in whole

    change(statement)

    sheet, rows = signed.sheet(), list(csv.DictReader(io.StringIO(signed.get("export/").data.decode("utf-8-sig"))))
    broken = [1, 2] if "signed_contents" in statement else [2]
    told = [number for number in (1, 2) if "Does not fit" in entry(sheet, number)]
    assert told == broken
    assert ("2 do not fit their content." if broken == [1, 2] else "1 does not fit its content.") in sheet
    assert "Each digest was computed anew" not in sheet
    assert [(row["signoff_id"], row["content_fits"]) for row in rows] == [
        (str(number), "no" if number in broken else "yes") for number in (1, 2)
    ]


def test_the_pdf_says_so_as_loudly(signed: SimpleNamespace):
    change(CHANGED)

    pages = PdfReader(io.BytesIO(signed.get("pdf/").data)).pages

    text = " ".join(" ".join(page.extract_text() for page in pages).split())
    assert text.count("Does not fit its content.") == 2
    assert "2 do not fit their content." in text
    assert "Each digest was computed anew" not in text
