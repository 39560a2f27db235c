"""A request that waits is called what it is."""

import pytest

from app.domain.waivers import WaiverDecision


@pytest.mark.parametrize(
    ("decision", "word"),
    [("pending", "waiting for approval"), ("approved", "approved"), ("refused", "refused"), ("withdrawn", "withdrawn")],
)
def test_a_decision_has_its_word(decision: str, word: str):
    assert WaiverDecision(decision).word == word
