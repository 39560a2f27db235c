"""What a report has to say, which boxes the record ticks, and in which order an incident ends."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.catalogue.reader import read_catalogue
from app.domain.checklist import BelongsTo
from app.domain.errors import InvalidInput, NotYours, RuleViolation
from app.domain.incidents import (
    DECIDED_BY_RECORD,
    IncidentState,
    RecordFacts,
    RecordVerdict,
    RootCause,
    check_may_close,
    check_may_reopen,
    check_may_report,
    check_may_resolve,
    check_may_tick,
    check_may_work,
    check_recovered,
    record_verdicts,
    state_of,
    steps_in,
    words_in,
)
from app.domain.lengths import length_words
from app.domain.words import WORDS_AT_MOST, telling_words

NOW = datetime(2026, 11, 3, 22, 0, tzinfo=UTC)
FIFTEEN = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
WHOLE = RecordFacts(
    *("Orders cannot be saved", FIFTEEN, "1. Open\n2. Save", "It is saved.", "An error."),
    error_messages="ERROR 1205",
    files=1,
    has_release=True,
    has_environment=True,
    server_version="MariaDB 10.11",
    reported_by_id=7,
    root_cause=FIFTEEN,
    root_cause_category=RootCause.SCHEMA,
    root_cause_by_id=8,
    resolution="The index is back.",
    resolved_by_id=8,
)


def faults(**changed: object) -> dict[str, str]:
    """The boxes that a changed record does not prove, and why."""
    return {key: one.fault for key, one in record_verdicts(replace(WHOLE, **changed)).items() if not one.holds}


def test_the_record_decides_the_boxes_that_the_catalogue_says():
    asked = {item.key for item in read_catalogue().items if item.belongs_to is BelongsTo.INCIDENT}
    by_record = {item.key for item in read_catalogue().items if item.key in asked and item.verification == "record"}

    assert by_record == DECIDED_BY_RECORD


def test_a_whole_record_proves_all_of_them():
    assert faults() == {}


@pytest.mark.parametrize(
    ("key", "changed", "why"),
    [
        ("issue.description", {"description": FIFTEEN.removesuffix(" fifteen") + " ---"}, "14 of at least 15 words"),
        ("issue.steps", {"steps": "1. Open\n\n"}, "1 of at least 2 steps"),
        ("issue.expected-actual", {"actual": ""}, "does not say both"),
        ("issue.expected-actual", {"expected": "An  ERROR."}, "are the same"),
        ("issue.error-messages", {"error_messages": ""}, "nor says that none was shown"),
        ("issue.attachments", {"files": 0}, "neither a log excerpt nor a file"),
        ("issue.environment", {"has_release": False, "server_version": ""}, "release, server version"),
        ("fix.root-cause", {"root_cause": "A missing index."}, "3 of at least 15 words"),
        ("fix.root-cause", {"root_cause_category": None}, "no category"),
        ("fix.root-cause", {"root_cause_by_id": 7}, "somebody else has to look"),
        ("fix.closed", {"resolution": ""}, "how it was resolved"),
    ],
)
def test_what_is_missing_leaves_its_box_open_and_says_why(key: str, changed: dict[str, object], why: str):
    found = faults(**changed)

    assert list(found) == [key]
    assert why in found[key]


def test_none_shown_and_a_log_excerpt_are_proof_too():
    found = record_verdicts(replace(WHOLE, error_messages="", is_without_error=True, files=0, log="one line"))

    assert (found["issue.error-messages"].value, found["issue.attachments"].value) == (
        "none was shown",
        "a log excerpt",
    )


def test_whose_word_it_is_stands_behind_cause_and_resolution_alone():
    assert {key: one.by_id for key, one in record_verdicts(WHOLE).items() if one.by_id} == {
        "fix.root-cause": 8,
        "fix.closed": 8,
    }


def test_nobody_ticks_against_the_record_or_in_somebody_elses_name():
    with pytest.raises(RuleViolation, match=r"decides this\. It lacks steps\."):
        check_may_tick(RecordVerdict("It lacks steps."), actor_id=1)
    with pytest.raises(NotYours):
        check_may_tick(RecordVerdict("", by_id=2), actor_id=1)
    check_may_tick(RecordVerdict("", by_id=1), actor_id=1)
    check_may_tick(RecordVerdict(""), actor_id=1)


def test_words_and_steps_are_counted_without_their_marks():
    assert words_in("- one, two -- 3!") == 3
    assert steps_in("1. Open\n  2) Save \n\n- Look\n* \n") == ["Open", "Save", "Look"]


def test_a_report_needs_a_title_a_description_and_a_beginning_that_has_been():
    with pytest.raises(InvalidInput) as refused:
        check_may_report("Too short", "", NOW + timedelta(minutes=3), now=NOW)

    assert set(refused.value.fields) == {"title", "description", "began_at"}
    check_may_report("Ten signs.", "x", NOW + timedelta(minutes=1), now=NOW)
    with pytest.raises(InvalidInput):
        check_may_report("Ten signs.", "x", None, now=NOW)


@pytest.mark.parametrize("wrong", [None, NOW + timedelta(minutes=3), NOW - timedelta(hours=3)])
def test_it_works_again_after_it_began_and_not_in_the_future(wrong: datetime | None):
    with pytest.raises(InvalidInput):
        check_recovered(wrong, began_at=NOW - timedelta(hours=2), now=NOW)
    check_recovered(NOW - timedelta(hours=2), began_at=NOW - timedelta(hours=2), now=NOW)


def test_an_incident_goes_from_open_to_closed_in_one_order():
    assert state_of(recovered_at=None, resolved_at=None, closed_at=None) is IncidentState.OPEN
    assert state_of(recovered_at=NOW, resolved_at=None, closed_at=None) is IncidentState.RECOVERED
    assert state_of(recovered_at=NOW, resolved_at=NOW, closed_at=None) is IncidentState.RESOLVED
    assert state_of(recovered_at=NOW, resolved_at=NOW, closed_at=NOW) is IncidentState.CLOSED


def test_each_end_asks_for_the_one_before_it():
    with pytest.raises(RuleViolation, match="works again"):
        check_may_resolve(resolution="Done.", recovered_at=None)
    with pytest.raises(InvalidInput):
        check_may_resolve(resolution="", recovered_at=NOW)
    with pytest.raises(RuleViolation, match="how it was resolved"):
        check_may_close(IncidentState.RECOVERED)
    for refuse in (check_may_close, check_may_work):
        with pytest.raises(RuleViolation, match="closed"):
            refuse(IncidentState.CLOSED)
    with pytest.raises(RuleViolation, match="not closed"):
        check_may_reopen(IncidentState.RESOLVED, reason="It is back.")
    with pytest.raises(InvalidInput):
        check_may_reopen(IncidentState.CLOSED, reason="")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(59, "less than a minute"), (60, "1 minute"), (7_199, "1 hour"), (86_400, "1 day"), (260_000, "3 days")],
)
def test_a_length_is_said_in_its_largest_unit(seconds: int, words: str):
    assert length_words(timedelta(seconds=seconds)) == words


def test_only_the_words_that_tell_something_are_looked_for():
    assert telling_words('+Orders -"cannot" (be) saved* @2 the orders ERROR 1205 <lock>') == [
        *("orders", "cannot", "saved", "1205", "lock")
    ]
    assert len(telling_words(" ".join(f"word{number}" for number in range(100)))) == WORDS_AT_MOST
