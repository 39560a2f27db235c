"""Taking pictures of pages with a browser that now and then says it has nothing to show."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Error, Page

NO_FRAME = "Unable to capture screenshot"
"""What Chromium answers when its compositor has no frame yet: it is about the browser, never about the page."""
TRIES = 3


def take_picture(page: Page, path: Path, **options: Any) -> bytes:
    """The picture of what the page shows, also written to `path`; asks again when the browser had no frame."""
    for left in reversed(range(TRIES)):
        try:
            return page.screenshot(path=path, animations="disabled", **options)
        except Error as error:
            if NO_FRAME not in error.message or not left:
                raise
            page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    raise AssertionError("The loop above returns or raises.")
