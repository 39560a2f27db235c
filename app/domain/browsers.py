"""A browser in words, out of what it says of itself."""

# The first one that fits is meant: most browsers also name those whose pages they want to be given.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
UNKNOWN = 40


def browser_words(said: str) -> str:
    """Browser and system, such as “Firefox on Linux”; something else as it calls itself, shortened."""
    browser = _first(BROWSERS, said)
    system = _first(SYSTEMS, said)
    if browser:
        return f"{browser} on {system}" if system else browser
    text = said.strip() or "A browser without a name"
    return text if len(text) <= UNKNOWN else f"{text[:UNKNOWN].rstrip()}…"


def _first(words: tuple[tuple[str, str], ...], said: str) -> str:
    return next((name for mark, name in words if mark in said), "")
