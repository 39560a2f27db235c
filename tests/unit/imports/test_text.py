"""Bytes become text whatever wrote them; damage is put right where that is certain, and nothing changes unsaid."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import DomainError
from app.imports.text import SIZE_LIMIT, decode

SIGNS = "Prüfung – It’s 🚀 ⚠️ “quoted” São naïve Übung Österreich à la Straße 25°C ✅ ❌ → • …"


def _misread(text: str, encoding: str) -> str:
    """UTF-8 read as something else; bytes that it does not know stay as they are."""
    return "".join(bytes([byte]).decode(encoding, "ignore") or chr(byte) for byte in text.encode())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_text_with_or_without_a_mark_is_read_as_it_is(encoding: str):
    assert decode(SIGNS.encode(encoding)) == (SIGNS, ())


def test_utf_16_without_a_mark_is_recognised():
    assert decode("- [ ] Back up\r\n".encode("utf-16-le")) == ("- [ ] Back up\n", ())


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_in_one_way(end: str):
    assert decode(f"a{end}b{end}".encode())[0] == "a\nb\n"


def test_another_encoding_is_recognised_and_named():
    text, warnings = decode("Prüfung für München".encode("cp1252"))

    assert text == "Prüfung für München"
    assert warnings == ("The file is not UTF-8 and read as cp1252 (line 1): look at the accents there.",)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Проверка базы данных перед выпуском", "cp1251"),
        ("データベースをバックアップする。本番環境", "shift_jis"),
        ("“Größe” – 5 €", "cp1252"),
    ],
)
def test_far_scripts_are_recognised_too(text: str, encoding: str):
    assert decode(text.encode(encoding))[0] == text


def test_a_file_of_two_encodings_is_read_line_by_line():
    data = "Prüfung – gut\n".encode() + "für alle\n".encode("cp1252") + "Größe ✅ ".encode() + b"\xfc\n"

    text, warnings = decode(data)

    assert text == "Prüfung – gut\nfür alle\nGröße ✅ ü\n"
    assert warnings == (
        "Parts of the file are not UTF-8 and read as cp1252 (lines 2 and 3): look at the accents there.",
    )


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "mac_roman"])
def test_text_that_was_misread_is_put_right(encoding: str):
    text, [warning] = decode(_misread(SIGNS, encoding).encode())

    assert text == SIGNS
    assert re.match(r"\d+ damaged characters were put right, the first in line 1: ", warning)


@pytest.mark.parametrize("sign", ["’", "🚀", "“", "–", "ü"])
def test_text_that_was_misread_twice_is_put_right(sign: str):
    damaged = _misread(_misread(f"for{sign}all", "cp1252"), "cp1252")

    assert decode(damaged.encode())[0] == f"for{sign}all"


def test_a_picture_whose_first_byte_was_lost_is_put_right():
    assert decode("## üìã For Every New Module".encode())[0] == "## 📋 For Every New Module"


@pytest.mark.parametrize(
    "text",
    [
        *("Prüfung", "São", "naïve", "Überprüfung übermäßig", "Łódź", "Škoda žluťoučký", "ärgerlich: ‚öffne‘", "«é»"),
        *(
            "MANHÃ” e “IRMÔ e «MAÇû",
            "L’ÂGE, CHÂ° kein Grad",
            "2√πr und √∞",
            "¬x ∧ ¬y",
            "café\u00a0», déjà\u00a0!",
            "Ã",
            "œuvre",
        ),
        *("ünü", "Größe: ≥ 5 µm ± 1", "Проверка", "データ", "אבג", "𝔘𝔫𝔦", "naïve—“São”…"),
    ],
)
def test_real_text_is_never_changed(text: str):
    assert decode(text.encode()) == (text, ())


def test_what_cannot_be_put_right_is_left_out_and_said_with_its_lines():
    text, [warning] = decode("a\ufffdb\nfine\nc\x07\u202ed".encode())

    assert text == "ab\nfine\ncd"
    assert warning == "3 unreadable or invisible characters were left out (lines 1 and 3)."


def test_half_a_picture_is_said():
    text, [warning] = decode("fine\n## ðŸ For Every".encode())

    assert text == "fine\n## ðŸ For Every"
    assert warning == "Some characters look damaged and could not be put right (line 2)."


@pytest.mark.parametrize(
    "data",
    [b"\x89PNG\r\n\x1a\n\0\0", b"%PDF-1.7\n%", b"PK\x03\x04\x14\0", b"\0" * 100, bytes(range(32)) * 20, b"a\0b"],
)
def test_what_is_no_text_is_refused(data: bytes):
    with pytest.raises(DomainError, match="This is no text file"):
        decode(data)


def test_what_is_too_large_is_refused():
    assert decode(b"x" * SIZE_LIMIT)[0]
    with pytest.raises(DomainError, match="larger than 5 MB"):
        decode(b"x" * (SIZE_LIMIT + 1))


def _answer(data: bytes) -> list[str]:
    try:
        text, warnings = decode(data)
    except DomainError as refusal:
        return [refusal.sentence]
    assert "\r" not in text
    return [*warnings]


@given(st.binary())
def test_any_bytes_are_read_or_refused_in_a_sentence(data: bytes):
    assert all(sentence.endswith(".") for sentence in _answer(data))


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cf"], max_codepoint=0x24F)))
def test_what_is_good_is_not_touched_unsaid(text: str):
    read, warnings = decode(text.encode())

    assert read == text or warnings


@given(st.text(st.sampled_from("🚀📋✅❌⚠–—’“”…•→€™ abc"), min_size=1))
def test_misread_signs_come_back_whole(text: str):
    for encoding in ("cp1252", "mac_roman"):
        assert decode(_misread(text, encoding).encode())[0] == text
