"""A page as a PDF, for who reads it."""

from app.database import give_connection_back
from app.exports.pdf import write_pdf
from app.web.slots import give_place_back


def pdf_of(html: str) -> bytes:
    """The PDF of a page that is drawn already. It takes seconds: no connection and no place is held meanwhile."""
    give_connection_back()
    give_place_back()
    return write_pdf(html)
