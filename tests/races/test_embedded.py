"""The same product on its embedded database: one writer at a time, and everything is kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade

from app import create_app
from app.database import db
from app.domain.actors import SYSTEM, Origin
from app.domain.audit import AuditAction
from app.domain.checklist import ItemState
from app.domain.errors import Conflict
from app.domain.permissions import Role
from app.services.item_states import set_state
from app.services.items import Saved, add_comment
from app.services.templates import load_catalogue
from tests.conftest import settings_for
from tests.factories import Make
from tests.races.running import history_of, race, stream_of

ROUNDS = 25


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    embedded = create_app(settings_for("", tmp_path))
    with embedded.app_context():
        upgrade()
        load_catalogue(Origin(SYSTEM))
        yield embedded
        db.session.remove()
        db.engine.dispose()


def test_four_people_at_once_lose_nothing(app: Flask, make: Make):
    release = make.release()
    people = [make.person(Role.DEVELOPER) for _ in range(4)]
    items = release.items[:4]

    def work(person, item):
        actor = person.actor

        def run() -> int:
            revision = item.revision
            for number in range(ROUNDS):
                state = ItemState.TODO if number % 2 else ItemState.DONE
                revision = set_state(Origin(actor), item.id, revision=revision, state=state).revision
                add_comment(Origin(actor), item.id, text=f"round {number}")
            return revision

        return run

    assert race(app, [work(*pair) for pair in zip(people, items, strict=True)]) == [
        item.revision + ROUNDS for item in items
    ]
    stream = stream_of(release.item(items[0].key))
    events = [entry for entry in history_of(stream) if entry.object_kind == "item"]
    assert len(events) == 4 * ROUNDS * 2
    for person, item in zip(people, items, strict=True):
        mine = [entry for entry in events if entry.object_id == item.id]
        assert {entry.actor_id for entry in mine} == {person.id}
        assert len([entry for entry in mine if entry.action is AuditAction.ITEM_COMMENTED]) == ROUNDS
        assert release.item(item.key).comment_count == ROUNDS


def test_of_two_ticks_of_one_item_one_wins(app: Flask, make: Make):
    release = make.release()
    people = [make.person(Role.DEVELOPER), make.person(Role.QA)]
    for item in release.items[:10]:
        outcomes = race(
            app,
            [
                lambda o=person.origin, i=item: set_state(o, i.id, revision=i.revision, state=ItemState.DONE)
                for person in people
            ],
        )

        assert {type(outcome) for outcome in outcomes} == {Saved, Conflict}
