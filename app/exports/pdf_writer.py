"""Writes one PDF: HTML on standard input, the file on standard output. A program of its own, never imported.

What lays out pages takes a hundred megabytes and libraries of the system; both end with this process. Nothing is
fetched, whatever the HTML says: neither from a network nor from this machine.
"""

import contextlib
import resource
import sys
from pathlib import Path

# Ends with one of these; app/exports/pdf.py reads them.
NO_LIBRARY = 3
STYLE = Path(__file__).resolve().parents[2] / "static" / "css" / "pdf.css"
MOST_MEMORY, MOST_SECONDS = 2 * 1024**3, 120

try:
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher
except OSError:  # a library of the system is not there
    sys.exit(NO_LIBRARY)


def main() -> None:
    """Write what was asked for."""
    for what, most in ((resource.RLIMIT_AS, MOST_MEMORY), (resource.RLIMIT_CPU, MOST_SECONDS)):
        with contextlib.suppress(ValueError, OSError):  # not every system has both
            resource.setrlimit(what, (most, most))
    fetcher = URLFetcher(allowed_protocols={"data"}, allow_redirects=False)
    fonts = FontConfiguration()
    style = CSS(string=STYLE.read_text(), url_fetcher=fetcher, font_config=fonts)
    page = HTML(string=sys.stdin.buffer.read().decode(), url_fetcher=fetcher)
    sys.stdout.buffer.write(page.write_pdf(stylesheets=[style], font_config=fonts, pdf_variant="pdf/ua-1"))


if __name__ == "__main__":
    main()
