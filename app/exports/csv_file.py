"""A template or a checklist as CSV, for spreadsheets and scripts."""

from app.domain.template_content import TemplateContent
from app.domain.template_files import Column, Standings
from app.exports.csv_rows import csv_bytes
from app.exports.table import header_of, rows_of

# Columns that hold nothing but words and numbers of the product's own.
OWN = {
    *(Column.BELONGS_TO, Column.MODE, Column.DEPTH, Column.PHASE, Column.SEVERITY, Column.ROLE, Column.VALUE_KIND),
    *(Column.DUE_FROM, Column.DUE_DAYS, Column.DUE_WEEKDAYS, "state", "due_on", "changed_at_utc"),
}


def write_csv(content: TemplateContent, standings: Standings | None = None) -> bytes:
    """One row for each item. No cell becomes a formula in a spreadsheet."""
    return b"".join(csv_bytes(header_of(standings), [rows_of(content, standings)], own=OWN))
