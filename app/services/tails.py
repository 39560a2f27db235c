"""Where streams end: how many events each has, the digest of the last, and whether somebody has signed over them."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, Column, ColumnElement, Connection, Update, bindparam, case, select, update

from app.models import Stream
from app.models.base import table_of

# As many streams are moved by one statement: a longer one costs the server more than it saves on the way.
TOGETHER = 50
# Built once and sent as they are, as in change.py.
_streams = table_of(Stream)
_TAILS = select(_streams.c.id, _streams.c.sequence, _streams.c.tail_digest, _streams.c.is_signed)
_TAIL = _TAILS.where(_streams.c.id == bindparam("stream"))


def read_tails(connection: Connection, stream_ids: Sequence[int]) -> Iterable[Any]:
    """Number, sequence, digest and `is_signed` of each stream."""
    if len(stream_ids) == 1:
        return connection.execute(_TAIL, {"stream": stream_ids[0]})
    return connection.execute(_TAILS.where(_streams.c.id.in_(stream_ids)))


def move_tails(connection: Connection, tails: Mapping[int, tuple[int, bytes | None]]) -> None:
    """Say of each stream how many events it has now, and which is the last."""
    ids = sorted(tails)
    for start in range(0, len(ids), TOGETHER):
        values: dict[str, Any] = {}
        chosen = ids[start : start + TOGETHER]
        for place, stream in enumerate(chosen):
            sequence, digest = tails[stream]
            values |= {f"stream_{place}": stream, f"sequence_{place}": sequence, f"tail_digest_{place}": digest}
        connection.execute(_moving(len(chosen)), values)


@lru_cache(maxsize=TOGETHER)
def _moving(number: int) -> Update:
    ids = [bindparam(f"stream_{place}", type_=_streams.c.id.type) for place in range(number)]
    moved = {column.name: _of_each(column, ids) for column in (_streams.c.sequence, _streams.c.tail_digest)}
    return update(_streams).where(_streams.c.id.in_(ids)).values(moved)


def _of_each(column: Column[Any], ids: Sequence[BindParameter[int]]) -> ColumnElement[Any]:
    values = [bindparam(f"{column.name}_{place}", type_=column.type) for place in range(len(ids))]
    if len(ids) == 1:
        return values[0]
    return case(*((_streams.c.id == one, value) for one, value in zip(ids, values, strict=True)))
