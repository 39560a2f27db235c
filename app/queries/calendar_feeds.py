"""Reads of calendar feeds: one's own, and the one behind an address."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from app.database import db
from app.domain.errors import UNSEEN, NotFound
from app.models import CalendarFeed, Person
from app.models.base import table_of

_feeds, _people = table_of(CalendarFeed).c, table_of(Person).c


class FeedRow(NamedTuple):
    """A feed, without its address: nobody knows that but who made it."""

    id: int
    person_id: int
    name: str
    created_at: datetime
    read_at: datetime | None
    revoked_at: datetime | None
    deactivated_at: datetime | None = None


_ROWS = select(_feeds.id, _feeds.person_id, _feeds.name, _feeds.created_at, _feeds.read_at, _feeds.revoked_at)


def list_feeds(person_id: int) -> Sequence[FeedRow]:
    """Somebody's feeds, the ones that still work first, then the newest."""
    rows = db.session.execute(
        _ROWS.where(_feeds.person_id == person_id).order_by(_feeds.revoked_at.is_not(None), _feeds.id.desc())
    )
    return [FeedRow(*row) for row in rows]


def get_feed(feed_id: int, person_id: int) -> FeedRow:
    """One of somebody's own feeds, or NotFound."""
    row = db.session.execute(_ROWS.where(_feeds.id == feed_id, _feeds.person_id == person_id)).one_or_none()
    if row is None:
        raise NotFound(UNSEEN)
    return FeedRow(*row)


def find_feed(token_digest: bytes) -> FeedRow | None:
    """The feed behind an address, and whether its owner's account is closed."""
    row = db.session.execute(
        _ROWS.add_columns(_people.deactivated_at)
        .join(table_of(Person), _people.id == _feeds.person_id)
        .where(_feeds.token_digest == token_digest)
    ).one_or_none()
    return FeedRow(*row) if row is not None else None
