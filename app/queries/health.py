"""Whether the database is there, and as this code wants it."""

from functools import cache
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import SQLAlchemyError

from app.database import db

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def schema_state() -> str:
    """`ready`, `schema is not current`, or `database unreachable`."""
    try:
        with db.engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_heads()
    except SQLAlchemyError:
        return "database unreachable"
    return "ready" if set(current) == wanted_heads() else "schema is not current"


@cache
def wanted_heads() -> frozenset[str]:
    """The newest revision among the migrations that this code carries."""
    return frozenset(ScriptDirectory(str(MIGRATIONS)).get_heads())
