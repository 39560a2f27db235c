"""What is said on the next page."""

from flask import flash, session, url_for

from app.services.items import Saved


def say(text: str, *, category: str = "done", undo: Saved | None = None) -> None:
    """Say something on the next page; with a way to take a saved change back."""
    kept = session.get("_flashes", [])
    session["_flashes"] = kept[-2:]  # more than a few would not fit into the cookie
    way_back = None
    if undo is not None and undo.event:
        way_back = url_for("items.undo", item_id=undo.item_id, event_id=undo.event)
    # The library takes any value that fits into a cookie; its type says str.
    flash({"text": text, "undo_url": way_back}, category)  # type: ignore[arg-type]
