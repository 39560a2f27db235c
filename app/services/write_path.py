"""The one way in which anything is changed.

A service function marked `@write_path` runs in one transaction, which 1. takes each stream it touches by UPDATE, in id
order; 2. reads, compares revisions and asks the rules; 3. changes rows; 4. writes one event per fact, chained to the
one before it in its stream; 5. inserts the idempotency key with the answer. Where the key is there already, all of it
goes back and the first answer is given; so it is where a repeated request is refused, because the first has changed
what it asks for. The whole is repeated from a fresh session when the database asks for it. A refusal leaves an event of
its own on the system stream.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from hashlib import sha256
from typing import Any, Concatenate, NoReturn, ParamSpec, TypeVar, get_type_hints

from pydantic import SecretStr, TypeAdapter
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.database import in_transaction
from app.domain.actors import Origin
from app.domain.audit import AuditAction
from app.domain.errors import Busy, Conflict, DomainError, NotFound, NotPermitted, RuleViolation
from app.services.change import SYSTEM_STREAM, About, Change
from app.services.idempotency import Key, Repeated
from app.services.signoff_ends import end_stale

P = ParamSpec("P")
R = TypeVar("R")

# Refusals that are remembered: role, stale page, rule, and a number of what is hidden, elsewhere or not there, which no
# page gave. A typing error is no attempt at anything.
REMEMBERED = (NotPermitted, RuleViolation, Conflict, NotFound)


def write_path(work: Callable[Concatenate[Change, P], R]) -> Callable[Concatenate[Origin, P], R]:
    """Make a service function of `work`: it is called with an Origin and runs with a Change."""
    adapter: TypeAdapter[R] = TypeAdapter(get_type_hints(work)["return"])

    @wraps(work)
    def run(origin: Origin, /, *args: P.args, **kwargs: P.kwargs) -> R:
        digest = _digest_of(work.__qualname__, args, kwargs)
        key = Key(origin.actor.id or 0, origin.key)

        def attempt(session: Session) -> R:
            change = Change(origin, session)
            result = work(change, *args, **kwargs)
            end_stale(change)
            change.write_history()
            key.keep(change.connection, digest, adapter.dump_json(result), change.at)
            return result

        try:
            return in_transaction(attempt)
        except (IntegrityError, DomainError) as error:
            # The database did not answer: nothing can be asked of it either.
            if isinstance(error, Busy) and not isinstance(error, Repeated):
                raise
            answer = in_transaction(lambda session: key.answer(session.connection(), digest))
            if answer is not None:
                return adapter.validate_json(answer)
            if isinstance(error, REMEMBERED):
                _remember(origin, error)
            raise

    return run


def _digest_of(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bytes:
    """What the key stands for. A secret counts by its digest: it is a random token or an Argon2 hash."""
    plain = [_plain(value) for value in (*args, *(value for _, value in sorted(kwargs.items())))]
    return sha256(repr((name, sorted(kwargs), plain)).encode()).digest()


def _plain(value: Any) -> Any:
    return sha256(value.get_secret_value().encode()).hexdigest() if isinstance(value, SecretStr) else value


def _remember(origin: Origin, refusal: DomainError) -> NoReturn:
    # Links can be made up by anybody in the network: their numbers would fill the history.
    if origin.actor.id is not None or not isinstance(refusal, NotFound):
        record_refusal(origin, refusal)
    raise refusal


def record_refusal(origin: Origin, refusal: DomainError) -> None:
    """Leave a refused attempt in the history, once, in a transaction of its own."""
    if refusal.is_remembered:
        return

    def attempt(session: Session) -> None:
        change = Change(origin, session)
        stream = change.take_subject(*SYSTEM_STREAM)
        change.record(
            AuditAction.ATTEMPT_REFUSED,
            About(kind="attempt", id=0, label=refusal.sentence),
            stream=stream,
            fact=type(refusal).__name__,
            new=origin.path[:200],
        )
        change.write_history()

    in_transaction(attempt)
    refusal.is_remembered = True
