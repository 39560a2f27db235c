"""Evidence and its files, with real commits: one piece for one form, the last room taken once, orphans collected."""

import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, select

from app.database import db
from app.domain.actors import Origin
from app.domain.errors import NoRoom
from app.domain.evidence import EvidenceFacts, Limits
from app.domain.permissions import Role
from app.files.store import Store
from app.models import Evidence
from app.models.base import utc_now
from app.services.evidence import Added, add_file
from app.web.uploads import evidence_store
from app.worker.jobs import KEEP_UNNAMED, collect_files
from tests.factories import LIMITS, PNG, MadeRelease, Make
from tests.races.running import history_of, just_before, race, stream_of

ITEM, OTHER = "pre.schema-planned", "pre.tables-identified"
AT_ONCE = 8


@pytest.fixture(autouse=True)
def store(app: Flask, tmp_path: Path) -> Iterator[Store]:
    settings = app.config["SETTINGS"]
    app.config["SETTINGS"] = settings.model_copy(update={"evidence_dir": tmp_path / "evidence"})
    yield evidence_store()
    app.config["SETTINGS"] = settings


@pytest.fixture
def release(make: Make) -> MadeRelease:
    return make.release()


def send(origin: Origin, item_id: int, store: Store, limits: Limits = LIMITS) -> Added:
    upload, given = (BytesIO(PNG), "plan.png"), {"link": "", "store": store, "at_most": 10_000, "limits": limits}
    return add_file(origin, item_id, EvidenceFacts(), upload, today=utc_now().date(), **given)


def files(store: Store) -> list[Path]:
    return [path for path in store.directory.rglob("*") if path.is_file()]


def rows_of(item_id: int) -> list[Any]:
    db.session.rollback()
    return list(db.session.scalars(select(Evidence).where(Evidence.item_id == item_id)))


def test_one_form_sent_many_times_at_one_moment_makes_one_piece_and_one_file(
    app: Flask, make: Make, release: MadeRelease, store: Store
):
    item, origin = release.item(ITEM), make.person(Role.DEVELOPER).origin

    answers = race(app, [lambda: send(origin, item.id, store)] * AT_ONCE)

    [row], [file] = rows_of(item.id), files(store)
    assert {answer.evidence_id for answer in answers} == {row.id}
    assert file.name == row.stored_as
    assert [event.action for event in history_of(stream_of(item))].count("evidence.added") == 1


def test_many_files_at_one_moment_all_stay_and_are_counted(app: Flask, make: Make, release: MadeRelease, store: Store):
    item = release.item(ITEM)
    origins = [make.person(Role.DEVELOPER).origin for _ in range(AT_ONCE)]

    race(app, [lambda origin=origin: send(origin, item.id, store) for origin in origins])

    assert len(rows_of(item.id)) == len(files(store)) == release.item(ITEM).evidence_count == AT_ONCE


def test_the_last_room_of_a_release_is_taken_once(app: Flask, make: Make, store: Store):
    release = make.release(modules=2)
    origins = [make.person(Role.DEVELOPER).origin for _ in range(AT_ONCE)]
    items = [release.item(ITEM).id, release.item(OTHER).id] * (AT_ONCE // 2)
    limits = Limits(per_item=50, release_bytes=3 * len(PNG))

    pairs = zip(origins, items, strict=True)
    answers = race(app, [lambda o=origin, i=item: send(o, i, store, limits) for origin, item in pairs])

    assert sum(isinstance(answer, NoRoom) for answer in answers) == AT_ONCE - 3
    assert len(files(store)) == 3


class Killed(BaseException):
    """What ends a process between two statements."""


def test_a_process_that_dies_between_file_and_row_leaves_a_file_that_is_collected_after_a_day(
    app: Flask, make: Make, release: MadeRelease, store: Store
):
    item, origin = release.item(ITEM), make.person(Role.DEVELOPER).origin
    named = send(make.person(Role.DEVELOPER).origin, item.id, store).stored_as

    def die(_connection: Connection) -> None:
        raise Killed

    with just_before("INSERT INTO evidence", die), pytest.raises(Killed):
        send(origin, item.id, store)
    assert len(rows_of(item.id)) == 1
    assert len(files(store)) == 2
    unfinished = store.directory / "incoming" / "half"
    unfinished.write_bytes(PNG)

    collect_files()
    assert len(files(store)) == 3
    long_ago = (utc_now() - KEEP_UNNAMED).timestamp() - 60
    for path in files(store):
        os.utime(path, (long_ago, long_ago))
    collect_files()

    assert [path.name for path in files(store)] == [named]


def test_collecting_where_nothing_was_ever_kept_does_nothing(app: Flask, store: Store):
    collect_files()

    assert not store.directory.exists()
