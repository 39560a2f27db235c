"""Sending a form again changes nothing: the key that each carries, and the answer that it was given."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.domain.errors import Busy, KeyReused
from app.models import IdempotencyKey
from app.models.base import table_of

_keys = table_of(IdempotencyKey)
_OWN = (_keys.c.person_id == bindparam("owner")) & (_keys.c.key == bindparam("own_key"))
_CLAIM = insert(_keys)
_ANSWER = select(_keys.c.request_digest, _keys.c.answer).where(_OWN)
_STORE = update(_keys).where(_OWN).values(answer=bindparam("to_answer"))


@dataclass(frozen=True, slots=True)
class HeldKey:
    """One person's key in one transaction. A key means nothing in another person's hands."""

    connection: Connection
    owner: int
    key: bytes

    def claim(self, digest: bytes, at: datetime) -> bytes | None:
        """Insert the key; when it is there already, give the answer stored with it, if it was the same request."""
        claim = {"person_id": self.owner, "key": self.key, "request_digest": digest, "created_at": at}
        try:
            self.connection.execute(_CLAIM, claim)
        except IntegrityError:
            found = self.connection.execute(_ANSWER, {"owner": self.owner, "own_key": self.key}).one_or_none()
        else:
            return None
        if found is None or found.answer is None:
            raise Busy("The same request is still being worked on.")
        if found.request_digest != digest:
            raise KeyReused("This form was sent before with other content. Reload the page and try again.")
        return bytes(found.answer)

    def is_answered(self) -> bool:
        """Whether the request with this key was done."""
        found = self.connection.execute(_ANSWER, {"owner": self.owner, "own_key": self.key}).one_or_none()
        return found is not None and found.answer is not None

    def store(self, answer: bytes) -> None:
        """Keep the answer with the key."""
        self.connection.execute(_STORE, {"owner": self.owner, "own_key": self.key, "to_answer": answer})
