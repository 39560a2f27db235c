"""Browsers in words."""

import pytest

from app.domain.browsers import browser_words

KIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox on Linux"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {KIT} Chrome/142.0.0.0 Safari/537.36", "Chrome on Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0) {KIT} Chrome/142.0 Safari/537.36 Edg/142.0.3595.53", "Edge on Windows"),
        (f"Mozilla/5.0 (Linux; Android 10; K) {KIT} Chrome/142.0 Mobile Safari/537.36", "Chrome on Android"),
        (
            f"Mozilla/5.0 (Linux; Android 14) {KIT} SamsungBrowser/28.0 Chrome/130.0 Safari",
            "Samsung Internet on Android",
        ),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.1 Safari/605.1.15", "Safari on macOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (iPad; CPU OS 18_1 like Mac OS X) CriOS/142.0 Mobile Safari/604.1", "Chrome on iPad"),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {KIT} Chrome/142.0 Safari/537.36", "Chrome on ChromeOS"),
        (f"Mozilla/5.0 (X11; Linux x86_64) {KIT} Chrome/142.0 Safari/537.36 OPR/125.0", "Opera on Linux"),
        ("Firefox/145.0", "Firefox"),
    ],
)
def test_a_browser_is_named_with_its_system(said: str, words: str):
    assert browser_words(said) == words


def test_what_is_no_known_browser_keeps_its_own_name():
    assert browser_words("curl/8.5.0") == "curl/8.5.0"


def test_a_long_unknown_name_is_shortened():
    assert browser_words("x" * 200) == "x" * 40 + "…"


@pytest.mark.parametrize("said", ["", "   "])
def test_a_browser_that_says_nothing_of_itself_is_said_to_have_no_name(said: str):
    assert browser_words(said) == "A browser without a name"
