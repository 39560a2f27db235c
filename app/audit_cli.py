"""The command that hands the whole history out."""

import sys

import click
from flask.cli import with_appcontext

from app.cli_words import in_words
from app.queries.verification import stream_bodies


@click.command("export-events")
@with_appcontext
@in_words
def export_events() -> None:
    """Print every event of the history as one line of JSON: the very bytes that are hashed."""
    for body in stream_bodies():
        sys.stdout.buffer.write(body + b"\n")
