"""A file that a scanner refuses: a sentence, nothing on the disk, and an event."""

import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.database import db
from app.domain.evidence import EvidenceFacts
from app.domain.permissions import Role
from app.files.scanner import Scanner
from app.files.store import Store
from app.models import Evidence
from app.models.base import utc_now
from app.services.evidence import add_file
from tests.factories import LIMITS, PNG, MadeRelease, Make
from tests.scanners import EICAR, script

Configure = Callable[..., None]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "evidence"


@pytest.fixture
def configure(app: Flask, directory: Path) -> Iterator[Configure]:
    """Settings of this test alone."""
    settings = app.config["SETTINGS"]

    def change(**given: Any) -> None:
        app.config["SETTINGS"] = settings.model_copy(update={"evidence_dir": directory, **given})

    change()
    yield change
    app.config["SETTINGS"] = settings


@pytest.fixture
def release(make: Make) -> MadeRelease:
    return make.release()


@dataclass(frozen=True)
class Desk:
    """Somebody who adds files to an item."""

    site: FlaskClient
    path: str

    def send(self, content: bytes, name: str) -> TestResponse:
        data = {"file": (BytesIO(content), name), "measured_at": "", "note": "what I typed"}
        return self.site.post(f"{self.path}evidence/", data=data, content_type="multipart/form-data")

    @property
    def page(self) -> str:
        return self.site.get(self.path).text


@pytest.fixture
def desk(make: Make, client_of: Callable, release: MadeRelease) -> Desk:
    return Desk(client_of(make.person(Role.DEVELOPER)), f"/items/{release.items[0].id}/")


def pieces() -> int:
    return db.session.scalar(select(func.count()).select_from(Evidence)) or 0


def files(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]


def test_without_a_scanner_nothing_is_scanned(desk: Desk, configure: Configure, directory: Path):
    assert desk.send(EICAR, "notes.txt").status_code == 303
    assert len(files(directory)) == 1


def test_a_clean_file_is_taken_without_a_word_about_it(desk: Desk, configure: Configure, make: Make, tmp_path: Path):
    configure(evidence_scanner=shlex.join([script(tmp_path), "--no-summary", "-"]))

    assert desk.send(PNG, "plan.png").status_code == 303
    assert "scanner" not in desk.page
    assert make.events("attempt.refused") == []


def test_what_the_scanner_finds_is_refused_with_a_sentence_and_an_event(
    desk: Desk, configure: Configure, make: Make, tmp_path: Path, directory: Path
):
    configure(evidence_scanner=script(tmp_path))

    answer = desk.send(EICAR, "notes.txt")

    assert answer.status_code == 422
    assert "The scanner found something harmful in this file. It was not kept." in answer.text
    assert "what I typed" in answer.text
    assert (files(directory), pieces()) == ([], 0)
    [event] = make.events("attempt.refused")
    assert (event.fact, event.new_value) == ("Harmful", f"POST {desk.path}evidence/")
    assert "scanner found something harmful" in event.object_label


def test_a_scanner_that_is_down_takes_no_file(
    desk: Desk, configure: Configure, make: Make, tmp_path: Path, directory: Path
):
    configure(evidence_scanner=str(tmp_path / "nowhere"))

    answer = desk.send(PNG, "plan.png")

    assert answer.status_code == 503
    assert "The scanner does not answer" in answer.text
    assert (files(directory), pieces()) == ([], 0)
    assert [event.fact for event in make.events("attempt.refused")] == ["NotScanned"]


def test_where_files_are_taken_nevertheless_page_and_history_say_so(
    desk: Desk, configure: Configure, make: Make, tmp_path: Path, directory: Path
):
    configure(evidence_scanner=str(tmp_path / "nowhere"), evidence_scanner_down="take")

    answer = desk.send(PNG, "plan.png")

    assert answer.status_code == 303
    assert len(files(directory)) == 1
    assert "nobody has looked whether this file does harm" in desk.page
    [event] = make.events("evidence.added")
    assert event.new_value.endswith(", not seen by the scanner)")


def test_no_transaction_is_open_while_a_file_is_written_and_scanned(
    make: Make, release: MadeRelease, tmp_path: Path, directory: Path
):
    worker, item = make.person(Role.DEVELOPER), release.items[0].id
    origin, seen = worker.origin, []
    assert db.session().in_transaction()

    class Watched(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            seen.append(db.session().in_transaction())
            return super().read(size)

    scanner = Scanner((script(tmp_path),), 20, is_needed=True)
    add_file(
        origin,
        item,
        EvidenceFacts(),
        (Watched(PNG), "plan.png"),
        link="",
        store=Store(directory, scanner),
        at_most=1000,
        limits=LIMITS,
        today=utc_now().date(),
    )

    assert set(seen) == {False}
    assert pieces() == 1
