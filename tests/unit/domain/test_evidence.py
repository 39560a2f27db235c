"""The rules of evidence: what may be added, until when it counts, who may say that it is still true."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.checklist import ItemFacts, ItemState, Severity
from app.domain.errors import InvalidInput, NoRoom, NotFound, RuleViolation
from app.domain.evidence import (
    EvidenceFacts,
    EvidenceKind,
    FileKind,
    Limits,
    Standing,
    check_may_add,
    check_may_reconfirm,
    check_may_withdraw,
    check_room,
    is_expired,
    kind_of_name,
    size_words,
)

NOW = datetime(2026, 8, 1, 12, 0, tzinfo=UTC)
TODAY = NOW.date()
DONE = ItemFacts("Foreign keys valid", ItemState.DONE, Severity.REQUIRED, 1)
KILLER = ItemFacts("Test rollback", ItemState.DONE, Severity.KILLER, 1)
STANDS = Standing(1, is_withdrawn=False, expires_on=None)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("plan.PNG", FileKind.PNG),
        ("photo.jpeg", FileKind.JPEG),
        ("export.2026-08-01.csv", FileKind.TEXT),
        ("größe.log", FileKind.TEXT),
        ("x.html.png", FileKind.PNG),
    ],
)
def test_a_name_promises_a_kind_by_its_end(name: str, kind: FileKind):
    assert kind_of_name(name) is kind


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "Choose a file"),
        ("page.html", "no kind of file"),
        ("picture.svg", "no kind of file"),
        ("run.js", "no kind of file"),
        ("data.xml", "no kind of file"),
        ("bomb.zip", "no kind of file"),
        ("book.xlsx", "no kind of file"),
        ("plan.png.html", "no kind of file"),
        ("png", "no kind of file"),
        (".png.", "no kind of file"),
        ("../../etc/x.png", "a path in it"),
        ("/etc/x.png", "a path in it"),
        ("C:\\x.png", "a path in it"),
        ("x\0.png", "cannot be shown"),
        ("x\n.png", "cannot be shown"),
        ("x\u202egnp.png", "cannot be shown"),
        ("x" * 200 + ".png", "cannot be shown"),
    ],
)
def test_a_name_that_promises_nothing_or_hides_something_is_refused(name: str, sentence: str):
    with pytest.raises(InvalidInput, match=sentence):
        kind_of_name(name)


@given(st.text())
def test_a_name_with_a_sign_that_hides_something_is_never_taken(text: str):
    name = f"{text}.png"
    hides = not name.isprintable() or bool(set(name) & set("/\\")) or len(name) > 200

    if hides:
        with pytest.raises(InvalidInput):
            kind_of_name(name)
    else:
        assert kind_of_name(name) is FileKind.PNG


def _add(facts: EvidenceFacts, *, link: str = "", has_file: bool = False) -> EvidenceKind:
    return check_may_add(facts, link=link, has_file=has_file, now=NOW, today=TODAY)


def test_it_is_a_file_a_link_or_a_note():
    assert _add(EvidenceFacts(note="seen"), has_file=True) is EvidenceKind.FILE
    assert _add(EvidenceFacts(note="seen"), link="https://ci.example.org/1") is EvidenceKind.LINK
    assert _add(EvidenceFacts(note="seen")) is EvidenceKind.NOTE


@pytest.mark.parametrize(
    ("facts", "given", "field"),
    [
        (EvidenceFacts(), {}, "note"),
        (EvidenceFacts(), {"link": "https://example.org", "has_file": True}, "link"),
        (EvidenceFacts(), {"link": "javascript:alert(1)"}, "link"),
        (EvidenceFacts(note="x", measured_at=NOW + timedelta(minutes=3)), {}, "measured_at"),
        (EvidenceFacts(note="x", expires_on=TODAY - timedelta(days=1)), {}, "expires_on"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(facts: EvidenceFacts, given: dict, field: str):
    with pytest.raises(InvalidInput) as refusal:
        _add(facts, **given)

    assert list(refusal.value.fields) == [field]


def test_a_clock_that_is_a_little_fast_is_forgiven_and_the_last_day_counts():
    facts = EvidenceFacts(note="x", measured_at=NOW + timedelta(minutes=1), expires_on=TODAY)

    assert _add(facts) is EvidenceKind.NOTE


def test_evidence_expires_when_its_last_day_is_over():
    assert not is_expired(None, TODAY)
    assert not is_expired(TODAY, TODAY)
    assert is_expired(TODAY, TODAY + timedelta(days=1))


def test_there_is_room_up_to_the_limit_and_none_beyond():
    limits = Limits(per_item=2, release_bytes=100)

    check_room(pieces=1, used=60, size=40, limits=limits)
    check_room(pieces=1, used=500, size=0, limits=limits)
    with pytest.raises(NoRoom, match="larger than the 100 bytes"):
        check_room(pieces=1, used=61, size=40, limits=limits)
    with pytest.raises(NoRoom, match="2 pieces"):
        check_room(pieces=2, used=0, size=0, limits=limits)


def test_evidence_is_withdrawn_once_and_with_a_reason():
    check_may_withdraw(is_withdrawn=False, reason="wrong database")
    with pytest.raises(InvalidInput, match="Say why"):
        check_may_withdraw(is_withdrawn=False, reason="")
    with pytest.raises(RuleViolation, match="withdrawn before"):
        check_may_withdraw(is_withdrawn=True, reason="again")


def test_a_killer_is_confirmed_alone():
    check_may_reconfirm([KILLER], [STANDS], today=TODAY)
    check_may_reconfirm([DONE, DONE], [STANDS, STANDS], today=TODAY)
    with pytest.raises(RuleViolation, match="confirm it alone"):
        check_may_reconfirm([DONE, KILLER], [STANDS, STANDS], today=TODAY)


@pytest.mark.parametrize(
    ("item", "piece", "kind", "sentence"),
    [
        (DONE, None, InvalidInput, "at least one"),
        (ItemFacts("x", ItemState.FAILED, Severity.REQUIRED, 1), STANDS, RuleViolation, "is not done"),
        (DONE, Standing(1, is_withdrawn=True, expires_on=None), NotFound, "withdrawn"),
        (DONE, Standing(1, is_withdrawn=False, expires_on=date(2026, 7, 31)), RuleViolation, "expired"),
    ],
)
def test_only_evidence_that_counts_is_called_still_true(item, piece, kind, sentence: str):
    with pytest.raises(kind, match=sentence):
        check_may_reconfirm([item], [piece] if piece else [], today=TODAY)


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1 kB"), (1_250_000, "1.2 MB"), (10_000_000, "10 MB")],
)
def test_a_size_is_said_as_one_says_it(size: int, words: str):
    assert size_words(size) == words


@given(st.integers(min_value=0, max_value=10**16))
def test_a_size_in_words_is_never_more_than_it_is(size: int):
    number, unit = size_words(size).split()
    factor = {"bytes": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}[unit]

    assert Decimal(number) * factor <= size < (Decimal(number) + Decimal("0.1")) * factor + (unit == "bytes")
