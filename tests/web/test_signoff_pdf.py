"""The sheet of sign-offs as a PDF: the same rows, tagged, by a process that fetches nothing and may fail alone."""

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader
from sqlalchemy import select, update

from app.database import db
from app.domain.errors import NotWritten
from app.domain.gates import Decision
from app.domain.permissions import Role
from app.exports import pdf
from app.exports.pdf import write_pdf
from app.models import PersonName, Signoff, SignoffEnd
from app.models.base import utc_now
from app.services.signoffs import withdraw
from tests.factories import Made, Make
from tests.integration.services.test_signoffs import LEAD, QA, Room

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def room(make: Make) -> Room:
    return Room(make)


def pdf_of(room: Room, client_of: Callable, reader: Made | None = None) -> PdfReader:
    answer = client_of(reader or room.lead).get(f"/releases/{room.release.key}/signoffs/pdf/")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    return PdfReader(BytesIO(answer.data))


def text_of(found: PdfReader) -> str:
    """All words, as one line; a digest is broken nowhere."""
    return " ".join(" ".join(page.extract_text() for page in found.pages).split())


def test_each_signoff_stands_there_with_who_when_what_and_how_it_ended(make: Make, room: Room, client_of: Callable):
    until = utc_now().date()
    first = room.sign(room.qa, QA)
    withdraw(room.origin(room.qa), first, reason="I looked at the wrong plan.")
    second = room.sign(room.lead, LEAD, on_condition="The index comes on Monday.", condition_ends_on=until)
    third = room.sign(room.qa, QA, Decision.REJECT, reason="Not on a Friday.")
    auditor = make.person(Role.AUDITOR, name="Grace Lindqvist")

    found = pdf_of(room, client_of, auditor)
    text = text_of(found)

    for number in (first, second, third):
        row = db.session.get_one(Signoff, number)
        for words in (f"{row.signed_at:%Y-%m-%d %H:%M:%S} UTC", row.digest.hex(), row.statement, f"No. {number}"):
            assert words in text
    assert f"{room.qa.name}, QA: approved" in text
    assert f"{room.lead.name}, Team lead: approved" in text
    assert f"by {room.qa.name}: I looked at the wrong plan." in text
    assert "Reason: Not on a Friday." in text
    assert "The index comes on Monday." in text
    assert (text.count("withdrawn"), text.count("rejected")) == (1, 1)
    assert "Policy revision 1, no rule relaxed" in text
    assert "Relaxed: Who ticked, proved or waived a covered item may sign." in text.partition("Signed by nobody")[2]
    assert "Each digest was computed anew for this sheet, and fits." in text
    made = rf"Made \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d UTC by Grace Lindqvist from http://localhost/releases/{room.release.key}"
    assert re.search(made, text)


def test_it_is_tagged_named_and_says_its_language(room: Room, client_of: Callable):
    room.sign_all()

    found = pdf_of(room, client_of)
    root = found.trailer["/Root"]

    assert root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    assert root["/Lang"] == "en"
    assert 'pdfuaid:part="1"' in root["/Metadata"].get_data().decode()
    assert found.metadata.title == f"Sign-offs of Release {room.release.key}"
    assert found.metadata.author == room.lead.name


def fill(room: Room, number: int) -> None:
    """Sign-offs that were withdrawn, many of them: written as they are stored, which the rules would take long for."""
    first = room.sign(room.qa, QA)
    given = db.session.get_one(Signoff, first)
    names = {column.name for column in Signoff.__table__.c} - {"id", "place"}
    columns = {name: getattr(given, name) for name in names}
    rows = [Signoff(**columns, place=place) for place in range(2, number + 1)]
    db.session.add_all(rows)
    db.session.flush()
    ended = {"kind": "withdrawn", "actor_id": room.qa.id, "reason": "Again.", "ended_at": utc_now()}
    db.session.add_all(SignoffEnd(signoff_id=row.id, **ended) for row in [given, *rows])
    db.session.commit()


def test_two_hundred_signoffs_are_many_pages_each_with_its_number(room: Room, client_of: Callable):
    fill(room, 200)

    found = pdf_of(room, client_of)
    pages = [" ".join(page.extract_text().split()) for page in found.pages]

    assert len(pages) > 15
    numbers = db.session.scalars(select(Signoff.id)).all()
    text = " ".join(pages)
    assert len(numbers) == 200
    assert [number for number in numbers if f"No. {number} " not in text] == []
    assert [f"Page {n} of {len(pages)}" in page for n, page in enumerate(pages, 1)] == [True] * len(pages)


LETTERS = ("Zoë Ünal-Æsir", "Ελένη Παππά", "Анна Ильина")
MARKS = ("=HYPERLINK(1)", "<b>Bold</b>", "<script>alert(1)</script>", "& < >", "{{ 7 * 7 }}")


@pytest.mark.parametrize("name", [*LETTERS, *MARKS])
def test_a_name_is_only_a_name_in_any_letters(room: Room, client_of: Callable, name: str):
    db.session.execute(update(PersonName).where(PersonName.person_id == room.lead.id).values(name=name))
    db.session.commit()
    room.sign(room.lead, LEAD)

    assert f"{name}, Team lead: approved" in text_of(pdf_of(room, client_of))


@pytest.mark.parametrize("name", ["山田 太郎", "مرحبا بك", "क्षत्रिय", "🏳️‍🌈", "\u202egnp", "x" * 120])
def test_letters_that_no_font_here_has_are_no_reason_to_fail(room: Room, client_of: Callable, name: str):
    db.session.execute(update(PersonName).where(PersonName.person_id == room.lead.id).values(name=name))
    db.session.commit()
    room.sign(room.lead, LEAD)

    assert len(pdf_of(room, client_of).pages) == 1


def test_it_is_remembered_when_it_left_and_only_then(
    make: Make, room: Room, client_of: Callable, monkeypatch: pytest.MonkeyPatch
):
    room.sign(room.lead, LEAD)
    with monkeypatch.context() as broken:
        broken.setattr(pdf, "WRITER", ROOT / "tests" / "nothing.py")
        assert client_of(room.lead).get(f"/releases/{room.release.key}/signoffs/pdf/").status_code == 503
    assert make.events("signoff.exported") == []

    answer = client_of(room.lead).get(f"/releases/{room.release.key}/signoffs/pdf/")

    [event] = make.events("signoff.exported")
    assert (event.actor_id, event.object_label) == (room.lead.id, f"Release {room.release.key}")
    assert re.fullmatch(
        rf'attachment; filename="countersign-signoffs-{room.release.key}-\d{{8}}-\d{{6}}\.pdf"',
        answer.headers["Content-Disposition"],
    )
    assert answer.headers["Cache-Control"] == "no-store"
    assert (
        f'href="/releases/{room.release.key}/signoffs/pdf/"'
        in client_of(room.lead).get(f"/releases/{room.release.key}/signoffs/").text
    )


def test_gates_of_other_modules_are_not_on_it(make: Make, room: Room, client_of: Callable):
    room.sign(room.lead, LEAD)
    elsewhere = make.person(Role.AUDITOR, module_id=make.module().id)

    assert client_of(elsewhere).get(f"/releases/{room.release.key}/signoffs/pdf/").status_code == 404


def test_a_machine_without_the_library_says_so_and_offers_the_print_view(
    room: Room, client_of: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    room.sign(room.lead, LEAD)
    # The program itself, on a machine whose library cannot be loaded.
    (tmp_path / "weasyprint").mkdir()
    (tmp_path / "weasyprint" / "__init__.py").write_text("raise OSError('cannot load library pango')\n")
    program = pdf.WRITER.read_text().replace("try:\n", f"sys.path.insert(0, {str(tmp_path)!r})\ntry:\n", 1)
    (tmp_path / "writer.py").write_text(program)
    monkeypatch.setattr(pdf, "WRITER", tmp_path / "writer.py")

    answer = client_of(room.lead).get(f"/releases/{room.release.key}/signoffs/pdf/")

    assert answer.status_code == 503
    assert "This machine cannot write PDF files: a library that lays out pages is not installed." in answer.text
    assert f'href="/releases/{room.release.key}/signoffs/"' in answer.text
    assert "Retry-After" not in answer.headers


def test_when_others_are_being_written_one_is_asked_to_come_again(
    room: Room, client_of: Callable, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pdf, "WAIT_SECONDS", 0.05)
    monkeypatch.setattr(pdf, "_places", threading.BoundedSemaphore(1))
    with pdf._places:
        answer = client_of(room.lead).get(f"/releases/{room.release.key}/signoffs/pdf/")

    assert answer.status_code == 503
    assert "Other PDF files are being written at this moment." in answer.text
    assert answer.headers["Retry-After"]
    assert write_pdf("<p>free again").startswith(b"%PDF-")


def test_a_writer_that_takes_too_long_is_ended_with_all_that_it_began(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    inner = tmp_path / "inner.py"
    inner.write_text("import time\ntime.sleep(60)\n")
    began_it = tmp_path / "began"
    (tmp_path / "slow.py").write_text(
        "import pathlib, subprocess, sys, time\n"
        f"subprocess.Popen([sys.executable, {str(inner)!r}])\n"
        f"pathlib.Path({str(began_it)!r}).touch()\n"
        "time.sleep(60)\n"
    )
    monkeypatch.setattr(pdf, "WRITER", tmp_path / "slow.py")
    monkeypatch.setattr(pdf, "WRITE_SECONDS", 3)
    began = time.monotonic()

    with pytest.raises(NotWritten, match="could not be written"):
        write_pdf("<p>x")

    assert began_it.exists()
    assert time.monotonic() - began < 20
    left = subprocess.run(["pgrep", "-f", str(inner)], capture_output=True, check=False)
    assert left.stdout == b""


class Listening(BaseHTTPRequestHandler):
    """A server that remembers who asked."""

    asked: list[str] = []  # noqa: RUF012 - one list for the class is what is meant

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.end_headers()


def test_nothing_is_fetched_from_a_network_or_from_this_machine(tmp_path: Path):
    secret = tmp_path / "secret.css"
    secret.write_text("p::after { content: 'leaked' }")
    server = HTTPServer(("127.0.0.1", 0), Listening)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    there = f"http://127.0.0.1:{server.server_port}"
    head = (
        f'<link rel="stylesheet" href="file://{secret}"><link rel="stylesheet" href="{there}/style">'
        f'<style>@import "file://{secret}"; @import "{there}/import"; body {{ background: url({there}/background) }}'
        f"@font-face {{ font-family: x; src: url({there}/font) }}</style>"
    )
    body = (
        f'<p style="font-family: x">Words</p><img alt="x" src="{there}/image"><img alt="y" src="file:///etc/hostname">'
        f'<object data="{there}/object">o</object><embed src="{there}/embed"><iframe src="{there}/frame"></iframe>'
    )
    page = f'<html lang="en"><head><title>x</title>{head}</head><body>{body}</body></html>'

    try:
        written = write_pdf(page)
    finally:
        server.shutdown()
        server.server_close()

    assert Listening.asked == []
    text = PdfReader(BytesIO(written)).pages[0].extract_text()
    assert "Words" in text
    assert "leaked" not in text


def test_the_web_process_never_loads_what_lays_out_pages():
    program = "import app, app.exports.pdf, sys; print([name for name in sys.modules if 'weasyprint' in name])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


def test_who_asks_for_one_after_the_other_is_told_to_wait(room: Room, client_of: Callable, tmp_path: Path, monkeypatch):
    (tmp_path / "quick.py").write_text("print('%PDF-')\n")
    monkeypatch.setattr(pdf, "WRITER", tmp_path / "quick.py")
    browser = client_of(room.lead)

    answers = [browser.get(f"/releases/{room.release.key}/signoffs/pdf/") for _ in range(11)]

    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
