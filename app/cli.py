"""Commands for whoever runs the product. Each calls a service."""

import signal
import sys
from importlib import import_module
from pathlib import Path

import click
from flask import Flask, current_app, url_for
from flask.cli import with_appcontext
from pydantic import SecretStr
from sqlalchemy.exc import SQLAlchemyError

from app.audit_cli import export_events
from app.cli_words import in_words, sentence_of
from app.database import db, render_item
from app.demo import story
from app.domain.actors import SYSTEM, Origin
from app.domain.errors import DomainError
from app.queries.accounts import is_link_open
from app.queries.evidence import stream_files
from app.queries.health import check_reachable, database_in_words, schema_state
from app.queries.people import is_anybody_there
from app.queries.verification import find_faults
from app.services.accounts import SETUP, make_setup_link, new_link_token
from app.services.roles import erase_person
from app.services.templates import load_catalogue
from app.signoff_cli import verify_signoffs_command
from app.template_cli import template
from app.web import assets
from app.web.uploads import evidence_store

# A tenth of a process's memory, so it is loaded only where it is wanted.
MIGRATING = "flask_migrate"


def init_app(app: Flask) -> None:
    """Bind the commands."""
    for command in (prepare, load_catalogue_command, setup_link, load_demo, verify_audit, verify_evidence, erase_name):
        app.cli.add_command(command)
    for command in (template, verify_signoffs_command, export_events):
        app.cli.add_command(command)


def bind_migrations(app: Flask) -> None:
    """Let this application bring its schema up to date."""
    directory = str(Path(app.root_path) / "migrations")
    import_module(MIGRATING).Migrate(app, db, directory=directory, render_item=render_item, compare_type=True)


@click.command("prepare")
@with_appcontext
@in_words
def prepare() -> None:
    """Bring the schema up to date, load the built-in catalogue, and print the setup link while nobody is there."""
    check_reachable()
    if schema_state() != "ready":
        import_module(MIGRATING).upgrade()
    load_catalogue(Origin(SYSTEM))
    assets.pack(_app())
    _print_setup_link()


@click.command("load-catalogue")
@with_appcontext
@in_words
def load_catalogue_command() -> None:
    """Publish the built-in catalogue as version 1 of its template, once."""
    made = load_catalogue(Origin(SYSTEM))
    click.echo("The built-in catalogue is published." if made else "The built-in catalogue was there already.")


@click.command("setup-link")
@with_appcontext
@in_words
def setup_link() -> None:
    """Print the one-time link for the first administrator, while there is nobody."""
    if is_anybody_there():
        sys.exit("There is an administrator already: people are invited in the browser.")
    _print_setup_link()


@click.command("load-demo")
@with_appcontext
@in_words
def load_demo() -> None:
    """Fill an empty database with a made-up company, and print its passwords once."""
    if current_app.config["SETTINGS"].environment == "production":
        sys.exit("This is production: the demo is for trying the product out.")
    if is_anybody_there():
        setting = "COUNTERSIGN_DATA" if _is_file() else "DATABASE_URL"
        sys.exit(f"There are people in {database_in_words()} already. The demo fills an empty database: set {setting}.")
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # tools/run.py holds it back until here
        story.play(click.echo)
    except (KeyboardInterrupt, SQLAlchemyError, DomainError, OSError) as reason:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the sentence is said to its end
        why = "It was interrupted." if isinstance(reason, KeyboardInterrupt) else sentence_of(reason)
        sys.exit(f"\n{why} The demonstration is incomplete. Before you load it again, {_how_to_empty()}.")


def _is_file() -> bool:
    return bool(current_app.config["SETTINGS"].is_sqlite)


def _how_to_empty() -> str:
    if _is_file():
        return f"delete {database_in_words()} and the files beside it with -wal and -shm at the end"
    return f"drop the database {database_in_words()} and create it anew"


@click.command("verify-audit")
@with_appcontext
@in_words
def verify_audit() -> None:
    """Recompute the whole history from its bytes; say what does not fit, and end with 1 when something does not."""
    faults = 0
    for fault in find_faults():
        faults += 1
        click.echo(fault)
    if faults:
        sys.exit(f"{faults} faults: the history was changed beside the product.")
    click.echo("Every event is there once, in order, as it was written.")


@click.command("verify-evidence")
@with_appcontext
@in_words
def verify_evidence() -> None:
    """Read every file of evidence; say which is gone or not the one that was added, and end with 1 when one is."""
    faults = files = 0
    for file in stream_files():
        files += 1
        if fault := evidence_store().find_fault(file.stored_as, file.file_sha256):
            faults += 1
            click.echo(f"evidence {file.id} of item {file.item_id}, “{file.file_name}”: {fault}")
    if faults:
        sys.exit(f"{faults} of {files} files of evidence are gone or were changed beside the product.")
    click.echo(f"All {files} files of evidence are the ones that were added.")


@click.command("erase-name")
@click.argument("person_id", type=int)
@with_appcontext
@in_words
def erase_name(person_id: int) -> None:
    """Erase the name and address of a deactivated person. What they did stays, without the name."""
    erase_person(Origin(SYSTEM), person_id)
    click.echo("The name is erased. Backups keep it until they are gone.")


def _app() -> Flask:
    found: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # the documented way to the app
    return found


def _print_setup_link() -> None:
    token = new_link_token()
    ends_another = is_link_open(SETUP)
    if not is_anybody_there() and make_setup_link(Origin(SYSTEM), SecretStr(token)):
        base = current_app.config["SETTINGS"].base_url
        with current_app.test_request_context(base_url=base):
            click.echo(f"setup-link: {base}{url_for('setup.show', token=token)}")
            if ends_another:
                click.echo("setup-note: The setup link that was printed before has stopped working.")
