"""What a file is, by its bytes: what it pretends to be is compared, and what runs in a browser is not taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InvalidInput
from app.domain.evidence import FileKind
from app.files.content import Inspector
from tests.factories import PNG

JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")
GIF = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"
WEBP = b"RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"
HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
ZIP = b"PK\x03\x04\x14\x00\x00\x00\x08\x00"


def judge(content: bytes, kind: FileKind, *, piece: int = 7) -> None:
    inspector = Inspector(kind)
    for start in range(0, len(content), piece):
        inspector.look(content[start : start + piece])
    inspector.finish()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, FileKind.PNG),
        (JPEG, FileKind.JPEG),
        (GIF, FileKind.GIF),
        (WEBP, FileKind.WEBP),
        (PDF, FileKind.PDF),
        (b"id;name\n1;M\xc3\xbcller\n", FileKind.TEXT),
        (b"\xef\xbb\xbf{}", FileKind.TEXT),
        # A text that begins with the sign of a bitmap is a text.
        (b"BM is short for benchmark\n", FileKind.TEXT),
    ],
)
def test_what_is_what_it_promises_is_taken(content: bytes, kind: FileKind):
    judge(content, kind)


@pytest.mark.parametrize(
    ("content", "kind", "sentence"),
    [
        (HTML, FileKind.PNG, "The name says PNG, the content is none of these"),
        (SVG, FileKind.PNG, "none of these"),
        (ZIP, FileKind.PDF, "none of these"),
        (PDF, FileKind.PNG, "the content is PDF"),
        (PNG, FileKind.TEXT, "the content is PNG"),
        (PDF, FileKind.TEXT, "the content is PDF"),
        (HTML, FileKind.TEXT, "This is a page"),
        (b"\xef\xbb\xbf \n<SVG>", FileKind.TEXT, "This is a page"),
        (b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]>", FileKind.TEXT, "This is a page"),
        (ZIP, FileKind.TEXT, "not plain text"),
        (b"text \x00 more", FileKind.TEXT, "not plain text"),
        ("text".encode("utf-16"), FileKind.TEXT, "not plain text"),
        ("naïve".encode("latin-1"), FileKind.TEXT, "not plain text"),
        (b"cut off in the middle of a letter \xc3", FileKind.TEXT, "not plain text"),
        (b"", FileKind.TEXT, "empty"),
        (b"", FileKind.PNG, "empty"),
    ],
)
@pytest.mark.parametrize("piece", [16, 64 * 1024])
def test_what_is_something_else_is_refused_with_a_sentence(content: bytes, kind: FileKind, sentence: str, piece: int):
    with pytest.raises(InvalidInput, match=sentence):
        judge(content, kind, piece=piece)


@given(st.binary(min_size=1, max_size=400), st.integers(min_value=1, max_value=50))
def test_plain_text_is_what_can_be_read_as_utf_8_and_has_no_zero(content: bytes, piece: int):
    try:
        is_text = "\0" not in content.decode()
    except UnicodeDecodeError:
        is_text = False
    if is_text:
        judge(b"# " + content, FileKind.TEXT, piece=piece)
    else:
        with pytest.raises(InvalidInput):
            judge(b"# " + content, FileKind.TEXT, piece=piece)


@given(st.text(min_size=1), st.integers(min_value=1, max_value=9))
def test_a_text_is_a_text_however_it_is_cut(text: str, piece: int):
    judge(b"# " + text.replace("\0", "").encode(), FileKind.TEXT, piece=piece)
