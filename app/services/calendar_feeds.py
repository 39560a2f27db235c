"""Addresses for calendar programs: made, shown once, revoked."""

from datetime import timedelta

from pydantic import SecretStr
from sqlalchemy import insert, select, update

from app.database import in_transaction, server_now
from app.domain.actors import missing_role
from app.domain.audit import AuditAction
from app.domain.errors import NotPermitted, RuleViolation
from app.domain.permissions import Permission
from app.models import CalendarFeed
from app.models.base import table_of, utc_now
from app.queries.calendar_feeds import FeedRow, get_feed, list_feeds
from app.services.change import About, Change
from app.services.secret import token_digest
from app.services.write_path import write_path

MOST = 20
# A calendar program asks every few hours; it is noted no more often than this.
NOTE_EVERY = timedelta(minutes=10)
_feeds = table_of(CalendarFeed)


@write_path
def make_feed(change: Change, token: SecretStr, name: str) -> int:
    """Make a feed of what one may see; gives its number. Only the digest of the token is kept."""
    if not change.actor.may(Permission.CHECKLIST_VIEW):
        raise NotPermitted(missing_role(Permission.CHECKLIST_VIEW))
    stream = change.take_subject("person", change.actor_id)
    digest = token_digest(token.get_secret_value())
    known: int | None = change.session.scalar(select(_feeds.c.id).where(_feeds.c.token_digest == digest))
    if known is not None:
        return known
    if sum(one.revoked_at is None for one in list_feeds(change.actor_id)) >= MOST:
        raise RuleViolation(f"You have {MOST} feeds. Revoke one first.")
    row = {"person_id": change.actor_id, "token_digest": digest, "name": name, "created_at": server_now()}
    number = change.put(insert(_feeds), row)
    change.record(AuditAction.FEED_MADE, About("feed", number, name), stream=stream, after={"feed": number})
    return number


@write_path
def revoke_feed(change: Change, feed_id: int) -> bool:
    """End one of one's own feeds, at once and for good."""
    stream = change.take_subject("person", change.actor_id)
    feed = get_feed(feed_id, change.actor_id)
    if feed.revoked_at is not None:
        return False
    change.session.execute(update(_feeds).where(_feeds.c.id == feed_id).values(revoked_at=server_now()))
    change.record(AuditAction.FEED_REVOKED, About("feed", feed_id, feed.name), stream=stream, after={"feed": feed_id})
    return True


def note_reading(feed: FeedRow) -> None:
    """Remember that a feed is in use. No fact of the product's: it leaves no event."""
    now = utc_now()
    if feed.read_at is None or now - feed.read_at >= NOTE_EVERY:
        in_transaction(
            lambda session: session.execute(update(_feeds).where(_feeds.c.id == feed.id).values(read_at=now))
        )
