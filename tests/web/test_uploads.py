"""Files from hostile hands: too large, wrongly announced, disguised, badly named; and how files are given back."""

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.database import db
from app.domain.permissions import Role
from app.models import Evidence
from tests.factories import PNG, Made, MadeRelease, Make

ITEM = "pre.schema-planned"
BOUNDARY = "a-line-between-parts"
MB = 1_000_000


@pytest.fixture(autouse=True)
def directory(app: Flask, tmp_path: Path) -> Iterator[Path]:
    """A place for files of this test alone, with the smallest limit."""
    settings, place = app.config["SETTINGS"], tmp_path / "evidence"
    app.config["SETTINGS"] = settings.model_copy(update={"evidence_dir": place, "evidence_file_mb": 1})
    yield place
    app.config["SETTINGS"] = settings


@pytest.fixture
def release(make: Make) -> MadeRelease:
    return make.release()


@pytest.fixture
def worker(make: Make) -> Made:
    return make.person(Role.DEVELOPER)


@pytest.fixture
def site(client_of: Callable, worker: Made) -> FlaskClient:
    return client_of(worker)


@pytest.fixture
def path(release: MadeRelease) -> str:
    return f"/items/{release.item(ITEM).id}/evidence/"


def files(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]


def pieces() -> int:
    return db.session.scalar(select(func.count()).select_from(Evidence)) or 0


def send(site: FlaskClient, path: str, content: bytes, name: str, **more: Any) -> TestResponse:
    data = {"file": (BytesIO(content), name), "measured_at": "", **more}
    return site.post(path, data=data, content_type="multipart/form-data")


def body_of(name: str, content: bytes) -> bytes:
    """The body of a form with one file, byte by byte as it goes over the wire."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    return head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


class Stream:
    """A body without an end that counts what was taken of it."""

    def __init__(self, start: bytes, total: int) -> None:
        self.start, self.left, self.taken = start, total, 0

    def read(self, size: int = -1) -> bytes:
        size = min(64 * 1024 if size < 0 else size, self.left)
        piece = (self.start + b"x" * size)[:size]
        self.start = self.start[size:]
        self.left -= size
        self.taken += size
        return piece


def send_raw(site: FlaskClient, path: str, stream: Any, **environ: Any) -> TestResponse:
    given = {"CONTENT_TYPE": f"multipart/form-data; boundary={BOUNDARY}", "wsgi.input": stream, **environ}
    return site.open(path, method="POST", environ_overrides=given)


def test_a_file_is_taken_and_shown_on_its_item(site: FlaskClient, path: str, directory: Path):
    answer = send(site, path, PNG, "plan.png", note="the plan")

    assert answer.status_code == 303
    assert [file.read_bytes() for file in files(directory)] == [PNG]
    page = site.get(path.removesuffix("evidence/")).text
    assert "plan.png" in page
    assert "the plan" in page


@pytest.mark.parametrize("content", [b"x" * (MB + 1), b"x" * 5 * MB], ids=["a byte more", "5 MB"])
def test_a_file_over_the_limit_is_refused_with_the_limit(site: FlaskClient, path: str, directory: Path, content: bytes):
    answer = send(site, path, content, "big.txt")

    assert answer.status_code == 413
    assert "1 MB" in answer.text
    assert (files(directory), pieces()) == ([], 0)


def test_an_endless_body_that_says_its_length_is_not_read_at_all(site: FlaskClient, path: str):
    stream = Stream(body_of("big.txt", b""), 5000 * MB)

    answer = send_raw(site, path, stream, CONTENT_LENGTH=str(5000 * MB))

    assert answer.status_code == 413
    assert stream.taken == 0


def test_an_endless_body_in_chunks_is_read_no_further_than_the_limit(site: FlaskClient, path: str, directory: Path):
    stream = Stream(body_of("big.txt", b"")[:-50], 5000 * MB)

    answer = send_raw(site, path, stream, **{"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"})

    assert answer.status_code == 413
    assert stream.taken < 1.5 * MB
    assert (files(directory), pieces()) == ([], 0)


@pytest.mark.parametrize("difference", [-40, 40])
def test_a_body_of_another_length_than_it_says_adds_nothing(
    site: FlaskClient, path: str, directory: Path, difference: int
):
    body = body_of("plan.png", PNG)

    answer = send_raw(site, path, BytesIO(body), CONTENT_LENGTH=str(len(body) + difference))

    assert answer.status_code in {400, 422}
    assert (files(directory), pieces()) == ([], 0)


def test_a_body_without_a_length_and_without_chunks_adds_nothing(site: FlaskClient, path: str):
    answer = send_raw(site, path, BytesIO(body_of("plan.png", PNG)), CONTENT_LENGTH="")

    assert answer.status_code in {400, 411, 422}
    assert pieces() == 0


def test_only_where_a_file_is_taken_more_than_a_page_may_be_sent(app: Flask, site: FlaskClient, path: str):
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"evidence_file_mb": 3})
    content = b"x" * 2 * MB

    assert send(site, path, content, "big.txt").status_code == 303
    assert send(site, path.replace("evidence", "comments"), content, "big.txt").status_code == 413


def test_who_is_not_signed_in_may_not_even_send_it(app: Flask, client: FlaskClient, path: str):
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"evidence_file_mb": 100})
    stream = Stream(body_of("big.txt", b"")[:-50], 50 * MB)

    answer = send_raw(client, path, stream, CONTENT_LENGTH=str(50 * MB))

    assert answer.status_code == 413
    assert stream.taken == 0


def test_a_cookie_that_we_did_not_sign_opens_nothing(client: FlaskClient, path: str):
    client.set_cookie("countersign", "eyJ0b2tlbiI6IngifQ.aaaaaa.forged")
    stream = Stream(b"", 2 * MB)

    assert send_raw(client, path, stream, CONTENT_LENGTH=str(2 * MB)).status_code == 413
    assert stream.taken == 0


HTML = b"<!doctype html><script>alert(1)</script>"


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("page.html", HTML, "no kind of file"),
        ("picture.svg", b"<svg onload=alert(1)>", "no kind of file"),
        ("run.js", b"alert(1)", "no kind of file"),
        ("plan.png", HTML, "the content is none of these"),
        ("plan.pdf", PNG, "the content is PNG"),
        ("plan.png.html", PNG + HTML, "no kind of file"),
        ("plan.txt", HTML, "This is a page"),
        ("archive.zip", b"PK\x03\x04", "no kind of file"),
        ("../../../etc/cron.d/x.png", PNG, "a path in it"),
        ("/etc/x.png", PNG, "a path in it"),
        ("x\u202egnp.png", PNG, "cannot be shown"),
    ],
)
def test_what_is_disguised_or_badly_named_is_refused_with_a_sentence(
    site: FlaskClient, path: str, directory: Path, *, name: str, content: bytes, sentence: str
):
    answer = send(site, path, content, name, note="what it shows")

    assert answer.status_code == 422
    assert sentence in answer.text
    assert "what it shows" in answer.text
    assert (files(directory), pieces()) == ([], 0)


def test_a_name_with_a_zero_in_it_is_refused(site: FlaskClient, path: str, directory: Path):
    body = body_of("plan.png\0.html", PNG)

    answer = send_raw(site, path, BytesIO(body), CONTENT_LENGTH=str(len(body)))

    assert answer.status_code in {400, 422}
    assert (files(directory), pieces()) == ([], 0)


def test_a_picture_with_a_page_behind_it_is_given_back_as_bytes_to_be_saved(
    make: Make, site: FlaskClient, worker: Made, path: str
):
    item = int(path.split("/")[2])
    number = make.file(worker, item, name='pl"an\u00e4.png', content=PNG + HTML)

    answer = site.get(f"{path}{number}/file/")

    assert answer.data == PNG + HTML
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert "filename*=UTF-8''pl%22an%C3%A4.png" in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers


def test_a_file_is_given_to_who_may_see_its_item_and_is_not_there_for_others(
    make: Make, client_of: Callable, release: MadeRelease, worker: Made, path: str
):
    number = make.file(worker, release.item(ITEM).id)
    stranger = make.person(Role.DBA, module_id=make.module().id)

    assert client_of(make.person(Role.AUDITOR)).get(f"{path}{number}/file/").data == PNG
    assert client_of(stranger).get(f"{path}{number}/file/").status_code == 404
    assert client_of(make.person(Role.ADMINISTRATOR)).get(f"{path}{number}/file/").status_code == 403


def test_a_note_has_no_file_and_neither_has_another_item(make: Make, site: FlaskClient, worker: Made, path: str):
    item = int(path.split("/")[2])
    note, file = make.evidence(worker, item), make.file(worker, item)

    assert site.get(f"{path}{note}/file/").status_code == 404
    assert site.get(f"/items/{item + 1}/evidence/{file}/file/").status_code == 404


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [(lambda file: file.write_bytes(PNG + b"!"), "not the one that was added"), (Path.unlink, "gone from the disk")],
)
def test_a_file_that_was_changed_on_the_disk_is_not_given_out(
    make: Make,
    site: FlaskClient,
    worker: Made,
    *,
    path: str,
    directory: Path,
    capsys: pytest.CaptureFixture[str],
    spoil: Callable,
    sentence: str,
):
    number = make.file(worker, int(path.split("/")[2]))
    spoil(files(directory)[0])

    answer = site.get(f"{path}{number}/file/")

    assert answer.status_code == 500
    assert sentence in answer.text
    assert "evidence damaged" in capsys.readouterr().out


def test_a_disk_that_cannot_be_written_to_is_said_and_nothing_is_saved(
    app: Flask, site: FlaskClient, path: str, tmp_path: Path
):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("no directory")
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"evidence_dir": in_the_way})

    answer = send(site, path, PNG, "plan.png", note="what it shows")

    assert answer.status_code == 507
    assert "Nothing was saved" in answer.text
    assert "what it shows" in answer.text
    assert pieces() == 0


def test_where_there_is_no_more_room_it_is_said_and_remembered(
    app: Flask, make: Make, site: FlaskClient, path: str, directory: Path
):
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"evidence_per_item": 1})
    assert send(site, path, PNG, "plan.png").status_code == 303

    answer = send(site, path, PNG, "plan.png")

    assert answer.status_code == 413
    assert "no item may have more" in answer.text
    assert len(files(directory)) == pieces() == len(make.events("attempt.refused")) == 1


def test_a_file_without_a_token_is_not_kept(app: Flask, site: FlaskClient, path: str, directory: Path):
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        answer = send(site, path, PNG, "plan.png")
    finally:
        app.config["WTF_CSRF_ENABLED"] = False

    assert answer.status_code == 400
    assert (files(directory), pieces()) == ([], 0)
