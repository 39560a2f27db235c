"""What happened is told in a sentence and sealed in bytes that come out the same for the same facts."""

import json
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.audit import BODY_LIMIT, AuditAction, leaf_of, moment_text, name_digest, seal
from app.domain.audit_words import SENTENCES, tell

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
bodies = st.dictionaries(st.text(min_size=1, max_size=12), values, max_size=6)


@given(bodies, st.randoms())
def test_the_order_of_the_facts_never_changes_the_seal(fields, random):
    shuffled = list(fields.items())
    random.shuffle(shuffled)

    assert seal(dict(shuffled)) == seal(fields)


@given(bodies)
def test_the_sealed_bytes_read_back_as_the_facts_with_their_version(fields):
    assert json.loads(seal(fields).body) == {"v": 1, **fields}


@given(bodies)
def test_the_leaf_is_the_hash_of_a_zero_byte_and_the_body(fields):
    sealed = seal(fields)

    assert sealed.leaf == sha256(b"\x00" + sealed.body).digest() == leaf_of(sealed.body)


def test_the_canonical_form_is_that_of_rfc_8785():
    """Keys by UTF-16 unit, no blanks, text as UTF-8, control characters escaped in the short form."""
    sealed = seal({"\U0001f600": 2, "\ufb33": 3, "b": "\u20ac\n\u0001", "a": [1, True, None]})

    expected = '{"a":[1,true,null],"b":"€\\n\\u0001","v":1,"\U0001f600":2,"\ufb33":3}'
    assert sealed.body == expected.encode()


def test_an_event_that_does_not_fit_into_the_log_is_not_sealed():
    frame = len(seal({"why": ""}).body)

    assert len(seal({"why": "x" * (BODY_LIMIT - frame)}).body) == BODY_LIMIT == 60 * 1024
    with pytest.raises(ValueError, match="over the limit"):
        seal({"why": "x" * (BODY_LIMIT - frame + 1)})


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 3, 1, 8, 0, tzinfo=UTC), "2026-03-01T08:00:00.000000Z"),
        (datetime(2026, 3, 1, 8, 0, 0, 7, tzinfo=UTC), "2026-03-01T08:00:00.000007Z"),
        (datetime(2026, 3, 1, 1, 30, tzinfo=timezone(timedelta(hours=5, minutes=30))), "2026-02-28T20:00:00.000000Z"),
    ],
)
def test_a_moment_is_written_in_utc_to_the_microsecond(at: datetime, text: str):
    assert moment_text(at) == text


@given(st.lists(st.timedeltas(timedelta(0), timedelta(days=36_500)), min_size=2, max_size=9))
def test_moments_sort_as_text_as_they_follow_each_other(ages):
    moments = [datetime(2000, 1, 1, tzinfo=UTC) + age for age in ages]

    texts = [moment_text(moment) for moment in moments]

    assert sorted(texts) == [moment_text(moment) for moment in sorted(moments)]
    assert {len(text) for text in texts} == {27}


@pytest.mark.parametrize("action", list(AuditAction))
def test_every_action_has_a_sentence_that_can_be_told(action: AuditAction):
    sentence = tell(action, label="LABEL", fact="FACT", old="OLD", new="NEW")

    assert sentence
    assert "{" not in sentence


@pytest.mark.parametrize("action", list(AuditAction))
def test_a_sentence_tells_exactly_what_it_names(action: AuditAction):
    given_words = {"label": "LABEL", "fact": "FACT", "old": "OLD", "new": "NEW"}
    named = {name for _, name, _, _ in Formatter().parse(SENTENCES[action]) if name}

    sentence = tell(action, **given_words)

    assert {word for word in given_words.values() if word in sentence} == {given_words[name] for name in named}


def test_an_empty_value_is_told_as_nothing():
    sentence = tell(AuditAction.ITEM_CHANGED, label="Index", fact="value")

    assert sentence == "changed the value of “Index” from nothing to nothing"


def test_what_somebody_typed_is_never_taken_for_a_placeholder():
    assert tell(AuditAction.ITEM_COMMENTED, label="Index", new="{label} {0}").endswith("{label} {0}")


def test_actions_are_named_subject_and_past_tense():
    assert [a.value for a in AuditAction if not a.value.replace(".", "", 1).replace("_", "").isalpha()] == []
    assert all(action.value.count(".") == 1 and action.value.islower() for action in AuditAction)


def test_the_same_name_has_another_digest_under_another_salt():
    assert name_digest(b"a" * 16, "Asha Shah") == sha256(b"a" * 16 + b"Asha Shah").digest()
    assert name_digest(b"a" * 16, "Asha Shah") != name_digest(b"b" * 16, "Asha Shah")
