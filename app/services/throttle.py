"""How often something may be tried. Counters live in the database, so that all web workers share them."""

import time
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from app.database import db, in_transaction
from app.domain.errors import TooMany
from app.models import RateCounter
from app.models.base import utc_now

# Wrong passwords: per account and per address. A browser that has signed in before has an allowance of its own, so
# that a stranger's guessing does not lock the real person out.
PER_ACCOUNT = (RateLimitItemPerMinute(5), RateLimitItemPerHour(30))
PER_ADDRESS = (RateLimitItemPerMinute(20), RateLimitItemPerHour(200))
LINKS = (RateLimitItemPerMinute(20),)
EXPORTS = (RateLimitItemPerMinute(10),)
FEEDS = (RateLimitItemPerMinute(20),)


class SqlStorage(Storage):
    """Counters of the limits library in a table of ours."""

    STORAGE_SCHEME = None

    @property
    def base_exceptions(self) -> type[Exception]:
        """The error that a storage may raise."""
        return DBAPIError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count one more try in the current window."""

        def count(session: Session) -> int:
            now = utc_now()
            updated = session.execute(
                update(RateCounter)
                .where(RateCounter.key == key, RateCounter.expires_at > now)
                .values(count=RateCounter.count + amount)
            )
            if updated.rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE's result has it
                session.execute(delete(RateCounter).where(RateCounter.key == key))
                session.execute(
                    insert(RateCounter).values(key=key, count=amount, expires_at=now + timedelta(seconds=expiry))
                )
            return session.scalar(select(RateCounter.count).where(RateCounter.key == key)) or amount

        try:
            return in_transaction(count)
        except IntegrityError:  # two opened the window at the same moment: the second counts in the first one's
            return in_transaction(count)

    def get(self, key: str) -> int:
        """How many tries the current window has seen."""
        return (
            db.session.scalar(
                select(RateCounter.count).where(RateCounter.key == key, RateCounter.expires_at > utc_now())
            )
            or 0
        )

    def get_expiry(self, key: str) -> float:
        """When the current window ends, as seconds since 1970."""
        ends = db.session.scalar(select(RateCounter.expires_at).where(RateCounter.key == key))
        return (ends or datetime.now(UTC)).timestamp()

    def give_back(self, key: str) -> None:
        """Count one try less in the current window."""
        in_transaction(
            lambda session: session.execute(
                update(RateCounter)
                .where(RateCounter.key == key, RateCounter.count > 0)
                .values(count=RateCounter.count - 1)
            )
        )

    def check(self) -> bool:
        """Whether the table can be read."""
        return self.get("") == 0

    def reset(self) -> int | None:
        """Forget all counters."""
        in_transaction(lambda session: session.execute(delete(RateCounter)))
        return None

    def clear(self, key: str) -> None:
        """Forget one counter."""
        in_transaction(lambda session: session.execute(delete(RateCounter).where(RateCounter.key == key)))


_storage = SqlStorage()
_limiter = FixedWindowRateLimiter(_storage)


def check_allowed(limits: tuple[RateLimitItem, ...], *name: str) -> None:
    """Raise TooMany when one of the limits is used up."""
    for limit in limits:
        if not _limiter.test(limit, *_short(name)):
            wait = max(1, round(_limiter.get_window_stats(limit, *_short(name)).reset_time - time.time()))
            raise TooMany(f"Too many tries. Wait {_words(wait)} and try again.", retry_after=wait)


def count_try(limits: tuple[RateLimitItem, ...], *name: str) -> None:
    """Count one try against all limits."""
    for limit in limits:
        _limiter.hit(limit, *_short(name))


def _short(name: tuple[str, ...]) -> tuple[str, str]:
    """A name of any length, such as an address typed at sign-in, as one that fits into the key."""
    return name[0], sha256("\n".join(name[1:]).encode()).hexdigest()


def _words(seconds: int) -> str:
    return f"{seconds} seconds" if seconds < 90 else f"{round(seconds / 60)} minutes"


def count_or_refuse(limits: tuple[RateLimitItem, ...], *name: str) -> None:
    """Count one try against all limits; raise TooMany when one of them was used up before."""
    for limit in limits:
        if not _limiter.hit(limit, *_short(name)):
            check_allowed((limit,), *name)


def give_back(limits: tuple[RateLimitItem, ...], *name: str) -> None:
    """Take a count back: what was tried was right."""
    for limit in limits:
        _storage.give_back(limit.key_for(*_short(name)))
