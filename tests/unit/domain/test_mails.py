"""When a digest is due, how long is waited, and what a mail says."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.mails import (
    LINES_AT_MOST,
    LONGEST_WAIT,
    SUBJECT_LIMIT,
    Letter,
    Line,
    MailKind,
    Section,
    counted,
    digest_day,
    message_id,
    one_line,
    wait_after,
)

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)


@given(
    zone=st.sampled_from(sorted(available_timezones())),
    start=st.datetimes(datetime(1990, 1, 1), datetime(2035, 1, 1)),  # noqa: DTZ001 - taken for UTC below
)
def test_in_every_zone_each_day_has_one_digest_and_never_before_seven(zone: str, start: datetime):
    made_on: date | None = None
    made: list[date] = []
    for step in range(5 * 24 * 4):
        at = start.replace(tzinfo=UTC) + timedelta(minutes=15 * step)
        day = digest_day(at, zone, made_on)
        if day is not None:
            local = at.astimezone(ZoneInfo(zone))
            assert (local.date(), local.hour >= 7) == (day, True)
            # The first look is at any hour; after it, only the first quarter of an hour from seven on is it.
            assert not made or local.hour == 7
            made_on = day
            made.append(day)
    gaps = {(after - before).days for before, after in pairwise(made)}
    # A country that moves over the line of dates leaves a day out.
    assert gaps <= {1, 2}
    assert 4 <= len(made) <= 6


def test_the_waits_double_up_to_an_hour():
    minutes = [wait_after(number) // timedelta(minutes=1) for number in range(1, 9)]

    assert minutes == [1, 2, 4, 8, 16, 32, 60, 60]
    assert wait_after(10_000) == LONGEST_WAIT


def test_a_message_has_one_name_and_another_message_another():
    names = {message_id("a", AT, "x.org"), message_id("a", AT, "x.org"), message_id("b", AT, "x.org")}

    assert len(names) == 2
    assert message_id("a", AT, "x.org") != message_id("a", AT + timedelta(microseconds=1), "x.org")
    assert all(name.startswith("<") and name.endswith("@x.org>") for name in names)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\r\nb", "a b"),
        ("  a \t b  ", "a b"),
        ("a\u202eb\u0000c", "a b c"),
        ("क\u094d\u200dष", "क\u094d\u200dष"),
        ("\u2028", ""),
    ],
)
def test_a_line_is_one_line_and_letters_that_are_joined_stay_joined(text: str, line: str):
    assert one_line(text) == line


def test_a_long_subject_is_cut_with_a_sign():
    letter = Letter(MailKind.NOTICE, "k", "x" * 500, ())

    assert len(letter.subject_line) == SUBJECT_LIMIT
    assert letter.subject_line.endswith("x…")
    assert Letter(MailKind.NOTICE, "k", "x" * SUBJECT_LIMIT, ()).subject_line == "x" * SUBJECT_LIMIT


def test_a_section_says_how_many_it_has_and_where_the_rest_is():
    lines = tuple(Line(f"Item {number}", f"/items/{number}/") for number in range(LINES_AT_MOST + 1))
    letter = Letter(MailKind.DIGEST, "k", "s", ("Hello.", Section("Late", lines, "/me/"), Line("No link")))

    body = letter.body("https://x.org")

    assert body.startswith(f"Hello.\n\nLate ({LINES_AT_MOST + 1})\n- Item 0\n  https://x.org/items/0/\n- Item 1\n")
    assert f"- Item {LINES_AT_MOST - 1}\n" in body
    assert f"Item {LINES_AT_MOST}\n" not in body
    assert body.endswith("\n- and 1 more: https://x.org/me/\n\nNo link\n")


def test_a_subject_counts_what_there_is():
    assert counted([Section("Late", (Line("a"), Line("b"))), Section("To sign", (Line("c"),))]) == "2 late, 1 to sign"


def test_a_kind_has_a_name():
    assert [kind.label for kind in MailKind] == ["Digest", "Escalation", "Notice", "Test"]
