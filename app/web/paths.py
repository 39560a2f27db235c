"""Where one may be sent to."""

from urllib.parse import urlsplit


def safe_next(path: str | None) -> str | None:
    """A path on this host, or None: never another host, whatever way it is written."""
    if not path or not path.startswith("/") or path.startswith(("//", "/\\")):
        return None
    if "\\" in path or any(ord(character) < 32 for character in path):
        return None
    parts = urlsplit(path)
    return None if parts.scheme or parts.netloc else path
