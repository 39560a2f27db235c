"""What all tables share: names for constraints, UTC moments, enums stored by value. No Flask."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects.mysql import DATETIME, VARCHAR
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, mapped_column, registry

_pretended: ContextVar[datetime | None] = ContextVar("pretended", default=None)


def utc_now() -> datetime:
    """The present moment, aware, in UTC."""
    return _pretended.get() or datetime.now(UTC)


def is_pretending() -> bool:
    """Whether it is another moment than the clock says."""
    return _pretended.get() is not None


@contextmanager
def pretending(moment: datetime) -> Iterator[None]:
    """Let it be another moment, for the made-up weeks of the demo. Nothing that serves requests calls this."""
    token = _pretended.set(moment)
    try:
        yield
    finally:
        _pretended.reset(token)


class UTCDateTime(sa.types.TypeDecorator[datetime]):
    """A moment in UTC to the microsecond. Refuses naive values."""

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        """Plain DATETIME would drop the microseconds on a server."""
        return dialect.type_descriptor(DATETIME(fsp=6) if dialect.name == "mysql" else sa.DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime: say which timezone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back."""
        return None if value is None else value.replace(tzinfo=UTC)


BigInt = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
IntPK = Annotated[int, mapped_column(BigInt, primary_key=True, autoincrement=True)]
CreatedAt = Annotated[datetime, mapped_column(default=utc_now)]
Digest = sa.LargeBinary(32).with_variant(sa.dialects.mysql.BINARY(32), "mysql")
Bytes16 = sa.LargeBinary(16).with_variant(sa.dialects.mysql.BINARY(16), "mysql")


def exact(length: int) -> sa.String:
    """A text that is equal only to itself. A server's usual comparison takes “é” for “e” and “A” for “a”."""
    return sa.String(length).with_variant(VARCHAR(length, collation="utf8mb4_bin"), "mysql")


NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

# MySQL and MariaDB have different defaults; a collation that both know is named on every table.
ON_SERVERS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_520_ci"}


def _stored_values(enum: type[Enum]) -> list[str]:
    return [member.value for member in enum]


def table(*constraints: sa.schema.SchemaItem) -> Any:
    """Constraints of one table, with what every table says to a server."""
    return (*constraints, ON_SERVERS)


class Base(DeclarativeBase):
    """All tables. One registry holds both maps: the Flask extension copies this class and chokes on a bare map."""

    __table_args__ = ON_SERVERS
    registry = registry(
        metadata=sa.MetaData(naming_convention=NAMES),
        type_annotation_map={
            Enum: sa.Enum(Enum, native_enum=False, length=40, values_callable=_stored_values),
            datetime: UTCDateTime,
            int: BigInt,
        },
    )


def table_of(model: type[Base]) -> sa.Table:
    """The plain table of a model, for statements that run often: they pass the object layer by."""
    return cast(sa.Table, model.__table__)
