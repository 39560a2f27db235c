"""The command that proves what was signed."""

import sys

import click
from flask.cli import with_appcontext

from app.cli_words import in_words
from app.queries.signoff_verification import verify_signoffs


@click.command("verify-signoffs")
@click.argument("signoff_id", type=int, required=False)
@click.option("--show", is_flag=True, help="Print the content that was signed, byte for byte.")
@with_appcontext
@in_words
def verify_signoffs_command(signoff_id: int | None, show: bool) -> None:  # the way of the library
    """Recompute what every sign-off, or one, is over; say what does not fit, and end with 1 when anything does not."""
    faults = signoffs = 0
    for one in verify_signoffs(signoff_id):
        signoffs += 1
        faults += bool(one.faults)
        for fault in one.faults:
            click.echo(f"sign-off {one.id}: {fault}", err=show)
        if show:
            click.echo(one.content)
    if signoff_id is not None and not signoffs:
        sys.exit(f"There is no sign-off {signoff_id}.")
    if faults:
        sys.exit(f"{faults} of {signoffs} sign-offs were changed beside the product.")
    click.echo(f"All {signoffs} sign-offs are over the content that is kept, as their events say.", err=show)
