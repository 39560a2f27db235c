"""Sending a form again changes nothing: the key that each carries, and the answer that it was given."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from app.domain.errors import Busy, KeyReused
from app.models import IdempotencyKey
from app.models.base import table_of

_keys = table_of(IdempotencyKey)
_OWN = (_keys.c.person_id == bindparam("owner")) & (_keys.c.key == bindparam("own_key"))
_KEEP = insert(_keys)
_ANSWER = select(_keys.c.request_digest, _keys.c.answer).where(_OWN)


class Repeated(Busy):
    """The key is there already. What was done for this request goes back, and its first answer is given."""


@dataclass(frozen=True, slots=True)
class Key:
    """One person's key. A key means nothing in another person's hands."""

    owner: int
    key: bytes

    def keep(self, connection: Connection, digest: bytes, answer: bytes, at: datetime) -> None:
        """Insert the key with its answer, in the transaction of what was done; Repeated when it is there already.

        Of two that send it at once the second waits here until the first is settled.
        """
        row = {"person_id": self.owner, "key": self.key, "request_digest": digest, "answer": answer, "created_at": at}
        try:
            connection.execute(_KEEP, row)
        except IntegrityError as error:
            raise Repeated("The same was sent a moment ago. Look at the page before you send it again.") from error

    def answer(self, connection: Connection, digest: bytes) -> bytes | None:
        """What the request with this key was answered; None when it was not done."""
        found = self._row(connection)
        if found is None or found.answer is None:
            return None
        if found.request_digest != digest:
            raise KeyReused("This form was sent before with other content. Reload the page and try again.")
        return bytes(found.answer)

    def is_answered(self, connection: Connection) -> bool:
        """Whether the request with this key was done."""
        found = self._row(connection)
        return found is not None and found.answer is not None

    def _row(self, connection: Connection) -> Row[Any, Any] | None:
        return connection.execute(_ANSWER, {"owner": self.owner, "own_key": self.key}).one_or_none()
