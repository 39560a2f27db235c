"""A history changed beside the product is found out. On the embedded database, whose fences can be taken down."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import text

from app import create_app
from app.database import db
from app.domain.actors import SYSTEM, Origin
from app.domain.permissions import Role
from app.queries.verification import find_faults
from app.services.templates import load_catalogue
from config import Settings
from tests.factories import Make


@pytest.fixture
def history(tmp_path: Path) -> Iterator[Flask]:
    """A small product with some events, its fences taken down."""
    app = create_app(Settings(COUNTERSIGN_ENV="test", COUNTERSIGN_DATA=tmp_path, LOG_LEVEL="ERROR"))
    with app.app_context():
        upgrade()
        load_catalogue(Origin(SYSTEM))
        make = Make()
        make.person(Role.VIEWER)
        make.release(modules=2)
        for verb in ("update", "delete"):
            db.session.execute(text(f"DROP TRIGGER audit_events_no_{verb}"))
        db.session.commit()
        yield app
        db.session.remove()
        db.engine.dispose()


def test_an_untouched_history_has_no_fault(history: Flask):
    assert list(find_faults()) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("UPDATE audit_events SET reason = 'another reason' WHERE {last}", "the column reason differs"),
        ("UPDATE audit_events SET actor_id = NULL WHERE {last}", "the column actor_id differs"),
        ("UPDATE audit_events SET action = 'item.undone' WHERE {last}", "the column action differs"),
        ("UPDATE audit_events SET occurred_at = '2020-01-01 00:00:00.000000' WHERE {last}", "number or time differs"),
        (
            "UPDATE audit_events SET body = CAST(replace(body, 'release', 'relaese') AS BLOB) WHERE {last}",
            "do not have the hash",
        ),
        ("UPDATE audit_events SET leaf = zeroblob(32) WHERE {last}", "do not have the hash"),
        ("DELETE FROM audit_events WHERE stream_sequence = 1 AND {stream}", "is missing before it"),
        ("DELETE FROM audit_events WHERE {last}", "but 3 were written"),
        ("UPDATE streams SET sequence = 2 WHERE id = {number}", "it ends at number 3, but 2 were written"),
    ],
)
def test_what_was_changed_by_hand_is_named(history: Flask, change: str, words: str):
    number = db.session.execute(text("SELECT id FROM streams WHERE kind = 'release'")).scalar_one()
    stream = f"stream_id = {number}"
    last = f"{stream} AND stream_sequence = 3"

    db.session.execute(text(change.format(last=last, stream=stream, number=number)))
    db.session.commit()

    assert any(words in fault for fault in find_faults())


def test_the_command_ends_with_one_and_says_what_does_not_fit(history: Flask):
    runner = history.test_cli_runner()
    assert runner.invoke(args=["verify-audit"]).exit_code == 0
    db.session.execute(text("UPDATE audit_events SET object_label = 'something else' WHERE stream_sequence = 1"))
    db.session.commit()

    result = runner.invoke(args=["verify-audit"])

    assert result.exit_code == 1
    assert "object_label differs" in result.output


def test_a_fence_refuses_to_change_or_remove_an_event(tmp_path: Path):
    app = create_app(Settings(COUNTERSIGN_ENV="test", COUNTERSIGN_DATA=tmp_path, LOG_LEVEL="ERROR"))
    with app.app_context():
        upgrade()
        load_catalogue(Origin(SYSTEM))
        for statement in ("UPDATE audit_events SET reason = 'x'", "DELETE FROM audit_events"):
            with pytest.raises(Exception, match="audit events are only ever added"):
                db.session.execute(text(statement))
            db.session.rollback()
        db.session.remove()
        db.engine.dispose()
