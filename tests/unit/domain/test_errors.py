"""Refusals carry what a page needs to say."""

from app.domain.errors import Conflict, InvalidInput, NotPermitted, NotYours, TooMany


def test_a_typing_error_names_its_fields_and_reads_as_a_sentence():
    refusal = InvalidInput(key="Use small letters.", name="Type a name.")

    assert refusal.fields == {"key": "Use small letters.", "name": "Type a name."}
    assert refusal.sentence == "Use small letters. Type a name."


def test_a_stale_page_carries_both_values():
    refusal = Conflict("Somebody was faster.", theirs="done", yours="blocked")

    assert (refusal.sentence, refusal.theirs, refusal.yours) == ("Somebody was faster.", "done", "blocked")


def test_too_many_tries_say_how_long_to_wait():
    assert TooMany("Wait.", retry_after=12).retry_after == 12


def test_ones_own_request_is_refused_as_a_missing_permission():
    assert issubclass(NotYours, NotPermitted)
