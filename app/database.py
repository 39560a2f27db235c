"""The database handle, how connections behave, and the transaction that is repeated until it is settled."""

import random
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import pymysql
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as BoundSession
from pymysql.constants import FIELD_TYPE, SERVER_STATUS
from pymysql.converters import conversions
from sqlalchemy import Engine, event, text
from sqlalchemy.engine import Connection, ExceptionContext
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from app.domain.errors import Busy
from app.models.base import Base, UTCDateTime, is_pretending, utc_now

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

T = TypeVar("T")


class OurSession(BoundSession):
    """A session that can always be ended: a server that is gone has rolled back by itself.

    So has a node of a cluster whose transaction another node has undone meanwhile; it says so to whatever comes next.
    """

    def close(self) -> None:
        """End the session and give its connection back."""
        try:
            super().close()
        except DBAPIError as error:
            self._let_go(error)

    def rollback(self) -> None:
        """Undo what was not committed."""
        try:
            super().rollback()
        except DBAPIError as error:
            self._let_go(error)

    def _let_go(self, error: DBAPIError) -> None:
        if error_number(error) not in NO_SERVER | ROLLED_BACK:
            raise error
        self.invalidate()


db = SQLAlchemy(metadata=Base.metadata, session_options={"class_": OurSession, "expire_on_commit": False})

# Deadlock, lock wait, stale snapshot, commit refused by the group (twice): the server has rolled back or we must.
ROLLED_BACK = {1213, 1205, 1020, 1180, 3101}
# Gone, going, or (1047) outside the cluster's majority; read-only: no longer the primary.
NO_SERVER = {2002, 2003, 2006, 2013, 2014, 2055, 4031, 1053, 1927, 1047, 3100}
READ_ONLY = {1290, 1836}
NO_SUCH_TABLE = {1146, 1054}
# Somebody else's row came in between the look and the insert: the second time it is seen, and refused in words.
DUPLICATE = 1062
TRIES_AT_A_DUPLICATE = 3
# These servers still answer a ping, so the pool would keep the connection.
DISCONNECTING = {1047, *READ_ONLY}

# How the driver reads and writes values: its own ways, but times, which every row has, at a tenth of the work.
READ_AS = {**conversions, FIELD_TYPE.DATETIME: datetime.fromisoformat}

_SERVER_NOW = text("SELECT UTC_TIMESTAMP(6)")

# A person waits no longer than this for a database that is away or busy; then a sentence says that nothing was saved.
PATIENCE = 7.0
LOCK_WAIT = 2
# A connection that has rested longer is asked whether it is still there before it is used.
REST = 2.0


def error_number(error: BaseException) -> int | None:
    """The server's number of an error, or None."""
    args = getattr(getattr(error, "orig", error), "args", ())
    return args[0] if args and isinstance(args[0], int) else None


def is_sqlite_busy(error: DBAPIError) -> bool:
    """Whether the embedded database was locked by another writer."""
    code = getattr(error.orig, "sqlite_errorcode", 0)
    return isinstance(error.orig, sqlite3.OperationalError) and code & 0xFF in {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
    }


def is_unreachable(error: BaseException) -> bool:
    """Whether the database is away or busy, so that trying again later can help."""
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, DBAPIError):
        return False
    return error_number(error) in ROLLED_BACK | NO_SERVER | READ_ONLY or is_sqlite_busy(error)


def is_schema_missing(error: BaseException) -> bool:
    """Whether a table or column is not there: the database was not prepared for this version."""
    if error_number(error) in NO_SUCH_TABLE:
        return True
    words = str(error.orig) if isinstance(error, DBAPIError) else ""
    return "no such table" in words or "no such column" in words


def in_transaction(work: Callable[[Session], T]) -> T:
    """Run work in a transaction of its own, again and again from a fresh session, until it is committed.

    Work may run several times and must have no effect outside the database. When the answer to COMMIT was lost the
    outcome is unknown: work itself finds out, by the idempotency key that it writes.
    """
    until = time.monotonic() + PATIENCE
    attempt = 0
    while True:
        session: Session = db.session()
        try:
            session = _fresh_session(attempt)
            result = work(session)
            session.commit()
        except (DBAPIError, PoolTimeout) as error:
            session.rollback()
            db.session.remove()
            if not is_unreachable(error) and not _is_race_for_a_name(error, attempt):
                raise
            if time.monotonic() > until:
                raise Busy("The database did not answer in time.") from error
        except BaseException:
            session.rollback()
            raise
        else:
            return result
        attempt += 1
        # Jitter, so that two that met do not meet again.
        time.sleep(random.uniform(0, min(0.5, 0.01 * 2**attempt)))  # noqa: S311


def server_now() -> datetime:
    """The present moment by the clock of the database, which is one however many machines the product runs on.

    A file has no clock of its own, and a pretended moment is everybody's.
    """
    if db.engine.dialect.name == "sqlite" or is_pretending():
        return utc_now()
    found: datetime = db.session.execute(_SERVER_NOW).scalar_one()
    return found.replace(tzinfo=UTC)


def give_connection_back() -> None:
    """End what was read so far: something begins that takes long and asks nothing of the database."""
    db.session.remove()


def _fresh_session(attempt: int) -> Session:
    """A session that remembers nothing."""
    # The first try on a server goes on with the connection in hand: at READ COMMITTED, what was read before
    # to find out who asks shows it nothing old.
    if attempt == 0 and db.engine.dialect.name != "sqlite":
        session = db.session()
        session.expunge_all()
        return session
    db.session.remove()
    fresh = db.session()
    fresh.connection(execution_options={"takes_write_lock": True})
    return fresh


def _is_race_for_a_name(error: BaseException, attempt: int) -> bool:
    return error_number(error) == DUPLICATE and attempt + 1 < TRIES_AT_A_DUPLICATE


def engine_options(*, is_sqlite: bool, pool: int, ssl_ca: str | None) -> dict[str, Any]:
    """Isolation and time limits, set here once.

    READ COMMITTED: loading the signed-in person opens a transaction, and a server's default would then show a service
    the world as it was before it took its stream.
    """
    if is_sqlite:
        return {
            "connect_args": {"timeout": 5},
            "pool_size": pool,
            "max_overflow": 0,
            "pool_timeout": 5,
            "hide_parameters": True,
        }
    connect: dict[str, Any] = {"connect_timeout": 3, "read_timeout": 15, "write_timeout": 15, "conv": READ_AS}
    if ssl_ca:
        connect |= {"ssl_ca": ssl_ca, "ssl_verify_cert": True, "ssl_verify_identity": True}
    return {
        "isolation_level": "READ COMMITTED",
        "pool_recycle": 280,
        # A session ends its transaction before it gives its connection back; `_note_rest` looks after what did not.
        "pool_reset_on_return": None,
        "pool_size": pool,
        "max_overflow": 0,
        "pool_timeout": 5,
        # An error tells the statement, and never what somebody typed or a hash of it.
        "hide_parameters": True,
        "connect_args": connect,
    }


def bind_engine(engine: Engine) -> None:
    """Teach an engine what each new connection is told, and which errors end one."""
    event.listen(engine, "handle_error", _end_connection)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _prepare_server)
        event.listen(engine, "checkin", _note_rest)
        event.listen(engine, "checkout", _ask_after_rest)


def _end_connection(context: ExceptionContext) -> None:
    if error_number(context.original_exception) in DISCONNECTING:
        context.is_disconnect = True


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver's guess
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "busy_timeout=5000", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A reader that becomes a writer in the middle may fail at once: writers say so at the start.
    writes = connection.get_execution_options().get("takes_write_lock")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _note_rest(connection: Any, record: Any) -> None:
    # After a COMMIT that failed nobody else ends the transaction: nothing of it may reach whoever comes next.
    if connection is not None and connection.server_status & SERVER_STATUS.SERVER_STATUS_IN_TRANS:
        connection.rollback()
    record.info["rests_since"] = time.monotonic()


def _ask_after_rest(connection: Any, record: Any, _proxy: Any) -> None:
    """Ask a connection that has rested whether it is still there. One in steady use shows it by itself."""
    if time.monotonic() - record.info.get("rests_since", 0.0) < REST:
        return
    try:
        connection.ping(reconnect=False)
    except pymysql.err.Error as error:
        raise DisconnectionError from error


def _prepare_server(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SET SESSION innodb_lock_wait_timeout={LOCK_WAIT}, time_zone='+00:00',"
            " sql_mode='STRICT_TRANS_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,ONLY_FULL_GROUP_BY'"
        )
        cursor.execute("SHOW VARIABLES LIKE 'wsrep_on'")
        if (row := cursor.fetchone()) and row[1] == "ON":
            # On a cluster a node may lag behind what this person wrote on another. It is waited for before the first
            # statement of a transaction and never later: whichever that is, a read (1), an UPDATE (2) or an INSERT (4).
            cursor.execute("SET SESSION wsrep_sync_wait=7")


def render_item(kind: str, item: Any, context: "AutogenContext") -> str | Literal[False]:
    """Write our own column types as plain ones, so that a migration never imports the application."""
    if kind == "type" and isinstance(item, UTCDateTime):
        context.imports.add("from sqlalchemy.dialects import mysql")
        return "sa.DateTime().with_variant(mysql.DATETIME(fsp=6), 'mysql')"
    return False
