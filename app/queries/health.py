"""Whether the database is there, and as this code wants it."""

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app.database import NO_SERVER, db, error_number, is_schema_missing

NOT_PREPARED = "The database is not prepared for this version. Run: flask --app wsgi prepare"
OTHER_FILE = "Name another file in DATABASE_URL, or another directory in COUNTERSIGN_DATA."
WRONG_PASSWORD = {1045, 1698}
NO_SUCH_DATABASE = 1049
NOT_ALLOWED = {1044, 1142, 1143, 1227}
MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def schema_state() -> str:
    """`ready`, `schema is not current`, or `database unreachable`."""
    try:
        with db.engine.connect() as connection:
            current = _alembic("runtime.migration").MigrationContext.configure(connection).get_current_heads()
    except SQLAlchemyError:
        return "database unreachable"
    return "ready" if set(current) == wanted_heads() else "schema is not current"


@cache
def wanted_heads() -> frozenset[str]:
    """The newest revision among the migrations that this code carries."""
    return frozenset(_alembic("script").ScriptDirectory(str(MIGRATIONS)).get_heads())


def _alembic(part: str) -> Any:
    """A part of Alembic; not loaded before it is needed, because the worker never needs it."""
    return import_module(f"alembic.{part}")


def check_reachable() -> None:
    """Connect once; raise what the driver raises."""
    with db.engine.connect():
        pass


def database_in_words() -> str:
    """Which database this is, without the password."""
    url = db.engine.url
    return f"{url.database} on {_server()}" if url.host else str(url.database)


def fault_in_words(error: SQLAlchemyError) -> str:
    """What is wrong with the database and what to do, in words that never hold the password."""
    if is_schema_missing(error):
        return NOT_PREPARED
    if not isinstance(error, DBAPIError) or error.orig is None:
        return f"The database {database_in_words()} cannot be used: {error}."
    number = error_number(error)
    said = str(error.orig.args[-1]) if error.orig.args else type(error.orig).__name__
    if db.engine.dialect.name == "sqlite":
        return f"The database file {database_in_words()} cannot be used: {said}. {OTHER_FILE}"
    if number is None:
        return f"{_server()} does not answer as a MySQL or MariaDB server: {said}."
    return _server_fault(number, said)


def _server_fault(number: int, said: str) -> str:
    url = db.engine.url
    if number in WRONG_PASSWORD:
        return f"The database server {_server()} refuses the user {url.username or ''} or the password in DATABASE_URL."
    if number == NO_SUCH_DATABASE:
        return f"There is no database {database_in_words()}. Create it, or name another one in DATABASE_URL."
    if number in NOT_ALLOWED:
        return f"The user {url.username} has not the rights for this on {database_in_words()}: {said}."
    if number in NO_SERVER:
        return (
            f"No database server answers at {_server()}. Start it, or mend the host and port in DATABASE_URL. ({said})"
        )
    return f"The database {database_in_words()} cannot be used: {said}."


def _server() -> str:
    url = db.engine.url
    return f"{url.host}:{url.port}" if url.port else f"{url.host}"
