"""Rows of boxes as HTML, drawn once for all who are shown the same.

A page has hundreds of rows, and between two looks at it a handful change. What a row looks like follows from `seen`
alone; what is only somebody's for the moment (a refusal, an undo, a waiver to decide, open forms) is drawn each time.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from flask import current_app
from markupsafe import Markup

from app.web.rows import RowView

# Stands for the hidden fields of a page's forms, which are its reader's own. No text of a row holds it: `<` is escaped.
HOLE = Markup("<hidden>")
# A few thousand rows of some 2 kB are the checklists that people work on at the time.
KEPT = 4096


def draw_rows(
    views: Iterable[RowView], hidden: Markup, *, compact: bool = False, choices: dict[str, Any] | None = None
) -> Markup:
    """Rows by the macro that draws them everywhere; `hidden` is hidden_fields() of the page.

    With `choices` the forms of a refused row stand open below it.
    """
    own = str(hidden)
    drawn = [
        _draw(view, hidden, compact=compact, choices=choices if view.error else None)
        if view.is_momentary
        else own.join(_parts(view, compact))
        for view in views
    ]
    return Markup("".join(drawn))  # noqa: S704 - drawn by the macro, which escapes


@lru_cache(maxsize=KEPT)
def _parts(view: RowView, compact: bool) -> list[str]:
    return str(_draw(view, HOLE, compact=compact)).split(str(HOLE))


def _draw(view: RowView, hidden: Markup, *, compact: bool, choices: dict[str, Any] | None = None) -> Markup:
    macros: Any = current_app.jinja_env.get_template("checklists/_item.html").module
    drawn: Markup = macros.item_row(view, hidden, compact=compact, choices=choices)
    return drawn
