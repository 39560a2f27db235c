"""What is said on the next page."""

from flask import flash

from app.services.items import Saved


def say(text: str, *, category: str = "done", undo: Saved | None = None) -> None:
    """Say something on the next page; with a way to take a saved change back."""
    # The library takes any value that fits into a cookie; its type says str.
    flash({"text": text, "undo": undo and undo.event, "item_id": undo and undo.item_id}, category)  # type: ignore[arg-type]
