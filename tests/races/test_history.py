"""No change without its event, and no event changed afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Connection, create_engine, delete, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from app import create_app
from app.database import db, error_number
from app.domain.actors import SYSTEM, Origin
from app.domain.checklist import ItemState
from app.domain.permissions import Role
from app.domain.waiver_kinds import WaiverReason
from app.models import AuditEvent
from app.services.item_states import set_state
from app.services.items import add_comment, assign
from app.services.releases import ReleaseFacts, create_release
from app.services.templates import load_catalogue
from app.services.waivers import request_waiver
from tests.conftest import settings_for
from tests.factories import Make
from tests.races.running import count_rows, elsewhere, history_of, just_before, stream_of

ITEM = "pre.schema-planned"
SIGNALLED = 1644


@contextmanager
def refusing_events(url: str) -> Iterator[None]:
    """A table of events that takes none."""
    db.session.rollback()  # an open transaction of ours would keep the table from being changed
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("SET SESSION lock_wait_timeout = 5"))
        connection.execute(
            text(
                "CREATE TRIGGER refuse_events BEFORE INSERT ON audit_events FOR EACH ROW"
                " SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no room'"
            )
        )
        try:
            yield
        finally:
            db.session.rollback()
            connection.execute(text("DROP TRIGGER refuse_events"))


@pytest.mark.parametrize("act", ["tick", "comment", "owner", "waiver", "release"])
def test_a_change_whose_event_cannot_be_written_is_not_made(
    app: Flask, make: Make, database: SimpleNamespace, act: str
):
    release = make.release()
    lead = make.lead()
    item = release.item(ITEM)
    acts = {
        "tick": lambda: set_state(lead.origin, item.id, revision=item.revision, state=ItemState.DONE),
        "comment": lambda: add_comment(lead.origin, item.id, text="seen"),
        "owner": lambda: assign(lead.origin, item.id, revision=item.revision, assignee_id=lead.id, due_on=None),
        "waiver": lambda: request_waiver(
            lead.origin,
            item.id,
            revision=item.revision,
            reason=WaiverReason.NOT_TOUCHED,
            explanation="nothing here changes it",
        ),
        "release": lambda: create_release(lead.origin, "unheard-of", ReleaseFacts(name="Unheard of")),
    }
    before = (count_rows(), vars(release.item(ITEM)) | {"_sa_instance_state": None})

    with refusing_events(database.url), pytest.raises(DBAPIError) as failure:
        acts[act]()

    assert error_number(failure.value) == SIGNALLED
    assert (count_rows(), vars(release.item(ITEM)) | {"_sa_instance_state": None}) == before
    acts[act]()
    assert count_rows()["audit_events"] > before[0]["audit_events"]


@pytest.mark.parametrize(
    "statement", ["UPDATE streams", "UPDATE checklist_items", "INSERT INTO audit_events", "COMMIT"]
)
def test_a_connection_lost_in_the_middle_leaves_all_of_a_tick_or_nothing(
    app: Flask, make: Make, database: SimpleNamespace, statement: str
):
    release = make.release()
    person = make.person(Role.DEVELOPER)
    item = release.item(ITEM)
    origin = person.origin

    def cut(connection: Connection) -> None:
        mine = connection.connection.driver_connection.thread_id()
        elsewhere(app, lambda: db.session.execute(text(f"KILL {mine}")))

    with just_before(statement, cut):
        saved = set_state(origin, item.id, revision=item.revision, state=ItemState.DONE)

    assert saved.revision == item.revision + 1
    ticks = [entry for entry in history_of(stream_of(item)) if entry.object_id == item.id and entry.fact == "state"]
    assert len(ticks) == 1


@pytest.mark.parametrize("end", ["remove", "rollback"])
def test_a_session_can_be_ended_when_its_server_has_gone(app: Flask, make: Make, end: str):
    release = make.release()
    mine = db.session.connection().connection.driver_connection.thread_id()
    elsewhere(app, lambda: db.session.execute(text(f"KILL {mine}")))

    getattr(db.session, end)()

    assert release.items


CHANGES = [
    update(AuditEvent).values(reason="rewritten"),
    update(AuditEvent).values(body=b"{}"),
    delete(AuditEvent),
]


def check_refused(statement: Any) -> None:
    before = db.session.execute(select(AuditEvent.id, AuditEvent.body, AuditEvent.reason)).all()
    assert before
    with pytest.raises(DBAPIError, match="only ever added"):
        db.session.execute(statement)
    db.session.rollback()
    assert db.session.execute(select(AuditEvent.id, AuditEvent.body, AuditEvent.reason)).all() == before


@pytest.mark.parametrize("statement", CHANGES, ids=["text", "proof", "row"])
def test_the_server_refuses_to_change_or_delete_an_event(app: Flask, make: Make, statement: Any):
    make.release()

    check_refused(statement)


@pytest.mark.parametrize("statement", CHANGES, ids=["text", "proof", "row"])
def test_the_embedded_database_refuses_to_change_or_delete_an_event(tmp_path: Any, statement: Any):
    embedded = create_app(settings_for("", tmp_path))
    with embedded.app_context():
        upgrade()
        load_catalogue(Origin(SYSTEM))

        check_refused(statement)
        db.session.remove()
        db.engine.dispose()
