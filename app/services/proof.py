"""That somebody is who they say, shown lately enough for what they put their name to."""

from datetime import datetime, timedelta

from sqlalchemy import select

from app.database import server_now
from app.domain.errors import NotPermitted, RuleViolation
from app.models import Session
from app.services.change import Change

PROVE_AGAIN = "Give your password again: for this gate it was too long ago."


def proved_at(change: Change, within: timedelta | None) -> datetime:
    """When the actor gave the password; refused when it was too long ago, by the database's clock."""
    found: datetime | None = change.session.scalar(
        select(Session.authenticated_at).where(
            Session.id == change.actor.session_id, Session.person_id == change.actor_id, Session.ended_at.is_(None)
        )
    )
    if found is None:
        raise NotPermitted("Your session has ended. Sign in again.")
    if within is not None and server_now() - found > within:
        raise RuleViolation(PROVE_AGAIN)
    return found
